//! Ground truth as a type, so that nothing trains or selects on it by accident.

use serde::{Deserialize, Serialize};

/// A mean true return, as an evaluation finds it. It has no order and no arithmetic: picking the
/// best of several, as early stopping and hyperparameter search do, takes a signal that was paid
/// for with labels.
///
/// ```compile_fail
/// # let evaluations: Vec<gr_grid::Evaluation> = Vec::new();
/// let best = evaluations.iter().max_by(|a, b| a.avg_return.partial_cmp(&b.avg_return).unwrap());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrueReturn(f64);

impl TrueReturn {
    /// Wraps what an evaluation found.
    pub fn new(value: f64) -> Self {
        Self(value)
    }

    /// The number, for reports, figures and what is declared to see ground truth.
    pub fn reveal(self) -> f64 {
        self.0
    }
}
