//! Whether the runs of a group are done learning at their end.

use gr_stats::{mean, slope};

use super::Group;
use crate::data::Run;

/// Share of a run's own updates, at its end, over which its rise is measured.
const END_SHARE: f64 = 0.2;
/// Evaluations that a slope takes at least: where the end has fewer, those before it count too.
const FEWEST_EVALUATIONS: usize = 2;
/// Rise of the true return per update of a run above which it is still rising: 0.01 in 1,000.
const RISING: f64 = 0.01 / 1000.0;

/// What the rule behind [`trend`] is, for the text beside a picture.
pub const RULE: &str = "Still rising means: on average over runs, the true return rises by more than \
    0.01 per 1,000 updates over the last 20 % of a run's own updates, or over its last two evaluations \
    where those hold fewer. It cannot be told where these reach back into the first half of a run.";

/// How the true return of a group moves at the end of its runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// It rises: longer runs would end higher.
    Rising,
    /// It does not.
    Settled,
    /// The evaluations of some runs are too few to tell.
    Unknown,
}

/// The trend of a group's finished runs. `None` if there are none, or if training was stopped early: such
/// runs have no end of their own.
pub fn trend(group: &Group<'_>) -> Option<Trend> {
    let runs = &group.finished;
    if runs.is_empty() || runs.iter().any(|run| run.stopped_update.is_some()) {
        return None;
    }
    let slopes: Vec<f64> = runs.iter().filter_map(|run| end_slope(run)).collect();
    Some(match mean(&slopes) {
        Some(slope) if slope > RISING => Trend::Rising,
        Some(_) if slopes.len() == runs.len() => Trend::Settled,
        _ => Trend::Unknown,
    })
}

/// Rise of a run's true return per update of its own at its end.
fn end_slope(run: &Run) -> Option<f64> {
    let points = &run.evaluations;
    let last = points.last()?.update as f64;
    let start = points.partition_point(|point| (point.update as f64) < last * (1.0 - END_SHARE));
    let start = start.min(points.len().checked_sub(FEWEST_EVALUATIONS)?);
    let end = &points[start..];
    if 2.0 * (end[0].update as f64) < last {
        return None;
    }
    let (xs, ys): (Vec<f64>, Vec<f64>) =
        end.iter().map(|point| (point.update as f64, point.true_return)).unzip();
    slope(&xs, &ys)
}
