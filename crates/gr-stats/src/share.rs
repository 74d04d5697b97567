//! The share of runs that failed, which a mean over runs hides.

use crate::Estimate;
use crate::wilson::wilson_interval;

/// True return below which a run counts as failed. It lies between two kinds of runs: of the eight published ones
/// of privileged early stopping at p = 0.01, two keep a policy that earns less than 0.03 and six more than 0.28.
pub const FAILED_BELOW: f64 = 0.1;

/// The share of runs whose value is less than `threshold` (say [`FAILED_BELOW`]), with Wilson's two-sided interval
/// at `confidence`, say 0.95. `None` of no values or of a value that is NaN or infinite.
///
/// # Panics
///
/// If `threshold` is NaN or `confidence` is not in (0, 1).
pub fn share_below(values: &[f64], threshold: f64, confidence: f64) -> Option<Estimate> {
    assert!(!threshold.is_nan(), "the threshold is not a number");
    if !values.iter().all(|value| value.is_finite()) {
        return None;
    }
    let below = values.iter().filter(|value| **value < threshold).count();
    wilson_interval(below as u64, values.len() as u64, confidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_at_the_threshold_has_not_failed() {
        let values = [0.0, 0.09, 0.1, 0.4];
        assert_eq!(share_below(&values, FAILED_BELOW, 0.95), wilson_interval(2, 4, 0.95));
        assert_eq!(share_below(&values, f64::INFINITY, 0.95).unwrap().value, 1.0);
    }

    #[test]
    fn no_runs_or_one_that_is_not_finite_have_no_share() {
        assert_eq!(share_below(&[], 0.1, 0.95), None);
        assert_eq!(share_below(&[0.5, f64::NAN], 0.1, 0.95), None);
        assert_eq!(share_below(&[0.5, f64::NEG_INFINITY], 0.1, 0.95), None);
    }

    #[test]
    #[should_panic(expected = "the threshold is not a number")]
    fn a_threshold_that_is_not_a_number_is_a_mistake() {
        let _ = share_below(&[0.5], f64::NAN, 0.95);
    }
}
