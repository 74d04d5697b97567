//! A panel: two axes, a grid, a title, and places for values.

use super::{Axis, Rect, TICK_SIZE, TITLE_SIZE, clip};
use crate::scene::{Align, Point, Scene, text_width};
use crate::style::{Color, Dash, GRID, INK, MUTED};

/// Font size of a value that is written at the edge of a plot.
const EDGE_SIZE: f64 = TICK_SIZE - 2.0;
/// Height of a row of labels below the horizontal axis.
const LABEL_ROW: f64 = TICK_SIZE + 2.0;

/// What is written around a panel. Empty titles take no room.
#[derive(Clone, Copy, Debug, Default)]
pub struct Labels<'a> {
    /// Above it.
    pub title: &'a str,
    /// Below the horizontal axis.
    pub x: &'a str,
    /// Beside the vertical axis.
    pub y: &'a str,
    /// Whether ticks of the vertical axis are labelled.
    pub y_ticks: bool,
}

/// A panel with its axes drawn.
#[derive(Clone, Debug)]
pub struct Panel {
    /// The plot within the axes.
    pub plot: Rect,
    x: Axis,
    y: Axis,
}

impl Panel {
    /// Draws axes and titles into `cell`. The plot's left side lies `left` within it, so that panels
    /// above each other line up.
    pub fn draw(
        scene: &mut Scene,
        cell: Rect,
        left: f64,
        (x, y): (Axis, Axis),
        labels: &Labels<'_>,
    ) -> Self {
        let top = if labels.title.is_empty() { 8.0 } else { TITLE_SIZE + 14.0 };
        let right = 16.0;
        let width = cell.width - left - right;
        let label_rows = x.label_rows(width).into_iter().flatten().max().map_or(1, |row| row + 1);
        let below = label_rows as f64 * LABEL_ROW + 10.0;
        let bottom = below + if labels.x.is_empty() { 2.0 } else { TITLE_SIZE + 13.0 };
        let plot =
            Rect { x: cell.x + left, y: cell.y + top, width, height: cell.height - top - bottom };
        let panel = Self { plot, x, y };
        panel.draw_frame(scene, labels);
        let middle = plot.x + plot.width / 2.0;
        if !labels.title.is_empty() {
            let at = (middle, plot.y - 9.0);
            scene.text(at, labels.title, TITLE_SIZE, Align::Center, INK);
        }
        if !labels.x.is_empty() {
            let at = (middle, plot.y + plot.height + below + TITLE_SIZE + 2.0);
            scene.text(at, labels.x, TITLE_SIZE, Align::Center, INK);
        }
        if !labels.y.is_empty() {
            let room = Self::left_room(&panel.y, true);
            let at = (plot.x - room + 0.5 * TITLE_SIZE, plot.y + plot.height / 2.0);
            scene.text_upwards(at, labels.y, TITLE_SIZE);
        }
        panel
    }

    /// Room that tick labels and title of a vertical axis take.
    pub fn left_room(axis: &Axis, title: bool) -> f64 {
        let widths = axis.ticks.iter().map(|(_, label)| text_width(label, TICK_SIZE));
        widths.fold(0.0, f64::max) + 12.0 + if title { TITLE_SIZE + 10.0 } else { 4.0 }
    }

    fn draw_frame(&self, scene: &mut Scene, labels: &Labels<'_>) {
        let Rect { x, y, width, height } = self.plot;
        let (right, bottom) = (x + width, y + height);
        for (value, label) in &self.y.ticks {
            let at = self.place(self.x.low(), *value).1;
            scene.line(&[(x, at), (right, at)], GRID, 1.0);
            scene.line(&[(x - 4.0, at), (x, at)], INK, 1.0);
            if labels.y_ticks {
                scene.text_beside((x - 8.0, at), label, TICK_SIZE, Align::Right);
            }
        }
        for ((value, label), row) in self.x.ticks.iter().zip(self.x.label_rows(width)) {
            let at = self.place(*value, self.y.low()).0;
            scene.line(&[(at, y), (at, bottom)], GRID, 1.0);
            scene.line(&[(at, bottom), (at, bottom + 4.0)], INK, 1.0);
            if let Some(row) = row {
                let baseline = bottom + 6.0 + (row + 1) as f64 * LABEL_ROW;
                scene.text((at, baseline), label, TICK_SIZE, Align::Center, INK);
            }
        }
        scene.line(&[(x, y), (x, bottom), (right, bottom)], INK, 1.2);
    }

    /// Where values lie on the page.
    pub fn place(&self, x: f64, y: f64) -> Point {
        let Rect { x: left, y: top, width, height } = self.plot;
        (left + self.x.share(x) * width, top + (1.0 - self.y.share(y)) * height)
    }

    /// Where values lie, moved into the plot if they are above or below it.
    pub fn place_inside(&self, x: f64, y: f64) -> Point {
        self.place(x, y.clamp(self.y.low(), self.y.high()))
    }

    /// Where values lie, moved into the plot if they are left or right of it.
    pub fn place_across(&self, x: f64, y: f64) -> Point {
        self.place(x.clamp(self.x.low(), self.x.high()), y)
    }

    /// The place on the vertical axis at a height.
    pub fn place_left(&self, y: f64) -> Point {
        self.place(self.x.low(), y)
    }

    /// The place on the right edge at a height.
    pub fn place_right(&self, y: f64) -> Point {
        self.place(self.x.high(), y)
    }

