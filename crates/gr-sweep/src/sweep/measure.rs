//! How long updates and evaluations take here: measured of some kinds of runs, in a bounded time, and
//! worked out for the others.

use std::time::{Duration, Instant};

use anyhow::Result;
use gr_grid::FirstObservation;
use gr_learn::{Architecture, ComputeDevice, RunBatch};
use gr_runs::{EvaluationMode, HoldoutSource, RunSpec};

use crate::plan::PlannedRun;

/// What all measurements take together, about, and one of them at most.
const ALL_MEASURED: Duration = Duration::from_secs(6);
const ONE_MEASURED: Duration = Duration::from_millis(1500);

/// Kinds of runs that are measured at most.
const MOST_MEASURED: usize = 8;

/// A trained policy meets about this many times the observations of the untrained one that is
/// measured: 7,500 to 9,500 against 5,500 on the 5 × 5 grid.
const TRAINED_FACTOR: f64 = 1.5;

/// Steps of an episode, about; of those that time out and of those that do not.
const EPISODE_STEPS: f64 = 7.0;

/// What the time of an update and of an evaluation depends on.
#[derive(Clone, Copy, PartialEq)]
struct Kind {
    architecture: Architecture,
    envs: usize,
    rollout_steps: usize,
    oversight: f64,
    spurious_oversight: f64,
    first_observation: FirstObservation,
    evaluation: (EvaluationMode, usize),
}

impl Kind {
    fn of(spec: &RunSpec) -> Self {
        let settings = &spec.settings;
        let evaluation = &settings.evaluation;
        // An exact evaluation takes as long for any number of environments.
        let sampled_envs = match evaluation.mode {
            EvaluationMode::Exact => 0,
            EvaluationMode::Sampled => evaluation.envs,
        };
        Self {
            architecture: Architecture::of(spec),
            envs: settings.environment.envs,
            rollout_steps: settings.training.rollout_steps,
            oversight: spec.oversight,
            spurious_oversight: settings.environment.spurious_oversight,
            first_observation: settings.environment.first_observation,
            evaluation: (evaluation.mode, sampled_envs),
        }
    }
}

/// Seconds that parts of a run take.
#[derive(Clone, Copy)]
struct Seconds {
    update: f64,
    evaluation: f64,
}

/// What was measured.
pub struct Measurements {
    /// By work of an update, the least first.
    measured: Vec<(f64, Kind, Seconds)>,
    /// Kinds of runs that there are.
    num_kinds: usize,
}

impl Measurements {
    /// Measures kinds of `runs` on `device`: all of them if they are few, else some from the one with the
    /// least work to the one with the most.
    ///
    /// # Errors
    /// If the device cannot train them.
    pub fn take(runs: &[PlannedRun], device: &ComputeDevice) -> Result<Self> {
        let mut kinds: Vec<(f64, Kind, &PlannedRun)> = Vec::new();
        for run in runs {
            let kind = Kind::of(&run.spec);
            if kinds.last().is_none_or(|(_, last, _)| *last != kind) {
                kinds.push((work(run), kind, run));
            }
        }
        kinds.sort_by(|(a, ..), (b, ..)| a.total_cmp(b));
        // Runs of one kind need not stand together, but do not differ in work.
        let mut distinct: Vec<(f64, Kind, &PlannedRun)> = Vec::new();
        for kind in kinds {
            let alike = distinct.iter().rev().take_while(|known| known.0 == kind.0);
            if !alike.into_iter().any(|known| known.1 == kind.1) {
                distinct.push(kind);
            }
        }
        let number = distinct.len().min(MOST_MEASURED);
        let each = ONE_MEASURED.min(ALL_MEASURED / number.max(1) as u32);
        let begun = Instant::now();
        let mut measured = Vec::new();
        // The most work first: without it the others would say little.
        for index in (0..number).rev() {
            let last = (distinct.len() - 1).max(1);
            let (work, kind, run) = distinct[index * last / (number - 1).max(1)];
            measured.push((work, kind, Seconds::measure(run, device, each)?));
            if begun.elapsed() > 2 * ALL_MEASURED {
                break;
            }
        }
        measured.reverse();
        Ok(Self { measured, num_kinds: distinct.len() })
    }

