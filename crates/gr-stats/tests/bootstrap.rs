//! What holds for every bootstrap interval, whatever the resamples.

use gr_stats::{
    Bootstrap, BootstrapMethod, Estimate, bootstrap_interval, interquartile_mean, mean, median,
    paired_differences,
};
use proptest::prelude::*;

type Aggregate = fn(&[f64]) -> Option<f64>;

const METHODS: [BootstrapMethod; 2] = [BootstrapMethod::Percentile, BootstrapMethod::Bca];
const AGGREGATES: [Aggregate; 3] = [mean, median, interquartile_mean];
const RUNS: [f64; 8] = [0.1, 0.2, 0.4, 0.5, 0.7, 0.8, 2.5, 6.0];

fn bootstrap(method: BootstrapMethod) -> Bootstrap {
    Bootstrap { method, confidence: 0.95, resamples: 1000, seed: 1 }
}

fn interval_of_mean(values: &[f64], method: BootstrapMethod) -> Option<Estimate> {
    bootstrap_interval(values, mean, &bootstrap(method))
}

#[test]
fn a_single_run_has_no_interval() {
    for method in METHODS {
        assert_eq!(interval_of_mean(&[], method), None);
        assert_eq!(interval_of_mean(&[0.5], method), None);
        assert!(interval_of_mean(&[0.5, 0.6], method).is_some());
    }
}

#[test]
fn a_value_that_is_not_finite_leaves_no_interval() {
    for method in METHODS {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let values = [0.1, bad, 0.3];
            // This aggregate would not notice.
            let found = bootstrap_interval(&values, |_| Some(0.0), &bootstrap(method));
            assert_eq!(found, None, "{bad}");
        }
    }
}

#[test]
fn an_aggregate_that_fails_on_a_resample_leaves_no_interval() {
    let failing: [Aggregate; 2] = [
        |values| values.contains(&0.1).then_some(1.0),
        |values| Some(if values.contains(&0.1) { 1.0 } else { f64::NAN }),
    ];
    for aggregate in failing {
        for method in METHODS {
            assert_eq!(bootstrap_interval(&RUNS, aggregate, &bootstrap(method)), None);
        }
    }
}

#[test]
fn runs_that_all_agree_have_an_interval_without_width() {
    for value in [0.0, 0.1, -1.0 / 3.0, 1e-300, 1e300] {
        for n in 2..20 {
            for aggregate in AGGREGATES {
                for method in METHODS {
                    let found =
                        bootstrap_interval(&vec![value; n], aggregate, &bootstrap(method)).unwrap();
                    assert_eq!((found.low, found.high), (found.value, found.value));
                    assert!((found.value - value).abs() <= 1e-15 * value.abs());
                }
            }
        }
    }
}

#[test]
fn recorded_bounds_never_change() {
    // Recorded once: other bounds here mean that published intervals have changed.
    for (method, low, high) in
        [(BootstrapMethod::Percentile, 0.375, 2.9396875), (BootstrapMethod::Bca, 0.475, 3.5655605)]
    {
        let found = interval_of_mean(&RUNS, method).unwrap();
        assert!((found.value - 1.4).abs() < 1e-12, "{found:?}");
        assert!((found.low - low).abs() < 1e-7, "{found:?}");
        assert!((found.high - high).abs() < 1e-7, "{found:?}");
    }
}

#[test]
fn another_seed_draws_other_resamples() {
    let first = bootstrap(BootstrapMethod::Percentile);
    let second = Bootstrap { seed: 2, ..first };
    assert_ne!(bootstrap_interval(&RUNS, mean, &first), bootstrap_interval(&RUNS, mean, &second));
}

#[test]
fn bca_follows_the_skewness_of_the_runs() {
    let percentile = interval_of_mean(&RUNS, BootstrapMethod::Percentile).unwrap();
    let bca = interval_of_mean(&RUNS, BootstrapMethod::Bca).unwrap();
    assert!(bca.low > percentile.low && bca.high > percentile.high, "{percentile:?} {bca:?}");
}

#[test]
fn the_interval_is_that_of_the_aggregate_passed() {
    let found = bootstrap_interval(&RUNS, median, &bootstrap(BootstrapMethod::Percentile)).unwrap();
    assert!((found.value - 0.6).abs() < 1e-12);
    assert!(found.high <= 2.5, "the outlier sways the mean, not the median: {found:?}");
}

