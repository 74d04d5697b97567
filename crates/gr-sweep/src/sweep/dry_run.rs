//! What training some runs would take here: time and disk.

use std::time::Duration;

use anyhow::Result;
use gr_learn::Architecture;
use gr_terminal::{count, duration};

use super::measure::{Measurements, evaluations};
use super::workplace::Workplace;
use crate::plan::PlannedRun;

/// Measured bytes of a row in the evaluation and training files.
const EVALUATION_ROW_BYTES: u64 = 300;
const TRAINING_ROW_BYTES: u64 = 380;

/// Describes `runs`, with `notices` before the total and how the times come about after it. `begun` says
/// how many updates of a run are done already.
///
/// # Errors
/// If the device cannot train them.
pub fn describe(
    runs: &[PlannedRun],
    notices: &[String],
    workplace: &Workplace,
    begun: impl Fn(&PlannedRun) -> u64,
) -> Result<String> {
    let Workplace { device, jobs, .. } = workplace;
    let measurements = Measurements::take(runs, device)?;
    let mut text = String::new();
    let mut seconds = 0.0;
    let mut longest_run: f64 = 0.0;
    let mut bytes = 0;
    let all = runs.len();
    for runs in runs.chunk_by(is_like) {
        let left = |run: &PlannedRun| 1.0 - begun(run) as f64 / run.updates as f64;
        let run_seconds = runs.iter().map(|run| left(run) * measurements.seconds(run));
        let group_seconds: f64 = run_seconds.clone().sum();
        seconds += group_seconds;
        longest_run = run_seconds.fold(longest_run, f64::max);
        bytes += runs.iter().map(|run| disk(run, workplace.keep_states)).sum::<u64>();
        text += &format!(
            "{:20} {}p = {:<6} {:>9} of {:>14}, {:>17}; about {} each\n",
            runs[0].method.label,
            if runs[0].variant.is_empty() {
                String::new()
            } else {
                format!("{} ", runs[0].variant)
            },
            runs[0].spec.oversight,
            count(runs.len(), "run"),
            least_and_most(runs.iter().map(|run| run.updates), "update"),
            least_and_most(runs.iter().map(evaluations), "evaluation"),
            duration(Duration::from_secs_f64(group_seconds / runs.len() as f64)),
        );
    }
    let continued = runs.iter().filter(|run| begun(run) > 0).count();
    if continued > 0 {
        text += &format!(
            "{} of them with updates done already, which are kept\n",
            count(continued, "run")
        );
    }
    for notice in notices {
        text += &format!("{notice}\n");
    }
    // A run is never split, so that the longest one bounds the whole from below.
    let wall = (seconds / *jobs as f64).max(longest_run);
    text += &format!(
        "{}, about {} on {} ({}) with {jobs} at once; about {} on disk{}\n",
        count(all, "run"),
        duration(Duration::from_secs_f64(wall)),
        device.backend,
        device.adapter,
        size(bytes),
        if workplace.keep_states {
            ", last states included (--keep-states false leaves them out)"
        } else {
            ""
        },
    );
    Ok(text + &measurements.text())
}

/// Whether two runs are described together.
fn is_like(a: &PlannedRun, b: &PlannedRun) -> bool {
    let what = |run: &PlannedRun| (run.method.label, run.spec.oversight.to_bits(), run.updates);
    what(a) == what(b) && a.variant == b.variant
}

/// `200 updates`, or `100-300 updates` where they differ.
fn least_and_most(values: impl Iterator<Item = u64> + Clone, noun: &str) -> String {
    let (least, most) = (values.clone().min().unwrap_or(0), values.max().unwrap_or(0));
    let named = count(most, noun);
    if least == most { named } else { format!("{least}-{named}") }
}

/// Bytes that a finished run keeps.
fn disk(run: &PlannedRun, keep_states: bool) -> u64 {
    let recording = &run.spec.settings.recording;
    let architecture = Architecture::of(&run.spec);
    let policies = run.method.network.policies().len() as u64;
    let parameters: usize = architecture.parameter_shapes().iter().map(|[a, b]| a * b).sum();
    let network = &run.spec.settings.network;
    let value = network.value_channels * architecture.num_cells * network.value_hidden[0]
        + network.value_hidden[0] * network.value_hidden[1];
    let kept = 1 + match recording.checkpoint_every {
        0 => 0,
        every => run.updates.div_ceil(every),
    };
    let rows = evaluations(run) * policies * EVALUATION_ROW_BYTES
        + run.updates.div_ceil(recording.record_every) * TRAINING_ROW_BYTES;
    let policy = 4 * (parameters + value) as u64;
    // A state has the rows, the policy, and Adam's means and squares of it.
    let last_state = if keep_states { rows + 3 * policy } else { 0 };
    rows + kept * policy + last_state
}

fn size(bytes: u64) -> String {
    match bytes as f64 {
        bytes if bytes < 1e6 => format!("{:.0} kB", bytes / 1e3),
        bytes if bytes < 1e9 => format!("{:.0} MB", bytes / 1e6),
        bytes => format!("{:.1} GB", bytes / 1e9),
    }
}
