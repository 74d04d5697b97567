//! True return of kept policies against the oversight level, with early stopping under random
//! settings beside the setting that the holdout chose.

use anyhow::Result;
use gr_runs::Column;
use gr_terminal::count;

use super::final_returns::kept;
use super::{Drawing, Figure, Has, Picture};
use crate::data::{Oversight, Results, Trial};
use crate::layout::{Axis, Block, Entry, LEVEL_DASH, Labels, Page, Panel, View};
use crate::model::columns::{HIGH, LOW, MEAN, N, OVERSIGHT_PROB, SERIES, WHAT};
use crate::model::{
    Caption, Estimate, Group, INTERVALS, Named, Numbers, estimate, groups, series_of, thousands,
};
use crate::scene::Scene;
use crate::style::{self, MUTED, Marker, SeriesStyle};

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "oversight-levels",
    summary: "true return of kept policies against p, and of searches",
    columns: COLUMNS,
    has: Has { updates: false, values: true, reference_lines: true },
    draw,
};

const COLUMNS: &[Column] = &[
    SERIES,
    WHAT.meaning_here("`mean`, or `trial`: one of a search."),
    OVERSIGHT_PROB,
    MEAN.meaning_here(
        "True return of kept policies: the mean over runs or trials, or the trial's.",
    ),
    LOW,
    HIGH,
    N.meaning_here("Runs or trials that `mean` is over; 1 for a trial."),
];

/// Distance between the points of neighbouring series at one level, where levels are far enough apart.
const DODGE: f64 = 5.0;
/// Share of the distance between two levels that the points of one of them take.
const CLUSTER: f64 = 0.75;

/// A mean of fewer values says too little to be drawn beside means of more.
const FEWEST_DRAWN: usize = 3;

/// Look of trials with random settings.
const RANDOM: SeriesStyle =
    SeriesStyle { color: MUTED, dash: &[1.5, 2.5], marker: Marker::Plus, hollow: false };

/// Means of something at several oversight levels.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// Name in the legend.
    pub name: String,
    /// Look.
    pub look: SeriesStyle,
    /// Means by level, ascending.
    pub means: Vec<Mean>,
    /// Every value behind the means, where it is drawn.
    pub values: Vec<(Oversight, f64)>,
}

/// A mean at one level.
#[derive(Clone, Debug, PartialEq)]
pub struct Mean {
    /// The level.
    pub level: Oversight,
    /// The mean.
    pub value: Estimate,
    /// Updates of the longest run behind it. Only levels of equal length are joined by a line.
    pub updates: Option<u64>,
}

fn draw(results: &Results, view: &View) -> Result<Drawing> {
    let all_groups = groups(results);
    let series = series_of(&all_groups);
    let looks = style::looks(&series);
    let mut lines: Vec<Levels> = Vec::new();
    for (one, look) in series.iter().zip(looks) {
        let at = |group: &Group<'_>| {
            let updates = group.finished.iter().filter_map(|run| run.length()).max();
            Some(Mean { level: group.oversight, value: kept(group)?.mean, updates })
        };
        let groups = all_groups.iter().filter(|group| group.series == *one);
        let means: Vec<_> = groups.filter_map(at).collect();
        if !means.is_empty() {
            lines.push(Levels { name: style::name(one), look, means, values: Vec::new() });
        }
    }
    lines.extend(random_settings(&results.trials));
    let numbers = numbers(&lines);
    let too_few = leave_out_few(&mut lines);
    let mut levels: Vec<Oversight> =
        lines.iter().flat_map(|line| line.means.iter().map(|mean| mean.level)).collect();
    levels.sort();
    levels.dedup();
    let shown: Vec<f64> = levels.iter().map(|level| level.0).filter(|p| *p > 0.0).collect();
    if shown.is_empty() {
        return Ok(Drawing::NoData("no run or trial above p = 0 has finished".into()));
    }
    let optimal = view.reference(results.optimal_return());
    let y_axis = view.vertical(&[values(&lines)], optimal, 6).remove(0);
    let seen = |line: &&Levels| {
        line.means.iter().any(|mean| mean.level.0 > 0.0 && y_axis.holds(mean.value.mean))
    };
    let drawn = lines.iter().filter(seen);
    let mut legend: Vec<Entry> = drawn.map(|line| Entry::series(&line.name, line.look)).collect();
    if optimal.is_some_and(|optimal| y_axis.holds(optimal)) {
        legend.push(Entry::line("optimal policy", MUTED, LEVEL_DASH, 1.0));
    }
    let mut caption = caption(results, &all_groups, &levels);
    if lines.iter().any(|line| line.means.windows(2).any(|two| two[0].updates != two[1].updates)) {
        caption.say("No line joins levels of different length.");
    }
    caption.say_who(format!("Not drawn, fewer than {FEWEST_DRAWN} values"), &too_few);
    let page = Page {
        heading: String::new(),
        legend,
        blocks: vec![Block { panels: 1, columns: 1, panel_height: 420.0 }],
        left: 0.0,
        caption: caption.text(),
    };
    let mut sheet = page.sheet();
    let labels = Labels { title: "", x: "Oversight level p", y: "True return", y_ticks: true };
    let left = Panel::left_room(&y_axis, true);
    let axes = (Axis::logarithmic(&shown), y_axis);
    let panel = Panel::draw(&mut sheet.scene, sheet.cells[0], left, axes, &labels);
    if let Some(optimal) = optimal {
        panel.level(&mut sheet.scene, optimal, "optimal policy");
    }
    let places = shown.iter().map(|level| panel.place(*level, 0.0).0).collect::<Vec<f64>>();
    let gaps = places.windows(2).map(|pair| pair[1] - pair[0]);
    let dodge = DODGE.min(CLUSTER * gaps.fold(f64::INFINITY, f64::min) / lines.len() as f64);
    for (index, line) in lines.iter().enumerate() {
        let shift = dodge * (index as f64 - (lines.len() - 1) as f64 / 2.0);
        draw_line(&mut sheet.scene, &panel, line, shift);
    }
    let picture = Picture::still(FIGURE.name, sheet.scene, caption, numbers);
    Ok(Drawing::Drawn(vec![picture]))
}

