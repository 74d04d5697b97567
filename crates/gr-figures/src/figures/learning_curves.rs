//! True return over training, a panel per oversight level: the paper's Figures 1 and 5.

use anyhow::Result;

use super::curve_panels::{COLUMNS, Spec, panels, picture};
use super::{Drawing, Figure, Has};
use crate::data::Results;
use crate::layout::View;

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "learning-curves",
    summary: "true return over training, mean and interval, a panel per p",
    columns: COLUMNS,
    has: Has { updates: true, values: true, reference_lines: true },
    draw,
};

const SPEC: Spec = Spec {
    name: FIGURE.name,
    y: "True return",
    shows: "True return over training: means with 95 % intervals over runs.",
    means: "The return is that of the policy that a method is judged by: the diamond policy of routed \
            methods, else the trained one.",
    value: |point| Some(point.true_return),
    returns: true,
};

fn draw(results: &Results, view: &View) -> Result<Drawing> {
    let panels = panels(results, &SPEC)?;
    if panels.is_empty() {
        return Ok(Drawing::NoData("no finished run has evaluations".into()));
    }
    Ok(Drawing::Drawn(vec![picture(results, view, &SPEC, &panels)]))
}
