//! The numbers in panels of step functions.

use gr_runs::Column;

use super::LabelPanel;
use crate::model::columns::MEAN;
use crate::model::{ByLabels, Estimate, Numbers};

/// The columns of both figures.
pub const COLUMNS: &[Column] = &Numbers::along(
    "What `mean` is: `true return`, or the accuracy of a reward model by name; with `, end of a run`, of one run at \
     its last label; with `, no labels`, of runs that use none.",
    Column::integer(
        "labels",
        "labels",
        "True labels used, in training and against a holdout, from which on `mean` holds; empty for `no labels`.",
    )
    .or_empty(),
    MEAN.meaning_here("True return of the kept policy, or share of answers that are right: the mean over runs, or the run's."),
);

/// A row per step of every mean, one for its end, and one for the end of every run.
pub fn numbers(panels: &[LabelPanel<'_>]) -> Numbers {
    let mut numbers = Numbers::new(COLUMNS);
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
