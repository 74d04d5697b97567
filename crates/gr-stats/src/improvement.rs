//! How likely one method beats another.

use crate::Estimate;
use crate::aggregate::sorted_finite;
use crate::bootstrap::{Bootstrap, interval_over_runs};

/// The probability that a run of `first` ends above a run of `second`: the share of all pairs in
/// which it does, where a tie counts half. `None` if a side has no values or one that is NaN or
/// infinite.
///
/// Between 0 and 1; 0.5 says that neither is better. Says nothing about by how much. It is the
/// Mann–Whitney U divided by the number of pairs, `probability_of_improvement` in rliable for a
/// single task (Agarwal et al., 2021, section 4.3).
pub fn probability_of_improvement(first: &[f64], second: &[f64]) -> Option<f64> {
    let (first, second) = (sorted_finite(first)?, sorted_finite(second)?);
    if first.is_empty() || second.is_empty() {
        return None;
    }
    Some(share_of_wins(&first, &second))
}

/// [`probability_of_improvement`] with a bootstrap interval that resamples whole runs of each side
/// by itself. `None` if a side has fewer than two runs or a value that is NaN or infinite, or where
/// BCa is undefined.
///
/// If all runs of one side beat all of the other, so do all resamples: the interval then has no
/// width, however few runs there are. That is no certainty; say how many runs there were.
///
/// # Panics
///
/// As [`crate::bootstrap_interval`].
pub fn probability_of_improvement_interval(
    first: &[f64],
    second: &[f64],
    bootstrap: &Bootstrap,
) -> Option<Estimate> {
    let wins = |[first, second]: [&[f64]; 2]| Some(share_of_wins(first, second));
    interval_over_runs([first, second], wins, bootstrap)
}

fn share_of_wins(first: &[f64], second: &[f64]) -> f64 {
    let mut half_points = 0u64;
    for x in first {
        for y in second {
            half_points += u64::from(x > y) + u64::from(x >= y);
        }
    }
    half_points as f64 / (2 * first.len() * second.len()) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::BootstrapMethod;

    fn bootstrap(method: BootstrapMethod) -> Bootstrap {
        Bootstrap { method, confidence: 0.95, resamples: 500, seed: 3 }
    }

    #[test]
    fn a_tie_counts_half() {
        assert_eq!(probability_of_improvement(&[1.0, 2.0], &[1.0, 1.0]), Some(0.75));
    }

    #[test]
    fn an_empty_side_or_one_that_is_not_finite_has_no_probability() {
        assert_eq!(probability_of_improvement(&[], &[1.0]), None);
        assert_eq!(probability_of_improvement(&[1.0], &[]), None);
        assert_eq!(probability_of_improvement(&[1.0], &[f64::NAN]), None);
        assert_eq!(probability_of_improvement(&[f64::INFINITY], &[1.0]), None);
    }

    #[test]
    fn a_single_run_on_either_side_has_no_interval() {
        let bootstrap = bootstrap(BootstrapMethod::Percentile);
        assert_eq!(probability_of_improvement_interval(&[1.0], &[1.0, 2.0], &bootstrap), None);
        assert_eq!(probability_of_improvement_interval(&[1.0, 2.0], &[1.0], &bootstrap), None);
    }

    #[test]
    fn the_interval_of_runs_all_above_has_no_width() {
        for method in [BootstrapMethod::Percentile, BootstrapMethod::Bca] {
            let found =
                probability_of_improvement_interval(&[3.0, 4.0], &[1.0, 2.0], &bootstrap(method));
            assert_eq!(found, Some(Estimate { value: 1.0, low: 1.0, high: 1.0 }));
        }
    }

    #[test]
    fn both_sides_are_resampled() {
        let bootstrap = bootstrap(BootstrapMethod::Percentile);
        // Only the second side varies, then only the first.
        let second = probability_of_improvement_interval(&[2.0, 2.0], &[1.0, 3.0], &bootstrap);
        let first = probability_of_improvement_interval(&[1.0, 3.0], &[2.0, 2.0], &bootstrap);
        for found in [first, second] {
            assert_eq!(found, Some(Estimate { value: 0.5, low: 0.0, high: 1.0 }));
        }
    }

    fn runs() -> impl Strategy<Value = Vec<f64>> {
        // Few distinct values, so that there are ties.
        prop::collection::vec((0i32..8).prop_map(f64::from), 2..10)
    }

    proptest! {
        #[test]
        fn the_probabilities_of_both_directions_add_up_to_one(first in runs(), second in runs()) {
            let forward = probability_of_improvement(&first, &second).unwrap();
            let backward = probability_of_improvement(&second, &first).unwrap();
            prop_assert!((forward + backward - 1.0).abs() < 1e-15);
        }

        #[test]
        fn the_interval_is_within_0_and_1(first in runs(), second in runs()) {
            let bootstrap = bootstrap(BootstrapMethod::Percentile);
            let found =
                probability_of_improvement_interval(&first, &second, &bootstrap).unwrap();
            prop_assert!(0.0 <= found.low && found.low <= found.high && found.high <= 1.0);
        }

        #[test]
        fn only_the_order_of_the_values_matters(first in runs(), second in runs()) {
            let cubed = |values: &[f64]| -> Vec<f64> { values.iter().map(|x| x.powi(3)).collect() };
            prop_assert_eq!(
                probability_of_improvement(&first, &second),
                probability_of_improvement(&cubed(&first), &cubed(&second))
            );
        }
    }
}