#[test]
fn differences_by_seed_can_be_resampled() {
    let first: Vec<(u64, f64)> = (0..).zip(RUNS).collect();
    let second: Vec<(u64, f64)> = first.iter().map(|(seed, value)| (*seed, value - 0.25)).collect();
    let pairs = paired_differences(&first, &second).unwrap();
    let found = interval_of_mean(&pairs.differences, BootstrapMethod::Bca).unwrap();
    for number in [found.value, found.low, found.high] {
        assert!((number - 0.25).abs() < 1e-12, "{found:?}");
    }
}

#[test]
#[should_panic(expected = "confidence 95 is not in (0, 1)")]
fn a_percentage_is_not_a_confidence() {
    let percent = Bootstrap { confidence: 95.0, ..bootstrap(BootstrapMethod::Bca) };
    let _ = bootstrap_interval(&RUNS, mean, &percent);
}

#[test]
#[should_panic(expected = "39 resamples are too few")]
fn a_bound_needs_a_resample_beyond_it() {
    let few = Bootstrap { resamples: 39, ..bootstrap(BootstrapMethod::Percentile) };
    let _ = bootstrap_interval(&RUNS, mean, &few);
}

fn methods() -> impl Strategy<Value = BootstrapMethod> {
    prop::sample::select(&METHODS)
}

fn aggregates() -> impl Strategy<Value = Aggregate> {
    prop::sample::select(&AGGREGATES)
}

/// Hundredths, as rates over a hundred evaluations are: many sums tie but for rounding.
fn hundredths() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-200i32..200).prop_map(f64::from), 2..12)
}

proptest! {
    #[test]
    fn percentile_bounds_enclose_the_mean(values in prop::collection::vec(-1e3..1e3f64, 2..15)) {
        let found = interval_of_mean(&values, BootstrapMethod::Percentile).unwrap();
        let rounding = 1e-12 * 1e3;
        prop_assert!(found.low <= found.value + rounding, "{:?}", found);
        prop_assert!(found.value <= found.high + rounding, "{:?}", found);
    }

    #[test]
    fn bounds_stay_within_the_values(
        values in prop::collection::vec(-1e3..1e3f64, 2..15),
        aggregate in aggregates(),
        method in methods(),
    ) {
        let found = bootstrap_interval(&values, aggregate, &bootstrap(method)).unwrap();
        let lowest = values.iter().copied().fold(f64::INFINITY, f64::min) - 1e-9;
        let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max) + 1e-9;
        prop_assert!(lowest <= found.low && found.low <= found.high && found.high <= highest);
    }

    #[test]
    fn the_order_of_the_runs_does_not_matter(
        (values, shuffled) in prop::collection::vec(-1e3..1e3f64, 2..12)
            .prop_flat_map(|values| (Just(values.clone()), Just(values).prop_shuffle())),
        aggregate in aggregates(),
        method in methods(),
    ) {
        let bootstrap = bootstrap(method);
        prop_assert_eq!(
            bootstrap_interval(&values, aggregate, &bootstrap),
            bootstrap_interval(&shuffled, aggregate, &bootstrap)
        );
    }

    #[test]
    fn the_interval_shifts_and_scales_with_the_values(
        whole in hundredths(),
        scale in prop::sample::select(&[0.01, 0.1, 3.0, 1e-6][..]),
        shift in prop::sample::select(&[0.0, 0.1, 7.0, -100.0][..]),
        aggregate in aggregates(),
        method in methods(),
    ) {
        let moved: Vec<f64> = whole.iter().map(|value| (value + shift) * scale).collect();
        let before = bootstrap_interval(&whole, aggregate, &bootstrap(method)).unwrap();
        let after = bootstrap_interval(&moved, aggregate, &bootstrap(method)).unwrap();
        for (before, after) in [(before.low, after.low), (before.high, after.high)] {
            let expected = (before + shift) * scale;
            prop_assert!((after - expected).abs() < 1e-10 * scale, "{} for {}", after, expected);
        }
    }

    #[test]
    fn more_confidence_is_a_wider_interval(
        values in prop::collection::vec(-1e3..1e3f64, 2..15),
        method in methods(),
    ) {
        let wide = interval_of_mean(&values, method).unwrap();
        let narrow = Bootstrap { confidence: 0.5, ..bootstrap(method) };
        let narrow = bootstrap_interval(&values, mean, &narrow).unwrap();
        prop_assert!(wide.low <= narrow.low && narrow.high <= wide.high);
    }
}
