//! `trials.csv`: the trials of a hyperparameter search, with a column for every searched key.

use std::path::Path;

use super::{StoreError, write_if_changed};
use crate::run::TrialRow;

/// The column that those of the searched keys follow.
const BEFORE_SEARCHED: &str = "planned_updates";

/// Writes `rows`, each with the values of the searched `keys`, to `path`.
///
/// # Errors
/// If the file cannot be written.
pub fn write_trials(
    path: &Path,
    keys: &[&str],
    rows: &[(TrialRow, Vec<String>)],
) -> Result<(), StoreError> {
    let mut fixed = csv::Writer::from_writer(Vec::new());
    for (row, _) in rows {
        fixed.serialize(row).expect("rows are flat and writing to memory cannot fail");
    }
    let fixed = fixed.into_inner().expect("flushing to memory cannot fail");
    let mut fixed = csv::ReaderBuilder::new().has_headers(false).from_reader(fixed.as_slice());
    let mut lines = fixed.records().map(|record| record.expect("just written"));

    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |fixed: csv::StringRecord, searched: Vec<&str>, at: usize| {
        let (before, after) = (fixed.iter().take(at), fixed.iter().skip(at));
        let line = before.chain(searched).chain(after);
        writer.write_record(line).expect("writing to memory cannot fail");
    };
    if let Some(header) = lines.next() {
        let at = header.iter().position(|column| column == BEFORE_SEARCHED);
        let at = 1 + at.expect("rows have that column");
        write(header, keys.to_vec(), at);
        for (line, (_, searched)) in lines.zip(rows) {
            write(line, searched.iter().map(String::as_str).collect(), at);
        }
    }
    write_if_changed(path, &writer.into_inner().expect("flushing to memory cannot fail"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{HoldoutReturn, LabelCount};

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
            labels_holdout: Some(LabelCount::Unlimited),
            holdout_source: Some("hidden".into()),
        }
    }

    #[test]
    fn searched_keys_stand_behind_the_planned_updates_and_rows_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.csv");
        let drawn = vec!["0.4".to_string(), "[8, 4]".to_string()];
        let keys = ["early_stopping.holdout_fraction", "network.value_hidden"];
        write_trials(&path, &keys, &[(row(), drawn)]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            "trial,run_label,oversight_prob,seeds,n,status,first_observation,planned_updates,\
             early_stopping.holdout_fraction,network.value_hidden,holdout_return,selected_return,\
             final_return,selected_update,stopped_update,labels_training,labels_holdout,\
             holdout_source\n\
             3,naive_early_stopping,0.01,70000 70001,2,finished,fresh,20,0.4,\"[8, 4]\",0.5,0.25,0.125,\
             12.5,,7,unlimited,hidden\n"
        );
        let rows: Vec<TrialRow> = csv::Reader::from_reader(text.as_bytes())
            .deserialize()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(rows, [row()]);
    }
}
