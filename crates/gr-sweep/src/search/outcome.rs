//! What became of trials, from the files of their runs: the rows of `trials.csv`, the checks to choose by, and
//! the labels that the runs used.

use std::collections::BTreeMap;

use gr_runs::{
    Check, HoldoutReturn, LabelCount, RunFailure, RunId, RunManifest, RunResult, RunStatus,
    SCHEMA_VERSION, Store, StoreError, TrialRow,
};

use super::checks::checks;
use super::select::Candidate;
use super::trial::{SearchGroup, Trial};
use crate::results::summary::FailedRun;

/// What became of the trials of one method at one level.
#[derive(Debug, Default)]
pub struct GroupOutcome {
    /// A row of each trial, with what it drew.
    pub rows: Vec<(TrialRow, Vec<String>)>,
    /// True returns of the kept checkpoints of every finished trial, one for each seed, in their order.
    pub returns: Vec<Vec<f64>>,
    /// The trials that may be chosen, by what they may be chosen by.
    pub candidates: Vec<Candidate>,
    /// Labels that each finished run used in training and in validation. Trials with the same draws
    /// and seeds are the same runs, and spend once.
    pub labels: BTreeMap<RunId, (u64, LabelCount)>,
    /// Runs that have failed, each once.
    pub failed: Vec<FailedRun>,
    /// Runs that are not over.
    pub missing: usize,
}

impl GroupOutcome {
    /// Reads what became of `group` from `store`.
    ///
    /// # Errors
    /// If the system refuses to read.
    pub fn read(group: &SearchGroup, store: &Store) -> Result<Self, StoreError> {
        let mut outcome = Self::default();
        for trial in &group.trials {
            let mut finished = Vec::new();
            let mut status = "finished";
            for run in &trial.runs {
                let id = run.name.id.clone();
                match store.status(&run.name, Check::Lengths)? {
                    RunStatus::Done(manifest) => {
                        let RunResult { labels_training, labels_holdout, .. } = manifest.result;
                        outcome.labels.insert(id, (labels_training, labels_holdout));
                        finished.push(*manifest);
                    }
                    RunStatus::Failed(failure) => {
                        status = "failed";
                        let RunFailure { update_idx, reason, .. } = failure;
                        let run_id = id.to_string();
                        if outcome.failed.iter().all(|known| known.run_id != run_id) {
                            outcome.failed.push(FailedRun { run_id, update_idx, reason });
                        }
                    }
                    RunStatus::Interrupted | RunStatus::Missing | RunStatus::Damaged(_) => {
                        outcome.missing += 1;
                        if status == "finished" {
                            status = "missing";
                        }
                    }
                }
            }
            let row = row(group, trial, status, &finished);
            if row.status == "finished" {
                let returns = finished.iter().map(|run| run.result.selected_return.reveal());
                outcome.returns.push(returns.collect());
            }
            if row.holdout_return.is_some() {
                let checks = trial.runs.iter().map(|run| checks(&run.name.id, store));
                let checks = checks.collect::<Result<_, _>>()?;
                outcome.candidates.push(Candidate { trial: row.trial, checks });
            }
            outcome.rows.push((row, trial.shown()));
        }
        Ok(outcome)
    }
}

fn row(group: &SearchGroup, trial: &Trial, status: &str, finished: &[RunManifest]) -> TrialRow {
    let spec = &trial.runs[0].spec;
    let early_stopping = &spec.settings.early_stopping;
    let seeds: Vec<String> = trial.file.seeds.as_slice().iter().map(u64::to_string).collect();
    // A mean over some of the seeds would be a mean of something else.
    let complete = if status == "finished" { finished } else { &[] };
    let results = || complete.iter().map(|manifest| &manifest.result);
    let mean = |values: Option<Vec<f64>>| {
        values.filter(|v| !v.is_empty()).map(|v| v.iter().sum::<f64>() / v.len() as f64)
    };
    let mean_of = |value: fn(&RunResult) -> f64| mean(Some(results().map(value).collect()));
    let holdout_returns: Option<Vec<HoldoutReturn>> = results().map(|r| r.holdout_return).collect();
    let has_labels = !finished.is_empty();
    TrialRow {
        trial: trial.number,
        run_label: group.method.label.into(),
        oversight_prob: group.oversight,
        seeds: seeds.join(" "),
        n: finished.len(),
        status: status.into(),
        first_observation: spec.settings.environment.first_observation.name().into(),
        planned_updates: trial.runs[0].updates,
        holdout_return: holdout_returns.and_then(|returns| HoldoutReturn::mean(&returns)),
        selected_return: mean_of(|result| result.selected_return.reveal()),
        final_return: mean_of(|result| result.final_return.reveal()),
        selected_update: mean_of(|result| result.selected_update as f64),
        stopped_update: mean(results().map(|r| r.stopped_update.map(|u| u as f64)).collect()),
        labels_training: has_labels
            .then(|| finished.iter().map(|manifest| manifest.result.labels_training).sum()),
        labels_holdout: has_labels
            .then(|| finished.iter().map(|manifest| manifest.result.labels_holdout.counted()).sum())
            .flatten(),
        holdout_source: early_stopping.enabled.then(|| early_stopping.holdout_source.name().into()),
        labels_holdout_unlimited: early_stopping.labels_are_unlimited(),
        variant: group.settings(),
        schema_version: SCHEMA_VERSION,
    }
}
