//! Runs with a holdout, one by one: what they were trained on, what the holdout said, and the truth.

use anyhow::Result;
use gr_runs::Column;
use gr_terminal::count;

use super::{Drawing, Figure, Has, Picture};
use crate::data::{Results, Run, UpdateValue};
use crate::layout::{Axis, Block, Entry, Labels, Page, Panel, View};
use crate::model::columns::{OVERSIGHT_PROB, RUN_ID, SERIES, WHAT};
use crate::model::{Caption, Group, Numbers, groups};
use crate::scene::Scene;
use crate::style::{self, Color, Dash, INK, MUTED, Marker, SeriesStyle};

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "early-stopping",
    summary: "each run with a holdout: training, holdout and true return",
    columns: COLUMNS,
    has: Has { updates: true, values: true, reference_lines: false },
    draw,
};

const COLUMNS: &[Column] = &[
    OVERSIGHT_PROB,
    SERIES,
    RUN_ID,
    WHAT.meaning_here(
        "`training return (own reward)`, `holdout return`, `true return`, `training stopped` (no value) or \
         `checkpoint kept`, whose value is its true return.",
    ),
    Column::integer("update_idx", "update", "The update after which that was, counted from 0."),
    Column::number("value", "return", "What `what` says; empty of `training stopped`.").or_empty(),
];

/// Panels of runs side by side.
const PANEL_COLUMNS: usize = 4;
/// Room on the left of every panel.
const PANEL_GAP: f64 = 18.0;

/// A curve of these pictures.
struct Line {
    name: &'static str,
    color: Color,
    dash: Dash,
}

const TRAINING: Line = Line {
    name: "training return (own reward)",
    color: Color(0xd5, 0x5e, 0x00),
    dash: &[7.0, 3.0],
};
const HOLDOUT: Line =
    Line { name: "holdout return", color: Color(0x00, 0x72, 0xb2), dash: &[3.0, 2.0] };
const TRUTH: Line = Line { name: "true return", color: Color(0x00, 0x00, 0x00), dash: &[] };
const STOP: Line = Line { name: "training stopped", color: MUTED, dash: &[2.0, 2.0] };

const KEPT: SeriesStyle =
    SeriesStyle { color: INK, dash: &[], marker: Marker::Diamond, hollow: true };