/// One line per method, variant and holdout that were searched: every finished trial counts once.
pub fn random_settings(trials: &[Trial]) -> Vec<Levels> {
    let searched =
        |trial: &Trial| (trial.method.clone(), trial.source.clone(), trial.variant.clone());
    let mut all: Vec<(String, Option<String>, String)> = trials.iter().map(searched).collect();
    all.sort_unstable();
    all.dedup();
    let line = |one: &(String, Option<String>, String)| {
        let finished = trials.iter().filter(|trial| searched(trial) == *one && trial.finished);
        let updates = finished.clone().map(|trial| trial.planned_updates).max();
        let mut values: Vec<(Oversight, f64)> =
            finished.filter_map(|trial| Some((trial.oversight, trial.kept_return?))).collect();
        values.sort_by_key(|(level, _)| *level);
        let at_levels = values.chunk_by(|a, b| a.0 == b.0);
        let means = at_levels.filter_map(|same| {
            let numbers: Vec<f64> = same.iter().map(|(_, value)| *value).collect();
            Some(Mean { level: same[0].0, value: estimate(&numbers)?, updates })
        });
        let holdout = one.1.as_ref().map(|source| format!(" ({source} holdout)"));
        let variant = if one.2.is_empty() { String::new() } else { format!(", {}", one.2) };
        let name = format!(
            "{}{}{variant}, random settings",
            style::method_name(&one.0),
            holdout.unwrap_or_default()
        );
        Levels { name, look: RANDOM, means: means.collect(), values: values.clone() }
    };
    all.iter().map(line).filter(|levels| !levels.means.is_empty()).collect()
}

/// Takes means of few values out, where there are means of more: whose they were.
fn leave_out_few(lines: &mut [Levels]) -> Vec<Named> {
    let numbers = lines.iter().flat_map(|line| line.means.iter().map(|mean| mean.value.n));
    let fewest = numbers.max().unwrap_or(0).min(FEWEST_DRAWN);
    let mut left_out = Vec::new();
    for Levels { name, means, .. } in lines {
        let few = means.extract_if(.., |mean| mean.value.n < fewest);
        left_out.extend(few.map(|mean| (name.clone(), mean.level)));
    }
    left_out
}

/// The values that the axis is to hold: no return is beyond 1 in size, though intervals can be.
fn values(lines: &[Levels]) -> Vec<f64> {
    let ends = lines.iter().flat_map(|line| {
        let means = line.means.iter().flat_map(|mean| {
            let Estimate { mean, interval, .. } = mean.value;
            let (low, high) = interval.unwrap_or((mean, mean));
            [mean, low.max(-1.0), high.min(1.0)]
        });
        means.chain(line.values.iter().map(|(_, value)| *value))
    });
    ends.collect()
}

