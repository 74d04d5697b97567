//! How far a sweep has come, for whoever wonders while it runs: from the names of its files, and as
//! few of the files themselves as tell how long runs take.

use std::collections::{BTreeMap, HashSet};

use gr_runs::{Check, REPORT_VERSION, RunId, RunStatus, Store, StoreError};
use serde::Serialize;

use super::summary::FailedRun;
use super::survey::evenly;
use crate::plan::{FolderPlan, PlannedRun, groups};
use crate::training::session;

/// Finished runs of a group whose times are read.
const TIMED_RUNS: usize = 16;
/// Saved states that are read for how far their runs are.
const READ_STATES: usize = 64;
/// Failed runs whose reasons are read.
const READ_FAILURES: usize = 20;

/// How far a sweep has come.
#[derive(Debug, Serialize)]
pub struct Status {
    /// [`REPORT_VERSION`].
    pub schema_version: u32,
    /// Where its files are.
    pub folder: String,
    /// All of it.
    pub total: Counts,
    /// Runs that differ in their seed alone, in the order of results.
    pub groups: Vec<GroupStatus>,
    /// Runs that are being trained, by the process that trains them: host and process number.
    pub processes: BTreeMap<String, usize>,
    /// Why runs have failed; the first of them.
    pub failures: Vec<FailedRun>,
    /// Computing time that is left, one run after the other; absent as long as none tells how long
    /// runs take.
    pub seconds_of_work: Option<f64>,
    /// Time until all is done, if as many runs train at once as do now; absent if none does.
    pub eta_seconds: Option<f64>,
}

/// Numbers of runs.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Counts {
    /// All.
    pub runs: usize,
    /// With a result.
    #[serde(rename = "finished")]
    pub done: usize,
    /// Held by a process that trains them.
    pub running: usize,
    /// With a saved state, and held by no process: interrupted, or the file system has no locks.
    pub begun: usize,
    /// Over, without a result.
    pub failed: usize,
    /// Nothing is saved of them.
    pub missing: usize,
}

/// Runs that differ in their seed alone.
#[derive(Debug, Serialize)]
pub struct GroupStatus {
    /// Method label.
    #[serde(rename = "run_label")]
    pub method: String,
    /// What tells its runs from others of the method in the folder, as `key=value;..`.
    pub variant: String,
    /// Oversight level p.
    #[serde(rename = "oversight_prob")]
    pub oversight: f64,
    /// Updates that each run trains.
    #[serde(rename = "planned_updates")]
    pub updates: u64,
    /// Its runs.
    #[serde(flatten)]
    pub counts: Counts,
}

/// Seconds and the work that was done in them.
#[derive(Clone, Copy, Default)]
struct Pace {
    seconds: f64,
    runs: f64,
    cost: f64,
}

/// What a group has left to do.
struct Left {
    cost: f64,
    /// In runs, one that is half done counting as half.
    runs: f64,
    /// The share of a run that is left of the one that has the most left to do.
    longest: f64,
    cost_of_longest: f64,
}

