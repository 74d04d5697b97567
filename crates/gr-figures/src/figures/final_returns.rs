//! The true return of every run's kept policy, with mean and interval per method.

use anyhow::Result;
use gr_runs::Column;
use gr_stats::{FAILED_BELOW, interquartile_mean, share_below};

use super::series_rows::{SeriesRows, draw_values};
use super::{Drawing, Figure, Has, Picture};
use crate::data::{Oversight, Results, Run, Series};
use crate::layout::{Axis, View};
use crate::model::columns::{HIGH, LOW, MEAN, N, OVERSIGHT_PROB, RUN_LABEL, SERIES, VARIANT, WHAT};
use crate::model::{
    CONFIDENCE, Caption, Estimate, Group, Numbers, estimate, groups, levels, series_of, thousands,
};
use crate::style;

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "final-returns",
    summary: "true return of each run's kept policy, mean and interval",
    columns: COLUMNS,
    has: Has { updates: false, values: false, reference_lines: true },
    draw,
};

const COLUMNS: &[Column] = &[
    OVERSIGHT_PROB,
    SERIES,
    RUN_LABEL,
    WHAT.meaning_here("`mean`, or the run, by its seed."),
    MEAN.meaning_here("True return of the kept policy: the mean over runs, or the run's."),
    LOW,
    HIGH,
    N,
    Column::number(
        "labels_training",
        "labels",
        "True labels that training used: the mean over runs, or the run's; empty where they are not recorded.",
    )
    .or_empty(),
    Column::number(
        "labels_holdout",
        "labels",
        "True labels that checks against a holdout used, likewise; empty where they are unlimited.",
    )
    .or_empty(),
    Column::boolean(
        "labels_holdout_unlimited",
        "Whether checks may use as many labels as they like (`privileged`).",
    ),
    Column::number(
        "interquartile_mean",
        "return",
        "Mean without the lowest and the highest quarter of runs; of means only.",
    )
    .or_empty(),
    Column::number("share_below_0.1", "share", "Share of runs whose return is below 0.1; of means only.")
        .or_empty(),
    Column::number("share_low", "share", "Low end of its 95 % interval (Wilson).").or_empty(),
    Column::number("share_high", "share", "High end of the same.").or_empty(),
    VARIANT,
];

/// The kept policies of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Who, and the true return of its kept policy.
    pub runs: Vec<(String, f64)>,
    /// Their mean.
    pub mean: Estimate,
    /// Their mean without the lowest and the highest quarter.
    pub interquartile_mean: Option<f64>,
    /// The share of them below [`FAILED_BELOW`], with Wilson's interval.
    pub below: gr_stats::Estimate,
}

/// The kept policies of a group; `None` if it has none.
pub fn kept(group: &Group<'_>) -> Option<Kept> {
    let of = |run: &&Run| Some((run.seed_name(), run.kept?.true_return));
    let runs: Vec<(String, f64)> = group.finished.iter().filter_map(of).collect();
    let values: Vec<f64> = runs.iter().map(|(_, value)| *value).collect();
    Some(Kept {
        mean: estimate(&values)?,
        interquartile_mean: interquartile_mean(&values),
        below: share_below(&values, FAILED_BELOW, CONFIDENCE)?,
        runs,
    })
}

