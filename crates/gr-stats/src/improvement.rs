//! How likely one method beats another.

use crate::Estimate;
use crate::aggregate::sorted_finite;
use crate::wilson::score_interval;

/// The probability that a run of `first` ends above one of `second`, each drawn at random, with its
/// two-sided interval at `confidence`, say 0.95. `None` if a side has no runs or a value that is NaN
/// or infinite.
///
/// The value is the share of all pairs in which `first` wins, where a tie counts half: the
/// Mann–Whitney U divided by the number of pairs, `probability_of_improvement` in rliable for a
/// single task (Agarwal et al., 2021, section 4.3). 0.5 says that neither is better. Says nothing
/// about by how much.
///
/// The interval is Wilson's for that share in as many trials as the smaller side has runs. Whatever
/// the distributions, the variance of the share is at most that of such a rate (Birnbaum and Klose,
/// 1957, "Bounds for the variance of the Mann–Whitney statistic"), so that it is rather too wide than
/// too narrow. Where one side wins all pairs it is Wilson's interval of so many wins: 0 to 0.32 for 0
/// of 8. A bootstrap has nothing to resample there and claims certainty. Runs of the two sides are
/// taken as independent: shared seeds that make them alike narrow the variance further, those that set
/// them apart can widen it.
///
/// # Panics
///
/// If `confidence` is not in (0, 1).
pub fn probability_of_improvement(
    first: &[f64],
    second: &[f64],
    confidence: f64,
) -> Option<Estimate> {
    let (first, second) = (sorted_finite(first)?, sorted_finite(second)?);
    let runs = first.len().min(second.len());
    if runs == 0 {
        return None;
    }
    score_interval(share_of_wins(&first, &second), runs as f64, confidence)
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
    use crate::wilson_interval;

    fn improvement(first: &[f64], second: &[f64]) -> Option<Estimate> {
        probability_of_improvement(first, second, 0.95)
    }

    #[test]
    fn a_tie_counts_half() {
        assert_eq!(improvement(&[1.0, 2.0], &[1.0, 1.0]).unwrap().value, 0.75);
    }

    #[test]
    fn an_empty_side_or_one_that_is_not_finite_has_no_probability() {
        assert_eq!(improvement(&[], &[1.0]), None);
        assert_eq!(improvement(&[1.0], &[]), None);
        assert_eq!(improvement(&[1.0], &[f64::NAN]), None);
        assert_eq!(improvement(&[f64::INFINITY], &[1.0]), None);
    }

    #[test]
    fn runs_that_all_lose_have_the_interval_of_so_many_lost_trials() {
        let (worse, better) = ([0.1; 8], [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
        let found = improvement(&worse, &better).unwrap();
        assert_eq!(Some(found), wilson_interval(0, 8, 0.95));
        assert!((found.high - 0.3244).abs() < 1e-4, "{found:?}");
        assert_eq!(improvement(&worse[..4], &better), wilson_interval(0, 4, 0.95));
        assert_eq!(improvement(&better, &worse), wilson_interval(8, 8, 0.95));
    }

    fn runs() -> impl Strategy<Value = Vec<f64>> {
        // Few distinct values, so that there are ties.
        prop::collection::vec((0i32..8).prop_map(f64::from), 1..10)
    }

    proptest! {
        #[test]
        fn both_directions_mirror_each_other(first in runs(), second in runs()) {
            let forward = improvement(&first, &second).unwrap();
            let backward = improvement(&second, &first).unwrap();
            prop_assert!((forward.value + backward.value - 1.0).abs() < 1e-15);
            prop_assert!((forward.low + backward.high - 1.0).abs() < 1e-12);
        }

        #[test]
        fn the_interval_has_width_and_holds_the_probability(first in runs(), second in runs()) {
            let found = improvement(&first, &second).unwrap();
            prop_assert!(0.0 <= found.low && found.low <= found.value, "{:?}", found);
            prop_assert!(found.value <= found.high && found.high <= 1.0, "{:?}", found);
            prop_assert!(found.high - found.low > 0.2, "{:?} of at most nine runs", found);
        }

        #[test]
        fn only_the_order_of_the_values_matters(first in runs(), second in runs()) {
            let cubed = |values: &[f64]| -> Vec<f64> { values.iter().map(|x| x.powi(3)).collect() };
            prop_assert_eq!(
                improvement(&first, &second),
                improvement(&cubed(&first), &cubed(&second))
            );
        }
    }
}
