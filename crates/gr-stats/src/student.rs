//! The mean of a few runs and its interval by Student's t distribution.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::aggregate::{all_agree, mean, variance};
use crate::estimate::assert_confidence;

/// A mean and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanInterval {
    /// Number of values.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Half the width of the interval around it, never 0; `None` for a single value and for values
    /// that all agree, which say nothing of how far others would lie.
    pub half_width: Option<f64>,
}

/// Mean of `values` with its two-sided interval at `confidence`, say 0.95: half-width
/// t(n - 1) · s / √n with the sample standard deviation s. `None` of no values, of a value that is
/// NaN or infinite, or on overflow.
///
/// The interval is exact for independent, normally distributed values, however few. For skewed
/// values it is too narrow: at 0.95, that of eight exponential values holds the true mean in 89 %
/// of cases.
///
/// # Panics
///
/// If `confidence` is not in (0, 1).
pub fn mean_interval(values: &[f64], confidence: f64) -> Option<MeanInterval> {
    assert_confidence(confidence);
    let n = values.len();
    let mean = mean(values)?;
    if all_agree(values) {
        return Some(MeanInterval { n, mean, half_width: None });
    }
    let half_width =
        critical_value(confidence, (n - 1) as f64) * (variance(values)? / n as f64).sqrt();
    half_width.is_finite().then_some(MeanInterval { n, mean, half_width: Some(half_width) })
}

/// The t with P(|T| < t) = `confidence`.
pub(crate) fn critical_value(confidence: f64, degrees: f64) -> f64 {
    student(degrees).inverse_cdf(0.5 + 0.5 * confidence)
}

/// P(T > t).
pub(crate) fn upper_tail(t: f64, degrees: f64) -> f64 {
    student(degrees).sf(t)
}

fn student(degrees: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, degrees).expect("degrees of freedom are positive")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_values_are_those_of_published_tables() {
        // Two-sided 95 %, and 99 % for the last (NIST/SEMATECH e-Handbook, table 1.3.6.7.2).
        for (confidence, degrees, expected) in [
            (0.95, 1.0, 12.706),
            (0.95, 2.0, 4.303),
            (0.95, 3.0, 3.182),
            (0.95, 7.0, 2.365),
            (0.95, 30.0, 2.042),
            (0.95, 100.0, 1.984),
            (0.99, 5.0, 4.032),
        ] {
            let t = critical_value(confidence, degrees);
            assert!((t - expected).abs() < 6e-4, "{degrees}: {t}");
        }
    }

    #[test]
    fn interval_of_a_known_sample() {
        // Mean 3, standard deviation sqrt(2.5), t(0.975, 4) = 2.776445.
        let interval = mean_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).unwrap();
        assert_eq!((interval.n, interval.mean), (5, 3.0));
        assert!((interval.half_width.unwrap() - 2.776445 * (2.5f64 / 5.0).sqrt()).abs() < 1e-5);
    }

    #[test]
    fn one_value_has_no_interval_and_none_has_no_mean() {
        assert_eq!(mean_interval(&[0.5], 0.95).unwrap().half_width, None);
        assert_eq!(mean_interval(&[], 0.95), None);
    }

    #[test]
    fn values_that_all_agree_have_no_interval_however_many() {
        for values in [vec![0.0; 2], vec![0.1; 30], vec![0.1 + 0.2, 0.3, 0.3], vec![1e-300; 3]] {
            let found = mean_interval(&values, 0.95).unwrap();
            assert_eq!((found.n, found.half_width), (values.len(), None), "{values:?}");
        }
        assert!(mean_interval(&[0.3, 0.3, 0.3 + 1e-12], 0.95).unwrap().half_width.unwrap() > 0.0);
    }

    #[test]
    fn a_value_that_is_not_finite_leaves_no_mean() {
        for bad in [f64::NAN, f64::INFINITY] {
            assert_eq!(mean_interval(&[bad], 0.95), None);
            assert_eq!(mean_interval(&[1.0, bad, 2.0], 0.95), None);
        }
        assert_eq!(mean_interval(&[1e200, -1e200], 0.95), None);
    }

    #[test]
    #[should_panic(expected = "confidence 95 is not in (0, 1)")]
    fn a_percentage_is_not_a_confidence() {
        let _ = mean_interval(&[1.0, 2.0], 95.0);
    }
}
