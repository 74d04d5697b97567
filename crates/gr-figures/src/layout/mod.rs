//! What figures share in how they are laid out: axes, panels, legends, and the page around them.

mod axis;
mod clip;
mod legend;
mod page;
mod panel;
mod view;

pub use axis::Axis;
pub use legend::{Entry, Sample};
pub use page::{Block, Page, Sheet};
pub use panel::{LEVEL_DASH, Labels, Panel};
pub use view::View;

/// Font size of axis titles, panel titles and legends.
pub const TITLE_SIZE: f64 = 15.0;
/// Font size of tick labels.
pub const TICK_SIZE: f64 = 13.0;
/// Font size of captions.
pub const CAPTION_SIZE: f64 = 11.5;

/// A rectangle of the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// Left side.
    pub x: f64,
    /// Upper side.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}
