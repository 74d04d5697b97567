//! The difference of two methods whose runs are independent, by Welch's t.
//!
//! Sources: Welch (1947), "The generalization of 'Student's' problem when several different population
//! variances are involved", Biometrika 34; Satterthwaite (1946), "An approximate distribution of estimates of
//! variance components", Biometrics Bulletin 2, for the degrees of freedom.

use crate::Estimate;
use crate::aggregate::{mean, variance};
use crate::estimate::assert_confidence;
use crate::student::{critical_value, upper_tail};

/// A mean difference between two methods and how well it is known, runs of one method paired with none of the
/// other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WelchDifference {
    /// Mean of the first method minus mean of the second, in the unit of the values.
    pub difference: f64,
    /// Standard error of the difference, √(s²/n of the first + s²/n of the second), in the same unit. Never 0.
    pub standard_error: f64,
    /// Degrees of freedom by Welch and Satterthwaite, in general no whole number: from the smaller n - 1 to the
    /// sum of both.
    pub degrees: f64,
}

/// The difference `a` − `b` of two methods, a value for each run; the numbers of runs may differ.
///
/// `None` if a method has fewer than two runs or runs that all agree, even where those of the other do not: as
/// in [`crate::mean_interval`], they say nothing of how far other runs would lie. `None` too if a value is NaN
/// or infinite, or on overflow.
pub fn welch_difference(a: &[f64], b: &[f64]) -> Option<WelchDifference> {
    let difference = mean(a)? - mean(b)?;
    let (standard_error, degrees) =
        error_and_degrees([variance(a)?, variance(b)?], [a.len(), b.len()]);
    let is_usable = difference.is_finite() && standard_error.is_finite() && standard_error > 0.0;
    is_usable.then_some(WelchDifference { difference, standard_error, degrees })
}

impl WelchDifference {
    /// Half the width of the two-sided interval at `confidence`, say 0.95.
    ///
    /// # Panics
    ///
    /// If `confidence` is not in (0, 1).
    pub fn half_width(&self, confidence: f64) -> f64 {
        assert_confidence(confidence);
        critical_value(confidence, self.degrees) * self.standard_error
    }

    /// The difference with its two-sided interval at `confidence`.
    ///
    /// # Panics
    ///
    /// If `confidence` is not in (0, 1).
    pub fn interval(&self, confidence: f64) -> Estimate {
        let half_width = self.half_width(confidence);
        let value = self.difference;
        Estimate { value, low: value - half_width, high: value + half_width }
    }

    /// One-sided p-value of the claim that the true difference exceeds `margin`: how likely one as large as
    /// that seen is if the true one is just `margin`. It is below 0.025 where the lower bound of the 95 %
    /// interval exceeds the margin.
    pub fn p_above(&self, margin: f64) -> f64 {
        upper_tail((self.difference - margin) / self.standard_error, self.degrees)
    }

    /// One-sided p-value of the claim that the true difference is less than `margin`.
    pub fn p_below(&self, margin: f64) -> f64 {
        upper_tail((margin - self.difference) / self.standard_error, self.degrees)
    }
}

/// Standard error and degrees of freedom of a difference between two methods with these variances of single runs
/// and numbers of runs, at least two of each.
pub(crate) fn error_and_degrees(variances: [f64; 2], num_runs: [usize; 2]) -> (f64, f64) {
    let [first, second] = [0, 1].map(|side| variances[side] / num_runs[side] as f64);
    let [first_degrees, second_degrees] = num_runs.map(|n| (n - 1) as f64);
    // With the share of the first, for squares of variances could overflow or vanish.
    let share = first / (first + second);
    let scatter = share.powi(2) / first_degrees + (1.0 - share).powi(2) / second_degrees;
    ((first + second).sqrt(), scatter.recip())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn samples_of_equal_size_and_variance_have_the_degrees_of_the_pooled_test() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0];
        let found = welch_difference(&a, &a.map(|x| x - 2.0)).unwrap();
        assert_eq!(found.difference, 2.0);
        assert!((found.degrees - 8.0).abs() < 1e-12);
        assert!((found.standard_error - 1.0).abs() < 1e-12);
        // t(0.975, 8) in published tables.
        assert!((found.half_width(0.95) - 2.306).abs() < 6e-4);
    }

    #[test]
    fn too_few_runs_and_runs_that_agree_have_no_difference() {
        let spread = [0.1, 0.2, 0.4];
        for without in [&[][..], &[0.5], &[0.1 + 0.2, 0.3, 0.3], &[0.0, f64::NAN], &[1e200, -1e200]]
        {
            assert_eq!(welch_difference(&spread, without), None, "{without:?}");
            assert_eq!(welch_difference(without, &spread), None, "{without:?}");
        }
        // Squares that vanish leave no spread either.
        assert_eq!(welch_difference(&[1e-200, 2e-200], &[1e-200, 3e-200]), None);
    }

    #[test]
    fn variances_whose_squares_vanish_still_have_degrees() {
        let a = [1e-100, 2e-100, 3e-100];
        let found = welch_difference(&a, &a).unwrap();
        assert!((found.degrees - 4.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    #[should_panic(expected = "confidence 95 is not in (0, 1)")]
    fn a_percentage_is_not_a_confidence() {
        welch_difference(&[1.0, 2.0], &[1.0, 3.0]).unwrap().half_width(95.0);
    }

    fn runs() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(-1.0..1.0f64, 2..20)
    }

    proptest! {
        #[test]
        fn swapping_the_methods_changes_the_sign(a in runs(), b in runs(), margin in -1.0..1.0f64) {
            let (forward, backward) = (welch_difference(&a, &b), welch_difference(&b, &a));
            let (Some(forward), Some(backward)) = (forward, backward) else {
                return Ok(());
            };
            prop_assert_eq!(forward.difference, -backward.difference);
            prop_assert!((forward.degrees / backward.degrees - 1.0).abs() < 1e-12);
            prop_assert!((forward.p_above(margin) - backward.p_below(-margin)).abs() < 1e-12);
        }

        #[test]
        fn degrees_lie_between_the_smaller_sample_and_both(a in runs(), b in runs()) {
            let found = welch_difference(&a, &b).unwrap();
            let (least, most) = (a.len().min(b.len()) - 1, a.len() + b.len() - 2);
            prop_assert!(found.degrees > least as f64 * (1.0 - 1e-12), "{:?}", found);
            prop_assert!(found.degrees < most as f64 * (1.0 + 1e-12), "{:?}", found);
        }

        #[test]
        fn p_values_and_interval_say_the_same(a in runs(), b in runs(), confidence in 0.01..0.99) {
            let found = welch_difference(&a, &b).unwrap();
            let (interval, level) = (found.interval(confidence), 0.5 - 0.5 * confidence);
            prop_assert!((found.p_above(interval.low) - level).abs() < 1e-9);
            prop_assert!((found.p_below(interval.high) - level).abs() < 1e-9);
            prop_assert!((found.p_above(0.1) + found.p_below(0.1) - 1.0).abs() < 1e-12);
        }
    }
}
