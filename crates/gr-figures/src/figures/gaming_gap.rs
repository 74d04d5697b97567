//! How much more often an unwatched ghost is reached than a watched one, over training.

use anyhow::Result;

use super::curve_panels::{Spec, panels, picture};
use super::{Figure, Outcome};
use crate::data::Results;

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "gaming-gap",
    summary: "gaming gap over training, mean and interval, a panel per p",
    draw,
};

const SPEC: Spec = Spec {
    name: FIGURE.name,
    y: "Gaming gap",
    shows: "Gaming gap, P(ghost | ghost unflagged) − P(ghost | ghost flagged), of the policy that \
            each method is judged by, over training.",
    value: |point| point.gaming_gap,
    returns: false,
};

fn draw(results: &Results) -> Result<Outcome> {
    let panels = panels(results, &SPEC)?;
    if panels.is_empty() {
        return Ok(Outcome::NoData("no finished run has a gaming gap (exact evaluation)".into()));
    }
    Ok(Outcome::Drawn(vec![picture(results, &SPEC, &panels)?]))
}
