//! Panels with a row per series and returns along the horizontal axis, a panel per oversight level.

use crate::data::{Oversight, Series};
use crate::layout::{Axis, Block, Entry, LEVEL_DASH, Labels, Page, Panel, TICK_SIZE};
use crate::model::Estimate;
use crate::scene::{Align, Scene, wrap};
use crate::style::{self, MUTED, SeriesStyle};

const ROW_HEIGHT: f64 = 36.0;
const LABEL_WIDTH: f64 = 178.0;
const BESIDE_WIDTH: f64 = 116.0;
/// Font size of what stands beside a panel.
const BESIDE_SIZE: f64 = TICK_SIZE - 2.0;

/// What all panels share.
pub struct SeriesRows<'a> {
    /// Series from top to bottom, each with its look.
    pub series: Vec<(&'a Series, SeriesStyle)>,
    /// A panel each.
    pub levels: Vec<Oversight>,
    /// The horizontal axis of each panel.
    pub axes: Vec<Axis>,
    /// Title of the horizontal axes.
    pub x: &'a str,
    /// A value that is marked, and what that is called.
    pub mark: Option<(f64, &'a str)>,
    /// Values whose range is shaded.
    pub band: Option<(f64, f64)>,
    /// Of a single panel: what stands right of each series, below a heading of two lines.
    pub beside: Option<([&'a str; 2], Vec<String>)>,
    /// What stands in a row that has nothing to draw.
    pub nothing: &'a str,
}

impl SeriesRows<'_> {
    /// Panels side by side for so many levels.
    pub fn columns(levels: usize) -> usize {
        Page::columns_for(levels).min(2)
    }

    /// Draws the page; `draw_row` draws a series at a level into a panel at a height, and says whether
    /// there was anything.
    pub fn draw(
        &self,
        caption: String,
        draw_row: impl Fn(&mut Scene, &Panel, f64, &Series, Oversight, &SeriesStyle) -> bool,
    ) -> Scene {
        let columns = Self::columns(self.levels.len());
        let seen = |(value, _): &(f64, &str)| self.axes.iter().any(|axis| axis.holds(*value));
        let mark = self.mark.filter(seen);
        let mark = mark.map(|(_, name)| Entry::line(name, MUTED, LEVEL_DASH, 1.0));
        let page = Page {
            heading: String::new(),
            legend: mark.into_iter().collect(),
            blocks: vec![Block {
                panels: self.levels.len(),
                columns,
                panel_height: self.series.len() as f64 * ROW_HEIGHT + 84.0,
            }],
            left: LABEL_WIDTH,
            caption,
        };
        let mut sheet = page.sheet();
        for (index, level) in self.levels.iter().enumerate() {
            let rows = Axis::bare(0.0, self.series.len() as f64);
            let title = level.to_string();
            let labels = Labels { title: &title, x: self.x, ..Labels::default() };
            let axes = (self.axes[index].clone(), rows);
            let mut cell = sheet.cells[index];
            cell.width -= self.beside.as_ref().map_or(0.0, |_| BESIDE_WIDTH);
            let panel = Panel::draw(&mut sheet.scene, cell, 12.0, axes, &labels);
            if let Some((low, high)) = self.band {
                panel.upright_band(&mut sheet.scene, low, high);
            }
            if let Some((value, name)) = self.mark {
                panel.upright_level(&mut sheet.scene, value, name);
            }
            for (row, (series, look)) in self.series.iter().enumerate() {
                let height = (self.series.len() - row) as f64 - 0.5;
                if index % columns == 0 {
                    draw_label(&mut sheet.scene, &panel, height, series);
                }
                if let Some((_, texts)) = &self.beside {
                    let (x, y) = panel.place_right(height);
                    let at = (x + 12.0, y);
                    sheet.scene.text_beside(at, &texts[row], BESIDE_SIZE, Align::Left);
                }
                if !draw_row(&mut sheet.scene, &panel, height, series, *level, look) {
                    let (x, y) = panel.place_left(height);
                    let at = (x + 8.0, y + 4.0);
                    sheet.scene.text(at, self.nothing, TICK_SIZE - 2.0, Align::Left, MUTED);
                }
            }
            for (line, text) in self.beside.iter().flat_map(|(heading, _)| heading).enumerate() {
                let at = (panel.plot.x + panel.plot.width + 12.0, panel.plot.y);
                let at = (at.0, at.1 - 22.0 + 14.0 * line as f64);
                sheet.scene.text(at, text, BESIDE_SIZE, Align::Left, MUTED);
            }
        }
        sheet.scene
    }
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

/// Draws values as small points and their mean with its interval below them, and a tick if one is given: what of all
/// that lies within the axis.
pub fn draw_values(
    scene: &mut Scene,
    panel: &Panel,
    height: f64,
    values: impl Iterator<Item = f64>,
    mean: &Estimate,
    tick: Option<f64>,
    look: &SeriesStyle,
) {
    let is_within = |value: &f64| panel.holds(*value, height);
    for (index, value) in values.enumerate().filter(|(_, value)| is_within(value)) {
        // Neighbours in seed lie apart in height, the same way in every figure.
        let jitter = ((index * 3) % 7) as f64 - 3.0;
        let (x, y) = panel.place(value, height);
        scene.disc((x, y - 7.0 + 1.3 * jitter), 3.0, look.color, 0.55);
    }
    let y = panel.place_left(height).1 + 8.5;
    if is_within(&mean.mean) {
        let x = panel.place(mean.mean, height).0;
        scene.marker_shape((x, y), 8.0, look.marker, look.color, 1.0);
    }
    if let Some((low, high)) = mean.interval {
        let ends = [low, high].map(|end| (panel.place_across(end, height).0, y));
        scene.line(&ends, look.color, 2.0);
        for end in [low, high].into_iter().filter(is_within) {
            let x = panel.place(end, height).0;
            scene.line(&[(x, y - 4.0), (x, y + 4.0)], look.color, 2.0);
        }
    }
    if let Some(tick) = tick.filter(is_within) {
        let x = panel.place(tick, height).0;
        scene.line(&[(x, y - 7.0), (x, y + 7.0)], look.color, 1.5);
    }
}
