//! What a sweep came to: `runs.csv`, the table at the end, and the same for machines.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use gr_grid::TrueReturn;
use gr_runs::{
    Check, LabelCount, REPORT_VERSION, RunId, RunResult, RunRow, RunStatus, SCHEMA_VERSION, Store,
    StoreError, Timing, read_rows,
};
use gr_terminal::{columns, count, print_if_read};
use serde::Serialize;

use super::comparison::{self, Difference, differences};
use super::folder::open_all;
use super::group::Group;
use super::reading::read_all;
use crate::plan::{FolderPlan, PlannedRun};
use crate::training::traffic::DeviceTraffic;

/// All that is said of a sweep.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// [`REPORT_VERSION`].
    pub schema_version: u32,
    /// Where the files are.
    pub folder: String,
    /// Runs that differ in their seed alone, in the order of results.
    pub groups: Vec<Group>,
    /// Every other group compared with gradient routing of its level, or where there is none with the first.
    pub differences: Vec<Difference>,
    /// What else lies in the folder: runs that nobody asked for now, and shorter ones of those shown.
    pub also_there: Vec<String>,
    /// Runs without a result that have failed.
    pub failed: Vec<FailedRun>,
    /// Names of runs without a result that have not been trained to their end.
    pub missing: Vec<String>,
    /// What this command's training asked of a GPU, if it used one.
    #[serde(flatten)]
    pub traffic: Option<DeviceTraffic>,
}

/// A run that ended without a result.
#[derive(Debug, Serialize)]
pub struct FailedRun {
    /// Name of the run.
    pub run_id: String,
    /// The update in which it happened.
    pub update_idx: u64,
    /// What happened.
    pub reason: String,
}

/// What became of one run.
enum RunOutcome {
    Finished(RunResult, Option<Timing>),
    Failed(FailedRun),
    Missing(String),
}

impl RunOutcome {
    fn of(run: &PlannedRun, status: RunStatus) -> Self {
        let run_id = run.name.id.to_string();
        match status {
            RunStatus::Done(manifest) => Self::Finished(manifest.result, Some(manifest.timing)),
            RunStatus::Failed(failure) => Self::Failed(FailedRun {
                run_id,
                update_idx: failure.update_idx,
                reason: failure.reason,
            }),
            // Damaged since it was checked: the next command finds it.
            RunStatus::Interrupted | RunStatus::Missing | RunStatus::Damaged(_) => {
                Self::Missing(run_id)
            }
        }
    }
}

impl Summary {
    /// Reads the results of `asked`, runs of `folder`, and brings `runs.csv` up to date, which has all of
    /// them.
    ///
    /// # Errors
    /// If results cannot be read or `runs.csv` cannot be written.
    pub fn collect(
        folder: &FolderPlan,
        asked: &[PlannedRun],
        store: &Store,
    ) -> Result<Self, StoreError> {
        loop {
            let seen = store.listing()?;
            let read = |run: &PlannedRun| {
                let status = store.status(&run.name, Check::Lengths)?;
                let row = row(run, &status);
                Ok::<_, StoreError>((row, (run.name.id.clone(), RunOutcome::of(run, status))))
            };
            let (rows, mut outcomes): (Vec<RunRow>, HashMap<RunId, RunOutcome>) =
                read_all(&folder.runs, read)?.into_iter().unzip();
            store.write_runs(&rows)?;
            // Another process may have finished a run meanwhile, and have written what this one has
            // just overwritten. Whoever writes last must have seen everything.
            let now = store.listing()?;
            if (&now.finished, &now.failed) == (&seen.finished, &seen.failed) {
                let asked_for: HashSet<&RunId> = asked.iter().map(|run| &run.name.id).collect();
                outcomes.retain(|run, _| asked_for.contains(run));
                let name = store.folder().display().to_string();
                return Ok(Self::of(folder, asked, outcomes, name));
            }
        }
    }

    /// Reads the results of `asked`, runs of `folder`, and says what else there is.
    ///
    /// # Errors
    /// If the system refuses to read them.
    pub fn read(
        folder: &FolderPlan,
        asked: &[PlannedRun],
        store: &Store,
    ) -> Result<Self, StoreError> {
        let outcomes = outcomes(asked, store)?;
        Ok(Self::of(folder, asked, outcomes, store.folder().display().to_string()))
    }

    /// Reads the results of all runs of several folders, which need not have manifests: rows of `runs.csv` do
    /// where they alone were published.
    ///
    /// # Errors
    /// If one of them is no sweep, or cannot be read.
    pub fn of_folders(folders: &[PathBuf]) -> anyhow::Result<Self> {
        let (stores, plan) = open_all(folders)?;
        let mut all = HashMap::new();
        for (store, own) in &stores {
            for (run, outcome) in outcomes(&own.runs, store)? {
                match all.get(&run) {
                    Some(RunOutcome::Finished(..)) => {}
                    _ => drop(all.insert(run, outcome)),
                }
            }
        }
        let names: Vec<String> =
            folders.iter().map(|folder| folder.display().to_string()).collect();
        Ok(Self::of(&plan, &plan.runs, all, names.join(", ")))
    }

