//! The numbers in panels of curves.

use gr_runs::Column;

use super::PanelModel;
use crate::model::columns::MEAN;
use crate::model::{Estimate, Numbers};

/// The columns of both figures.
pub const COLUMNS: &[Column] = &Numbers::along(
    "`mean`, `kept checkpoint` (of a run with early stopping) or, of learning curves, `reference` (a published run).",
    Column::number(
        "x",
        "updates",
        "Place on the axis of updates: the update just done, counted from 0; of `oracle`, which trains p × updates, \
         the update divided by p, so that curves at one x have used the same labels.",
    ),
    MEAN.meaning_here("True return, or gaming gap (a difference of probabilities): the mean over runs, or the run's."),
);

/// A row per point of every curve, whole even where a panel shows a part.
pub fn numbers(panels: &[PanelModel<'_>]) -> Numbers {
    let mut numbers = Numbers::new(COLUMNS);
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
