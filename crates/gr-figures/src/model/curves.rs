//! The mean curve of a group of runs over its updates.

use anyhow::{Result, bail};

use super::{Estimate, Group, estimate};
use crate::data::{EvaluationPoint, UpdateValue};

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
    let axis = group.axis_scale();
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

fn kept(group: &Group<'_>, value: Value) -> Vec<(f64, f64)> {
    let axis = group.axis_scale();
    let stopped = group.finished.iter().filter(|run| run.series.holdout.is_some());
    let kept = stopped.filter_map(|run| run.kept);
    kept.filter_map(|kept| Some((kept.update as f64 * axis, value(&kept)?))).collect()
}
