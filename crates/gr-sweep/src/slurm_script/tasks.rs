//! Into how many tasks of an array a sweep is cut, and how long one of them takes.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::plan::PlannedRun;
use crate::sweep::workplace::GPU_BATCH;

/// Slurm's own limit on indices of an array is 1001 unless a cluster sets another one.
const MOST_TASKS: usize = 1000;

/// What a task should take where nobody says: long beside the seconds that starting it takes,
/// short beside the limits of queues.
const TASK_TIME: Duration = Duration::from_secs(2 * 3600);

/// How a sweep is cut, as it was asked for.
#[derive(Clone, Copy, Debug)]
pub enum Bundle {
    /// Into so many tasks.
    Tasks(usize),
    /// Into tasks of about so many runs.
    RunsPerTask(usize),
    /// Into tasks that take a reasonable time.
    Unspecified,
}

/// The tasks of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tasks {
    /// How many there are.
    pub number: usize,
    /// Runs of one, rounded up.
    pub runs: usize,
    /// What the longest one takes on a core like the one that was measured; unknown of a GPU.
    pub time: Option<Duration>,
}

impl Tasks {
    /// Cuts `runs` into tasks that train `at_once` of them at a time, on a core each, or on a GPU
    /// if that is `None`.
    ///
    /// # Errors
    /// If more tasks are asked for than there are runs, or than an array can have.
    pub fn of(runs: &[PlannedRun], bundle: Bundle, at_once: Option<usize>) -> Result<Self> {
        let total: f64 = runs.iter().map(seconds).sum();
        let longest = runs.iter().map(seconds).fold(0.0, f64::max);
        let number = match (bundle, at_once) {
            (Bundle::Tasks(number), _) => number,
            (Bundle::RunsPerTask(runs_per_task), _) => runs.len().div_ceil(runs_per_task),
            (Bundle::Unspecified, None) => runs.len().div_ceil(GPU_BATCH).min(MOST_TASKS),
            (Bundle::Unspecified, Some(at_once)) => {
                let by_time = total / at_once as f64 / TASK_TIME.as_secs_f64();
                let most = runs.len().div_ceil(at_once).min(MOST_TASKS);
                (by_time.ceil() as usize).clamp(1, most)
            }
        };
        ensure!(
            number <= runs.len(),
            "--tasks {number} is more than there are runs; it must be {} or less",
            runs.len()
        );
        ensure!(
            number <= MOST_TASKS,
            "{number} tasks are more than the {MOST_TASKS} that an array can have; --tasks or \
             --runs-per-task makes them fewer"
        );
        // A run is never split, so that the longest one bounds a task from below.
        let time = at_once.map(|at_once| {
            let shared = total / (number * at_once) as f64;
            Duration::from_secs_f64(shared.max(longest))
        });
        Ok(Self { number, runs: runs.len().div_ceil(number), time })
    }
}

/// What `run` takes, roughly, on one AVX-512 core at the default size.
fn seconds(run: &PlannedRun) -> f64 {
    /// An update of a trained single-expert policy.
    const SECONDS_PER_COST: f64 = 0.04;
    run.cost() as f64 * SECONDS_PER_COST
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::SweepPlan;

    /// `seeds` runs of naive_outcomes.
    fn runs(seeds: u64, updates: u64) -> Vec<PlannedRun> {
        let set = |key: &str, value: String| ("test".into(), key.into(), value);
        let overrides = vec![
            set("methods", "naive_outcomes".into()),
            set("seeds", format!("0..{seeds}")),
            set("updates", updates.to_string()),
        ];
        let file =
            gr_runs::load(&gr_runs::ConfigSources { overrides, ..Default::default() }).unwrap();
        SweepPlan::new(file).unwrap().runs
    }

    fn number(runs: &[PlannedRun], bundle: Bundle, at_once: Option<usize>) -> usize {
        Tasks::of(runs, bundle, at_once).unwrap().number
    }

    #[test]
    fn tasks_are_as_many_as_asked_for() {
        let runs = runs(64, 10);
        assert_eq!(number(&runs, Bundle::Tasks(8), Some(1)), 8);
        assert_eq!(number(&runs, Bundle::RunsPerTask(10), Some(1)), 7);
        assert_eq!(Tasks::of(&runs, Bundle::RunsPerTask(10), Some(1)).unwrap().runs, 10);
        let error = Tasks::of(&runs, Bundle::Tasks(65), Some(1)).unwrap_err().to_string();
        assert!(error.contains("--tasks 65") && error.contains("64 or less"), "{error}");
    }

    #[test]
    fn tasks_take_a_reasonable_time_where_nobody_says() {
        let long = runs(64, 20_000);
        let tasks = Tasks::of(&long, Bundle::Unspecified, Some(1)).unwrap();
        assert!(tasks.time.unwrap() <= TASK_TIME, "{tasks:?}");
        assert!(tasks.time.unwrap() >= TASK_TIME / 2, "{tasks:?}");
        // A task has a run for each of its cores at least.
        assert_eq!(number(&long, Bundle::Unspecified, Some(64)), 1);
        assert_eq!(number(&runs(3, 10), Bundle::Unspecified, Some(1)), 1);
        assert_eq!(number(&runs(65, 20_000), Bundle::Unspecified, None), 2);
    }

    #[test]
    fn arrays_are_no_longer_than_slurm_takes() {
        let many = runs(3000, 1_000_000);
        assert_eq!(number(&many, Bundle::Unspecified, Some(1)), MOST_TASKS);
        let error = Tasks::of(&many, Bundle::RunsPerTask(2), Some(1)).unwrap_err().to_string();
        assert!(error.contains("1500 tasks") && error.contains("1000"), "{error}");
    }
}
