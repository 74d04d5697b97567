//! x
use super::{Figure, Outcome};
/// See [`super::FIGURES`].
pub const FIGURE: Figure =
    Figure { name: "final_returns", summary: "", draw: |_| Ok(Outcome::NoData("not yet".into())) };
