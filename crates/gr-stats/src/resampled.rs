//! From the statistic of many resamples to the bounds of an interval.

use statrs::distribution::{ContinuousCDF, Normal};

/// The value below which the share `level` of `sorted` lies, by linear interpolation between the
/// two nearest (`numpy.quantile`'s default). `sorted` is ascending and not empty.
pub(crate) fn quantile(sorted: &[f64], level: f64) -> f64 {
    let position = level * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let step = sorted[above] - sorted[below];
    (sorted[below] + (position - below as f64) * step).min(sorted[above])
}

/// The two levels at which the BCa interval reads the quantiles of the resampled statistics, where
/// the percentile interval reads them at `tail` and 1 - `tail`.
///
/// `sorted` holds the statistic of each resample in ascending order, `leave_one_out` for each
/// sample the statistics without one of its runs. `None` where the correction is undefined: the
/// estimate lies outside all resampled statistics, or the acceleration is too strong for the level.
///
/// Source: Efron and Tibshirani (1993), "An Introduction to the Bootstrap", section 14.3; half of
/// the ties counts as below and several samples add up as in `scipy.stats.bootstrap`.
pub(crate) fn bca_levels(
    estimate: f64,
    sorted: &[f64],
    leave_one_out: &[Vec<f64>],
    tail: f64,
) -> Option<[f64; 2]> {
    let normal = Normal::standard();
    let slack = rounding(sorted);
    let below = sorted.partition_point(|statistic| *statistic < estimate - slack);
    let not_above = sorted.partition_point(|statistic| *statistic <= estimate + slack);
    let share_below = (below + not_above) as f64 / (2 * sorted.len()) as f64;
    if share_below <= 0.0 || share_below >= 1.0 {
        return None;
    }
    let bias = normal.inverse_cdf(share_below);
    let acceleration = acceleration(leave_one_out);
    let level = |z: f64| {
        let shifted = bias + z;
        let stretch = 1.0 - acceleration * shifted;
        (stretch > 0.0).then(|| normal.cdf(bias + shifted / stretch))
    };
    let z = normal.inverse_cdf(tail);
    Some([level(z)?, level(-z)?])
}

/// Σ d³ / (6 (Σ d²)^(3/2)), where d is the influence of a run: how far the statistic moves without
/// it, relative to the other runs of its sample. 0 if no run moves it.
fn acceleration(leave_one_out: &[Vec<f64>]) -> f64 {
    let influences: Vec<f64> = leave_one_out
        .iter()
        .flat_map(|statistics| {
            let n = statistics.len() as f64;
            let mean = statistics.iter().sum::<f64>() / n;
            let slack = rounding(statistics);
            statistics.iter().map(move |statistic| {
                let influence = (n - 1.0) / n * (mean - statistic);
                if influence.abs() <= slack { 0.0 } else { influence }
            })
        })
        .collect();
    // The quotient is free of the unit; scaled, cubes of small or large numbers stay in range.
    let scale = influences.iter().fold(0.0f64, |scale, influence| scale.max(influence.abs()));
    if scale == 0.0 {
        return 0.0;
    }
    let powers = |power| influences.iter().map(|d| (d / scale).powi(power)).sum::<f64>();
    powers(3) / (6.0 * powers(2).powf(1.5))
}

/// By how much two statistics may differ and yet be the same number: aggregates of the same values
/// in another order, or means such as (0.1 + 0.4) / 2 and (0.2 + 0.3) / 2. Taken apart, such ties
/// would move the bias correction, and with it the interval, by the accidents of rounding.
fn rounding(statistics: &[f64]) -> f64 {
    let largest = statistics.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
    16.0 * f64::EPSILON * largest
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// What SciPy made of its own resamples.
    #[derive(Deserialize)]
    struct Case {
        name: String,
        estimate: f64,
        confidence: f64,
        resampled: Vec<f64>,
        leave_one_out: Vec<Vec<f64>>,
        percentile: [f64; 2],
        bca: [f64; 2],
    }

    fn scipy_cases() -> Vec<Case> {
        let mut cases: Vec<Case> =
            serde_json::from_str(include_str!("../tests/data/bootstrap.json")).unwrap();
        for case in &mut cases {
            case.resampled.sort_unstable_by(f64::total_cmp);
        }
        cases
    }

    fn assert_close(found: [f64; 2], expected: [f64; 2], name: &str) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-9, "{name}: {found} for {expected}");
        }
    }

    #[test]
    fn percentile_bounds_are_those_of_scipy_for_the_same_resamples() {
        for Case { name, confidence, resampled, percentile, .. } in scipy_cases() {
            let tail = 0.5 * (1.0 - confidence);
            let found = [tail, 1.0 - tail].map(|level| quantile(&resampled, level));
            assert_close(found, percentile, &name);
        }
    }

    #[test]
    fn bca_bounds_are_those_of_scipy_for_the_same_resamples() {
        for Case { name, estimate, confidence, resampled, leave_one_out, bca, .. } in scipy_cases()
        {
            let tail = 0.5 * (1.0 - confidence);
            let levels = bca_levels(estimate, &resampled, &leave_one_out, tail).unwrap();
            assert_close(levels.map(|level| quantile(&resampled, level)), bca, &name);
        }
    }

    #[test]
    fn no_bias_correction_for_an_estimate_outside_its_resamples() {
        let leave_one_out = [vec![1.0, 2.0]];
        assert_eq!(bca_levels(0.0, &[1.0, 2.0], &leave_one_out, 0.025), None);
        assert_eq!(bca_levels(3.0, &[1.0, 2.0], &leave_one_out, 0.025), None);
    }

    #[test]
    fn no_levels_where_the_acceleration_is_too_strong_for_them() {
        let sorted: Vec<f64> = (0..101).map(f64::from).collect();
        // One run of twenty moves the statistic; the acceleration nears its bound of 1/6.
        let mut leave_one_out = vec![10.0; 20];
        leave_one_out[0] = 0.0;
        assert!(bca_levels(50.0, &sorted, &[leave_one_out.clone()], 0.025).is_some());
        assert_eq!(bca_levels(50.0, &sorted, &[leave_one_out], 1e-14), None);
    }

    #[test]
    fn acceleration_has_no_unit() {
        let influences = [0.3, 0.1, 0.25, 0.7, 0.2];
        let plain = acceleration(&[influences.to_vec()]);
        assert!(plain.abs() > 0.01);
        for scale in [1e-150, 1e-9, 1e150] {
            let scaled = acceleration(&[influences.map(|x| x * scale).to_vec()]);
            assert!((scaled - plain).abs() < 1e-12, "{scale}: {scaled} for {plain}");
        }
    }

    #[test]
    fn runs_that_move_nothing_have_no_acceleration() {
        // The mean of three times 0.1 is not 0.1.
        assert_eq!(acceleration(&[vec![0.1; 3]]), 0.0);
        assert_eq!(acceleration(&[vec![0.0; 4]]), 0.0);
    }
}
