//! Runs with a holdout, one by one: what they were trained on, what the holdout said, and the truth.

use anyhow::Result;

use super::{Figure, Outcome, Picture};
use crate::data::{Results, Run, UpdateValue};
use crate::layout::{Axis, Block, Entry, Labels, Page, Panel};
use crate::model::{Caption, Group, Numbers, groups};
use crate::scene::Scene;
use crate::style::{self, Color, Dash, INK, MUTED, Marker, SeriesStyle};

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "early-stopping",
    summary: "each run with a holdout: training, holdout and true return",
    draw,
};

const COLUMNS: usize = 4;
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

fn draw(results: &Results) -> Result<Outcome> {
    let groups = groups(results);
    let with_holdout: Vec<&Group<'_>> = groups
        .iter()
        .filter(|group| group.finished.iter().any(|run| !run.holdout_returns.is_empty()))
        .collect();
    let alone = with_holdout.len() == 1;
    let pictures = with_holdout.iter().map(|group| {
        let name = if alone { FIGURE.name.into() } else { file_name(group) };
        picture(results, group, name)
    });
    let pictures = pictures.collect::<Result<Vec<_>>>()?;
    if pictures.is_empty() {
        return Ok(Outcome::NoData("no finished run has holdout_results_<run>.csv".into()));
    }
    Ok(Outcome::Drawn(pictures))
}

/// The figure's name with what sets the group apart.
fn file_name(group: &Group<'_>) -> String {
    format!("{}-{}", FIGURE.name, group.file_part())
}

fn picture(results: &Results, group: &Group<'_>, name: String) -> Result<Picture> {
    let runs = &group.finished;
    let (x_large, y_large) = axes(&runs[..1], 6, 6);
    let (x_small, y_small) = axes(runs, 2, 3);
    let mut caption = Caption::new(format!(
        "{}: {} enlarged, then every run. The training return is under the method's own reward. {}",
        group.name(),
        runs[0].seed_name(),
        match &group.series.holdout {
            Some(holdout) if holdout.source == "privileged" => {
                "The holdout return is the true return itself."
            }
            _ => {
                "Holdout episodes are played to their end, so that their return is on another scale \
                 than the true one."
            }
        },
    ));
    let unstopped = runs.iter().filter(|run| run.stopped_update.is_none()).count();
    if unstopped > 0 {
        caption.say(format!("{unstopped} of {} runs were never stopped.", runs.len()));
    }
    caption.say_of(results, std::slice::from_ref(group))?;
    let entry = |line: &Line| Entry::line(line.name, line.color, line.dash, 2.0);
    let left = Panel::left_room(&y_large, true);
    let page = Page {
        heading: String::new(),
        legend: vec![
            entry(&TRAINING),
            entry(&HOLDOUT),
            entry(&TRUTH),
            entry(&STOP),
            Entry::marker("checkpoint kept", KEPT),
        ],
        blocks: vec![
            Block { panels: 1, columns: 1, panel_height: 320.0 },
            Block { panels: runs.len(), columns: COLUMNS, panel_height: 165.0 },
        ],
        left: left - PANEL_GAP,
        caption: caption.text(),
    };
    let mut sheet = page.sheet();
    let (large, small) = sheet.cells.split_at(1);
    let title = format!("{}, {}", group.oversight, runs[0].seed_name());
    let labels = Labels { title: &title, x: "Update", y: "Return", y_ticks: true };
    let axes = (x_large, y_large);
    let panel = Panel::draw(&mut sheet.scene, large[0], PANEL_GAP, axes, &labels);
    draw_run(&mut sheet.scene, &panel, runs[0], 10.0);
    for (index, (run, cell)) in runs.iter().zip(small).enumerate() {
        let title = run.seed_name();
        let y_ticks = index % COLUMNS == 0;
        let labels = Labels { title: &title, x: "", y: "", y_ticks };
        let axes = (x_small.clone(), y_small.clone());
        let panel = Panel::draw(&mut sheet.scene, *cell, PANEL_GAP, axes, &labels);
        draw_run(&mut sheet.scene, &panel, run, 8.0);
    }
    Ok(Picture::still(name, sheet.scene, numbers(runs)))
}

/// Axes that hold every curve of `runs`, where they were stopped and what they keep.
fn axes(runs: &[&Run], x_ticks: usize, y_ticks: usize) -> (Axis, Axis) {
    let all = runs.iter().flat_map(|run| lines(run)).flat_map(|(_, points)| points);
    let (mut xs, ys): (Vec<f64>, Vec<f64>) = all.unzip();
    let marks = |run: &&Run| [run.stopped_update, run.kept.map(|kept| kept.update)];
    xs.extend(runs.iter().flat_map(marks).flatten().map(|update| update as f64));
    (Axis::from_zero(xs, x_ticks), Axis::around(ys.into_iter().chain([0.0]), y_ticks))
}

fn draw_run(scene: &mut Scene, panel: &Panel, run: &Run, marker: f64) {
    if let Some(stopped) = run.stopped_update {
        panel.upright(scene, stopped as f64, STOP.dash, 1.5);
    }
    for (line, points) in lines(run) {
        panel.curve(scene, &points, line.color, line.dash);
    }
    if let Some(kept) = run.kept {
        scene.marker(panel.place_inside(kept.update as f64, kept.true_return), marker, &KEPT);
    }
}

fn numbers(runs: &[&Run]) -> Numbers {
    let mut numbers =
        Numbers::new(&["oversight_prob", "series", "run_id", "what", "update_idx", "value"]);
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
