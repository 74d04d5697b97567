//! How many seeds a comparison needs, planned from pilot runs.
//!
//! The plan is the cheapest for which the interval of each difference ([`crate::welch_difference`]) is narrow enough if
//! the standard deviations are those of the pilots. If they are, the half-width is the wanted one on average, and a
//! little more in half of all experiments. Those of eight pilot runs are uncertain by a quarter: the half-width
//! comes out at 0.8 to 1.5 times the wanted one where runs are normal, and at up to 2.5 times where a quarter of the
//! runs fails and the pilot happened to see few of those (`tests/power.rs`).
//!
//! Planning again until nothing is missing reaches the wanted half-width, at a price: a pilot without failures then
//! both ends the experiment early and is part of its result. With eight pilot runs kept, of which each fails with
//! probability 1/4, intervals at 95 % held the truth in 88 % of simulated experiments, with fresh seeds in 94 %.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::aggregate::variance;
use crate::estimate::assert_confidence;
use crate::student::critical_value;
use crate::verdict::FEWEST_SEEDS;
use crate::welch::error_and_degrees;

/// No method is ever planned with more seeds.
pub const MOST_SEEDS: usize = 1_000_000;

/// What a plan needs to know of a method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pilot {
    /// Standard deviation over runs, in the unit of the values.
    pub standard_deviation: f64,
    /// Number of runs that exist already and are kept: the plan includes them. 0 for fresh seeds.
    pub num_runs: usize,
    /// What a further run costs, in any unit that the methods share: seconds, labels, or 1.
    pub cost: f64,
}

impl Pilot {
    /// The pilot with these values, one for each run, all of them kept. `None` of fewer than two values, of
    /// values that all agree, of one that is NaN or infinite, or on overflow.
    pub fn of_runs(values: &[f64], cost: f64) -> Option<Self> {
        let standard_deviation = variance(values)?.sqrt();
        Some(Self { standard_deviation, num_runs: values.len(), cost })
    }

    fn fewest_seeds(&self) -> usize {
        self.num_runs.max(FEWEST_SEEDS)
    }
}

/// Numbers of seeds of a reference and of the methods compared with it, those that exist included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedPlan {
    /// Number of seeds of the reference, which all comparisons share.
    pub reference: usize,
    /// Number of seeds of each other method, in the order in which they were given.
    pub others: Vec<usize>,
}

/// The cheapest numbers of seeds of two methods, in their order, with which the half-width of the Welch interval of
/// their difference is at most `half_width` at `confidence`, say 0.05 at 0.95. As [`plan_seeds`] with one other method.
///
/// # Panics
///
/// As [`plan_seeds`].
pub fn plan_pair(pilots: [Pilot; 2], half_width: f64, confidence: f64) -> Option<[usize; 2]> {
    let plan = plan_seeds(pilots[0], &pilots[1..], half_width, confidence)?;
    Some([plan.reference, plan.others[0]])
}

/// The cheapest numbers of seeds with which the half-width of the Welch interval between each of `others` and
/// `reference` is at most `half_width` at `confidence`. Never fewer than exist or than [`FEWEST_SEEDS`].
///
/// Without these limits, and but for rounding, the cheapest pair has numbers in the ratio of standard deviation /
/// √cost. Here the number of the reference is tried from the fewest upwards, and each other method gets the fewest
/// seeds that do against it. Every number up to 512 is tried, beyond that every one in steps of 1/256 of it. Of
/// equally cheap plans the one whose widest interval is narrowest is taken.
///
/// `None` if there are no others, if a standard deviation (or its square) is not a positive number, or if no plan stays
/// within [`MOST_SEEDS`].
///
/// # Panics
///
/// If `half_width` or a cost is not a positive number or `confidence` is not in (0, 1).
pub fn plan_seeds(
    reference: Pilot,
    others: &[Pilot],
    half_width: f64,
    confidence: f64,
) -> Option<SeedPlan> {
    assert_confidence(confidence);
    let is_positive = |x: f64| x > 0.0 && x.is_finite();
    assert!(is_positive(half_width), "half-width {half_width} is not a positive number");
    for pilot in others.iter().chain([&reference]) {
        assert!(is_positive(pilot.cost), "cost {} is not a positive number", pilot.cost);
    }
    let has_spread = |pilot: &Pilot| {
        is_positive(pilot.standard_deviation) && is_positive(pilot.standard_deviation.powi(2))
    };
    if others.is_empty() || !others.iter().chain([&reference]).all(has_spread) {
        return None;
    }

    let cost_of = |num_others: &[usize]| -> f64 {
        others.iter().zip(num_others).map(|(other, n)| other.cost * *n as f64).sum()
    };
    let least_cost = cost_of(&others.iter().map(Pilot::fewest_seeds).collect::<Vec<_>>());
    let mut best: Option<SeedPlan> = None;
    let (mut best_cost, mut best_widest) = (f64::INFINITY, f64::INFINITY);
    let mut num_reference = reference.fewest_seeds();
    while num_reference <= MOST_SEEDS {
        let cost_of_reference = reference.cost * num_reference as f64;
        if cost_of_reference + least_cost > best_cost {
            break;
        }
        let pairs: Vec<Pair> = others
            .iter()
            .map(|other| Pair { reference, num_reference, other: *other, confidence })
            .collect();
        let fewest: Option<Vec<usize>> =
            pairs.iter().map(|pair| pair.fewest_others(half_width)).collect();
        if let Some(fewest) = fewest {
            let cost = cost_of_reference + cost_of(&fewest);
            let widths = pairs.iter().zip(&fewest).map(|(pair, n)| pair.half_width(*n));
            let widest = widths.fold(0.0, f64::max);
            if cost < best_cost || (cost == best_cost && widest < best_widest) {
                (best_cost, best_widest) = (cost, widest);
                best = Some(SeedPlan { reference: num_reference, others: fewest });
            }
        }
        num_reference += (num_reference / 256).max(1);
    }
    best
}

