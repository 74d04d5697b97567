//! What may be claimed of two methods, by a rule written down before the runs.
//!
//! The rule compares true returns of a method a and another b by the Welch intervals of a − b. It is equally one of
//! one-sided tests: a bound of the two-sided 95 % interval is a test at level 0.025, and the 90 % interval lies
//! within two margins where the tests against both reject at 0.05 (two one-sided tests; Schuirmann, 1987). In a
//! family of comparisons Holm's procedure (1979, "A simple sequentially rejective multiple test procedure") acts on
//! these tests. Intervals are not adjusted.

use crate::welch::welch_difference;

/// The difference of true returns that matters, either way.
pub const MARGIN: f64 = 0.10;

/// With fewer seeds than these on either side nothing is claimed. Where a quarter of the runs fails, the 95 % t
/// interval of eight runs holds the true mean in 90 % of cases and that of four in 78 % (`tests/power.rs`).
pub const FEWEST_SEEDS: usize = 8;

/// What is claimed of a method against another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The lower bound of the 95 % interval exceeds [`MARGIN`].
    Beats,
    /// The 90 % interval lies within ±[`MARGIN`].
    Matches,
    /// The upper bound of the 95 % interval is below 0, and the method does not match.
    Worse,
    /// None of these, or there is no interval: runs of one side that all agree, or a value that is NaN or infinite.
    Undecided,
    /// Fewer than [`FEWEST_SEEDS`] on either side: numbers are shown and nothing is claimed.
    Descriptive,
}

impl Verdict {
    /// The word for it in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Beats => "beats",
            Self::Matches => "matches",
            Self::Worse => "worse",
            Self::Undecided => "undecided",
            Self::Descriptive => "descriptive",
        }
    }
}

/// A verdict as one of a family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict of this comparison alone.
    pub verdict: Verdict,
    /// Whether the verdict stands with Holm's adjustment for the family. `None` where it claims nothing.
    pub stands: Option<bool>,
}

/// The verdict on `a` against `b`, a value for each seed, the runs of one side independent of those of the other.
pub fn verdict(a: &[f64], b: &[f64]) -> Verdict {
    judge(a, b).0
}

/// The verdict of each comparison (a, b) as [`verdict`] gives it, and whether it stands in the family of all of them.
///
/// Each claim has a one-sided p-value and the level that the p-value must stay below for the claim alone:
///
/// - *beats*: the p-value of a − b > [`MARGIN`], level 0.025;
/// - *matches*: the larger of those of a − b > −[`MARGIN`] and a − b < [`MARGIN`], level 0.05;
/// - *worse*: that of a − b < 0, level 0.025.
///
/// Holm's procedure takes the ratios of p-value to level, so that claims at different levels can be ordered. Among
/// m comparisons the k-th smallest ratio must be below 1 / (m − k + 1), as must be the smaller ones in their places;
/// for a single comparison that is the verdict itself. Undecided comparisons count in m. Descriptive ones do
/// not, for nothing could have been claimed of them.
///
/// What is claimed is chosen when the data are seen, so that the levels of exclusive claims add up: where the true
/// difference is just the margin, a single comparison claims wrongly in up to 0.025 + 0.05 of cases.
pub fn judge_family(comparisons: &[(&[f64], &[f64])]) -> Vec<Judgement> {
    let found: Vec<(Verdict, Option<f64>)> = comparisons.iter().map(|(a, b)| judge(a, b)).collect();
    let mut ratios: Vec<f64> = found.iter().filter_map(|(_, ratio)| *ratio).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    let num_judged = found.iter().filter(|(verdict, _)| *verdict != Verdict::Descriptive).count();
    let num_standing = ratios
        .iter()
        .enumerate()
        .take_while(|(smaller, ratio)| **ratio * ((num_judged - smaller) as f64) < 1.0)
        .count();
    let stands = |ratio: f64| ratios[..num_standing].last().is_some_and(|last| ratio <= *last);
    found
        .into_iter()
        .map(|(verdict, ratio)| Judgement { verdict, stands: ratio.map(stands) })
        .collect()
}

