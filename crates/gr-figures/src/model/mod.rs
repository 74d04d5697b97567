//! From runs to the numbers that figures draw and the sentences below them. Statistics themselves
//! are `gr-stats`'s.

mod caption;
pub mod columns;
mod conditions;
mod curves;
mod groups;
mod label_curves;
mod numbers;
mod trend;

pub use caption::{Caption, Named, by_level, thousands};
pub use conditions::INTERVALS;
pub use curves::{Curve, Value, curve};
pub use groups::{Group, groups, levels, series_of};
pub use label_curves::{ByLabels, LabelCurve, by_labels};
pub use numbers::Numbers;
pub use trend::{Trend, trend};

use gr_stats::mean_interval;

/// Confidence of every interval in every figure.
pub const CONFIDENCE: f64 = 0.95;

/// A mean over runs, and its interval if there are two or more that do not all agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Number of runs.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Low and high end of its interval.
    pub interval: Option<(f64, f64)>,
}

/// Mean of `values` with its Student-t interval. `None` of no values.
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    let found = mean_interval(values, CONFIDENCE)?;
    let interval = found.half_width.map(|half| (found.mean - half, found.mean + half));
    Some(Estimate { n: found.n, mean: found.mean, interval })
}

/// Mean of `a` minus mean of `b`, with its unpaired interval (Welch); `n` counts `a`. `None` where either is empty.
pub fn difference(a: &[f64], b: &[f64]) -> Option<Estimate> {
    let interval = gr_stats::welch_difference(a, b).map(|found| {
        let interval = found.interval(CONFIDENCE);
        (interval.low, interval.high)
    });
    Some(Estimate { n: a.len(), mean: gr_stats::mean(a)? - gr_stats::mean(b)?, interval })
}
