//! Methods compared with gradient routing by the rule of docs/experiment.md: the unpaired difference of true
//! returns decides. Pairs of runs with the same seed, which share layouts and initial weights, stand beside.

use anyhow::{Context, Result};
use gr_runs::{Column, Seed};
use gr_stats::{
    Judgement, MARGIN, PairedDifferences, judge_family, paired_differences,
    probability_of_improvement,
};

use super::series_rows::{SeriesRows, draw_values};
use super::{Drawing, Figure, Has, Picture};
use crate::data::{Oversight, Results, Run, Series};
use crate::layout::{Axis, Panel, TICK_SIZE, View};
use crate::model::columns::{N, OVERSIGHT_PROB, SERIES, VARIANT};
use crate::model::{
    CONFIDENCE, Caption, Estimate, Group, Numbers, difference, groups, levels, series_of,
};
use crate::scene::{Align, Scene};
use crate::style::{self, MUTED, SeriesStyle};

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "differences",
    summary: "true return minus that of gradient routing, with a verdict",
    columns: COLUMNS,
    has: Has { updates: false, values: false, reference_lines: true },
    draw,
};

const COLUMNS: &[Column] = &[
    OVERSIGHT_PROB,
    SERIES,
    Column::text("baseline", "Name of the series that others are compared with."),
    Column::number(
        "mean_difference",
        "return",
        "Mean over the seeds that both have of true return minus that of the baseline; empty without one.",
    )
    .or_empty(),
    Column::number(
        "low",
        "return",
        "Low end of the 95 % interval of `mean_difference`, paired by seed (Student t); empty for fewer than two pairs, \
         and for pairs that all agree.",
    )
    .or_empty(),
    Column::number("high", "return", "High end of the same.").or_empty(),
    Column::integer("pairs", "seeds", "Seeds that both have."),
    Column::integer("unpaired", "runs", "Runs of either whose seed the other lacks."),
    Column::number(
        "probability_of_improvement",
        "probability",
        "Share of all pairs of a run and one of the baseline in which the run ends above, ties counting half.",
    )
    .or_empty(),
    Column::number("improvement_low", "probability", "Low end of its 95 % interval (Wilson).")
        .or_empty(),
    Column::number("improvement_high", "probability", "High end of the same.").or_empty(),
    Column::number(
        "difference",
        "return",
        "Mean true return over all runs minus that of the baseline, which the verdict is about.",
    ),
    Column::number(
        "welch_low",
        "return",
        "Low end of the 95 % interval of `difference`, unpaired (Welch); empty where a side has fewer than two runs, or \
         runs that all agree.",
    )
    .or_empty(),
    Column::number("welch_high", "return", "High end of the same.").or_empty(),
    N.meaning_here("Runs of the series."),
    Column::integer("n_baseline", "runs", "Runs of the baseline."),
    Column::text(
        "verdict",
        "`beats`, `matches`, `worse`, `undecided` or `descriptive`, by the rule of docs/experiment.md, section 12.",
    )
    .or_empty(),
    Column::boolean(
        "stands_after_holm",
        "Whether the verdict claims something, and that stands beside the others of its level (Holm).",
    ),
    VARIANT,
];

/// A series against the baseline at one oversight level.
struct Comparison<'a> {
    series: &'a Series,
    oversight: Oversight,
    /// Returns of the series and of the baseline.
    returns: [Vec<f64>; 2],
    /// Mean minus mean with its unpaired interval (Welch).
    unpaired: Estimate,
    differences: PairedDifferences,
    /// Mean over pairs with its interval.
    paired: Option<Estimate>,
    judgement: Option<Judgement>,
    /// P(a run of the series does better than one of the baseline), ties half.
    improvement: Option<gr_stats::Estimate>,
}

impl<'a> Comparison<'a> {
    /// `None` if one of the two has no finished run with a seed.
    fn new(group: &Group<'a>, baseline: &Group<'_>) -> Result<Option<Self>> {
        let (returns, against) = (by_seed(group), by_seed(baseline));
        let differences = paired_differences(&returns, &against)
            .with_context(|| format!("{} against {}", group.name(), baseline.name()))?;
        let paired = differences.mean_interval(CONFIDENCE).map(|found| {
            let interval = found.half_width.map(|half| (found.mean - half, found.mean + half));
            Estimate { n: found.n, mean: found.mean, interval }
        });
        let values = |pairs: &[(Seed, f64)]| pairs.iter().map(|pair| pair.1).collect::<Vec<_>>();
        let (returns, against) = (values(&returns), values(&against));
        let Some(unpaired) = difference(&returns, &against) else { return Ok(None) };
        Ok(Some(Self {
            series: group.series,
            oversight: group.oversight,
            unpaired,
            differences,
            paired,
            judgement: None,
            improvement: probability_of_improvement(&returns, &against, CONFIDENCE),
            returns: [returns, against],
        }))
    }

    /// The lowest and the highest of what is drawn of it.
    fn extent(&self) -> [f64; 2] {
        let paired = self.paired.and_then(|paired| paired.interval);
        let intervals = [self.unpaired.interval, paired].into_iter().flatten();
        let ends = intervals.flat_map(|(low, high)| [low, high]).chain([self.unpaired.mean]);
        let all = self.differences.differences.iter().copied().chain(ends);
        all.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], it| [low.min(it), high.max(it)])
    }

    /// The verdict in words; whether it stands beside the others of its level.
    fn verdict(&self) -> String {
        match self.judgement {
            None => String::new(),
            Some(Judgement { verdict, stands: Some(false) }) => {
                format!("{} (not by Holm)", verdict.name())
            }
            Some(Judgement { verdict, .. }) => verdict.name().into(),
        }
    }
}

