//! `trials.csv`: the trials of a hyperparameter search, with a column for every searched key.

use std::path::Path;

use super::{StoreError, write_if_changed};
use crate::run::{CsvLog, ExtendedRow, TrialRow};

/// Writes `rows`, each with the values of the searched `keys`, to `path`.
///
/// # Errors
/// If the file cannot be written.
pub fn write_trials(
    path: &Path,
    keys: &[&str],
    rows: &[(TrialRow, Vec<String>)],
) -> Result<(), StoreError> {
    let mut table = CsvLog::default();
    table.append_extended(rows.iter().map(|(row, drawn)| ExtendedRow {
        row: row.clone(),
        further: keys.iter().map(|key| key.to_string()).zip(drawn).collect(),
    }));
    write_if_changed(path, table.text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{HoldoutReturn, SCHEMA_VERSION, read_rows};

    fn row() -> TrialRow {
        TrialRow {
            trial: 3,
            run_label: "naive_early_stopping".into(),
            oversight_prob: 0.01,
            seeds: "70000 70001".into(),
            n: 2,
            status: "finished".into(),
            first_observation: "fresh".into(),
            planned_updates: 20,
            holdout_return: Some(HoldoutReturn::new(0.5)),
            selected_return: Some(0.25),
            final_return: Some(0.125),
            selected_update: Some(12.5),
            stopped_update: None,
            labels_training: Some(7),
            labels_holdout: None,
            holdout_source: Some("privileged".into()),
            labels_holdout_unlimited: true,
            variant: String::new(),
            schema_version: SCHEMA_VERSION,
        }
    }

    #[test]
    fn searched_keys_stand_behind_the_known_columns_and_rows_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.csv");
        let drawn = vec!["0.4".to_string(), "[8, 4]".to_string()];
        let keys = ["network.value_hidden", "early_stopping.holdout_fraction"];
        write_trials(&path, &keys, &[(row(), vec![drawn[1].clone(), drawn[0].clone()])]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            "trial,run_label,oversight_prob,seeds,n,status,first_observation,planned_updates,\
             holdout_return,selected_return,final_return,selected_update,stopped_update,\
             labels_training,labels_holdout,holdout_source,labels_holdout_unlimited,variant,schema_version,\
             early_stopping.holdout_fraction,network.value_hidden\n\
             3,naive_early_stopping,0.01,70000 70001,2,finished,fresh,20,0.5,0.25,0.125,12.5,,7,,\
             privileged,true,,3,0.4,\"[8, 4]\"\n"
        );
        let rows = read_rows::<TrialRow, String>(text.as_bytes()).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].row, row());
        assert!(rows[0].further.values().eq(&drawn));
    }
}