/// The three curves of a run, in the order of the constants above.
fn lines(run: &Run) -> [(&'static Line, Vec<(f64, f64)>); 3] {
    let points = |values: &[UpdateValue]| {
        values.iter().map(|point| (point.update as f64, point.value)).collect()
    };
    let truth = run.evaluations.iter().map(|point| (point.update as f64, point.true_return));
    [
        (&TRAINING, points(&run.training_returns)),
        (&HOLDOUT, points(&run.holdout_returns)),
        (&TRUTH, truth.collect()),
    ]
}

fn draw(results: &Results, view: &View) -> Result<Drawing> {
    let groups = groups(results);
    let with_holdout: Vec<&Group<'_>> = groups
        .iter()
        .filter(|group| group.finished.iter().any(|run| !run.holdout_returns.is_empty()))
        .collect();
    let alone = with_holdout.len() == 1;
    let pictures = with_holdout.iter().map(|group| {
        let name = if alone { FIGURE.name.into() } else { file_name(group) };
        picture(results, view, group, name)
    });
    let pictures: Vec<Picture> = pictures.collect();
    if pictures.is_empty() {
        return Ok(Drawing::NoData("no finished run has holdout_results_<run>.csv".into()));
    }
    Ok(Drawing::Drawn(pictures))
}

/// The figure's name with what sets the group apart.
fn file_name(group: &Group<'_>) -> String {
    format!("{}-{}", FIGURE.name, group.file_part())
}

fn picture(results: &Results, view: &View, group: &Group<'_>, name: String) -> Picture {
    let runs = &group.finished;
    let large_axes = axes(&runs[..1], view, (6, 6)).remove(0);
    let small_axes = axes(runs, view, (2, 3));
    let share_y = small_axes.iter().all(|(_, y)| *y == small_axes[0].1);
    let rooms = small_axes.iter().map(|(_, y)| Panel::left_room(y, false));
    let gap = if share_y { PANEL_GAP } else { rooms.fold(0.0, f64::max) };
    let mut caption = caption(results, group);
    view.say_scale(&mut caption);
    let left = Panel::left_room(&large_axes.1, true);
    let page = Page {
        heading: String::new(),
        legend: legend(runs, &small_axes),
        blocks: vec![
            Block { panels: 1, columns: 1, panel_height: 320.0 },
            Block { panels: runs.len(), columns: PANEL_COLUMNS, panel_height: 165.0 },
        ],
        left: left - PANEL_GAP,
        caption: caption.text(),
    };
    let mut sheet = page.sheet();
    let (large, small) = sheet.cells.split_at(1);
    let title = format!("{}, {}", group.oversight, runs[0].seed_name());
    let labels = Labels { title: &title, x: view.updates_title(), y: "Return", y_ticks: true };
    let panel = Panel::draw(&mut sheet.scene, large[0], PANEL_GAP, large_axes, &labels);
    draw_run(&mut sheet.scene, &panel, runs[0], 10.0);
    for (index, ((run, cell), axes)) in runs.iter().zip(small).zip(small_axes).enumerate() {
        let title = run.seed_name();
        let y_ticks = index % PANEL_COLUMNS == 0 || !share_y;
        let labels = Labels { title: &title, x: "", y: "", y_ticks };
        let panel = Panel::draw(&mut sheet.scene, *cell, gap, axes, &labels);
        draw_run(&mut sheet.scene, &panel, run, 8.0);
    }
    Picture::still(name, sheet.scene, caption, numbers(runs))
}

fn caption(results: &Results, group: &Group<'_>) -> Caption {
    let runs = &group.finished;
    let mut caption = Caption::new(format!(
        "{}: {} enlarged, then every run by itself.",
        group.name(),
        runs[0].seed_name()
    ));
    let unstopped = runs.iter().filter(|run| run.stopped_update.is_none()).count();
    if unstopped > 0 {
        caption.say(format!("{unstopped} of {} never stopped early.", count(runs.len(), "run")));
    }
    caption.say_numbers_of_runs(std::slice::from_ref(group));
    caption.say_conditions(results, std::slice::from_ref(group));
    caption.note("The training return is under the method's own reward.");
    caption.note(match &group.series.holdout {
        Some(holdout) if holdout.source == "privileged" => {
            "The holdout return is the true return itself."
        }
        _ => {
            "Holdout episodes are played to their end, so that their return is on another scale than the \
             true one."
        }
    });
    caption
}

/// What is to be seen in the panels, and nothing else.
fn legend(runs: &[&Run], axes: &[(Axis, Axis)]) -> Vec<Entry> {
    let seen = |run: &Run, (x, y): &(Axis, Axis), line: &Line| {
        let points = lines(run).into_iter().filter(|(other, _)| other.name == line.name);
        points
            .flat_map(|(_, points)| points)
            .any(|(update, value)| x.holds(update) && y.holds(value))
    };
    let any = |seen: &dyn Fn(&Run, &(Axis, Axis)) -> bool| {
        runs.iter().zip(axes).any(|(run, axes)| seen(run, axes))
    };
    let mut legend = Vec::new();
    for line in [&TRAINING, &HOLDOUT, &TRUTH] {
        if any(&|run, axes| seen(run, axes, line)) {
            legend.push(Entry::line(line.name, line.color, line.dash, 2.0));
        }
    }
    if any(&|run, (x, _)| run.stopped_update.is_some_and(|update| x.holds(update as f64))) {
        legend.push(Entry::line(STOP.name, STOP.color, STOP.dash, 2.0));
    }
    let kept = |run: &Run, (x, y): &(Axis, Axis)| {
        run.kept.is_some_and(|kept| x.holds(kept.update as f64) && y.holds(kept.true_return))
    };
    if any(&kept) {
        legend.push(Entry::marker("checkpoint kept", KEPT));
    }
    legend
}

/// Axes for a panel of each run, which hold its curves, where it was stopped and what it keeps.
fn axes(runs: &[&Run], view: &View, (x_ticks, y_ticks): (usize, usize)) -> Vec<(Axis, Axis)> {
    let points = |run: &&Run| lines(run).into_iter().flat_map(|(_, points)| points);
    let updates = |run: &&Run| {
        let marks = [run.stopped_update, run.kept.map(|kept| kept.update)];
        let marks = marks.into_iter().flatten().map(|update| update as f64);
        points(run).map(|(update, _)| update).chain(marks).collect()
    };
    let x = view.updates(&runs.iter().map(updates).collect::<Vec<_>>(), x_ticks);
    let seen = |(run, x): (&&Run, &Axis)| {
        let kept = run.kept.map(|kept| (kept.update as f64, kept.true_return));
        let all = points(run).chain(kept).filter(|(update, _)| x.holds(*update));
        all.map(|(_, value)| value).collect()
    };
    let values: Vec<Vec<f64>> = runs.iter().zip(&x).map(seen).collect();
    x.into_iter().zip(view.vertical(&values, None, y_ticks)).collect()
}

fn draw_run(scene: &mut Scene, panel: &Panel, run: &Run, marker: f64) {
    if let Some(stopped) = run.stopped_update {
        panel.upright(scene, stopped as f64, STOP.dash, 1.5);
    }
    for (line, points) in lines(run) {
        panel.curve(scene, &points, line.color, line.dash);
    }
    if let Some(kept) = run.kept.filter(|kept| panel.holds(kept.update as f64, kept.true_return)) {
        scene.marker(panel.place(kept.update as f64, kept.true_return), marker, &KEPT);
    }
}

fn numbers(runs: &[&Run]) -> Numbers {
    let mut numbers = Numbers::new(COLUMNS);
    for run in runs {
        let who = [run.oversight.0.to_string(), style::name(&run.series), run.id.clone()];
        let mut push = |what: &str, update: f64, value: Option<f64>| {
            let mut row = who.to_vec();
            row.extend([what.into(), update.to_string(), Numbers::text(value)]);
            numbers.push(row);
        };
        for (line, points) in lines(run) {
            for (x, y) in points {
                push(line.name, x, Some(y));
            }
        }
        if let Some(stopped) = run.stopped_update {
            push(STOP.name, stopped as f64, None);
        }
        if let Some(kept) = run.kept {
            push("checkpoint kept", kept.update as f64, Some(kept.true_return));
        }
    }
    numbers
}
