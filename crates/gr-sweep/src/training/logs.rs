//! The CSV files of a run in the making, kept, saved and published together.

use gr_runs::{
    CsvLog, EvaluationRow, FileRecord, HoldoutRow, PolicyTableRow, RunFiles, RunSpec, Store,
    StoreError, TrainingRow,
};

/// The logs of one run.
#[derive(Default)]
pub struct RunLogs {
    /// `eval_results_<run>.csv`.
    pub evaluations: CsvLog,
    /// `train_results_<run>.csv`.
    pub training: CsvLog,
    /// `policy_tables_<run>.csv`.
    pub policy_tables: CsvLog,
    /// `holdout_results_<run>.csv`, of a run with a holdout.
    pub holdout: Option<CsvLog>,
}

/// What a saved state calls the texts of the logs.
const NAMES: [&str; 4] = ["evaluations", "training", "policy_tables", "holdout"];

impl RunLogs {
    /// The logs of a run that begins.
    pub fn new(spec: &RunSpec) -> Self {
        let holdout = spec.settings.early_stopping.enabled.then(CsvLog::default);
        Self { holdout, ..Self::default() }
    }

    /// The logs of a run, from what `saved` returns by the names that [`RunLogs::notes`] gives.
    ///
    /// # Errors
    /// Those of `saved`, and that of a text that is not CSV.
    pub fn continued<E: From<csv::Error>>(
        spec: &RunSpec,
        mut saved: impl FnMut(&str) -> Result<String, E>,
    ) -> Result<Self, E> {
        let mut text = |name: &str| saved(name).map(String::into_bytes);
        let [evaluations, training, policy_tables, holdout] = NAMES;
        let has_holdout = spec.settings.early_stopping.enabled;
        let mut holdout = || Ok::<_, E>(CsvLog::continued::<HoldoutRow>(text(holdout)?)?);
        Ok(Self {
            holdout: has_holdout.then(&mut holdout).transpose()?,
            evaluations: CsvLog::continued::<EvaluationRow>(text(evaluations)?)?,
            training: CsvLog::continued::<TrainingRow>(text(training)?)?,
            policy_tables: CsvLog::continued::<PolicyTableRow>(text(policy_tables)?)?,
        })
    }

    /// The texts, for a saved state.
    pub fn notes(&self) -> impl Iterator<Item = (String, String)> {
        NAMES.into_iter().zip(self.all()).filter_map(|(name, log)| {
            let text = String::from_utf8(log?.text().to_vec()).expect("rows are text");
            Some((name.into(), text))
        })
    }

    /// Publishes the logs as they are, for whoever wants to look at a run in the making.
    pub fn publish_previews(&self, store: &Store, files: &RunFiles) -> Result<(), StoreError> {
        self.with_files(files).try_for_each(|(log, path)| store.preview(path, log.text()))
    }

    /// Publishes the logs of a finished run.
    pub fn publish(&self, store: &Store, files: &RunFiles) -> Result<Vec<FileRecord>, StoreError> {
        self.with_files(files)
            .map(|(log, path)| {
                gr_runs::atomic_write(path, log.text())?;
                Ok(store.record(path, log.text()))
            })
            .collect()
    }

    fn all(&self) -> [Option<&CsvLog>; NAMES.len()] {
        let Self { evaluations, training, policy_tables, holdout } = self;
        [Some(evaluations), Some(training), Some(policy_tables), holdout.as_ref()]
    }

    fn with_files<'a>(
        &'a self,
        files: &'a RunFiles,
    ) -> impl Iterator<Item = (&'a CsvLog, &'a std::path::Path)> {
        let RunFiles { evaluations, training, policy_tables, holdout, .. } = files;
        let paths = [evaluations, training, policy_tables, holdout];
        self.all().into_iter().zip(paths).filter_map(|(log, path)| Some((log?, path.as_path())))
    }
}
