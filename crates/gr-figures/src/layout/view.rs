//! What of a picture is to be seen: ranges of its axes and the lines that values are held against.

use super::Axis;
use crate::model::Caption;

/// What a person asked to see. By default everything, on axes that suit it.
#[derive(Clone, Copy, Debug, Default)]
pub struct View {
    /// Where axes of updates end.
    pub x_max: Option<f64>,
    /// Where vertical axes of returns and gaps begin and end.
    pub y_range: Option<(f64, f64)>,
    /// Whether there are no lines at the optimal return and at no difference.
    pub no_reference_lines: bool,
    /// Whether axes of updates are logarithmic.
    pub log_updates: bool,
}

impl View {
    /// The vertical axis of values, one for every panel: as asked, else around their values and, where
    /// it is within reach, around `level`.
    pub fn vertical(&self, panels: &[Vec<f64>], level: Option<f64>, ticks: usize) -> Vec<Axis> {
        match self.y_range {
            Some((low, high)) => vec![Axis::between(low, high, ticks); panels.len()],
            None => Axis::for_panels(panels, |values| Axis::reaching(values, level, ticks)),
        }
    }

    /// The axis of updates, one for every panel: as asked, else from 0 to the last of their updates. A
    /// logarithmic one begins at the first update above 0.
    pub fn updates(&self, panels: &[Vec<f64>], ticks: usize) -> Vec<Axis> {
        if self.log_updates {
            let updates = || panels.iter().flatten().copied().filter(|update| *update > 0.0);
            let end = self.x_max.unwrap_or_else(|| updates().fold(1.0, f64::max));
            let start = updates().filter(|update| *update < end).fold(end, f64::min);
            // Nothing at all before the end is an axis all the same.
            let start = if start < end { start } else { end / 10.0 };
            return vec![Axis::decades(start, end, ticks); panels.len()];
        }
        match self.x_max {
            Some(end) => vec![Axis::between(0.0, end, ticks); panels.len()],
            None => {
                Axis::for_panels(panels, |values| Axis::from_zero(values.iter().copied(), ticks))
            }
        }
    }

    /// What stands below axes of updates.
    pub fn updates_title(&self) -> &'static str {
        if self.log_updates { "Update (log)" } else { "Update" }
    }

    /// Says what has no place on axes of updates, if anything.
    pub fn say_scale(&self, caption: &mut Caption) {
        if self.log_updates {
            caption.say("Update 0 has no place on the logarithmic axis.");
        }
    }

    /// A value to draw a line at, unless there are to be no such lines.
    pub fn reference(&self, level: Option<f64>) -> Option<f64> {
        level.filter(|_| !self.no_reference_lines)
    }
}
