//! True return over training, a panel per oversight level: the paper's Figures 1 and 5.

use anyhow::Result;

use super::curve_panels::{Spec, panels, picture};
use super::{Figure, Outcome};
use crate::data::Results;

/// See [`super::FIGURES`].
pub const FIGURE: Figure = Figure {
    name: "learning-curves",
    summary: "true return over training, mean and interval, a panel per p",
    draw,
};

const SPEC: Spec = Spec {
    name: FIGURE.name,
    y: "True return",
    shows: "True return of the policy that each method is judged by (the diamond policy of routed \
            methods, else the trained one) over training.",
    value: |point| Some(point.true_return),
    returns: true,
};

fn draw(results: &Results) -> Result<Outcome> {
    let panels = panels(results, &SPEC)?;
    if panels.is_empty() {
        return Ok(Outcome::NoData("no finished run has evaluations".into()));
    }
    Ok(Outcome::Drawn(vec![picture(results, &SPEC, &panels)?]))
}