    /// Whether values lie within the plot.
    pub fn holds(&self, x: f64, y: f64) -> bool {
        self.x.holds(x) && self.y.holds(y)
    }

    /// Draws what lies within the plot of a curve.
    pub fn curve(&self, scene: &mut Scene, points: &[(f64, f64)], color: Color, dash: Dash) {
        let points = points.iter().filter(|(x, _)| self.x.has_place_for(*x));
        let points: Vec<Point> = points.map(|(x, y)| self.place(*x, *y)).collect();
        self.line(scene, &points, color, 2.0, dash);
    }

    /// Draws what lies within the plot of a line through places of the page.
    pub fn line(&self, scene: &mut Scene, line: &[Point], color: Color, width: f64, dash: Dash) {
        for piece in clip::within(line, &self.plot) {
            scene.dashed(&thin(&piece), color, width, dash);
        }
    }

    /// Shades what lies between two curves, given as (x, low, high).
    pub fn band(&self, scene: &mut Scene, points: &[(f64, f64, f64)], color: Color) {
        let side = |of: fn(&(f64, f64, f64)) -> f64| {
            let points = points.iter().filter(|(x, ..)| self.x.has_place_for(*x));
            let line: Vec<Point> =
                points.map(|point| self.place_inside(point.0, of(point))).collect();
            thin(&clip::up_to(&line, self.plot.x + self.plot.width))
        };
        let (low, mut high) = (side(|point| point.1), side(|point| point.2));
        high.reverse();
        scene.area(low.into_iter().chain(high).collect(), color, 0.18);
    }

    /// Draws a thin line across the plot at a value, such as the optimal return. A value above the plot
    /// is written at its edge.
    pub fn level(&self, scene: &mut Scene, value: f64, name: &str) {
        if self.y.holds(value) {
            let (left, right) = (self.place(self.x.low(), value), self.place(self.x.high(), value));
            scene.dashed(&[left, right], MUTED, 1.0, LEVEL_DASH);
        } else if value > self.y.high() {
            let at = (self.plot.x + 6.0, self.plot.y + EDGE_SIZE);
            let text = format!("↑ {name}: {value:.3}");
            scene.text(at, &text, EDGE_SIZE, Align::Left, MUTED);
        }
    }

    /// Draws a thin line down the plot at a value. A value right of the plot is written at its edge.
    pub fn upright_level(&self, scene: &mut Scene, value: f64, name: &str) {
        if self.x.holds(value) {
            self.upright(scene, value, LEVEL_DASH, 1.0);
        } else if value > self.x.high() {
            let at = (self.plot.x + self.plot.width, self.plot.y - 9.0);
            let text = format!("{name}: {value:.3} →");
            scene.text(at, &text, EDGE_SIZE, Align::Right, MUTED);
        }
    }

    /// Shades a range of the horizontal axis.
    pub fn upright_band(&self, scene: &mut Scene, low: f64, high: f64) {
        let [(left, top), (right, bottom)] =
            [self.place_across(low, self.y.high()), self.place_across(high, self.y.low())];
        let corners = vec![(left, top), (right, top), (right, bottom), (left, bottom)];
        scene.area(corners, MUTED, 0.12);
    }

    /// Draws a thin line down the plot at a value of the horizontal axis.
    pub fn upright(&self, scene: &mut Scene, value: f64, dash: Dash, width: f64) {
        if !self.x.holds(value) {
            return;
        }
        let (low, high) = (self.place(value, self.y.low()), self.place(value, self.y.high()));
        scene.dashed(&[low, high], MUTED, width, dash);
    }
}

/// Dash of lines at a value.
pub const LEVEL_DASH: Dash = &[1.0, 3.0];

/// Points that can be seen: of those that fall on one half of a unit, the first, the lowest, the
/// highest and the last, in their order. Curves that are evaluated after every update have 20,000.
fn thin(points: &[Point]) -> Vec<Point> {
    let column = |point: &Point| (point.0 * 2.0).floor();
    let mut kept = Vec::new();
    for same in points.chunk_by(|a, b| column(a) == column(b)) {
        let by_height = |a: &usize, b: &usize| same[*a].1.total_cmp(&same[*b].1);
        let extremes = [(0..same.len()).min_by(by_height), (0..same.len()).max_by(by_height)];
        let mut few: Vec<usize> =
            [0, same.len() - 1].into_iter().chain(extremes.into_iter().flatten()).collect();
        few.sort_unstable();
        few.dedup();
        kept.extend(few.into_iter().map(|index| same[index]));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_ends_and_extremes() {
        let mut points: Vec<Point> = (0..1000).map(|i| (f64::from(i) / 1000.0, 5.0)).collect();
        points[300].1 = 9.0;
        points[700].1 = -9.0;
        let kept = thin(&points);
        assert!(kept.len() < 10, "{kept:?}");
        for index in [0, 300, 700, 999] {
            assert!(kept.contains(&points[index]), "{index}");
        }
        let few = [(0.0, 1.0), (1.0, 2.0), (2.0, 0.0)];
        assert_eq!(thin(&few), few);
    }

    #[test]
    fn thinning_leaves_the_corners_of_steps_in_their_order() {
        for (from, to) in [(5.0, 3.0), (3.0, 5.0)] {
            let step = [(0.0, from), (10.1, from), (10.1, to), (20.0, to)];
            assert_eq!(thin(&step), step);
        }
    }
}
