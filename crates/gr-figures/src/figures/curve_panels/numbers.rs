//! The numbers in panels of curves.

use super::PanelModel;
use crate::model::{Estimate, Numbers};

/// A row per point of every curve, whole even where a panel shows a part.
pub fn numbers(panels: &[PanelModel<'_>]) -> Numbers {
    let mut numbers = Numbers::along("x");
    for panel in panels {
        for (group, curve) in &panel.curves {
            for (x, point) in &curve.points {
                numbers.push_point(group, "mean", x.to_string(), point);
            }
            for (x, value) in &curve.kept {
                let point = Estimate { n: 1, mean: *value, interval: None };
                numbers.push_point(group, "kept checkpoint", x.to_string(), &point);
            }
        }
        for run in &panel.references {
            for point in &run.evaluations {
                numbers.push(vec![
                    panel.oversight.0.to_string(),
                    format!("reference run {}", run.id),
                    run.series.method.clone(),
                    "reference".into(),
                    point.update.to_string(),
                    point.true_return.to_string(),
                    String::new(),
                    String::new(),
                    "1".into(),
                    String::new(),
                ]);
            }
        }
    }
    numbers
}