fn draw_line(scene: &mut Scene, panel: &Panel, line: &Levels, shift: f64) {
    let place = |level: Oversight, value: f64| {
        let (x, y) = panel.place(level.0, value);
        (x + shift, y)
    };
    let shown: Vec<&Mean> = line.means.iter().filter(|mean| mean.level.0 > 0.0).collect();
    let seen = |level: &Oversight, value: f64| panel.holds(level.0, value);
    for (index, (level, value)) in line.values.iter().filter(|(p, _)| p.0 > 0.0).enumerate() {
        // Beside the mean, so that neither hides the other.
        let (x, y) = place(*level, *value);
        let jitter = ((index * 3) % 7) as f64;
        if seen(level, *value) {
            scene.disc((x + 9.0 + 1.5 * jitter, y), 2.2, line.look.color, 0.5);
        }
    }
    for of_one_length in shown.chunk_by(|a, b| a.updates == b.updates) {
        let points: Vec<_> =
            of_one_length.iter().map(|mean| place(mean.level, mean.value.mean)).collect();
        panel.line(scene, &points, line.look.color, 1.6, line.look.dash);
    }
    for Mean { level, value: point, .. } in shown {
        if let Some((low, high)) = point.interval {
            let bar = [place(*level, low), place(*level, high)];
            panel.line(scene, &bar, line.look.color, 1.6, &[]);
            for end in [low, high].into_iter().filter(|end| seen(level, *end)) {
                let (x, y) = place(*level, end);
                scene.line(&[(x - 3.5, y), (x + 3.5, y)], line.look.color, 1.6);
            }
        }
        if seen(level, point.mean) {
            scene.marker(place(*level, point.mean), 9.0, &line.look);
        }
    }
}

fn caption(results: &Results, groups: &[Group<'_>], levels: &[Oversight]) -> Caption {
    let mut caption = Caption::new(
        "True return of kept policies against the oversight level: means with 95 % intervals.",
    );
    if groups.is_empty() {
        caption.note(INTERVALS);
    } else {
        caption.say_of(results, groups);
    }
    caption.note("Series are shifted sideways so that they can be seen.");
    if levels.iter().any(|level| level.0 <= 0.0) {
        caption.say("p = 0 has no place on a logarithmic axis and is left out.");
    }
    let trials = &results.trials;
    if let Some(first) = trials.first() {
        let finished = trials.iter().filter(|trial| trial.finished).count();
        caption.say(match trials.len() {
            all if all == finished => format!("Small points: {}.", count(all, "trial")),
            all => format!("Small points: {finished} of {} finished.", count(all, "trial")),
        });
        caption.note(format!(
            "Random settings: a small point is the mean true return of the checkpoints that the {} of a \
             trial kept; mean and interval are over trials, of which none is selected; {} updates at most.",
            runs_per_trial(trials),
            thousands(trials.iter().map(|trial| trial.planned_updates).max().unwrap_or(0)),
        ));
        if groups.is_empty() {
            caption.note(format!("First observation: {}.", first.first_observation));
        }
        if groups.iter().any(|group| group.series.chosen) {
            caption.note("The chosen setting was the best on the holdout; its seeds are others.");
        }
    }
    caption
}

fn runs_per_trial(trials: &[Trial]) -> String {
    let mut numbers: Vec<usize> =
        trials.iter().filter(|trial| trial.finished).map(|trial| trial.n).collect();
    numbers.sort_unstable();
    match (numbers.first(), numbers.last()) {
        (Some(1), Some(1)) | (None, _) | (_, None) => "run".into(),
        (Some(low), Some(high)) if low == high => format!("{low} runs"),
        (Some(low), Some(high)) => format!("{low} to {high} runs"),
    }
}

fn numbers(lines: &[Levels]) -> Numbers {
    let mut numbers = Numbers::new(COLUMNS);
    for line in lines {
        for Mean { level, value: point, .. } in &line.means {
            numbers.push(vec![
                line.name.clone(),
                "mean".into(),
                level.0.to_string(),
                point.mean.to_string(),
                Numbers::text(point.interval.map(|interval| interval.0)),
                Numbers::text(point.interval.map(|interval| interval.1)),
                point.n.to_string(),
            ]);
        }
        for (level, value) in &line.values {
            let mut row = vec![line.name.clone(), "trial".into(), level.0.to_string()];
            row.extend([value.to_string(), String::new(), String::new(), "1".into()]);
            numbers.push(row);
        }
    }
    numbers
}
