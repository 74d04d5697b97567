//! The mean over runs of a value that each of them has as a step function of its labels.

use super::{Estimate, estimate};
use crate::data::LabelSteps;

/// What becomes of the runs of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum ByLabels {
    /// A mean that changes with labels.
    Curve(LabelCurve),
    /// No run used any label: the mean of their last values.
    Free(Estimate),
    /// At no number of labels does every run have a value.
    Apart,
}

/// A mean over runs wherever all of them have a value.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelCurve {
    /// Numbers of labels, ascending, and the estimates that hold from there to the next one. The last
    /// point ends the curve.
    pub points: Vec<(u64, Estimate)>,
    /// Labels and value with which each run ended.
    pub ends: Vec<(u64, f64)>,
}

/// The mean over `runs`; `None` of none.
pub fn by_labels(runs: &[LabelSteps]) -> Option<ByLabels> {
    let last = |run: &LabelSteps| run.steps.last().map(|step| (run.end, step.value));
    let ends: Vec<(u64, f64)> = runs.iter().filter_map(last).collect();
    let values: Vec<f64> = ends.iter().map(|(_, value)| *value).collect();
    let of_ends = estimate(&values)?;
    if ends.iter().all(|(labels, _)| *labels == 0) {
        return Some(ByLabels::Free(of_ends));
    }
    let start = runs.iter().filter_map(|run| run.steps.first()).map(|step| step.labels).max()?;
    let going_on = runs.iter().filter(|run| !run.stopped_early).map(|run| run.end).min();
    // Where all were stopped, nothing changes beyond the last of them.
    let end = going_on.or(ends.iter().map(|(labels, _)| *labels).max())?;
    if start > end {
        return Some(ByLabels::Apart);
    }
    let steps = runs.iter().flat_map(|run| &run.steps).map(|step| step.labels);
    let mut places: Vec<u64> = steps.filter(|labels| (start..=end).contains(labels)).collect();
    places.push(start);
    places.sort_unstable();
    places.dedup();
    let mut points = Vec::new();
    let mut before = Vec::new();
    for labels in places {
        let values: Vec<f64> = runs.iter().filter_map(|run| run.at(labels)).collect();
        if values != before {
            points.push((labels, estimate(&values)?));
            before = values;
        }
    }
    let (labels, at_end) = *points.last()?;
    if labels < end {
        points.push((end, at_end));
    }
    Some(ByLabels::Curve(LabelCurve { points, ends }))
}

impl LabelCurve {
    /// The estimate that holds after so many labels; `None` where the curve has not begun or has ended.
    pub fn at(&self, labels: f64) -> Option<&Estimate> {
        let after = self.points.partition_point(|(start, _)| *start as f64 <= labels);
        let within = self.points.last().is_some_and(|(end, _)| labels <= *end as f64);
        self.points[..after].last().filter(|_| within).map(|(_, point)| point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::LabelStep;

    fn run(steps: &[(u64, f64)], end: u64, stopped_early: bool) -> LabelSteps {
        let steps =
            steps.iter().map(|(labels, value)| LabelStep { labels: *labels, value: *value });
        LabelSteps { steps: steps.collect(), end, stopped_early }
    }

    fn means(runs: &[LabelSteps]) -> Vec<(u64, f64)> {
        match by_labels(runs) {
            Some(ByLabels::Curve(curve)) => {
                curve.points.iter().map(|(labels, point)| (*labels, point.mean)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_mean_steps_wherever_a_run_does_and_spans_what_all_have() {
        let first = run(&[(10, 0.0), (100, 1.0)], 200, false);
        let second = run(&[(20, 0.5), (150, 2.0)], 1000, false);
        let expected = [(20, 0.25), (100, 0.75), (150, 1.5), (200, 1.5)];
        assert_eq!(means(&[first, second]), expected);
    }

    #[test]
    fn only_a_run_that_was_stopped_early_goes_on_beyond_its_labels() {
        let stopped = run(&[(10, 1.0)], 50, true);
        let other = run(&[(10, 0.0), (500, 3.0)], 600, false);
        assert_eq!(means(&[stopped.clone(), other]), [(10, 0.5), (500, 2.0), (600, 2.0)]);
        let later = run(&[(20, 0.0)], 80, true);
        assert_eq!(means(&[stopped, later]), [(20, 0.5), (80, 0.5)]);
    }

    #[test]
    fn runs_without_labels_and_runs_without_a_common_span_are_no_curves() {
        let free = run(&[(0, 0.25)], 0, false);
        let Some(ByLabels::Free(point)) = by_labels(&[free.clone(), free]) else { panic!() };
        assert_eq!((point.n, point.mean), (2, 0.25));
        let early = run(&[(1, 0.0)], 5, false);
        let late = run(&[(6, 0.0)], 9, false);
        assert_eq!(by_labels(&[early, late]), Some(ByLabels::Apart));
        assert_eq!(by_labels(&[]), None);
    }

    #[test]
    fn steps_that_change_nothing_are_no_points_and_values_lie_between_them() {
        let runs = [run(&[(1, 0.5), (2, 0.5), (4, 1.0)], 8, false)];
        assert_eq!(means(&runs), [(1, 0.5), (4, 1.0), (8, 1.0)]);
        let Some(ByLabels::Curve(curve)) = by_labels(&runs) else { panic!() };
        let at = |labels: f64| curve.at(labels).map(|point| point.mean);
        assert_eq!(
            [0.5, 3.9, 4.0, 8.0, 8.1].map(at),
            [None, Some(0.5), Some(1.0), Some(1.0), None]
        );
    }
}
