//! Panels of mean step functions of the labels that runs used: what label efficiency and the accuracy of
//! reward models share.

mod numbers;

pub use numbers::{COLUMNS, numbers};

use crate::data::Series;
use crate::layout::{Axis, Block, Entry, LEVEL_DASH, Labels, Page, Panel, TICK_SIZE};
use crate::model::{ByLabels, Estimate, Group, LabelCurve};
use crate::scene::{Align, Scene};
use crate::style::{self, MUTED, Marker, SeriesStyle};

/// Room on the left of every panel whose axis is that of its neighbour.
const PANEL_GAP: f64 = 20.0;
/// Radius and opacity of the points at the ends of runs.
const END: (f64, f64) = (3.0, 0.5);
/// Room right of the last number of labels, so that the points there are whole.
const ROOM: f64 = 1.1;

/// What is said beside the picture of intervals that it does not show whole.
pub const CUT_INTERVALS: &str = "Intervals of two runs are so wide where one of them has stepped before \
    the other that axes are not made for them: they are cut at the edge.";

/// What one panel is of.
pub struct LabelPanel<'a> {
    /// What stands above it.
    pub title: String,
    /// What its means are of, for the table beside the picture.
    pub what: &'static str,
    /// Its means; one that is [`ByLabels::Apart`] is not drawn.
    pub curves: Vec<(Group<'a>, ByLabels)>,
}

/// How panels are laid out.
pub struct LabelPage<'a> {
    /// The panels, row by row.
    pub panels: &'a [LabelPanel<'a>],
    /// Panels side by side.
    pub columns: usize,
    /// Title of horizontal axes.
    pub x: &'a str,
    /// Title of vertical axes.
    pub y: &'a str,
    /// Vertical axes, a panel each.
    pub y_axes: Vec<Axis>,
    /// A value with a line across, and what it is.
    pub level: Option<(f64, &'a str)>,
    /// What stands in a panel without curves.
    pub nothing: &'a str,
}

impl LabelPanel<'_> {
    /// The values that the vertical axis is to hold. No value is beyond 1 in size, though intervals can be;
    /// for those of two runs see [`CUT_INTERVALS`].
    pub fn values(&self) -> Vec<f64> {
        let of = |point: &Estimate| {
            let interval = point.interval.filter(|_| point.n > 2);
            let (low, high) = interval.unwrap_or((point.mean, point.mean));
            [point.mean, low.max(-1.0), high.min(1.0)]
        };
        let mut values = Vec::new();
        for (_, mean) in &self.curves {
            match mean {
                ByLabels::Curve(curve) => {
                    values.extend(curve.points.iter().flat_map(|(_, point)| of(point)));
                    values.extend(curve.ends.iter().map(|(_, value)| *value));
                }
                ByLabels::Free(point) => values.extend(of(point)),
                ByLabels::Apart => {}
            }
        }
        values
    }

    /// The numbers of labels that the horizontal axis is to hold.
    fn labels(&self) -> impl Iterator<Item = u64> {
        let of = |(_, mean): &(Group<'_>, ByLabels)| match mean {
            ByLabels::Curve(LabelCurve { points, ends }) => {
                let first = points.iter().map(|(labels, _)| *labels).find(|labels| *labels > 0);
                let last = points.last().map(|(labels, _)| *labels);
                first
                    .into_iter()
                    .chain(last)
                    .chain(ends.iter().map(|(labels, _)| *labels))
                    .collect()
            }
            ByLabels::Free(_) | ByLabels::Apart => Vec::new(),
        };
        self.curves.iter().flat_map(of).filter(|labels| *labels > 0)
    }
}

impl LabelPage<'_> {
    /// Draws the page.
    pub fn draw(&self, caption: String) -> Scene {
        let x_axis = self.x_axis();
        let series = self.series();
        let looks = style::looks(&series);
        let share_y = self.y_axes.iter().all(|axis| *axis == self.y_axes[0]);
        let room = |title: bool| {
            self.y_axes.iter().map(|axis| Panel::left_room(axis, title)).fold(0.0, f64::max)
        };
        let gap = if share_y { PANEL_GAP } else { room(false) };
        let page = Page {
            heading: String::new(),
            legend: self.legend(&series, &looks),
            blocks: vec![Block {
                panels: self.panels.len(),
                columns: self.columns,
                panel_height: if self.panels.len() == 1 { 420.0 } else { 310.0 },
            }],
            left: room(true) - gap,
            caption,
        };
        let mut sheet = page.sheet();
        for (index, panel) in self.panels.iter().enumerate() {
            let first = index % self.columns == 0;
            let labels = Labels {
                title: &panel.title,
                x: self.x,
                y: if first { self.y } else { "" },
                y_ticks: first || !share_y,
            };
            let axes = (x_axis.clone(), self.y_axes[index].clone());
            let frame = Panel::draw(&mut sheet.scene, sheet.cells[index], gap, axes, &labels);
            if let Some((value, name)) = self.level {
                frame.level(&mut sheet.scene, value, name);
            }
            let look = |wanted: &Series| {
                let place = series.iter().position(|series| *series == wanted);
                place.map(|place| looks[place])
            };
            draw_panel(&mut sheet.scene, &frame, &x_axis, panel, look);
            if panel.curves.is_empty() {
                let plot = frame.plot;
                let at = (plot.x + plot.width / 2.0, plot.y + plot.height / 2.0);
                sheet.scene.text(at, self.nothing, TICK_SIZE, Align::Center, MUTED);
            }
        }
        sheet.scene
    }

    /// One axis for all panels: labels are what they are compared by.
    fn x_axis(&self) -> Axis {
        let labels = || self.panels.iter().flat_map(LabelPanel::labels);
        let (low, high) = (labels().min().unwrap_or(1), labels().max().unwrap_or(10));
        let ticks = [8, 5, 3][self.columns.clamp(1, 3) - 1];
        Axis::decades(low as f64, ROOM * high as f64, ticks)
    }

    /// The series that are drawn, in the order of legends.
    fn series(&self) -> Vec<&Series> {
        let curves = self.panels.iter().flat_map(|panel| &panel.curves);
        let drawn = curves.filter(|(_, mean)| *mean != ByLabels::Apart);
        let mut series: Vec<&Series> = drawn.map(|(group, _)| group.series).collect();
        series.sort_by_key(|series| style::order(series));
        series.dedup();
        series
    }

    fn legend(&self, series: &[&Series], looks: &[SeriesStyle]) -> Vec<Entry> {
        let pairs = series.iter().zip(looks);
        let mut legend: Vec<Entry> =
            pairs.map(|(series, look)| Entry::series(style::name(series), *look)).collect();
        let curves = self.panels.iter().flat_map(|panel| &panel.curves);
        if curves.into_iter().any(|(_, mean)| matches!(mean, ByLabels::Curve(_))) {
            let look =
                SeriesStyle { color: MUTED, dash: &[], marker: Marker::Circle, hollow: false };
            legend.push(Entry::marker("end of a run", look));
        }
        let seen = |(value, _): &(f64, &str)| self.y_axes.iter().any(|axis| axis.holds(*value));
        if let Some((_, name)) = self.level.filter(seen) {
            legend.push(Entry::line(name, MUTED, LEVEL_DASH, 1.0));
        }
        legend
    }
}

