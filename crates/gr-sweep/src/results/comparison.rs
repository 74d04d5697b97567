//! Methods compared with a reference, by the rule of docs/experiment.md: the unpaired difference of true
//! returns decides, the paired one is shown beside it.

use gr_runs::named;
use gr_stats::{
    FEWEST_SEEDS, Judgement, MARGIN, judge_family, paired_differences, welch_difference,
};
use serde::Serialize;

use super::group::{CONFIDENCE, Group};

/// What others are compared with, where it was trained.
const REFERENCE: &str = "routing";

/// A group minus the reference at the same level.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// Method label.
    #[serde(rename = "run_label")]
    pub method: String,
    /// What tells the group from others of its method, as `key=value;..`.
    pub variant: String,
    /// Method and variant of the reference.
    #[serde(rename = "baseline")]
    pub reference: String,
    /// Oversight level p.
    #[serde(rename = "oversight_prob")]
    pub oversight: f64,
    /// Runs of the group and of the reference.
    pub n: [usize; 2],
    /// Mean of the true returns minus that of the reference.
    pub difference: f64,
    /// Its unpaired 95 % interval (Welch); absent if a side has fewer than two runs, or runs that all agree.
    pub interval: Option<[f64; 2]>,
    /// Its 95 % interval paired by seed; absent for fewer than two seeds in common.
    pub paired_interval: Option<[f64; 2]>,
    /// What the rule says.
    pub verdict: &'static str,
    /// Whether the verdict stands beside the other comparisons at this level (Holm); absent where it claims
    /// nothing.
    #[serde(rename = "stands_after_holm")]
    pub stands: Option<bool>,
}

/// Every group of `groups` minus the reference at its level.
pub fn differences(groups: &[Group]) -> Vec<Difference> {
    let mut levels: Vec<f64> = groups.iter().map(|group| group.oversight).collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    levels.into_iter().flat_map(|level| at_level(groups, level)).collect()
}

fn at_level(groups: &[Group], level: f64) -> Vec<Difference> {
    let has_runs = |group: &&Group| group.oversight == level && group.n > 0;
    let Some((reference, others)) = reference_and_others(groups.iter().filter(has_runs)) else {
        return Vec::new();
    };
    let values = |group: &Group| group.scores.iter().map(|(_, value)| *value).collect::<Vec<_>>();
    let against = values(reference);
    let all: Vec<Vec<f64>> = others.iter().map(|group| values(group)).collect();
    let pairs: Vec<(&[f64], &[f64])> = all.iter().map(|own| (&own[..], &against[..])).collect();
    let judged = others.iter().zip(&all).zip(judge_family(&pairs));
    let difference = |((group, own), Judgement { verdict, stands }): ((&&Group, &Vec<f64>), _)| {
        let bounds = |estimate: gr_stats::Estimate| [estimate.low, estimate.high];
        let paired = paired_differences(&group.scores, &reference.scores).ok();
        let paired = paired.and_then(|pairs| pairs.mean_interval(CONFIDENCE));
        Difference {
            method: group.method.clone(),
            variant: group.variant.clone(),
            reference: reference.name(),
            oversight: level,
            n: [group.n, reference.n],
            difference: group.mean_return.unwrap_or(0.0) - reference.mean_return.unwrap_or(0.0),
            interval: welch_difference(own, &against)
                .map(|difference| bounds(difference.interval(CONFIDENCE))),
            paired_interval: paired.and_then(|interval| {
                let half_width = interval.half_width?;
                Some([interval.mean - half_width, interval.mean + half_width])
            }),
            verdict: verdict.name(),
            stands,
        }
    };
    judged.map(difference).collect()
}

/// What the others are compared with: plain gradient routing, else its first variant, else the first group.
pub fn reference_and_others<'a>(
    groups: impl Iterator<Item = &'a Group>,
) -> Option<(&'a Group, Vec<&'a Group>)> {
    let mut groups: Vec<&Group> = groups.collect();
    let place = groups.iter().position(|group| group.method == REFERENCE).unwrap_or(0);
    if groups.is_empty() {
        return None;
    }
    let reference = groups.remove(place);
    Some((reference, groups))
}

impl Difference {
    /// What [`Difference::columns`] are.
    pub const HEADER: [&str; 6] = ["p", "difference", "n", "unpaired", "paired by seed", "verdict"];

    /// A line of the table for people.
    pub fn columns(&self) -> Vec<String> {
        let Self { method, variant, reference, oversight, n: [own, other], .. } = self;
        let name = named(method, variant);
        let unpaired = match self.interval {
            Some([_, high]) => format!("{:+.3} ± {:.3}", self.difference, high - self.difference),
            None => format!("{:+.3}", self.difference),
        };
        let paired = match self.paired_interval {
            Some([low, high]) => format!("{low:+.3} to {high:+.3}"),
            None => "-".into(),
        };
        let stands = if self.stands == Some(false) { ", not beside the others (Holm)" } else { "" };
        vec![
            oversight.to_string(),
            format!("{name} - {reference}"),
            format!("{own} and {other}"),
            unpaired,
            paired,
            format!("{}{stands}", self.verdict),
        ]
    }
}

/// What verdicts mean.
pub fn rule() -> String {
    format!(
        "differences of true returns, 95 % intervals, unpaired (Welch) and paired; beats: above +{MARGIN}, matches: the \
         90 % interval within ±{MARGIN}, worse: below 0, else undecided; descriptive: fewer than {FEWEST_SEEDS} runs\n"
    )
}
