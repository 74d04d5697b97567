//! Methods compared seed by seed: runs with the same seed share layouts and initial weights, so what
//! these contribute cancels.

use anyhow::{Context, Result};
use gr_runs::Seed;
use gr_stats::{PairedDifferences, paired_differences, probability_of_improvement};

use super::series_rows::{SeriesRows, draw_values};
use super::{Drawing, Figure, Has, Picture};
use crate::data::{Oversight, Results, Run, Series};
use crate::layout::{Axis, View};
use crate::model::{CONFIDENCE, Caption, Estimate, Group, Numbers, groups, levels, series_of};
use crate::style;

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "differences",
    summary: "true return minus that of gradient routing, paired by seed",
    has: Has { updates: false, values: false, reference_lines: true },
    draw,
};

/// A series against the baseline at one oversight level.
struct Comparison<'a> {
    series: &'a Series,
    oversight: Oversight,
    differences: PairedDifferences,
    mean: Estimate,
    /// P(a run of the series does better than one of the baseline), ties half.
    improvement: Option<gr_stats::Estimate>,
}

impl<'a> Comparison<'a> {
    /// `None` if the two have no seed in common.
    fn new(group: &Group<'a>, baseline: &Group<'_>) -> Result<Option<Self>> {
        let (returns, against) = (by_seed(group), by_seed(baseline));
        let differences = paired_differences(&returns, &against)
            .with_context(|| format!("{} against {}", group.name(), baseline.name()))?;
        let Some(found) = differences.mean_interval(CONFIDENCE) else { return Ok(None) };
        let interval = found.half_width.map(|half| (found.mean - half, found.mean + half));
        let values = |pairs: &[(Seed, f64)]| pairs.iter().map(|pair| pair.1).collect::<Vec<_>>();
        let (returns, against) = (values(&returns), values(&against));
        Ok(Some(Self {
            series: group.series,
            oversight: group.oversight,
            mean: Estimate { n: found.n, mean: found.mean, interval },
            differences,
            improvement: probability_of_improvement(&returns, &against, CONFIDENCE),
        }))
    }
}

/// Kept returns of the runs whose seed is recorded.
fn by_seed(group: &Group<'_>) -> Vec<(Seed, f64)> {
    let of = |run: &&Run| Some((run.seed?, run.kept?.true_return));
    group.finished.iter().filter_map(of).collect()
}

fn draw(results: &Results, view: &View) -> Result<Drawing> {
    let groups = groups(results);
    let series = series_of(&groups);
    let Some((baseline, others)) = series.split_first() else {
        return Ok(Drawing::NoData("no run has finished".into()));
    };
    let mut comparisons = Vec::new();
    for group in groups.iter().filter(|group| group.series != *baseline) {
        let against = groups
            .iter()
            .find(|other| other.series == *baseline && other.oversight == group.oversight);
        if let Some(against) = against {
            comparisons.extend(Comparison::new(group, against)?);
        }
    }
    if comparisons.is_empty() {
        let why = format!("no run shares seed and level with one of {}", style::name(baseline));
        return Ok(Drawing::NoData(why));
    }
    let levels: Vec<Oversight> = levels(&groups)
        .into_iter()
        .filter(|level| comparisons.iter().any(|comparison| comparison.oversight == *level))
        .collect();
    let mut caption = Caption::new(format!(
        "True return minus that of {} with the same seed: right of 0 is better. Small points: pairs of \
         runs; below them their mean and its 95 % interval.",
        style::name(baseline),
    ));
    caption.say_of(results, &groups);
    caption.note(
        "The return is that of the policy that a run keeps. The probability of improvement in the CSV is \
         that of a run ending above one of the other method, ties half, with Wilson's interval for as \
         many trials as the smaller side has runs.",
    );
    let values = |level: &Oversight| {
        let of_level = comparisons.iter().filter(|comparison| comparison.oversight == *level);
        let values = of_level.flat_map(|comparison| {
            let (low, high) = comparison.mean.interval.unwrap_or((0.0, 0.0));
            let pairs = comparison.differences.differences.iter().copied();
            pairs.chain([low.max(-2.0), high.min(2.0)]).collect::<Vec<f64>>()
        });
        values.collect()
    };
    let values: Vec<Vec<f64>> = levels.iter().map(values).collect();
    let ticks = if SeriesRows::columns(levels.len()) == 1 { 8 } else { 4 };
    let looks = style::looks(&series);
    let title = format!("Difference to {}", style::name(baseline));
    let rows = SeriesRows {
        series: others.iter().copied().zip(looks[1..].iter().copied()).collect(),
        levels,
        axes: Axis::for_panels(&values, |values| Axis::reaching(values, None, ticks)),
        x: &title,
        mark: view.reference(Some(0.0)).map(|zero| (zero, "no difference")),
        nothing: "no pair of runs",
    };
    let scene = rows.draw(caption.text(), |scene, panel, height, series, level, look| {
        let found = comparisons.iter().find(|c| c.series == series && c.oversight == level);
        if let Some(Comparison { differences, mean, .. }) = found {
            let values = differences.differences.iter().copied();
            draw_values(scene, panel, height, values, mean, look);
        }
        found.is_some()
    });
    let numbers = numbers(&comparisons, baseline);
    Ok(Drawing::Drawn(vec![Picture::still(FIGURE.name, scene, caption, numbers)]))
}

fn numbers(comparisons: &[Comparison<'_>], baseline: &Series) -> Numbers {
    let mut numbers = Numbers::new(&[
        "oversight_prob",
        "series",
        "baseline",
        "mean_difference",
        "low",
        "high",
        "pairs",
        "unpaired",
        "probability_of_improvement",
        "improvement_low",
        "improvement_high",
    ]);
    for comparison in comparisons {
        let Comparison { mean, differences, improvement, .. } = comparison;
        numbers.push(vec![
            comparison.oversight.0.to_string(),
            style::name(comparison.series),
            style::name(baseline),
            mean.mean.to_string(),
            Numbers::text(mean.interval.map(|interval| interval.0)),
            Numbers::text(mean.interval.map(|interval| interval.1)),
            mean.n.to_string(),
            (differences.only_first + differences.only_second).to_string(),
            Numbers::text(improvement.map(|found| found.value)),
            Numbers::text(improvement.map(|found| found.low)),
            Numbers::text(improvement.map(|found| found.high)),
        ]);
    }
    numbers
}
