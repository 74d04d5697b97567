//! Two methods compared seed by seed.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::{MeanInterval, mean_interval};

/// The differences between two methods over the seeds that both have.
///
/// Where a seed fixes more than the method's own noise (layouts, initial weights), its share
/// cancels, and the interval of the differences is narrower than those of the two methods suggest.
#[derive(Clone, Debug, PartialEq)]
pub struct PairedDifferences {
    /// First minus second, in the unit of the values, in ascending order of the seeds.
    pub differences: Vec<f64>,
    /// Number of seeds that only the first method has.
    pub only_first: usize,
    /// Number of seeds that only the second method has.
    pub only_second: usize,
}

impl PairedDifferences {
    /// Number of pairs, mean difference and its Student t interval at `confidence`, the interval of
    /// the paired t test. `None` of no pairs or on overflow; no half-width for a single pair
    /// or where all differences agree.
    ///
    /// # Panics
    ///
    /// If `confidence` is not in (0, 1).
    pub fn mean_interval(&self, confidence: f64) -> Option<MeanInterval> {
        mean_interval(&self.differences, confidence)
    }
}

/// One of the two methods of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one whose values count as positive.
    First,
    /// The one whose values are subtracted.
    Second,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
        }
    }
}

/// Why values cannot be paired.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PairingError {
    /// Two values of one method have the same seed: which of them makes the pair?
    #[error("seed {seed} occurs more than once in the {} method", side.name())]
    RepeatedSeed {
        /// The seed.
        seed: u64,
        /// The method.
        side: Side,
    },
    /// A value is NaN or infinite, whether or not its seed has a partner.
    #[error("the value of seed {seed} is not finite in the {} method", side.name())]
    NotFinite {
        /// The seed.
        seed: u64,
        /// The method.
        side: Side,
    },
}

/// Pairs the (seed, value) of two methods by seed. The order of neither list matters.
///
/// # Errors
///
/// If a seed occurs more than once on one side or a value is NaN or infinite.
pub fn paired_differences(
    first: &[(u64, f64)],
    second: &[(u64, f64)],
) -> Result<PairedDifferences, PairingError> {
    let first = by_seed(first, Side::First)?;
    let second = by_seed(second, Side::Second)?;
    let differences: Vec<f64> = first
        .iter()
        .filter_map(|(seed, value)| second.get(seed).map(|other| value - other))
        .collect();
    let pairs = differences.len();
    Ok(PairedDifferences {
        differences,
        only_first: first.len() - pairs,
        only_second: second.len() - pairs,
    })
}

fn by_seed(values: &[(u64, f64)], side: Side) -> Result<BTreeMap<u64, f64>, PairingError> {
    let mut by_seed = BTreeMap::new();
    for &(seed, value) in values {
        if !value.is_finite() {
            return Err(PairingError::NotFinite { seed, side });
        }
        if by_seed.insert(seed, value).is_some() {
            return Err(PairingError::RepeatedSeed { seed, side });
        }
    }
    Ok(by_seed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_seeds_of_both_methods_count() {
        let pairs = paired_differences(
            &[(3, 5.0), (1, 2.0), (8, 100.0)],
            &[(9, -50.0), (1, 1.5), (3, 4.0), (7, 0.0)],
        )
        .unwrap();
        assert_eq!(pairs.differences, [0.5, 1.0]);
        assert_eq!((pairs.only_first, pairs.only_second), (1, 2));
        let interval = pairs.mean_interval(0.95).unwrap();
        assert_eq!((interval.n, interval.mean), (2, 0.75));
    }

    #[test]
    fn methods_without_a_common_seed_have_no_difference() {
        let pairs = paired_differences(&[(1, 1.0)], &[(2, 2.0)]).unwrap();
        assert_eq!(pairs.mean_interval(0.95), None);
    }

    #[test]
    fn a_repeated_seed_is_an_error_even_without_a_partner() {
        let error = paired_differences(&[(1, 1.0)], &[(4, 2.0), (4, 2.0)]).unwrap_err();
        assert_eq!(error, PairingError::RepeatedSeed { seed: 4, side: Side::Second });
        assert_eq!(error.to_string(), "seed 4 occurs more than once in the second method");
    }

    #[test]
    fn a_value_that_is_not_finite_is_an_error() {
        let error = paired_differences(&[(1, 1.0), (6, f64::NAN)], &[(1, 2.0)]).unwrap_err();
        assert_eq!(error, PairingError::NotFinite { seed: 6, side: Side::First });
    }

    proptest! {
        #[test]
        fn swapping_the_methods_changes_the_sign(
            first in prop::collection::btree_map(0u64..20, -1e3..1e3f64, 0..12),
            second in prop::collection::btree_map(0u64..20, -1e3..1e3f64, 0..12),
        ) {
            let first: Vec<_> = first.into_iter().collect();
            let second: Vec<_> = second.into_iter().rev().collect();
            let forward = paired_differences(&first, &second).unwrap();
            let backward = paired_differences(&second, &first).unwrap();
            let negated: Vec<f64> = backward.differences.iter().map(|value| -value).collect();
            prop_assert_eq!(&forward.differences, &negated);
            prop_assert_eq!(forward.differences.len() + forward.only_first, first.len());
            prop_assert_eq!(forward.differences.len() + forward.only_second, second.len());
            prop_assert_eq!(forward.only_first, backward.only_second);
        }
    }
}