/// A comparison with a fixed number of seeds of the reference.
struct Pair {
    reference: Pilot,
    num_reference: usize,
    other: Pilot,
    confidence: f64,
}

impl Pair {
    /// Half the width of the interval with so many seeds of the other method.
    fn half_width(&self, num_others: usize) -> f64 {
        let variances = [self.reference, self.other].map(|pilot| pilot.standard_deviation.powi(2));
        let (standard_error, degrees) =
            error_and_degrees(variances, [self.num_reference, num_others]);
        critical_value(self.confidence, degrees) * standard_error
    }

    /// The fewest seeds of the other method with which the half-width is at most `wanted`.
    fn fewest_others(&self, wanted: f64) -> Option<usize> {
        // Fewer than with z in the place of t cannot do, for t is larger.
        let z = Normal::standard().inverse_cdf(0.5 + 0.5 * self.confidence);
        let variance_left = (wanted / z).powi(2)
            - self.reference.standard_deviation.powi(2) / self.num_reference as f64;
        if variance_left <= 0.0 {
            return None;
        }
        let with_z = (self.other.standard_deviation.powi(2) / variance_left) as usize;
        let fewest = with_z.max(self.other.fewest_seeds());

        // Doubling steps, then bisection between the last number that is too small and the first that does.
        let (mut too_few, mut enough) = (fewest - 1, fewest);
        while enough <= MOST_SEEDS && self.half_width(enough) > wanted {
            (too_few, enough) = (enough, enough + 2 * (enough - too_few));
        }
        // The last step may lead beyond the limit although a number within it does.
        enough = enough.min(MOST_SEEDS);
        if too_few >= enough || self.half_width(enough) > wanted {
            return None;
        }
        while enough - too_few > 1 {
            let middle = usize::midpoint(too_few, enough);
            if self.half_width(middle) > wanted {
                too_few = middle;
            } else {
                enough = middle;
            }
        }
        Some(enough)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pilot(standard_deviation: f64, cost: f64) -> Pilot {
        Pilot { standard_deviation, num_runs: 0, cost }
    }

    #[test]
    fn a_plan_of_equal_methods_is_that_of_the_textbook() {
        // n = 2 (z s / w)² = 62.7 by the normal distribution; t adds about z² / 4 = 1.
        let found = plan_pair([pilot(0.1428, 1.0); 2], 0.05, 0.95).unwrap();
        assert_eq!(found, [64, 64]);
    }

    #[test]
    fn cheap_and_noisy_methods_get_more_seeds() {
        let [noisy, steady] = plan_pair([pilot(0.3, 1.0), pilot(0.1, 4.0)], 0.02, 0.95).unwrap();
        // 0.3 / √1 to 0.1 / √4.
        let ratio = noisy as f64 / steady as f64;
        assert!((ratio - 6.0).abs() < 0.3, "{noisy} {steady}");
    }

    #[test]
    fn runs_that_exist_are_kept_and_a_claim_has_its_fewest_seeds() {
        let wide = plan_pair([pilot(0.1, 1.0); 2], 10.0, 0.95).unwrap();
        assert_eq!(wide, [FEWEST_SEEDS; 2]);
        let existing = Pilot { num_runs: 500, ..pilot(0.15, 1.0) };
        let [of_existing, other] = plan_pair([existing, pilot(0.15, 1.0)], 0.05, 0.95).unwrap();
        assert_eq!(of_existing, 500);
        assert!((36..45).contains(&other), "{other}");
    }

    #[test]
    fn more_comparisons_share_a_larger_reference() {
        let same = pilot(0.15, 1.0);
        let one = plan_seeds(same, &[same], 0.05, 0.95).unwrap();
        let four = plan_seeds(same, &[same; 4], 0.05, 0.95).unwrap();
        // The optimum has √4 times as many seeds of the reference as of each other method.
        let ratio = four.reference as f64 / four.others[0] as f64;
        assert!((1.8..2.2).contains(&ratio), "{four:?}");
        assert!(four.others[0] < one.others[0], "{one:?} {four:?}");
        assert_eq!(four.others, [four.others[0]; 4]);
    }

    #[test]
    fn what_cannot_be_planned_has_no_plan() {
        let good = pilot(0.15, 1.0);
        for deviation in [0.0, -0.1, f64::NAN, f64::INFINITY, 1e-200, 1e200] {
            assert_eq!(plan_pair([good, pilot(deviation, 1.0)], 0.05, 0.95), None, "{deviation}");
            assert_eq!(plan_pair([pilot(deviation, 1.0), good], 0.05, 0.95), None, "{deviation}");
        }
        assert_eq!(plan_seeds(good, &[], 0.05, 0.95), None);
        assert_eq!(plan_pair([good; 2], 1e-9, 0.95), None);
        assert_eq!(plan_pair([good, pilot(1e150, 1.0)], 0.05, 0.95), None);
        assert_eq!(Pilot::of_runs(&[0.5], 1.0), None);
        assert_eq!(Pilot::of_runs(&[0.3; 8], 1.0), None);
    }

    #[test]
    fn a_plan_may_need_all_the_seeds_there_are() {
        // A million seeds of each give 1.96 √(2 / 1e6) = 0.002772.
        let found = plan_pair([pilot(1.0, 1.0); 2], 0.00278, 0.95).unwrap();
        assert!(found.iter().all(|n| (990_000..=MOST_SEEDS).contains(n)), "{found:?}");
        assert_eq!(plan_pair([pilot(1.0, 1.0); 2], 0.002771, 0.95), None);
    }

    #[test]
    #[should_panic(expected = "half-width 0 is not a positive number")]
    fn no_plan_reaches_an_interval_without_width() {
        let _ = plan_pair([pilot(0.1, 1.0); 2], 0.0, 0.95);
    }

    #[test]
    #[should_panic(expected = "cost NaN is not a positive number")]
    fn a_cost_that_is_not_a_number_is_a_mistake() {
        let _ = plan_pair([pilot(0.1, 1.0), pilot(0.1, f64::NAN)], 0.05, 0.95);
    }

    fn pilots() -> impl Strategy<Value = Pilot> {
        (0.02..0.15f64, 0.1..10.0f64, 0usize..30).prop_map(
            |(standard_deviation, cost, num_runs)| Pilot { standard_deviation, num_runs, cost },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_plan_is_cheaper(reference in pilots(), others in prop::collection::vec(pilots(), 1..3)) {
            const MOST: usize = 300;
            let found = plan_seeds(reference, &others, 0.06, 0.95).unwrap();
            let cost = |num_reference: usize, of_others: &[usize]| {
                let costs = others.iter().zip(of_others).map(|(other, n)| other.cost * *n as f64);
                reference.cost * num_reference as f64 + costs.sum::<f64>()
            };
            let cheapest = (reference.fewest_seeds()..MOST)
                .filter_map(|num_reference| {
                    let fewest = |other: &Pilot| {
                        let pair = Pair { reference, num_reference, other: *other, confidence: 0.95 };
                        (other.fewest_seeds()..MOST).find(|n| pair.half_width(*n) <= 0.06)
                    };
                    let of_others = others.iter().map(fewest).collect::<Option<Vec<_>>>()?;
                    Some(cost(num_reference, &of_others))
                })
                .fold(f64::INFINITY, f64::min);
            prop_assert_eq!(cost(found.reference, &found.others), cheapest);
        }

        #[test]
        fn a_narrower_interval_is_no_cheaper(reference in pilots(), other in pilots()) {
            let cost = |half_width| {
                let [n, m] = plan_pair([reference, other], half_width, 0.95).unwrap();
                reference.cost * n as f64 + other.cost * m as f64
            };
            prop_assert!(cost(0.03) >= cost(0.04));
        }
    }
}