    /// Expected seconds of all of `run`.
    pub fn seconds(&self, run: &PlannedRun) -> f64 {
        let kind = Kind::of(&run.spec);
        let measured = self.measured.iter().find(|(_, known, _)| *known == kind);
        let seconds = measured.map_or_else(|| self.between(work(run)), |(_, _, seconds)| *seconds);
        run.updates as f64 * seconds.update
            + (evaluations(run) as f64 + checks(run)) * seconds.evaluation
    }

    /// The seconds of a run whose updates have this work, from those that were measured around it.
    fn between(&self, work: f64) -> Seconds {
        let above = self.measured.iter().find(|(known, ..)| *known >= work);
        let below = self.measured.iter().rfind(|(known, ..)| *known <= work);
        let ((low, _, a), (high, _, b)) = match (below, above) {
            (Some(below), Some(above)) => (*below, *above),
            (Some(only), None) | (None, Some(only)) => {
                let ratio = work / only.0;
                return Seconds {
                    update: only.2.update * ratio,
                    evaluation: only.2.evaluation * ratio,
                };
            }
            (None, None) => return Seconds { update: 0.0, evaluation: 0.0 },
        };
        let share = if high > low { (work - low) / (high - low) } else { 0.0 };
        let mix = |a: f64, b: f64| a + share * (b - a);
        Seconds { update: mix(a.update, b.update), evaluation: mix(a.evaluation, b.evaluation) }
    }

    /// From what the times come.
    pub fn text(&self) -> String {
        let (measured, kinds) = (self.measured.len(), self.num_kinds);
        let from = match kinds {
            1 => "the one kind of run that there is".into(),
            _ if measured == kinds => format!("each of {kinds} kinds of runs"),
            _ => format!(
                "{measured} of {kinds} kinds of runs, and of the others' work in proportion to theirs"
            ),
        };
        format!(
            "times are from short measurements, of untrained policies, of {from} (network, grid, \
             environments, steps, p, evaluation); trained ones were assumed to take {TRAINED_FACTOR} \
             times as long\n"
        )
    }
}

impl Seconds {
    fn measure(run: &PlannedRun, device: &ComputeDevice, time: Duration) -> Result<Self> {
        let mut batch = RunBatch::new(vec![(run.spec.clone(), None)], device)?;
        // The first update pays for first touches of memory and, on a GPU, for compilation.
        batch.update();
        let started = Instant::now();
        let mut updates = 0;
        while updates == 0 || started.elapsed() < time {
            batch.update();
            updates += 1;
        }
        let update = started.elapsed().as_secs_f64() / f64::from(updates) * TRAINED_FACTOR;
        let started = Instant::now();
        batch.evaluate(&[0]).remove(0)?;
        Ok(Self { update, evaluation: started.elapsed().as_secs_f64() })
    }
}

/// The work of one update, in multiplications, about: enough to tell which of two kinds of runs takes
/// longer, and by what factor.
fn work(run: &PlannedRun) -> f64 {
    let settings = &run.spec.settings;
    let Architecture { num_cells, hidden, .. } = Architecture::of(&run.spec);
    let (cells, hidden) = (num_cells as f64, hidden as f64);
    let samples = (settings.environment.envs * settings.training.rollout_steps) as f64;
    // Observations without flags, and with flags as far as p lets them be met.
    let observations = cells * cells * (cells - 1.0) * (1.0 + 3.0 * run.spec.oversight);
    let rows = samples.min(observations);
    let per_row = run.cost_per_update() as f64 * (4.0 * cells + hidden + 64.0) * hidden;
    3.0 * rows * per_row + 2000.0 * samples
}

/// Evaluations of a whole run.
pub fn evaluations(run: &PlannedRun) -> u64 {
    let interval = run.spec.settings.evaluation.every.interval(run.spec.oversight);
    let last_is_extra = !(run.updates - 1).is_multiple_of(interval);
    run.updates.div_ceil(interval) + u64::from(last_is_extra)
}

