//! What training some runs would take here: time and disk.

use std::time::{Duration, Instant};

use anyhow::Result;
use gr_learn::{Architecture, ComputeDevice, NetworkKind, RunBatch};

use super::workplace::Workplace;
use crate::plan::{PlannedRun, cells};
use crate::terminal::progress::duration;

/// How long each kind of run is measured.
const MEASURED: Duration = Duration::from_millis(1500);

/// A trained policy meets about this many times the observations of the untrained one that is
/// measured: 7,500 to 9,500 against 5,500 on the 5 × 5 grid.
const TRAINED_FACTOR: f64 = 1.5;

/// Measured bytes of a row in the evaluation and training files.
const EVALUATION_ROW_BYTES: u64 = 300;
const TRAINING_ROW_BYTES: u64 = 380;

/// How the times in a description come about.
pub const HOW_MEASURED: &str = "times are from a short measurement of untrained policies; trained ones were assumed to take \
     1.5 times as long\n";

/// Describes `runs`, measuring one of every network that they train, with `notices` before the total.
pub fn describe(runs: &[PlannedRun], notices: &[String], workplace: &Workplace) -> Result<String> {
    let Workplace { device, jobs, .. } = workplace;
    let mut text = String::new();
    let mut seconds = 0.0;
    let mut longest_run: f64 = 0.0;
    let mut bytes = 0;
    let mut measured: Vec<(NetworkKind, Measurement)> = Vec::new();
    for runs in cells(runs) {
        let kind = runs[0].method.network;
        if !measured.iter().any(|(known, _)| *known == kind) {
            measured.push((kind, Measurement::take(&runs[0], device)?));
        }
        let (_, measurement) = measured.iter().find(|(known, _)| *known == kind).expect("measured");
        let run_seconds = runs.iter().map(|run| measurement.seconds(run));
        let cell_seconds: f64 = run_seconds.clone().sum();
        seconds += cell_seconds;
        longest_run = run_seconds.fold(longest_run, f64::max);
        bytes += runs.iter().map(disk).sum::<u64>();
        text += &format!(
            "{:20} p = {:<6} {:>4} runs of {:>6} updates, {:>5} evaluations; about {} each\n",
            runs[0].method.label,
            runs[0].spec.oversight,
            runs.len(),
            least_and_most(runs.iter().map(|run| run.updates)),
            least_and_most(runs.iter().map(evaluations)),
            duration(Duration::from_secs_f64(cell_seconds / runs.len() as f64)),
        );
    }
    for notice in notices {
        text += &format!("{notice}\n");
    }
    // A run is never split, so that the longest one bounds the whole from below.
    let wall = (seconds / *jobs as f64).max(longest_run);
    text += &format!(
        "{} runs, about {} on {} ({}) with {jobs} at once; about {} on disk\n",
        runs.len(),
        duration(Duration::from_secs_f64(wall)),
        device.backend,
        device.adapter,
        size(bytes),
    );
    Ok(text)
}

/// `200`, or `100-300` where they differ.
fn least_and_most(values: impl Iterator<Item = u64> + Clone) -> String {
    let (least, most) = (values.clone().min().unwrap_or(0), values.max().unwrap_or(0));
    if least == most { least.to_string() } else { format!("{least}-{most}") }
}

/// Seconds that parts of a run take.
struct Measurement {
    update_seconds: f64,
    evaluation_seconds: f64,
}

impl Measurement {
    fn take(run: &PlannedRun, device: &ComputeDevice) -> Result<Self> {
        let mut batch = RunBatch::new(vec![(run.spec.clone(), None)], device)?;
        // The first update pays for first touches of memory and, on a GPU, for compilation.
        batch.update();
        let started = Instant::now();
        let mut updates = 0;
        while started.elapsed() < MEASURED {
            batch.update();
            updates += 1;
        }
        let update_seconds = started.elapsed().as_secs_f64() / f64::from(updates) * TRAINED_FACTOR;
        let started = Instant::now();
        batch.evaluate(0)?;
        Ok(Self { update_seconds, evaluation_seconds: started.elapsed().as_secs_f64() })
    }

    /// Expected seconds of all of `run`.
    fn seconds(&self, run: &PlannedRun) -> f64 {
        run.updates as f64 * self.update_seconds + evaluations(run) as f64 * self.evaluation_seconds
    }
}

fn evaluations(run: &PlannedRun) -> u64 {
    let interval = run.spec.settings.evaluation.every.interval(run.spec.oversight);
    let last_is_extra = !(run.updates - 1).is_multiple_of(interval);
    run.updates.div_ceil(interval) + u64::from(last_is_extra)
}

/// Bytes that a finished run keeps.
fn disk(run: &PlannedRun) -> u64 {
    let recording = &run.spec.settings.recording;
    let architecture = Architecture::of(&run.spec);
    let policies = if run.method.network == NetworkKind::SingleExpert { 1 } else { 3 };
    let parameters: usize = architecture.parameter_shapes().iter().map(|[a, b]| a * b).sum();
    let network = &run.spec.settings.network;
    let value = network.value_channels * architecture.num_cells * network.value_hidden[0]
        + network.value_hidden[0] * network.value_hidden[1];
    let kept = 1 + match recording.checkpoint_every {
        0 => 0,
        every => run.updates.div_ceil(every),
    };
    evaluations(run) * policies * EVALUATION_ROW_BYTES
        + run.updates.div_ceil(recording.record_every) * TRAINING_ROW_BYTES
        + kept * 4 * (parameters + value) as u64
}

fn size(bytes: u64) -> String {
    match bytes as f64 {
        bytes if bytes < 1e6 => format!("{:.0} kB", bytes / 1e3),
        bytes if bytes < 1e9 => format!("{:.0} MB", bytes / 1e6),
        bytes => format!("{:.1} GB", bytes / 1e9),
    }
}