    /// What became of `asked`, runs of `folder`, and what else there is.
    fn of(
        folder: &FolderPlan,
        asked: &[PlannedRun],
        mut outcomes: HashMap<RunId, RunOutcome>,
        name: String,
    ) -> Self {
        let mut summary = Self {
            schema_version: REPORT_VERSION,
            folder: name,
            groups: Vec::new(),
            differences: Vec::new(),
            also_there: Vec::new(),
            failed: Vec::new(),
            missing: Vec::new(),
            traffic: None,
        };
        let is_finished =
            |run: &PlannedRun| matches!(outcomes.get(&run.name.id), Some(RunOutcome::Finished(..)));
        let (shown, shorter) = FolderPlan::longest(asked, is_finished);
        let asked: HashSet<&RunId> = asked.iter().map(|run| &run.name.id).collect();
        let families: HashMap<&str, u64> = shown
            .iter()
            .map(|runs| (&*runs[0].condition.family, runs[0].spec.settings.updates.0))
            .collect();
        let is_shorter = |run: &&PlannedRun| {
            let longest = families.get(&*run.condition.family);
            longest.is_some_and(|longest| run.spec.settings.updates.0 < *longest)
        };
        let unasked = folder.runs.iter().filter(|run| !asked.contains(&run.name.id));
        let (more_shorter, others): (Vec<&PlannedRun>, Vec<&PlannedRun>) =
            unasked.partition(is_shorter);
        let shorter: Vec<&PlannedRun> = shorter.into_iter().flatten().chain(more_shorter).collect();
        let lengths: BTreeSet<u64> =
            shorter.iter().map(|run| run.spec.settings.updates.0).collect();
        if !lengths.is_empty() {
            let number = shorter.len();
            let lengths: Vec<String> = lengths.iter().map(u64::to_string).collect();
            let what = format!("{} of these", count(number, "shorter run"));
            summary.also_there.push(format!("{what}, of {} updates", lengths.join(" and ")));
        }
        let methods = others.chunk_by(|a, b| a.method.label == b.method.label);
        summary.also_there.extend(methods.map(described));
        for runs in shown {
            let mut finished = Vec::new();
            for run in runs {
                match outcomes.remove(&run.name.id) {
                    Some(RunOutcome::Finished(result, timing)) => {
                        finished.push((run.spec.seed, result, timing));
                    }
                    Some(RunOutcome::Failed(failed)) => summary.failed.push(failed),
                    Some(RunOutcome::Missing(run_id)) => summary.missing.push(run_id),
                    None => {}
                }
            }
            summary.groups.push(Group::new(&runs[0], &finished));
        }
        // Those of other lengths count, whichever is shown.
        for outcome in outcomes.into_values() {
            match outcome {
                RunOutcome::Finished(..) => {}
                RunOutcome::Failed(failed) => summary.failed.push(failed),
                RunOutcome::Missing(run_id) => summary.missing.push(run_id),
            }
        }
        summary.differences = differences(&summary.groups);
        summary.failed.sort_by(|a, b| a.run_id.cmp(&b.run_id));
        summary.missing.sort();
        summary
    }

    /// Prints the summary.
    ///
    /// # Errors
    /// If it cannot be put as JSON, or if somebody would read it and it cannot be written.
    pub fn print(&self, json: bool) -> anyhow::Result<()> {
        let text = if json { serde_json::to_string_pretty(self)? + "\n" } else { self.table() };
        Ok(print_if_read(&text)?)
    }

    /// The lines of the table for people, the first one its header.
    pub fn lines(&self) -> Vec<Vec<String>> {
        let mut lines = vec![Group::HEADER.map(String::from).to_vec()];
        lines.extend(self.groups.iter().map(Group::columns));
        if self.groups.iter().all(|group| group.variant.is_empty()) {
            lines.iter_mut().for_each(|line| drop(line.remove(1)));
        }
        lines
    }

    /// The same of the differences.
    pub fn difference_lines(&self) -> Vec<Vec<String>> {
        let mut lines = vec![Difference::HEADER.map(String::from).to_vec()];
        lines.extend(self.differences.iter().map(Difference::columns));
        lines
    }

    /// The table for people.
    pub fn table(&self) -> String {
        let mut text = columns(&self.lines());
        text += "true return: mean over seeds of the kept policy, ± 95 % interval (Student t); IQM: interquartile mean;\n\
                 below 0.1: share of runs, 95 % interval (Wilson)\n";
        if !self.differences.is_empty() {
            text += &format!("\n{}", columns(&self.difference_lines()));
            text += &comparison::rule();
        }
        for FailedRun { run_id, update_idx, reason } in &self.failed {
            text += &format!("failed: {run_id} in update {update_idx}: {reason}\n");
        }
        if !self.missing.is_empty() {
            text += &format!("not finished: {}\n", count(self.missing.len(), "run"));
        }
        if !self.also_there.is_empty() {
            text += &format!("also there: {}\n", self.also_there.join("; "));
        }
        text += &format!("files: {}\n", self.folder);
        text
    }
}

