//! Values computed by SciPy, NumPy, statsmodels and rliable; `data/make_golden.py` made them.

use gr_stats::{
    interquartile_mean, judge_family, mean, mean_interval, median, paired_differences,
    probability_of_improvement, slope, verdict, welch_difference, wilson_interval,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    aggregates: Vec<Aggregates>,
    student: Vec<Student>,
    wilson: Vec<Wilson>,
    slopes: Vec<Slope>,
    improvements: Vec<Improvement>,
    paired: Paired,
    differences: Vec<Difference>,
    families: Vec<Vec<Comparison>>,
}

#[derive(Deserialize)]
struct Aggregates {
    values: Vec<f64>,
    mean: f64,
    median: f64,
    interquartile_mean: f64,
}

#[derive(Deserialize)]
struct Student {
    n: usize,
    confidence: f64,
    critical: f64,
}

#[derive(Deserialize)]
struct Wilson {
    successes: u64,
    trials: u64,
    confidence: f64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct Slope {
    xs: Vec<f64>,
    ys: Vec<f64>,
    slope: f64,
}

#[derive(Deserialize)]
struct Improvement {
    first: Vec<f64>,
    second: Vec<f64>,
    probability: f64,
}

#[derive(Deserialize)]
struct Paired {
    first: Vec<f64>,
    second: Vec<f64>,
    mean: f64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct Difference {
    a: Vec<f64>,
    b: Vec<f64>,
    difference: f64,
    degrees: f64,
    half_width: f64,
    half_width_90: f64,
    /// One-sided p-value of a difference above 0.1.
    above: f64,
    /// One-sided p-value of a difference below -0.2.
    below: f64,
}

#[derive(Deserialize)]
struct Comparison {
    a: Vec<f64>,
    b: Vec<f64>,
    verdict: String,
    stands: Option<bool>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("data/values.json")).unwrap()
}

#[track_caller]
fn assert_close(found: f64, expected: f64) {
    let tolerance = 1e-11 * expected.abs().max(1.0);
    assert!((found - expected).abs() <= tolerance, "{found} for {expected}");
}

#[test]
fn aggregates_are_those_of_numpy_scipy_and_rliable() {
    for case in golden().aggregates {
        assert_close(mean(&case.values).unwrap(), case.mean);
        assert_close(median(&case.values).unwrap(), case.median);
        assert_close(interquartile_mean(&case.values).unwrap(), case.interquartile_mean);
    }
}

#[test]
fn student_half_widths_are_those_of_scipy() {
    for Student { n, confidence, critical } in golden().student {
        // Mean 0, one value at each end, the others in the middle: s² = 2 / (n - 1).
        let mut values = vec![0.0; n];
        (values[0], values[1]) = (-1.0, 1.0);
        let expected = critical * (2.0 / ((n - 1) as f64 * n as f64)).sqrt();
        let found = mean_interval(&values, confidence).unwrap().half_width.unwrap();
        assert_close(found / expected, 1.0);
    }
}

#[test]
fn wilson_bounds_are_those_of_statsmodels_and_scipy() {
    for Wilson { successes, trials, confidence, low, high } in golden().wilson {
        let found = wilson_interval(successes, trials, confidence).unwrap();
        assert_close(found.low, low);
        assert_close(found.high, high);
    }
}

#[test]
fn slopes_are_those_of_scipy() {
    for case in golden().slopes {
        let found = slope(&case.xs, &case.ys).unwrap();
        // Numbers around a million leave fewer digits to their differences.
        assert!((found - case.slope).abs() < 1e-9, "{found} for {}", case.slope);
    }
}

#[test]
fn probabilities_of_improvement_are_those_of_rliable() {
    for case in golden().improvements {
        let found = probability_of_improvement(&case.first, &case.second, 0.95).unwrap();
        assert_close(found.value, case.probability);
    }
}

#[test]
fn the_paired_interval_is_that_of_scipys_paired_t_test() {
    let Paired { first, second, mean, low, high } = golden().paired;
    let with_seeds = |values: Vec<f64>| -> Vec<(u64, f64)> { (0..).zip(values).collect() };
    let pairs = paired_differences(&with_seeds(first), &with_seeds(second)).unwrap();
    let found = pairs.mean_interval(0.95).unwrap();
    let half_width = found.half_width.unwrap();
    assert_eq!(found.n, 8);
    assert_close(found.mean, mean);
    assert_close(found.mean - half_width, low);
    assert_close(found.mean + half_width, high);
}

#[test]
fn welch_differences_are_those_of_scipy() {
    for case in golden().differences {
        let found = welch_difference(&case.a, &case.b).unwrap();
        assert_close(found.difference, case.difference);
        assert_close(found.degrees / case.degrees, 1.0);
        assert_close(found.half_width(0.95) / case.half_width, 1.0);
        assert_close(found.half_width(0.9) / case.half_width_90, 1.0);
        assert_close(found.p_above(0.1) / case.above, 1.0);
        assert_close(found.p_below(-0.2) / case.below, 1.0);
    }
}

#[test]
fn verdicts_are_those_of_scipys_intervals_and_stand_as_statsmodels_says() {
    let mut claims = Vec::new();
    for family in golden().families {
        let pairs: Vec<(&[f64], &[f64])> =
            family.iter().map(|case| (&case.a[..], &case.b[..])).collect();
        for (case, found) in family.iter().zip(judge_family(&pairs)) {
            assert_eq!(found.verdict.name(), case.verdict);
            assert_eq!(verdict(&case.a, &case.b), found.verdict);
            assert_eq!(found.stands, case.stands);
            claims.push((case.verdict.clone(), case.stands));
        }
    }
    // Every verdict occurs, and one that stands alone but not in its family.
    for word in ["beats", "matches", "worse", "undecided"] {
        assert!(claims.iter().any(|(verdict, _)| verdict == word), "{word}");
    }
    assert!(claims.iter().any(|(_, stands)| *stands == Some(false)));
}
