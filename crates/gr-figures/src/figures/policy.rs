//! x
use super::{Figure, Outcome};
/// See [`super::FIGURES`].
pub const FIGURE: Figure =
    Figure { name: "policy", summary: "", draw: |_| Ok(Outcome::NoData("not yet".into())) };
