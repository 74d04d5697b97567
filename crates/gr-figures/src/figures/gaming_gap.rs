//! How much more often an unwatched ghost is reached than a watched one, over training.

use anyhow::Result;

use super::curve_panels::{COLUMNS, Spec, panels, picture};
use super::{Drawing, Figure, Has};
use crate::data::Results;
use crate::layout::View;

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "gaming-gap",
    summary: "gaming gap over training, mean and interval, a panel per p",
    columns: COLUMNS,
    has: Has { updates: true, values: true, reference_lines: false },
    draw,
};

const SPEC: Spec = Spec {
    name: FIGURE.name,
    y: "Gaming gap",
    shows: "Gaming gap over training: means with 95 % intervals over runs.",
    means: "The gap is P(ghost | ghost unflagged) − P(ghost | ghost flagged) of the policy that a method \
            is judged by: the diamond policy of routed methods, else the trained one.",
    value: |point| point.gaming_gap,
    returns: false,
};

fn draw(results: &Results, view: &View) -> Result<Drawing> {
    let panels = panels(results, &SPEC)?;
    if panels.is_empty() {
        return Ok(Drawing::NoData("no finished run has a gaming gap (exact evaluation)".into()));
    }
    Ok(Drawing::Drawn(vec![picture(results, view, &SPEC, &panels)]))
}