/// Judges all comparisons of a level together.
fn judge(comparisons: &mut [Comparison<'_>]) {
    for of_level in comparisons.chunk_by_mut(|a, b| a.oversight == b.oversight) {
        let pairs: Vec<(&[f64], &[f64])> =
            of_level.iter().map(|it| (&it.returns[0][..], &it.returns[1][..])).collect();
        let judged = judge_family(&pairs);
        for (comparison, judgement) in of_level.iter_mut().zip(judged) {
            comparison.judgement = Some(judgement);
        }
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
    judge(&mut comparisons);
    if comparisons.is_empty() {
        let why = format!("no run shares a level with one of {}", style::name(baseline));
        return Ok(Drawing::NoData(why));
    }
    let levels: Vec<Oversight> = levels(&groups)
        .into_iter()
        .filter(|level| comparisons.iter().any(|comparison| comparison.oversight == *level))
        .collect();
    let band = view.reference(Some(MARGIN)).map(|margin| (-margin, margin));
    let mut caption = Caption::new(format!(
        "True return minus that of {}: right of 0 is better. Thick: means, with the unpaired 95 % interval \
         (Welch), which decides; thin: pairs of runs with the same seed, and their interval.{}",
        style::name(baseline),
        band.map_or_else(String::new, |_| format!(" Shaded: ±{MARGIN}.")),
    ));
    caption.say_of(results, &groups);
    caption.note_verdicts();
    caption.note(
        "The return is that of the policy that a run keeps. The probability of improvement in the CSV is \
         that of a run ending above one of the other method, ties half, with Wilson's interval for as \
         many trials as the smaller side has runs.",
    );
    let values = |level: &Oversight| {
        let of_level = comparisons.iter().filter(|comparison| comparison.oversight == *level);
        let values = of_level.flat_map(|comparison| {
            // The interval of two runs may be wider than anything else in the picture.
            comparison.extent().map(|end| end.clamp(-2.0, 2.0))
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
        band,
        beside: None,
        nothing: "no run to compare",
    };
    let scene = rows.draw(caption.text(), |scene, panel, height, series, level, look| {
        let found = comparisons.iter().find(|c| c.series == series && c.oversight == level);
        if let Some(comparison) = found {
            let values = comparison.differences.differences.iter().copied();
            draw_values(scene, panel, height, values, &comparison.unpaired, None, look);
            draw_paired(scene, panel, height, comparison, look);
        }
        found.is_some()
    });
    let numbers = numbers(&comparisons, baseline);
    Ok(Drawing::Drawn(vec![Picture::still(FIGURE.name, scene, caption, numbers)]))
}

/// Draws the paired interval as a thin line, and the verdict at the edge that is farther away.
fn draw_paired(
    scene: &mut Scene,
    panel: &Panel,
    height: f64,
    comparison: &Comparison<'_>,
    look: &SeriesStyle,
) {
    if let Some((low, high)) = comparison.paired.and_then(|paired| paired.interval) {
        let ends = [low, high].map(|end| panel.place_across(end, height));
        scene.line(&ends.map(|(x, y)| (x, y + 14.0)), look.color, 1.0);
    }
    let [(left, y), (right, _)] = [panel.place_left(height), panel.place_right(height)];
    let places = comparison.extent().map(|value| panel.place_across(value, height).0);
    let (x, align) = match places[0] - left > right - places[1] {
        true => (left + 8.0, Align::Left),
        false => (right - 4.0, Align::Right),
    };
    scene.text((x, y + 4.0), &comparison.verdict(), TICK_SIZE - 2.0, align, MUTED);
}

fn numbers(comparisons: &[Comparison<'_>], baseline: &Series) -> Numbers {
    let mut numbers = Numbers::new(COLUMNS);
    for comparison in comparisons {
        let Comparison { returns, unpaired, paired, judgement, differences, improvement, .. } =
            comparison;
        let paired_interval = paired.and_then(|paired| paired.interval);
        numbers.push(vec![
            comparison.oversight.0.to_string(),
            style::name(comparison.series),
            style::name(baseline),
            Numbers::text(paired.map(|paired| paired.mean)),
            Numbers::text(paired_interval.map(|interval| interval.0)),
            Numbers::text(paired_interval.map(|interval| interval.1)),
            differences.differences.len().to_string(),
            (differences.only_first + differences.only_second).to_string(),
            Numbers::text(improvement.map(|found| found.value)),
            Numbers::text(improvement.map(|found| found.low)),
            Numbers::text(improvement.map(|found| found.high)),
            unpaired.mean.to_string(),
            Numbers::text(unpaired.interval.map(|interval| interval.0)),
            Numbers::text(unpaired.interval.map(|interval| interval.1)),
            returns[0].len().to_string(),
            returns[1].len().to_string(),
            Numbers::text(judgement.map(|judgement| judgement.verdict.name())),
            (judgement.and_then(|judgement| judgement.stands) == Some(true)).to_string(),
            comparison.series.variant().into(),
        ]);
    }
    numbers
}