fn draw(results: &Results, view: &View) -> Result<Drawing> {
    let groups = groups(results);
    let all: Vec<(&Group<'_>, Kept)> =
        groups.iter().filter_map(|group| Some((group, kept(group)?))).collect();
    if all.is_empty() {
        return Ok(Drawing::NoData("no run has finished".into()));
    }
    let series = series_of(&groups);
    let levels = levels(&groups);
    let optimal = view.reference(results.optimal_return());
    let values = |level: &Oversight| {
        let of_level = all.iter().filter(|(group, _)| group.oversight == *level);
        let values = of_level.flat_map(|(_, kept)| {
            let (low, high) = kept.mean.interval.unwrap_or((kept.mean.mean, kept.mean.mean));
            let runs = kept.runs.iter().map(|(_, value)| *value);
            runs.chain([low.max(-1.0), high.min(1.0)]).collect::<Vec<f64>>()
        });
        values.collect()
    };
    let values: Vec<Vec<f64>> = levels.iter().map(values).collect();
    let ticks = if SeriesRows::columns(levels.len()) == 1 { 8 } else { 4 };
    let mut caption = Caption::new(
        "True return of the policy that each run keeps. Small points: runs; below them their mean and its \
         95 % interval, and as a tick the interquartile mean.",
    );
    caption.say_of(results, &groups);
    caption.note(
        "A run keeps its last policy, or with early stopping the checkpoint with the best holdout return.",
    );
    let below = all.iter().filter(|(_, kept)| kept.below.value > 0.0).map(|(group, kept)| {
        let [share, low, high] = [kept.below.value, kept.below.low, kept.below.high];
        format!(
            "{}: {:.0} % ({:.0} to {:.0})",
            group.name(),
            100.0 * share,
            100.0 * low,
            100.0 * high
        )
    });
    let below: Vec<String> = below.collect();
    caption.note(match below.as_slice() {
        [] => format!("No run is below {FAILED_BELOW}."),
        below => {
            format!("Runs below {FAILED_BELOW}, with Wilson's interval: {}.", below.join("; "))
        }
    });
    // One panel has room for them; of more the CSV has them.
    let beside = (levels.len() == 1).then(|| {
        let said = |one: &&Series| {
            let group = groups.iter().find(|group| group.series == *one);
            group.and_then(labels).map_or_else(String::new, say_labels)
        };
        (["Labels of a run:", "training + holdout"], series.iter().map(said).collect())
    });
    let rows = SeriesRows {
        series: series.iter().copied().zip(style::looks(&series)).collect(),
        levels,
        axes: Axis::for_panels(&values, |values| Axis::reaching(values, optimal, ticks)),
        x: "True return",
        mark: optimal.map(|optimal| (optimal, "optimal policy")),
        band: None,
        beside,
        nothing: "no finished run",
    };
    let scene = rows.draw(caption.text(), |scene, panel, height, series, level, look| {
        let found = all.iter().find(|(g, _)| g.series == series && g.oversight == level);
        if let Some((_, Kept { runs, mean, interquartile_mean, .. })) = found {
            let values = runs.iter().map(|(_, value)| *value);
            draw_values(scene, panel, height, values, mean, *interquartile_mean, look);
        }
        found.is_some()
    });
    Ok(Drawing::Drawn(vec![Picture::still(FIGURE.name, scene, caption, numbers(&all))]))
}

/// Mean labels per run that training and checks of a group used, where they are recorded; those of
/// checks are `None` where they are unlimited.
fn labels(group: &Group<'_>) -> Option<(f64, Option<f64>)> {
    let labels: Vec<_> = group.finished.iter().map(|run| run.labels).collect::<Option<_>>()?;
    let mean = |values: Vec<u64>| {
        Some(estimate(&values.iter().map(|value| *value as f64).collect::<Vec<_>>())?.mean)
    };
    let training = mean(labels.iter().map(|labels| labels.training).collect())?;
    let holdout = labels.iter().map(|labels| labels.holdout.counted()).collect::<Option<_>>();
    Some((training, holdout.and_then(mean)))
}

fn say_labels((training, holdout): (f64, Option<f64>)) -> String {
    let whole = |labels: f64| thousands(labels.round() as u64);
    match holdout {
        Some(0.0) => whole(training),
        Some(holdout) => format!("{} + {}", whole(training), whole(holdout)),
        None => format!("{} + unlimited", whole(training)),
    }
}

fn numbers(all: &[(&Group<'_>, Kept)]) -> Numbers {
    let mut numbers = Numbers::new(COLUMNS);
    for (group, kept) in all {
        let Oversight(level) = group.oversight;
        let series = group.series;
        let who = [level.to_string(), style::name(series), series.method.clone()];
        let mut row = who.to_vec();
        row.extend(["mean".into(), kept.mean.mean.to_string()]);
        row.push(Numbers::text(kept.mean.interval.map(|interval| interval.0)));
        row.push(Numbers::text(kept.mean.interval.map(|interval| interval.1)));
        row.push(kept.mean.n.to_string());
        let labels_of_group = labels(group);
        row.push(Numbers::text(labels_of_group.map(|(training, _)| training)));
        row.push(Numbers::text(labels_of_group.and_then(|(_, holdout)| holdout)));
        row.push(labels_of_group.is_some_and(|(_, holdout)| holdout.is_none()).to_string());
        row.push(Numbers::text(kept.interquartile_mean));
        let below = [kept.below.value, kept.below.low, kept.below.high];
        row.extend(below.map(|share| share.to_string()));
        row.push(series.variant().into());
        numbers.push(row);
        for ((name, value), run) in kept.runs.iter().zip(&group.finished) {
            let mut row = who.to_vec();
            row.extend([name.clone(), value.to_string(), String::new(), String::new(), "1".into()]);
            row.push(Numbers::text(run.labels.map(|labels| labels.training)));
            row.push(Numbers::text(run.labels.and_then(|labels| labels.holdout.counted())));
            row.push(
                run.labels.is_some_and(|labels| labels.holdout.counted().is_none()).to_string(),
            );
            row.extend(["", "", "", "", series.variant()].map(String::from));
            numbers.push(row);
        }
    }
    numbers
}
