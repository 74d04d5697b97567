//! What a sweep would do: its runs, and the time and disk that it would take here.

use std::time::{Duration, Instant};

use anyhow::Result;
use gr_learn::{Architecture, ComputeDevice, NetworkKind, RunBatch};

use crate::plan::{PlannedRun, SweepPlan};
use crate::progress::duration;

/// How long each kind of run is measured.
const MEASURED: Duration = Duration::from_millis(1500);

/// A trained policy meets about this many times the observations of the untrained one that is
/// measured: 7,500 to 9,500 against 5,500 on the 5 × 5 grid.
const TRAINED_FACTOR: f64 = 1.5;

/// Measured bytes of a row in the evaluation and training files.
const EVALUATION_ROW_BYTES: u64 = 300;
const TRAINING_ROW_BYTES: u64 = 380;

/// Describes `plan`, measuring a run of every network that it trains.
pub fn describe(plan: &SweepPlan, device: &ComputeDevice, jobs: usize) -> Result<String> {
    let mut text = String::new();
    let mut seconds = 0.0;
    let mut longest_run: f64 = 0.0;
    let mut bytes = 0;
    let mut measured: Vec<(NetworkKind, Measurement)> = Vec::new();
    for runs in plan.cells() {
        let run = &runs[0];
        let kind = run.method.network;
        if !measured.iter().any(|(known, _)| *known == kind) {
            measured.push((kind, Measurement::take(run, device)?));
        }
        let (_, measurement) = measured.iter().find(|(known, _)| *known == kind).expect("measured");
        let evaluations = evaluations(run);
        let run_seconds = run.updates as f64 * measurement.update_seconds
            + evaluations as f64 * measurement.evaluation_seconds;
        seconds += run_seconds * runs.len() as f64;
        longest_run = longest_run.max(run_seconds);
        bytes += disk(run, evaluations) * runs.len() as u64;
        text += &format!(
            "{:20} p = {:<6} {:>4} runs of {:>6} updates, {:>5} evaluations; about {} each\n",
            run.method.label,
            run.spec.oversight,
            runs.len(),
            run.updates,
            evaluations,
            duration(Duration::from_secs_f64(run_seconds)),
        );
    }
    for notice in &plan.notices {
        text += &format!("{notice}\n");
    }
    // A run is never split, so that the longest one bounds the whole from below.
    let wall = (seconds / jobs as f64).max(longest_run);
    text += &format!(
        "{} runs, about {} on {} ({}) with {jobs} at once; about {} on disk\n",
        plan.runs.len(),
        duration(Duration::from_secs_f64(wall)),
        device.backend,
        device.adapter,
        size(bytes),
    );
    text += "times are from a short measurement of untrained policies; trained ones were assumed to \
             take 1.5 times as long\n";
    Ok(text)
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
}

fn evaluations(run: &PlannedRun) -> u64 {
    let interval = run.spec.settings.evaluation.every.interval(run.spec.oversight);
    let last_is_extra = !(run.updates - 1).is_multiple_of(interval);
    run.updates.div_ceil(interval) + u64::from(last_is_extra)
}

/// Bytes that a finished run keeps.
fn disk(run: &PlannedRun, evaluations: u64) -> u64 {
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
    evaluations * policies * EVALUATION_ROW_BYTES
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