fn draw_panel(
    scene: &mut Scene,
    frame: &Panel,
    x_axis: &Axis,
    panel: &LabelPanel<'_>,
    look: impl Fn(&Series) -> Option<SeriesStyle>,
) {
    let drawn: Vec<(&ByLabels, SeriesStyle)> =
        panel.curves.iter().filter_map(|(group, mean)| Some((mean, look(group.series)?))).collect();
    // What holds from a number of labels on reaches to the next.
    let all: Vec<Vec<(f64, Estimate)>> =
        drawn.iter().map(|(mean, _)| corners(mean, x_axis)).collect();
    for ((_, look), corners) in drawn.iter().zip(&all) {
        for piece in corners.chunk_by(|a, b| a.1.interval.is_some() == b.1.interval.is_some()) {
            let band = piece.iter().filter_map(|(x, point)| {
                let (low, high) = point.interval?;
                Some((*x, low, high))
            });
            let band: Vec<(f64, f64, f64)> = band.collect();
            if band.len() > 1 {
                frame.band(scene, &band, look.color);
            }
        }
    }
    for ((mean, look), corners) in drawn.iter().zip(&all) {
        let line: Vec<(f64, f64)> = corners.iter().map(|(x, point)| (*x, point.mean)).collect();
        frame.curve(scene, &line, look.color, look.dash);
        if let ByLabels::Curve(curve) = mean {
            let seen = |(labels, value): &&(u64, f64)| frame.holds(*labels as f64, *value);
            for (labels, value) in curve.ends.iter().filter(seen) {
                scene.disc(frame.place(*labels as f64, *value), END.0, look.color, END.1);
            }
        }
    }
    for (index, (mean, look)) in drawn.iter().enumerate() {
        let shift = index as f64 / drawn.len() as f64;
        for (x, value) in marked(mean, shift, x_axis) {
            if frame.holds(x, value) {
                scene.marker(frame.place(x, value), 8.0, look);
            }
        }
    }
}

/// The corners of a step function on an axis that may begin after its first step.
fn corners(mean: &ByLabels, x_axis: &Axis) -> Vec<(f64, Estimate)> {
    match mean {
        ByLabels::Apart => Vec::new(),
        ByLabels::Free(point) => vec![(x_axis.low(), *point), (x_axis.high(), *point)],
        ByLabels::Curve(LabelCurve { points, .. }) => {
            let mut corners: Vec<(f64, Estimate)> = Vec::new();
            for (labels, point) in points {
                let x = (*labels as f64).max(x_axis.low());
                let before = corners.last().map(|(_, before)| (x, *before));
                corners.extend(before);
                corners.push((x, *point));
            }
            corners
        }
    }
}

/// Where a mean gets markers: one in every sixth of the axis where it has a value, `shift` of it further
/// on, so that curves do not cover each other's. At least one.
fn marked(mean: &ByLabels, shift: f64, x_axis: &Axis) -> Vec<(f64, f64)> {
    let places = (0..6).map(|sixth| (f64::from(sixth) + 0.2 + 0.8 * shift) / 6.0);
    let places = places.map(|share| x_axis.part(x_axis.high(), share));
    match mean {
        ByLabels::Apart => Vec::new(),
        ByLabels::Free(point) => places.map(|x| (x, point.mean)).collect(),
        ByLabels::Curve(curve) => {
            let found = places.filter_map(|x| Some((x, curve.at(x)?.mean)));
            let found: Vec<(f64, f64)> = found.collect();
            let last = curve.points.last().map(|(labels, point)| (*labels as f64, point.mean));
            if found.is_empty() { last.into_iter().collect() } else { found }
        }
    }
}
