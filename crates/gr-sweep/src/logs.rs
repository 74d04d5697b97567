//! The CSV files that grow while a run trains, opened, saved and closed together.

use std::path::PathBuf;

use gr_runs::{CsvLog, RunFiles, RunSpec, StoreError};

/// The logs of one run.
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

/// Bytes written to each log, by [`NAMES`].
pub type Lengths = [u64; NAMES.len()];

/// What a saved state calls the lengths.
pub const NAMES: [&str; 4] =
    ["evaluations_bytes", "training_bytes", "policy_tables_bytes", "holdout_bytes"];

impl RunLogs {
    /// Opens the logs of a run and cuts them back to `lengths`.
    ///
    /// # Errors
    /// If one is shorter than that or cannot be written.
    pub fn open(spec: &RunSpec, files: &RunFiles, lengths: Lengths) -> Result<Self, StoreError> {
        let [evaluations, training, policy_tables, holdout] = lengths;
        let has_holdout = spec.settings.early_stopping.enabled;
        Ok(Self {
            evaluations: CsvLog::open(&files.evaluations, evaluations)?,
            training: CsvLog::open(&files.training, training)?,
            policy_tables: CsvLog::open(&files.policy_tables, policy_tables)?,
            holdout: has_holdout.then(|| CsvLog::open(&files.holdout, holdout)).transpose()?,
        })
    }

    /// Forces everything to disk and returns how much there is.
    pub fn sync(&self) -> Result<Lengths, StoreError> {
        Ok([
            self.evaluations.sync()?,
            self.training.sync()?,
            self.policy_tables.sync()?,
            self.holdout.as_ref().map_or(Ok(0), CsvLog::sync)?,
        ])
    }

    /// The files of a run that has these logs.
    pub fn paths(&self, files: &RunFiles) -> Vec<PathBuf> {
        let RunFiles { evaluations, training, policy_tables, holdout, .. } = files;
        let mut paths = vec![evaluations.clone(), training.clone(), policy_tables.clone()];
        paths.extend(self.holdout.as_ref().map(|_| holdout.clone()));
        paths
    }
}
