//! The differences between published methods: true returns of the policies that the runs keep, seeds 0 to 7, at
//! p = 0.01 with first observation `stale`.

use gr_stats::{FAILED_BELOW, Verdict, paired_differences, share_below, verdict, welch_difference};

/// Column `selected_return` of results/published/runs/routing/runs.csv.
const ROUTING: [f64; 8] = [
    0.24932919566900927,
    0.17159041700560604,
    0.15633818051418952,
    0.4272076735215034,
    0.1778655591752311,
    0.17150973712008666,
    0.4553708989782062,
    0.5336054635935952,
];

/// Likewise of early-stopping-privileged.
const PRIVILEGED: [f64; 8] = [
    0.41705557573580787,
    0.28733448642805487,
    0.4182303176592665,
    0.35297116691684516,
    0.34203111211865433,
    0.38733450470178266,
    -0.00029350817968472093,
    0.02511506373335018,
];

/// Likewise of early-stopping-h0.5, whose holdout is hidden.
const HIDDEN: [f64; 8] = [
    0.40160698057374217,
    0.13820777814570026,
    0.38202659438441494,
    0.037930399480670625,
    -0.025523218125054935,
    0.1686773701372527,
    -0.023856562060697264,
    -0.06238134584232243,
];

/// To three decimals, as they are told.
#[track_caller]
fn assert_told(found: [f64; 2], told: [f64; 2]) {
    for (found, told) in found.into_iter().zip(told) {
        assert!((found - told).abs() <= 0.0005, "{found} for {told}");
    }
}

fn welch(method: &[f64; 8]) -> [f64; 2] {
    let found = welch_difference(method, &ROUTING).unwrap();
    [found.difference, found.half_width(0.95)]
}

fn paired_bounds(method: &[f64; 8]) -> [f64; 2] {
    let with_seeds = |values: &[f64; 8]| (0..).zip(*values).collect::<Vec<(u64, f64)>>();
    let pairs = paired_differences(&with_seeds(method), &with_seeds(&ROUTING)).unwrap();
    let found = pairs.mean_interval(0.95).unwrap();
    let half_width = found.half_width.unwrap();
    [found.mean - half_width, found.mean + half_width]
}

#[test]
fn differences_to_routing_are_those_published() {
    assert_told(welch(&PRIVILEGED), [-0.014, 0.174]);
    assert_told(paired_bounds(&PRIVILEGED), [-0.270, 0.241]);
    assert_told(welch(&HIDDEN), [-0.166, 0.181]);
    assert_told(paired_bounds(&HIDDEN), [-0.417, 0.086]);
}

#[test]
fn eight_seeds_decide_neither_claim() {
    assert_eq!(verdict(&PRIVILEGED, &ROUTING), Verdict::Undecided);
    assert_eq!(verdict(&HIDDEN, &ROUTING), Verdict::Undecided);
}

#[test]
fn early_stopping_fails_in_two_runs_of_eight_or_in_four() {
    let failed = |values: &[f64]| share_below(values, FAILED_BELOW, 0.95).unwrap().value;
    assert_eq!([ROUTING, PRIVILEGED, HIDDEN].map(|runs| failed(&runs)), [0.0, 0.25, 0.5]);
}
