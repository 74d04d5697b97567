//! The mean curve of a group of runs over its updates.

use anyhow::{Result, bail};
use gr_stats::{mean, slope};

use super::{Estimate, Group, estimate};
use crate::data::{EvaluationPoint, UpdateValue};

/// Share of a curve, at its end, in which it counts as still rising or not.
const END_SHARE: f64 = 0.2;
/// Rise of the mean true return per update above which a curve counts as still rising: 0.01 in 1,000.
const RISING: f64 = 0.01 / 1000.0;

/// What is drawn of an evaluation.
pub type Value = fn(&EvaluationPoint) -> Option<f64>;

/// A mean over runs at every update at which all of them were evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Number of runs.
    pub n: usize,
    /// Places on the update axis and estimates there, ascending.
    pub points: Vec<(f64, Estimate)>,
    /// Where training of the first run to be stopped early ended.
    pub first_stop: Option<u64>,
    /// Evaluations before the end of the shortest run that are not drawn, because other runs of the
    /// group were not evaluated there.
    pub skipped: usize,
    /// Whether it ends before the longest of its runs although none was stopped early.
    pub cut_short: bool,
    /// The kept checkpoint of every run that has early stopping, on the update axis.
    pub kept: Vec<(f64, f64)>,
}

/// The values of a group's runs at the updates at which all of them were evaluated.
struct Common {
    /// Number of runs.
    n: usize,
    /// Places on the update axis, and a value per run.
    points: Vec<(f64, Vec<f64>)>,
    skipped: usize,
    unequal: bool,
}

/// The mean curve of a group's finished runs. `None` if none of them has the value.
///
/// # Errors
/// If the runs were never evaluated at the same update.
pub fn curve(group: &Group<'_>, value: Value) -> Result<Option<Curve>> {
    let Some(common) = common(group, value)? else { return Ok(None) };
    let estimated = |(x, values): (f64, Vec<f64>)| Some((x, estimate(&values)?));
    let first_stop = group.finished.iter().filter_map(|run| run.stopped_update).min();
    Ok(Some(Curve {
        n: common.n,
        points: common.points.into_iter().filter_map(estimated).collect(),
        first_stop,
        skipped: common.skipped,
        cut_short: first_stop.is_none() && common.unequal,
        kept: kept(group, value),
    }))
}

/// Slope of the mean true return at its end if that is above the threshold, per update of the axis.
/// `None` where training was stopped early: such a curve has no end of its own.
///
/// # Errors
/// As [`curve`].
pub fn still_rising(group: &Group<'_>) -> Result<Option<f64>> {
    if group.finished.iter().any(|run| run.stopped_update.is_some()) {
        return Ok(None);
    }
    let Some(common) = common(group, |point| Some(point.true_return))? else { return Ok(None) };
    let start = common.points.last().map_or(0.0, |(x, _)| x * (1.0 - END_SHARE));
    let end = common.points.iter().filter(|(x, _)| *x >= start);
    let means = end.filter_map(|(x, values)| Some((*x, mean(values)?)));
    let (xs, ys): (Vec<f64>, Vec<f64>) = means.unzip();
    Ok(slope(&xs, &ys).filter(|slope| *slope > RISING))
}

fn common(group: &Group<'_>, value: Value) -> Result<Option<Common>> {
    let curves: Vec<(&str, Vec<UpdateValue>)> = group
        .finished
        .iter()
        .map(|run| {
            let points = run.evaluations.iter();
            let values = points.filter_map(|point| {
                value(point).map(|value| UpdateValue { update: point.update, value })
            });
            (run.id.as_str(), values.collect::<Vec<_>>())
        })
        .filter(|(_, points)| !points.is_empty())
        .collect();
    let Some((first, others)) = curves.split_first() else { return Ok(None) };
    let at = |points: &[UpdateValue], update: u64| {
        let index = points.binary_search_by_key(&update, |point| point.update).ok()?;
        Some(points[index].value)
    };
    let axis = axis_scale(group);
    let mut points = Vec::new();
    for point in &first.1 {
        let mut values = vec![point.value];
        values.extend(others.iter().map_while(|(_, other)| at(other, point.update)));
        if values.len() == curves.len() {
            points.push((point.update as f64 * axis, values));
        }
    }
    if points.is_empty() {
        bail!(
            "{}: runs {} and {} have no evaluated update in common, so there is no mean; draw them \
             one by one",
            group.name(),
            first.0,
            others.last().map_or(first.0, |other| other.0)
        );
    }
    let ends = curves.iter().filter_map(|(_, points)| points.last()).map(|point| point.update);
    let (shortest, longest) =
        (ends.clone().min().unwrap_or_default(), ends.max().unwrap_or_default());
    // A run's last evaluation is off the common interval, so that one is not missed.
    let all = first.1.iter().filter(|point| point.update < shortest).count();
    let drawn = points.iter().filter(|(x, _)| *x < shortest as f64 * axis).count();
    Ok(Some(Common { n: curves.len(), points, skipped: all - drawn, unequal: shortest < longest }))
}

/// What updates are multiplied by on the axis. Oracle trains p times as many updates as the others,
/// so that it uses as many labels; its axis is divided by p.
pub fn axis_scale(group: &Group<'_>) -> f64 {
    // Where p is next to nothing, it has no updates.
    if group.series.method == "oracle" { 1.0 / group.oversight.0.max(1e-9) } else { 1.0 }
}

fn kept(group: &Group<'_>, value: Value) -> Vec<(f64, f64)> {
    let axis = axis_scale(group);
    let stopped = group.finished.iter().filter(|run| run.series.holdout.is_some());
    let kept = stopped.filter_map(|run| run.kept);
    kept.filter_map(|kept| Some((kept.update as f64 * axis, value(&kept)?))).collect()
}