/// A verdict, and where it claims something the ratio of its p-value to the level of the test, below 1.
fn judge(a: &[f64], b: &[f64]) -> (Verdict, Option<f64>) {
    if a.len().min(b.len()) < FEWEST_SEEDS {
        return (Verdict::Descriptive, None);
    }
    let Some(found) = welch_difference(a, b) else {
        return (Verdict::Undecided, None);
    };
    let claims = [
        (Verdict::Beats, found.p_above(MARGIN) / 0.025),
        (Verdict::Matches, found.p_above(-MARGIN).max(found.p_below(MARGIN)) / 0.05),
        (Verdict::Worse, found.p_below(0.0) / 0.025),
    ];
    match claims.into_iter().find(|(_, ratio)| *ratio < 1.0) {
        Some((verdict, ratio)) => (verdict, Some(ratio)),
        None => (Verdict::Undecided, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Eight runs about `mean` with a standard deviation of about 0.8 of `spread`.
    fn eight(mean: f64, spread: f64) -> Vec<f64> {
        [-1.0, -0.8, -0.5, -0.1, 0.1, 0.5, 0.8, 1.0].map(|x| mean + spread * x).to_vec()
    }

    #[test]
    fn verdicts_follow_the_difference() {
        let reference = eight(0.3, 0.05);
        for (mean, expected) in [
            (0.5, Verdict::Beats),
            (0.42, Verdict::Undecided),
            (0.33, Verdict::Matches),
            (0.3, Verdict::Matches),
            // Below the reference in the 95 % interval too, but a match comes first.
            (0.25, Verdict::Matches),
            (0.21, Verdict::Worse),
            (0.0, Verdict::Worse),
        ] {
            assert_eq!(verdict(&eight(mean, 0.05), &reference), expected, "{mean}");
        }
        assert_eq!(verdict(&eight(0.3, 0.3), &reference), Verdict::Undecided);
    }

    #[test]
    fn fewer_than_eight_seeds_are_descriptive() {
        let (many, few) = (eight(0.3, 0.05), eight(0.9, 0.05)[..7].to_vec());
        for (a, b) in [(&many, &few), (&few, &many), (&few, &few), (&many, &vec![])] {
            let found = judge_family(&[(a, b)]);
            assert_eq!(found, [Judgement { verdict: Verdict::Descriptive, stands: None }]);
        }
    }

    #[test]
    fn without_an_interval_nothing_is_claimed() {
        let spread = eight(0.3, 0.05);
        for without in [vec![0.9; 8], vec![f64::NAN; 8]] {
            assert_eq!(verdict(&without, &spread), Verdict::Undecided);
            assert_eq!(verdict(&spread, &without), Verdict::Undecided);
        }
    }

    #[test]
    fn what_barely_stands_alone_falls_among_the_undecided_but_not_among_the_descriptive() {
        let reference = eight(0.3, 0.05);
        let (barely, clearly) = (eight(0.235, 0.05), eight(0.6, 0.05));
        let undecided = eight(0.3, 0.3);
        let stands = |family: &[(&[f64], &[f64])]| {
            judge_family(family).iter().map(|found| found.stands).collect::<Vec<_>>()
        };
        assert_eq!(stands(&[(&barely, &reference)]), [Some(true)]);
        assert_eq!(stands(&[(&barely, &reference), (&undecided, &reference)]), [Some(false), None]);
        assert_eq!(
            stands(&[(&barely, &reference), (&undecided[..7], &reference)]),
            [Some(true), None]
        );
        // After what is clear there is one comparison less to adjust for.
        assert_eq!(
            stands(&[(&barely, &reference), (&clearly, &reference)]),
            [Some(true), Some(true)]
        );
        assert_eq!(judge_family(&[]), []);
    }

    fn runs() -> impl Strategy<Value = Vec<f64>> {
        (0.0..0.6f64, 0.01..0.2f64, prop::collection::vec(-1.0..1.0f64, 8..12)).prop_map(
            |(mean, spread, noise)| noise.into_iter().map(|x| mean + spread * x).collect(),
        )
    }

    proptest! {
        #[test]
        fn the_verdict_is_that_of_the_intervals(a in runs(), b in runs()) {
            let found = welch_difference(&a, &b).unwrap();
            let (wide, narrow) = (found.interval(0.95), found.interval(0.9));
            let expected = if wide.low > MARGIN {
                Verdict::Beats
            } else if -MARGIN <= narrow.low && narrow.high <= MARGIN {
                Verdict::Matches
            } else if wide.high < 0.0 {
                Verdict::Worse
            } else {
                Verdict::Undecided
            };
            prop_assert_eq!(verdict(&a, &b), expected);
        }

        #[test]
        fn alone_every_claim_stands(a in runs(), b in runs()) {
            let found = judge_family(&[(&a, &b)]);
            prop_assert!(found[0].stands != Some(false), "{:?}", found);
        }

        #[test]
        fn the_order_of_a_family_does_not_matter(
            samples in prop::collection::vec((runs(), runs()), 1..6),
        ) {
            let mut family: Vec<(&[f64], &[f64])> =
                samples.iter().map(|(a, b)| (&a[..], &b[..])).collect();
            let forward = judge_family(&family);
            family.reverse();
            let mut backward = judge_family(&family);
            backward.reverse();
            prop_assert_eq!(forward, backward);
        }
    }
}
