//! The true return of every run's kept policy, with mean and interval per method.

use anyhow::Result;

use super::{Figure, Outcome, Picture};
use crate::data::{Oversight, Results, Run, Series};
use crate::layout::{Axis, Block, Entry, LEVEL_DASH, Labels, Page, Panel, TICK_SIZE};
use crate::model::{Caption, Estimate, Group, Numbers, estimate, groups, levels, series_of};
use crate::scene::{Align, Scene, wrap};
use crate::style::{self, MUTED, SeriesStyle};

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "final-returns",
    summary: "true return of each run's kept policy, mean and interval",
    draw,
};

const ROW_HEIGHT: f64 = 36.0;
const LABEL_WIDTH: f64 = 178.0;

/// The kept policies of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Who, and the true return of its kept policy.
    pub runs: Vec<(String, f64)>,
    /// Their mean.
    pub mean: Estimate,
}

/// The kept policies of a group; `None` if it has none.
pub fn kept(group: &Group<'_>) -> Option<Kept> {
    let of = |run: &&Run| Some((run.seed_name(), run.kept?.value));
    let runs: Vec<(String, f64)> = group.finished.iter().filter_map(of).collect();
    let values: Vec<f64> = runs.iter().map(|(_, value)| *value).collect();
    Some(Kept { mean: estimate(&values)?, runs })
}

fn draw(results: &Results) -> Result<Outcome> {
    let groups = groups(results);
    let all: Vec<(&Group<'_>, Kept)> =
        groups.iter().filter_map(|group| Some((group, kept(group)?))).collect();
    if all.is_empty() {
        return Ok(Outcome::NoData("no run has finished".into()));
    }
    let series = series_of(&groups);
    let levels = levels(&groups);
    let looks = style::looks(&series);
    let optimal = results.optimal_return();
    let values = all.iter().flat_map(|(_, kept)| {
        let (low, high) = kept.mean.interval.unwrap_or((kept.mean.mean, kept.mean.mean));
        let runs = kept.runs.iter().map(|(_, value)| *value);
        runs.chain([low.max(-1.0), high.min(1.0)]).collect::<Vec<f64>>()
    });
    let columns = Page::columns_for(levels.len()).min(2);
    let x_axis = Axis::around(values.chain(optimal).chain([0.0]), if columns == 1 { 8 } else { 4 });
    let mut caption = Caption::new(
        "True return of the policy that each run keeps: the last one, or with early stopping the \
         checkpoint with the best holdout return. Small points are runs; below them their mean and \
         its 95 % Student-t interval.",
    );
    caption.say_of(results, &groups)?;
    let page = Page {
        heading: String::new(),
        legend: optimal
            .map(|_| Entry::line("optimal policy", MUTED, LEVEL_DASH, 1.0))
            .into_iter()
            .collect(),
        blocks: vec![Block {
            panels: levels.len(),
            columns,
            panel_height: series.len() as f64 * ROW_HEIGHT + 84.0,
        }],
        left: LABEL_WIDTH,
        caption: caption.text(),
    };
    let mut sheet = page.sheet();
    for (index, level) in levels.iter().enumerate() {
        let rows = Axis::bare(0.0, series.len() as f64);
        let title = level.to_string();
        let labels = Labels { title: &title, x: "True return", ..Labels::default() };
        let axes = (x_axis.clone(), rows);
        let panel = Panel::draw(&mut sheet.scene, sheet.cells[index], 12.0, axes, &labels);
        if let Some(optimal) = optimal {
            panel.upright(&mut sheet.scene, optimal, LEVEL_DASH, 1.0);
        }
        for (row, (one, look)) in series.iter().zip(&looks).enumerate() {
            let height = (series.len() - row) as f64 - 0.5;
            if index % columns == 0 {
                draw_label(&mut sheet.scene, &panel, height, one);
            }
            let found = all.iter().find(|(g, _)| g.series == *one && g.oversight == *level);
            match found {
                Some((_, kept)) => draw_row(&mut sheet.scene, &panel, height, kept, look),
                None => {
                    let at = panel.place(x_axis.low(), height);
                    let at = (at.0 + 8.0, at.1 + 4.0);
                    sheet.scene.text(at, "no finished run", TICK_SIZE - 2.0, Align::Left, MUTED);
                }
            }
        }
    }
    Ok(Outcome::Drawn(vec![Picture::still(FIGURE.name, sheet.scene, numbers(&all))]))
}

fn draw_label(scene: &mut Scene, panel: &Panel, height: f64, series: &Series) {
    let (x, y) = panel.place_left(height);
    let lines = wrap(&style::name(series), TICK_SIZE, LABEL_WIDTH - 8.0);
    let size = if lines.len() > 2 { TICK_SIZE - 2.5 } else { TICK_SIZE };
    let lines = wrap(&style::name(series), size, LABEL_WIDTH - 8.0);
    let step = size + 1.5;
    let first = y - step * (lines.len() - 1) as f64 / 2.0;
    for (index, line) in lines.iter().enumerate() {
        scene.text_beside((x - 8.0, first + index as f64 * step), line, size, Align::Right);
    }
}

fn draw_row(scene: &mut Scene, panel: &Panel, height: f64, kept: &Kept, look: &SeriesStyle) {
    for (index, (_, value)) in kept.runs.iter().enumerate() {
        // Neighbours in seed lie apart in height, the same way in every figure.
        let jitter = ((index * 3) % 7) as f64 - 3.0;
        let (x, y) = panel.place(*value, height);
        scene.disc((x, y - 7.0 + 1.3 * jitter), 3.0, look.color, 0.55);
    }
    let (x, y) = panel.place(kept.mean.mean, height);
    let y = y + 8.5;
    scene.marker_shape((x, y), 8.0, look.marker, look.color, 1.0);
    if let Some((low, high)) = kept.mean.interval {
        let (low, high) = (panel.place_across(low, height).0, panel.place_across(high, height).0);
        scene.line(&[(low, y), (high, y)], look.color, 2.0);
        for end in [low, high] {
            scene.line(&[(end, y - 4.0), (end, y + 4.0)], look.color, 2.0);
        }
    }
}

fn numbers(all: &[(&Group<'_>, Kept)]) -> Numbers {
    let mut numbers = Numbers::new(&[
        "oversight_prob",
        "series",
        "run_label",
        "what",
        "mean",
        "low",
        "high",
        "n",
    ]);
    for (group, kept) in all {
        let Oversight(level) = group.oversight;
        let who = [level.to_string(), style::name(group.series), group.series.method.clone()];
        let mut row = who.to_vec();
        row.extend(["mean".into(), kept.mean.mean.to_string()]);
        row.push(Numbers::text(kept.mean.interval.map(|interval| interval.0)));
        row.push(Numbers::text(kept.mean.interval.map(|interval| interval.1)));
        row.push(kept.mean.n.to_string());
        numbers.push(row);
        for (name, value) in &kept.runs {
            let mut row = who.to_vec();
            row.extend([name.clone(), value.to_string(), String::new(), String::new(), "1".into()]);
            numbers.push(row);
        }
    }
    numbers
}
