//! The numbers in panels of step functions.

use super::LabelPanel;
use crate::model::{ByLabels, Estimate, Numbers};
use crate::style;

/// A row per step of every mean, one for its end, and one for the end of every run.
pub fn numbers(panels: &[LabelPanel<'_>]) -> Numbers {
    let mut numbers = Numbers::new(&[
        "oversight_prob",
        "series",
        "run_label",
        "what",
        "labels",
        "mean",
        "low",
        "high",
        "n",
        "variant",
    ]);
    for panel in panels {
        for (group, mean) in &panel.curves {
            let who = [
                group.oversight.0.to_string(),
                style::name(group.series),
                group.series.method.clone(),
            ];
            let mut push = |what: &str, labels: Option<u64>, point: &Estimate| {
                let mut row = who.to_vec();
                row.extend([what.into(), Numbers::text(labels), point.mean.to_string()]);
                row.push(Numbers::text(point.interval.map(|interval| interval.0)));
                row.push(Numbers::text(point.interval.map(|interval| interval.1)));
                row.extend([point.n.to_string(), group.series.variant().into()]);
                numbers.push(row);
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
