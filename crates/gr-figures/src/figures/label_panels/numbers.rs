//! The numbers in panels of step functions.

use super::LabelPanel;
use crate::model::{ByLabels, Estimate, Numbers};

/// A row per step of every mean, one for its end, and one for the end of every run.
pub fn numbers(panels: &[LabelPanel<'_>]) -> Numbers {
    let mut numbers = Numbers::along("labels");
    for panel in panels {
        for (group, mean) in &panel.curves {
            let mut push = |what: &str, labels: Option<u64>, point: &Estimate| {
                numbers.push_point(group, what, Numbers::text(labels), point);
            };
            match mean {
                ByLabels::Apart => {}
                ByLabels::Free(point) => push(&format!("{}, no labels", panel.what), None, point),
                ByLabels::Curve(curve) => {
                    for (labels, point) in &curve.points {
                        push(panel.what, Some(*labels), point);
                    }
                    for (labels, value) in &curve.ends {
                        let point = Estimate { n: 1, mean: *value, interval: None };
                        push(&format!("{}, end of a run", panel.what), Some(*labels), &point);
                    }
                }
            }
        }
    }
    numbers
}