/// What became of `runs` in `store`.
fn outcomes(runs: &[PlannedRun], store: &Store) -> Result<HashMap<RunId, RunOutcome>, StoreError> {
    let published = match store.listing()?.finished.is_empty() {
        true => finished_rows(store),
        false => HashMap::new(),
    };
    let read = |run: &PlannedRun| {
        let status = store.status(&run.name, Check::Lengths)?;
        let outcome = match published.get(run.name.id.as_str()) {
            Some(result) => RunOutcome::Finished(result.clone(), None),
            None => RunOutcome::of(run, status),
        };
        Ok((run.name.id.clone(), outcome))
    };
    Ok(read_all(runs, read)?.into_iter().collect())
}

/// The results of finished runs by the rows of `runs.csv`.
fn finished_rows(store: &Store) -> HashMap<String, RunResult> {
    let text = store.read_runs().unwrap_or_default();
    let rows = read_rows::<RunRow, String>(&text).unwrap_or_default();
    let result = |row: RunRow| {
        let labels_holdout = match row.labels_holdout_unlimited {
            true => LabelCount::Unlimited,
            false => LabelCount::Counted(row.labels_holdout.unwrap_or(0)),
        };
        let result = RunResult {
            policy_type: row.policy_type?,
            updates: row.updates?,
            final_return: TrueReturn::new(row.final_return?),
            selected_return: TrueReturn::new(row.selected_return?),
            selected_return_unflagged: row.selected_return_unflagged.map(TrueReturn::new),
            selected_update: row.selected_update?,
            stopped_update: row.stopped_update,
            labels_training: row.labels_training?,
            labels_holdout,
            holdout_return: row.holdout_return,
            gaming_gap: row.gaming_gap,
        };
        (row.status == "finished").then_some((row.run_id, result))
    };
    rows.into_iter().filter_map(|row| result(row.row)).collect()
}

/// Runs of one method in words.
fn described(runs: &[&PlannedRun]) -> String {
    let levels: BTreeSet<String> = runs.iter().map(|run| run.spec.oversight.to_string()).collect();
    let levels: Vec<String> = levels.into_iter().collect();
    let method = runs[0].method.label;
    format!("{} of {method} at p = {}", count(runs.len(), "run"), levels.join(", "))
}

/// What `runs.csv` is to hold of `runs`.
///
/// # Errors
/// If the system refuses to read them.
pub fn rows(runs: &[PlannedRun], store: &Store) -> Result<Vec<RunRow>, StoreError> {
    read_all(runs, |run| Ok(row(run, &store.status(&run.name, Check::Lengths)?)))
}

fn row(run: &PlannedRun, status: &RunStatus) -> RunRow {
    let settings = &run.spec.settings;
    let early_stopping = &settings.early_stopping;
    let stops = early_stopping.enabled;
    let empty = RunRow {
        run_id: run.name.id.to_string(),
        run_label: run.spec.method.clone(),
        oversight_prob: run.spec.oversight,
        seed: run.spec.seed,
        first_observation: settings.environment.first_observation.name().into(),
        evaluation: settings.evaluation.mode.name().into(),
        status: "missing".into(),
        policy_type: None,
        planned_updates: run.updates,
        updates: None,
        final_return: None,
        selected_return: None,
        selected_update: None,
        stopped_update: None,
        labels_training: None,
        labels_holdout: None,
        holdout_source: stops.then(|| early_stopping.holdout_source.name().into()),
        holdout_fraction: (early_stopping.share_set_aside() > 0.0)
            .then_some(early_stopping.holdout_fraction),
        holdout_return: None,
        gaming_gap: None,
        labels_holdout_unlimited: early_stopping.labels_are_unlimited(),
        selected_return_unflagged: None,
        variant: run.variant.to_string(),
        schema_version: SCHEMA_VERSION,
    };
    match status {
        RunStatus::Done(manifest) => {
            let result = &manifest.result;
            RunRow {
                status: "finished".into(),
                policy_type: Some(result.policy_type.clone()),
                updates: Some(result.updates),
                final_return: Some(result.final_return.reveal()),
                selected_return: Some(result.selected_return.reveal()),
                selected_update: Some(result.selected_update),
                stopped_update: result.stopped_update,
                labels_training: Some(result.labels_training),
                labels_holdout: result.labels_holdout.counted(),
                holdout_return: result.holdout_return,
                gaming_gap: result.gaming_gap,
                selected_return_unflagged: result.selected_return_unflagged.map(TrueReturn::reveal),
                ..empty
            }
        }
        RunStatus::Failed(failure) => {
            RunRow { status: "failed".into(), updates: Some(failure.update_idx), ..empty }
        }
        RunStatus::Interrupted | RunStatus::Missing | RunStatus::Damaged(_) => empty,
    }
}
