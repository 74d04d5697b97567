//! The CSV files of a run in the making, kept, saved and published together.

use std::path::Path;

use gr_runs::{
    CsvLog, EvaluationRow, FileRecord, HoldoutRow, PendingWrites, PolicyTableRow, RunFiles, RunId,
    RunSpec, Store, StoreError, TrainingRow,
};
use serde::{Deserialize, Serialize};

/// The logs of one run.
#[derive(Default, Serialize, Deserialize)]
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

impl RunLogs {
    /// The logs of a run that begins.
    pub fn new(spec: &RunSpec) -> Self {
        Self { holdout: has_holdout(spec).then(CsvLog::default), ..Self::default() }
    }

    /// The logs of a run whose saved state has the first format, from the `note` of each name.
    ///
    /// # Errors
    /// Those of `note`.
    pub fn from_notes<E>(
        spec: &RunSpec,
        mut note: impl FnMut(&str) -> Result<String, E>,
    ) -> Result<Self, E> {
        let mut log = |name: &str| note(name).map(|text| CsvLog::from(text.into_bytes()));
        Ok(Self {
            evaluations: log("evaluations")?,
            training: log("training")?,
            policy_tables: log("policy_tables")?,
            holdout: has_holdout(spec).then(|| log("holdout")).transpose()?,
        })
    }

    /// These logs with the columns of this version, if they were saved by an earlier one.
    ///
    /// # Errors
    /// If one of them is not CSV.
    pub fn today(self) -> Result<Self, csv::Error> {
        Ok(Self {
            evaluations: self.evaluations.today::<EvaluationRow>()?,
            training: self.training.today::<TrainingRow>()?,
            policy_tables: self.policy_tables.today::<PolicyTableRow>()?,
            holdout: self.holdout.map(CsvLog::today::<HoldoutRow>).transpose()?,
        })
    }

    /// These logs as those of the run `id` of `spec`, which has more updates: without what is recorded only
    /// because an update was the last.
    ///
    /// # Errors
    /// If one of them is not CSV.
    pub fn grown(&self, id: &RunId, spec: &RunSpec) -> Result<Self, csv::Error> {
        let evaluated = spec.settings.evaluation.every.interval(spec.oversight);
        let recorded = spec.settings.recording.record_every;
        Ok(Self {
            evaluations: self.evaluations.renamed(id, |at| at.is_multiple_of(evaluated))?,
            training: self.training.renamed(id, |at| at.is_multiple_of(recorded))?,
            policy_tables: self.policy_tables.renamed(id, |at| is_checkpoint(spec, at))?,
            holdout: self.holdout.as_ref().map(|log| log.renamed(id, |_| true)).transpose()?,
        })
    }

    /// Whether a run of `spec` has these logs and no others.
    pub fn are_of(&self, spec: &RunSpec) -> bool {
        self.holdout.is_some() == has_holdout(spec)
    }

    /// Publishes the logs as they are, for whoever wants to look at a run in the making.
    pub fn publish_previews(&self, store: &Store, files: &RunFiles) -> Result<(), StoreError> {
        self.with_files(files).try_for_each(|(log, path)| store.preview(path, log.text()))
    }

    /// Writes the logs of a finished run, to be published with `pending`. Returns the records of them.
    pub fn write(
        &self,
        store: &Store,
        files: &RunFiles,
        pending: &mut PendingWrites,
    ) -> Result<Vec<FileRecord>, StoreError> {
        let written = self.with_files(files).map(|(log, path)| {
            pending.write(path, log.text())?;
            Ok(store.record(path, log.text()))
        });
        written.collect()
    }

    /// Each log with the file that it becomes.
    fn with_files<'a>(
        &'a self,
        files: &'a RunFiles,
    ) -> impl Iterator<Item = (&'a CsvLog, &'a Path)> {
        let logs = [
            (Some(&self.evaluations), &files.evaluations),
            (Some(&self.training), &files.training),
            (Some(&self.policy_tables), &files.policy_tables),
            (self.holdout.as_ref(), &files.holdout),
        ];
        logs.into_iter().filter_map(|(log, path)| Some((log?, path.as_path())))
    }
}

/// Whether the policy after this update is kept for its own sake.
pub fn is_checkpoint(spec: &RunSpec, update_idx: u64) -> bool {
    let every = spec.settings.recording.checkpoint_every;
    every > 0 && update_idx.is_multiple_of(every)
}

fn has_holdout(spec: &RunSpec) -> bool {
    spec.settings.early_stopping.enabled
}
