//! Panels of mean curves, one per oversight level: what learning curves and gaming gap share.

mod axes;
mod numbers;
mod words;

use anyhow::Result;

use super::Picture;
use crate::data::{Oversight, Results, Run, Series};
use crate::layout::{Axis, Block, Labels, Page, Panel, View};
use crate::model::{Curve, Estimate, Group, Value, curve, groups};
use crate::scene::Scene;
use crate::style::{self, Color, Dash, MUTED, SeriesStyle};

use axes::Axes;
pub use numbers::COLUMNS;

/// What is drawn.
pub struct Spec {
    /// Name of the figure.
    pub name: &'static str,
    /// Title of the vertical axis.
    pub y: &'static str,
    /// First sentence of the caption.
    pub shows: &'static str,
    /// What that means, beside the picture.
    pub means: &'static str,
    /// What of an evaluation.
    pub value: Value,
    /// Whether the optimal return and references are shown: returns only.
    pub returns: bool,
}

/// Room on the left of every panel whose axis is that of its neighbour.
const PANEL_GAP: f64 = 20.0;

/// Dash of reference curves, and their colour where their method has none.
const REFERENCE_DASH: Dash = &[5.0, 3.0];

/// The numbers of one panel.
#[derive(Debug)]
pub struct PanelModel<'a> {
    /// Its oversight level.
    pub oversight: Oversight,
    /// Its curves.
    pub curves: Vec<(Group<'a>, Curve)>,
    /// Published curves at the same level.
    pub references: Vec<&'a Run>,
}

/// The panels that `results` allow, by oversight level.
pub fn panels<'a>(results: &'a Results, spec: &Spec) -> Result<Vec<PanelModel<'a>>> {
    let mut panels: Vec<PanelModel<'a>> = Vec::new();
    for group in groups(results) {
        let Some(curve) = curve(&group, spec.value)? else { continue };
        let oversight = group.oversight;
        match panels.last_mut() {
            Some(panel) if panel.oversight == oversight => panel.curves.push((group, curve)),
            _ => {
                let references = results.references.iter();
                let references =
                    references.filter(|run| spec.returns && run.oversight == oversight);
                panels.push(PanelModel {
                    oversight,
                    curves: vec![(group, curve)],
                    references: references.filter(|run| !run.evaluations.is_empty()).collect(),
                });
            }
        }
    }
    Ok(panels)
}

/// Draws the panels.
pub fn picture(results: &Results, view: &View, spec: &Spec, panels: &[PanelModel<'_>]) -> Picture {
    let optimal = view.reference(results.optimal_return()).filter(|_| spec.returns);
    let columns = Page::columns_for(panels.len());
    let axes = Axes::of(panels, view, optimal);
    let series = axes.series(panels);
    let looks = style::looks(&series);
    let look = |wanted: &Series| {
        let place = series.iter().position(|series| *series == wanted);
        place.map(|place| looks[place])
    };
    let caption = words::caption(results, spec, panels, &axes, view);
    let room =
        |title: bool| axes.y.iter().map(|axis| Panel::left_room(axis, title)).fold(0.0, f64::max);
    let gap = if axes.share_y() { PANEL_GAP } else { room(false) };
    let page = Page {
        heading: String::new(),
        legend: words::legend(&series, &looks, panels, &axes, optimal),
        blocks: vec![Block {
            panels: panels.len(),
            columns,
            panel_height: if panels.len() == 1 { 420.0 } else { 310.0 },
        }],
        left: room(true) - gap,
        caption: caption.text(),
    };
    let mut sheet = page.sheet();
    for (index, panel) in panels.iter().enumerate() {
        let first = index % columns == 0;
        let labels = Labels {
            title: &panel.oversight.to_string(),
            x: view.updates_title(),
            y: if first { spec.y } else { "" },
            y_ticks: first || !axes.share_y(),
        };
        let (x, y) = (axes.x[index].clone(), axes.y[index].clone());
        let frame = Panel::draw(&mut sheet.scene, sheet.cells[index], gap, (x, y), &labels);
        if let Some(optimal) = optimal {
            frame.level(&mut sheet.scene, optimal, "optimal policy");
        }
        draw_curves(&mut sheet.scene, &frame, &axes.x[index], panel, &look);
    }
    Picture::still(spec.name, sheet.scene, caption, numbers::numbers(panels))
}

fn draw_curves(
    scene: &mut Scene,
    frame: &Panel,
    x_axis: &Axis,
    panel: &PanelModel<'_>,
    look: &impl Fn(&Series) -> Option<SeriesStyle>,
) {
    let drawn: Vec<(&Curve, SeriesStyle)> = panel
        .curves
        .iter()
        .filter_map(|(group, curve)| Some((curve, look(group.series)?)))
        .collect();
    for (curve, look) in &drawn {
        let band = curve.points.iter().filter_map(|(x, point)| {
            let (low, high) = point.interval?;
            Some((*x, low, high))
        });
        let band: Vec<(f64, f64, f64)> = band.collect();
        if band.len() > 1 {
            frame.band(scene, &band, look.color);
        }
    }
    for run in &panel.references {
        let points = run.evaluations.iter().map(|point| (point.update as f64, point.true_return));
        frame.curve(scene, &points.collect::<Vec<_>>(), reference_color(run), REFERENCE_DASH);
    }
    for (curve, look) in &drawn {
        let points: Vec<(f64, f64)> = curve.points.iter().map(|(x, p)| (*x, p.mean)).collect();
        frame.curve(scene, &points, look.color, look.dash);
    }
    let ends = drawn.iter().filter_map(|(curve, _)| Some(curve.points.last()?.0));
    let longest = ends.fold(0.0, f64::max).min(x_axis.high());
    for (index, (curve, look)) in drawn.iter().enumerate() {
        let marks = marked(&curve.points, index as f64 / drawn.len() as f64, longest, x_axis);
        let marks = marks.into_iter().map(|place| (place, 8.0, *look));
        let kept = curve.kept.iter().map(|place| (*place, 7.0, kept_look(*look)));
        for ((x, value), size, look) in marks.chain(kept).filter(|((x, y), ..)| frame.holds(*x, *y))
        {
            scene.marker(frame.place(x, value), size, &look);
        }
    }
}

/// The points of a curve that get markers: one in every sixth of the axis up to `longest`, `shift` of
/// it further on, so that curves do not cover each other's. At least one.
fn marked(points: &[(f64, Estimate)], shift: f64, longest: f64, x_axis: &Axis) -> Vec<(f64, f64)> {
    let end = points.last().map_or(0.0, |(x, _)| *x).min(longest);
    let share = |sixth: u32| (f64::from(sixth) + 0.2 + 0.8 * shift) / 6.0;
    let mut wanted: Vec<f64> = (0..6).map(|sixth| x_axis.part(longest, share(sixth))).collect();
    wanted.retain(|x| *x <= end);
    if wanted.is_empty() {
        wanted.push(end);
    }
    let nearest = |wanted: f64| points.get(points.partition_point(|(x, _)| *x < wanted));
    let found = wanted.into_iter().filter_map(nearest);
    found.map(|(x, point)| (*x, point.mean)).collect()
}

/// Look of the checkpoints that runs of a series kept.
fn kept_look(look: SeriesStyle) -> SeriesStyle {
    SeriesStyle { marker: style::Marker::Diamond, hollow: true, ..look }
}

fn reference_color(run: &Run) -> Color {
    let method = style::METHODS.iter().find(|method| method.label == run.series.method);
    method.map_or(MUTED, |method| method.look.color.darker())
}
