//! `gr-stats` for Python. Confidences and finite numbers have been checked there.

use gr_stats::{PairedDifferences, paired_differences};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// An estimate and the interval around it: value, low, high.
type Interval = (f64, Option<f64>, Option<f64>);

/// Mean of `values` with the interval by Student's t.
#[pyfunction]
pub fn mean_interval(values: Vec<f64>, confidence: f64) -> Option<Interval> {
    let found = gr_stats::mean_interval(&values, confidence)?;
    let bound = |sign: f64| found.half_width.map(|half| found.mean + sign * half);
    Some((found.mean, bound(-1.0), bound(1.0)))
}

/// The mean without the lowest and the highest quarter of the values.
#[pyfunction]
pub fn interquartile_mean(values: Vec<f64>) -> Option<f64> {
    gr_stats::interquartile_mean(&values)
}

/// Differences `first − second` over the seeds that both have, in ascending order of the seeds, their mean with its
/// interval, and how many seeds only one side has.
#[pyfunction]
pub fn paired_difference(
    first: Vec<(u64, f64)>,
    second: Vec<(u64, f64)>,
    confidence: f64,
) -> PyResult<(Vec<f64>, Option<Interval>, usize, usize)> {
    let found = paired_differences(&first, &second)
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    let PairedDifferences { differences, only_first, only_second } = found;
    let interval = mean_interval(differences.clone(), confidence);
    Ok((differences, interval, only_first, only_second))
}

/// Mean of `first` minus mean of `second` with its interval by Welch's t.
#[pyfunction]
pub fn welch_difference(first: Vec<f64>, second: Vec<f64>, confidence: f64) -> Option<Interval> {
    let interval = gr_stats::welch_difference(&first, &second)?.interval(confidence);
    Some((interval.value, Some(interval.low), Some(interval.high)))
}

/// The probability that a run of `first` ends above one of `second`, with its interval.
#[pyfunction]
pub fn probability_of_improvement(
    first: Vec<f64>,
    second: Vec<f64>,
    confidence: f64,
) -> Option<Interval> {
    let found = gr_stats::probability_of_improvement(&first, &second, confidence)?;
    Some((found.value, Some(found.low), Some(found.high)))
}

/// The share of runs below `threshold`, with Wilson's interval.
#[pyfunction]
pub fn share_below(values: Vec<f64>, threshold: f64, confidence: f64) -> Option<Interval> {
    let found = gr_stats::share_below(&values, threshold, confidence)?;
    Some((found.value, Some(found.low), Some(found.high)))
}

/// What the harness's rule says of `first` against `second`.
#[pyfunction]
pub fn verdict(first: Vec<f64>, second: Vec<f64>) -> &'static str {
    gr_stats::verdict(&first, &second).name()
}