impl Status {
    /// Looks at the files of `plan` in `store`.
    ///
    /// # Errors
    /// If the system refuses to read them.
    pub fn read(plan: &FolderPlan, store: &Store) -> Result<Self, StoreError> {
        let listing = store.listing()?;
        let holders: BTreeMap<&RunId, String> =
            listing.claimed.iter().filter_map(|run| Some((run, store.holder(run)?))).collect();
        let mut status = Self {
            schema_version: REPORT_VERSION,
            folder: store.folder().display().to_string(),
            total: Counts::default(),
            groups: Vec::new(),
            processes: BTreeMap::new(),
            failures: Vec::new(),
            seconds_of_work: None,
            eta_seconds: None,
        };
        let mut states = READ_STATES;
        let mut on_gpu = false;
        let mut paces = Vec::new();
        let mut lefts = Vec::new();
        for runs in groups(&plan.runs) {
            let mut counts = Counts { runs: runs.len(), ..Counts::default() };
            let mut finished = Vec::new();
            let mut left = Left { cost: 0.0, runs: 0.0, longest: 0.0, cost_of_longest: 0.0 };
            let mut pace = Pace::default();
            for run in runs {
                let id = &run.name.id;
                if listing.finished.contains(id) {
                    counts.done += 1;
                    finished.push(run);
                    continue;
                }
                if listing.failed.contains(id) {
                    counts.failed += 1;
                    status.add_failure(run, store)?;
                    continue;
                }
                if let Some(holder) = holders.get(id) {
                    counts.running += 1;
                    *status.processes.entry(holder.clone()).or_default() += 1;
                } else if listing.saved.contains(id) {
                    counts.begun += 1;
                } else {
                    counts.missing += 1;
                }
                let mut share = 1.0;
                if listing.saved.contains(id) && states > 0 {
                    states -= 1;
                    if let Some((updates, timing)) = session::how_far(store, run) {
                        let done = updates as f64 / run.updates as f64;
                        share -= done;
                        pace.add(run, done, timing.update_seconds + timing.evaluation_seconds);
                    }
                }
                left.add(run, share);
            }
            for run in evenly(&finished, TIMED_RUNS) {
                if let RunStatus::Done(manifest) = store.status(&run.name, Check::Lengths)? {
                    let timing = manifest.timing;
                    pace.add(run, 1.0, timing.update_seconds + timing.evaluation_seconds);
                    on_gpu |= manifest.provenance.backend == "wgpu";
                }
            }
            paces.push(pace);
            lefts.push(left);
            status.total.add(&counts);
            let PlannedRun { spec, updates, variant, .. } = &runs[0];
            status.groups.push(GroupStatus {
                method: spec.method.clone(),
                variant: variant.to_string(),
                oversight: spec.oversight,
                updates: *updates,
                counts,
            });
        }
        status.estimate(&paces, &lefts, on_gpu);
        Ok(status)
    }

    /// Whether nothing is left to train.
    pub fn is_over(&self) -> bool {
        self.total.done + self.total.failed == self.total.runs
    }

    fn add_failure(&mut self, run: &PlannedRun, store: &Store) -> Result<(), StoreError> {
        if self.failures.len() < READ_FAILURES
            && let RunStatus::Failed(failure) = store.status(&run.name, Check::Lengths)?
        {
            self.failures.push(FailedRun {
                run_id: run.name.id.to_string(),
                update_idx: failure.update_idx,
                reason: failure.reason,
            });
        }
        Ok(())
    }

    /// Runs take as long as others of their group did, or if none tells, as their cost says.
    fn estimate(&mut self, paces: &[Pace], lefts: &[Left], on_gpu: bool) {
        let all = paces.iter().fold(Pace::default(), |all, pace| Pace {
            seconds: all.seconds + pace.seconds,
            runs: all.runs + pace.runs,
            cost: all.cost + pace.cost,
        });
        if self.is_over() || all.seconds == 0.0 {
            return;
        }
        let (mut work, mut longest) = (0.0, 0.0_f64);
        for (pace, left) in paces.iter().zip(lefts) {
            if pace.runs > 0.0 {
                let seconds = pace.seconds / pace.runs;
                work += left.runs * seconds;
                longest = longest.max(left.longest * seconds);
            } else {
                let seconds = all.seconds / all.cost;
                work += left.cost * seconds;
                longest = longest.max(left.cost_of_longest * seconds);
            }
        }
        self.seconds_of_work = Some(work);
        let processes: HashSet<&String> = self.processes.keys().collect();
        self.eta_seconds = match self.total.running {
            0 => None,
            // A GPU's runs train together, and each is charged its share of the time.
            _ if on_gpu => Some(work / processes.len() as f64),
            running => Some((work / running as f64).max(longest)),
        };
    }
}

impl Pace {
    fn add(&mut self, run: &PlannedRun, share: f64, seconds: f64) {
        self.seconds += seconds;
        self.runs += share;
        self.cost += share * run.cost() as f64;
    }
}

impl Left {
    fn add(&mut self, run: &PlannedRun, share: f64) {
        let cost = share * run.cost() as f64;
        self.cost += cost;
        self.runs += share;
        self.longest = self.longest.max(share);
        self.cost_of_longest = self.cost_of_longest.max(cost);
    }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.done += other.done;
        self.running += other.running;
        self.begun += other.begun;
        self.failed += other.failed;
        self.missing += other.missing;
    }
}
