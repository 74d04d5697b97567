//! The axes of panels of curves, and which curves are to be seen on them.

use super::PanelModel;
use crate::data::{Run, Series};
use crate::layout::{Axis, Page, View};
use crate::style;

/// The two axes of every panel.
pub struct Axes {
    /// Axes of updates, a panel each.
    pub x: Vec<Axis>,
    /// Axes of values, a panel each.
    pub y: Vec<Axis>,
}

impl Axes {
    /// Axes that suit the panels, as far as `view` does not ask for others.
    pub fn of(panels: &[PanelModel<'_>], view: &View, optimal: Option<f64>) -> Self {
        let ticks = if Page::columns_for(panels.len()) == 3 { 3 } else { 4 };
        let x = view.updates(&panels.iter().map(updates).collect::<Vec<_>>(), ticks);
        let values = panels.iter().zip(&x).map(|(panel, x)| values(panel, x));
        let y = view.vertical(&values.collect::<Vec<_>>(), optimal, 6);
        Self { x, y }
    }

    /// Whether all panels have the same axis of values.
    pub fn share_y(&self) -> bool {
        self.y.iter().all(|axis| *axis == self.y[0])
    }

    /// The series of which something is to be seen, in the order of legends.
    pub fn series<'a>(&self, panels: &[PanelModel<'a>]) -> Vec<&'a Series> {
        let mut series = Vec::new();
        for (index, panel) in panels.iter().enumerate() {
            for (group, curve) in &panel.curves {
                if curve.points.iter().any(|(x, point)| self.holds(index, *x, point.mean)) {
                    series.push(group.series);
                }
            }
        }
        series.sort_by_key(|series| style::order(series));
        series.dedup();
        series
    }

    /// The reference runs of which something is to be seen.
    pub fn references<'a>(&self, panels: &[PanelModel<'a>]) -> Vec<&'a Run> {
        let seen = |index: usize, run: &Run| {
            let mut points = run.evaluations.iter();
            points.any(|point| self.holds(index, point.update as f64, point.true_return))
        };
        let all = panels.iter().enumerate().flat_map(|(index, panel)| {
            panel.references.iter().copied().filter(move |run| seen(index, run))
        });
        all.collect()
    }

    /// Whether a kept checkpoint is to be seen.
    pub fn has_kept(&self, panels: &[PanelModel<'_>]) -> bool {
        panels.iter().enumerate().any(|(index, panel)| {
            let mut kept = panel.curves.iter().flat_map(|(_, curve)| &curve.kept);
            kept.any(|(x, value)| self.holds(index, *x, *value))
        })
    }

    /// Whether a value lies within a panel.
    fn holds(&self, panel: usize, x: f64, y: f64) -> bool {
        self.x[panel].holds(x) && self.y[panel].holds(y)
    }
}

/// The updates that the axis of a panel is to hold: the last of every curve, and the first above 0, where
/// a logarithmic axis begins. A method that trains few updates is stretched to
/// compare it with the others, and need not be seen where they have none.
fn updates(panel: &PanelModel<'_>) -> Vec<f64> {
    let references = panel.references.iter().filter_map(|run| run.evaluations.last());
    let mut ends: Vec<f64> = references.map(|point| point.update as f64).collect();
    let mut stretched: Vec<f64> = Vec::new();
    let mut enough = ends.iter().copied().fold(0.0, f64::max);
    for (group, curve) in &panel.curves {
        let kept = curve.kept.iter().map(|(x, _)| *x);
        let end = curve.points.iter().map(|(x, _)| *x).chain(kept).fold(0.0, f64::max);
        if group.axis_scale() != 1.0 {
            stretched.push(end);
            continue;
        }
        ends.push(end);
        let planned = group.finished.iter().filter_map(|run| run.planned_updates);
        enough = planned.map(|updates| updates as f64).chain([end]).fold(enough, f64::max);
    }
    let limit = if enough > 0.0 { enough } else { f64::INFINITY };
    ends.extend(stretched.into_iter().map(|end| end.min(limit)));
    let of_references =
        panel.references.iter().flat_map(|run| &run.evaluations).map(|point| point.update as f64);
    let of_curves = panel.curves.iter().flat_map(|(_, curve)| {
        let kept = curve.kept.iter().map(|(x, _)| *x);
        curve.points.iter().map(|(x, _)| *x).chain(kept)
    });
    ends.extend(of_curves.chain(of_references).filter(|x| *x > 0.0).min_by(f64::total_cmp));
    ends
}

/// The values that the axis of a panel is to hold, of the updates that are to be seen.
fn values(panel: &PanelModel<'_>, x: &Axis) -> Vec<f64> {
    // No return is beyond 1 in size; intervals of a few runs can be, and would squeeze the rest.
    let inside = |value: f64| value.clamp(-1.0, 1.0);
    let mut values = Vec::new();
    for (_, curve) in &panel.curves {
        for (_, point) in curve.points.iter().filter(|(update, _)| x.holds(*update)) {
            let (low, high) = point.interval.unwrap_or((point.mean, point.mean));
            values.extend([point.mean, inside(low), inside(high)]);
        }
        let kept = curve.kept.iter().filter(|(update, _)| x.holds(*update));
        values.extend(kept.map(|(_, value)| *value));
    }
    let references = panel.references.iter().flat_map(|run| &run.evaluations);
    let seen = references.filter(|point| x.holds(point.update as f64));
    values.extend(seen.map(|point| point.true_return));
    values
}
