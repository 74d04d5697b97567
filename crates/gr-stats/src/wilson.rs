//! The interval of a rate.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::Estimate;
use crate::estimate::assert_confidence;

/// The rate `successes` / `trials` with its two-sided Wilson score interval at `confidence`, say
/// 0.95, without continuity correction. All within 0 and 1. `None` of no trials.
///
/// The trials must be independent: over runs each run is one trial (did it reach the goal?). The
/// episodes of one run share its policy and are no replicates of the method.
///
/// Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference",
/// Journal of the American Statistical Association 22; `statsmodels` calls it
/// `proportion_confint(method="wilson")`.
///
/// # Panics
///
/// If there are more successes than trials or `confidence` is not in (0, 1).
pub fn wilson_interval(successes: u64, trials: u64, confidence: f64) -> Option<Estimate> {
    assert_confidence(confidence);
    assert!(successes <= trials, "{successes} successes of {trials} trials");
    if trials == 0 {
        return None;
    }
    score_interval(successes as f64 / trials as f64, trials as f64, confidence)
}

/// Wilson's interval of a rate that was seen in `trials`, which need not have won whole ones.
pub(crate) fn score_interval(rate: f64, trials: f64, confidence: f64) -> Option<Estimate> {
    assert_confidence(confidence);
    let z = Normal::standard().inverse_cdf(0.5 + 0.5 * confidence);
    let shrunk = 1.0 + z * z / trials;
    let centre = (rate + z * z / (2.0 * trials)) / shrunk;
    let variance = rate * (1.0 - rate) / trials + z * z / (4.0 * trials * trials);
    let half_width = z * variance.sqrt() / shrunk;
    // At the ends a bound equals the rate, which rounding misses.
    let low = if rate <= 0.0 { 0.0 } else { centre - half_width };
    let high = if rate >= 1.0 { 1.0 } else { centre + half_width };
    Estimate::finite(rate, low, high)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_trials_have_no_rate() {
        assert_eq!(wilson_interval(0, 0, 0.95), None);
    }

    #[test]
    #[should_panic(expected = "3 successes of 2 trials")]
    fn more_successes_than_trials_are_a_mistake() {
        let _ = wilson_interval(3, 2, 0.95);
    }

    #[test]
    fn a_rate_of_one_still_has_a_width() {
        let all = wilson_interval(5, 5, 0.95).unwrap();
        assert_eq!((all.value, all.high), (1.0, 1.0));
        assert!(all.low < 0.6, "{all:?}");
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_rate_and_stays_within_0_and_1(
            (successes, trials) in (1u64..1_000_000).prop_flat_map(|n| (0..=n, Just(n))),
            confidence in 0.01..0.9999,
        ) {
            let rate = wilson_interval(successes, trials, confidence).unwrap();
            prop_assert!(0.0 <= rate.low && rate.low <= rate.value, "{:?}", rate);
            prop_assert!(rate.value <= rate.high && rate.high <= 1.0, "{:?}", rate);
        }

        #[test]
        fn failures_mirror_successes(
            (successes, trials) in (1u64..1000).prop_flat_map(|n| (0..=n, Just(n))),
        ) {
            let rate = wilson_interval(successes, trials, 0.9).unwrap();
            let mirrored = wilson_interval(trials - successes, trials, 0.9).unwrap();
            prop_assert!((rate.low - (1.0 - mirrored.high)).abs() < 1e-12);
            prop_assert!((rate.high - (1.0 - mirrored.low)).abs() < 1e-12);
        }
    }
}
