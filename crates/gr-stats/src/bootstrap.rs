//! Intervals from resampled runs.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};

use crate::Estimate;
use crate::aggregate::sorted_finite;
use crate::estimate::assert_confidence;
use crate::resampled::{bca_levels, quantile};

/// How the bounds are read off the resampled statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootstrapMethod {
    /// Their quantiles: rliable's method. Works for every aggregate.
    Percentile,
    /// Their quantiles at levels corrected for bias and skewness (Efron, 1987, "Better bootstrap
    /// confidence intervals"): `scipy.stats.bootstrap`'s default. For smooth aggregates such as the
    /// mean; leaving out one run says too little about how a median moves.
    Bca,
}

/// How to resample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// How the bounds are read off.
    pub method: BootstrapMethod,
    /// Nominal coverage of the two-sided interval, say 0.95.
    pub confidence: f64,
    /// Number of resamples, say 10 000; the bounds still depend on `seed` a little.
    pub resamples: usize,
    /// Seed of the resampling, no seed of a run. Equal seeds give equal bounds.
    pub seed: u64,
}

/// `aggregate` of `values`, one per run, with the interval from resampling whole runs with
/// replacement. All in the unit of the aggregate. The order of the runs does not matter.
///
/// `None` of fewer than two runs, of a value that is NaN or infinite, if the aggregate of a
/// resample is `None` or not finite, or where BCa is undefined (the estimate lies outside all
/// resampled statistics, or the confidence is extreme). Runs that all have one value give an
/// interval without width.
///
/// Intervals from fewer than about twenty runs are too narrow, for both methods. Share of nominal
/// 95 % intervals of the mean that hold the true mean, in percent, and width of the percentile
/// interval relative to Student's t for normal values (20 000 simulated experiments for each number
/// of runs, 1000 resamples each):
///
/// | runs | normal: percentile | BCa | t  | exponential: percentile | BCa | t  | width |
/// |-----:|-------------------:|----:|---:|------------------------:|----:|---:|------:|
/// |    3 |                 75 |  72 | 95 |                      69 |  68 | 88 |  0.38 |
/// |    5 |                 83 |  84 | 95 |                      78 |  80 | 88 |  0.62 |
/// |    8 |                 89 |  89 | 95 |                      84 |  86 | 89 |  0.77 |
/// |   10 |                 90 |  90 | 95 |                      86 |  88 | 90 |  0.81 |
/// |   20 |                 93 |  93 | 95 |                      90 |  91 | 92 |  0.91 |
/// |   30 |                 94 |  94 | 95 |                      92 |  93 | 93 |  0.94 |
///
/// Below about ten runs prefer [`crate::mean_interval`] for a mean, and [`crate::wilson_interval`]
/// for a rate of runs that succeed (at a true rate of 0.8 the bootstrap covers 67 % with five runs,
/// 82 % with eight). The interquartile mean of normal values is covered by 89 % with five runs and
/// 93 % with eight.
///
/// Source: Efron and Tibshirani (1993), "An Introduction to the Bootstrap", chapters 13 and 14.
///
/// # Panics
///
/// If `confidence` is not in (0, 1), or if `resamples` is too low for even one resample to lie
/// beyond each bound (40 at 0.95).
pub fn bootstrap_interval(
    values: &[f64],
    aggregate: impl Fn(&[f64]) -> Option<f64>,
    bootstrap: &Bootstrap,
) -> Option<Estimate> {
    interval_over_runs([values], |[values]| aggregate(values), bootstrap)
}

/// The interval of a statistic of `N` samples, each resampled by itself.
pub(crate) fn interval_over_runs<const N: usize>(
    samples: [&[f64]; N],
    statistic: impl Fn([&[f64]; N]) -> Option<f64>,
    bootstrap: &Bootstrap,
) -> Option<Estimate> {
    let &Bootstrap { method, confidence, resamples, seed } = bootstrap;
    assert_confidence(confidence);
    let tail = 0.5 * (1.0 - confidence);
    assert!(
        resamples as f64 * tail >= 1.0,
        "{resamples} resamples are too few for a confidence of {confidence}"
    );
    if samples.iter().any(|sample| sample.len() < 2) {
        return None;
    }
    // Sorted, so that the order in which runs are listed has no part in the bounds.
    let mut sorted_samples = samples.map(|_| Vec::new());
    for (sorted, sample) in sorted_samples.iter_mut().zip(samples) {
        *sorted = sorted_finite(sample)?;
    }
    let samples = sorted_samples;
    let statistic = |samples: &[Vec<f64>; N]| {
        statistic(samples.each_ref().map(Vec::as_slice)).filter(|value| value.is_finite())
    };

    let value = statistic(&samples)?;
    let resampled = resampled_statistics(&samples, statistic, resamples, seed)?;
    let levels = match method {
        BootstrapMethod::Percentile => [tail, 1.0 - tail],
        BootstrapMethod::Bca => {
            let leave_one_out = leave_one_out_statistics(&samples, statistic)?;
            bca_levels(value, &resampled, &leave_one_out, tail)?
        }
    };
    let [low, high] = levels.map(|level| quantile(&resampled, level));
    Estimate::finite(value, low, high)
}

/// The statistic of each resample, in ascending order.
fn resampled_statistics<const N: usize>(
    samples: &[Vec<f64>; N],
    statistic: impl Fn(&[Vec<f64>; N]) -> Option<f64>,
    resamples: usize,
    seed: u64,
) -> Option<Vec<f64>> {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    let mut resample = samples.clone();
    let mut statistics = Vec::with_capacity(resamples);
    for _ in 0..resamples {
        for (drawn, sample) in resample.iter_mut().zip(samples) {
            drawn.fill_with(|| sample[uniform_below(&mut rng, sample.len())]);
        }
        statistics.push(statistic(&resample)?);
    }
    statistics.sort_unstable_by(f64::total_cmp);
    Some(statistics)
}

/// For each sample the statistics without one of its runs.
fn leave_one_out_statistics<const N: usize>(
    samples: &[Vec<f64>; N],
    statistic: impl Fn(&[Vec<f64>; N]) -> Option<f64>,
) -> Option<Vec<Vec<f64>>> {
    let without = |sample: usize, run: usize| {
        let mut samples = samples.clone();
        samples[sample].remove(run);
        statistic(&samples)
    };
    (0..N)
        .map(|sample| (0..samples[sample].len()).map(|run| without(sample, run)).collect())
        .collect()
}

/// Uniform integer in `0..bound`. One 32-bit word scaled by multiplication, not a library's method
/// that may change with its version; probabilities are off by less than `bound` / 2^32.
fn uniform_below(rng: &mut impl Rng, bound: usize) -> usize {
    ((u64::from(rng.next_u32()) * bound as u64) >> 32) as usize
}