/// What the checks of a whole run take, in evaluations: a privileged check is one, another one asks for
/// the observations of its episodes only, and waits until it is paid for.
fn checks(run: &PlannedRun) -> f64 {
    let RunSpec { settings, oversight, .. } = &run.spec;
    let stopping = &settings.early_stopping;
    if !stopping.enabled {
        return 0.0;
    }
    let due = run.updates.div_ceil(stopping.check_every.interval(*oversight)) as f64;
    if stopping.holdout_source == HoldoutSource::Privileged {
        return due;
    }
    let samples = (settings.environment.envs * settings.training.rollout_steps) as f64;
    let earned =
        run.updates as f64 * samples / EPISODE_STEPS * stopping.share_set_aside() * oversight;
    let episodes = stopping.holdout_episodes as f64;
    let cells = (settings.environment.rows * settings.environment.cols) as f64;
    // An exact evaluation asks for every layout with every flag.
    let layouts = cells * (cells - 1.0);
    due.min(earned / episodes) * episodes.min(layouts) / (4.0 * layouts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::SweepPlan;

    fn runs(set: &[(&str, &str)]) -> Vec<PlannedRun> {
        let overrides =
            set.iter().map(|(k, v)| ("test".into(), k.to_string(), v.to_string())).collect();
        let sources = gr_runs::ConfigSources { overrides, ..Default::default() };
        SweepPlan::new(gr_runs::load(&sources).unwrap()).unwrap().runs
    }

    fn widths(widths: &[&str]) -> Vec<PlannedRun> {
        let small = [
            ("methods", "naive_outcomes"),
            ("seeds", "0..2"),
            ("environment.rows", "2"),
            ("environment.cols", "2"),
            ("environment.envs", "4"),
        ];
        let of = |width: &&str| runs(&[&small[..], &[("network.hidden", *width)]].concat());
        widths.iter().flat_map(of).collect()
    }

    #[test]
    fn every_width_is_measured_or_lies_between_two_that_are() {
        let few = Measurements::take(&widths(&["4", "64", "4"]), &ComputeDevice::cpu()).unwrap();
        assert_eq!((few.measured.len(), few.num_kinds), (2, 2));
        let names: Vec<String> = (1..=20).map(|width| (8 * width).to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let many = widths(&names);
        let measurements = Measurements::take(&many, &ComputeDevice::cpu()).unwrap();
        assert_eq!((measurements.measured.len(), measurements.num_kinds), (MOST_MEASURED, 20));
        assert!(measurements.text().contains("8 of 20 kinds"));
        let [first, .., last] = &measurements.measured[..] else { panic!("eight were measured") };
        assert!(first.0 == work(&many[0]) && last.0 == work(&many[39]));
    }

    #[test]
    fn what_was_not_measured_is_in_proportion_to_its_work() {
        let kind = Kind::of(&widths(&["4"])[0].spec);
        let seconds = |update: f64| Seconds { update, evaluation: 10.0 * update };
        let measured = vec![(100.0, kind, seconds(1.0)), (300.0, kind, seconds(2.0))];
        let measurements = Measurements { measured, num_kinds: 3 };
        for (work, update) in [(50.0, 0.5), (100.0, 1.0), (200.0, 1.5), (300.0, 2.0), (600.0, 4.0)]
        {
            let between = measurements.between(work);
            assert_eq!((between.update, between.evaluation), (update, 10.0 * update));
        }
    }

    #[test]
    fn work_grows_with_all_that_time_depends_on() {
        let of = |set: &[(&str, &str)]| {
            work(&runs(&[&[("methods", "routing"), ("seeds", "0")], set].concat())[0])
        };
        let default = of(&[]);
        for set in [
            ("network.hidden", "300"),
            ("environment.envs", "600"),
            ("environment.rows", "6"),
            ("training.rollout_steps", "40"),
            ("oversight", "0.3"),
        ] {
            assert!(of(&[set]) > default, "{set:?}");
        }
        assert!(default > of(&[("methods", "naive_outcomes")]));
    }

    #[test]
    fn checks_count_as_far_as_they_are_paid_for() {
        let of = |set: &[(&str, &str)]| {
            let methods =
                [("methods", "naive_early_stopping"), ("seeds", "0"), ("oversight", "0.01")];
            checks(&runs(&[&methods[..], set].concat())[0])
        };
        let privileged = [("early_stopping.holdout_source", "privileged")];
        assert_eq!(of(&privileged), 20_000.0);
        assert!(of(&[]) > 0.0 && of(&[]) < 1000.0);
        assert_eq!(of(&[("methods", "filtering")]), 0.0);
    }
}
