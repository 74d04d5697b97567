//! Settings that do not go together. What each may be on its own stands in its declaration.

use super::{ConfigError, EvaluationMode, HoldoutSource, OverseenCells, Settings, SweepFile};

/// Most runs of a sweep: they are all in memory at once. More are taken for a typing error.
pub const MAX_RUNS: usize = 1_000_000;

/// How many runs so many of each are together, or the largest number if that overflows.
pub fn num_runs<const N: usize>(factors: [usize; N]) -> usize {
    factors.into_iter().fold(1, usize::saturating_mul)
}

impl SweepFile {
    /// Checks what settings are together. Method labels are left to who knows the methods.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let methods = self.methods.len() + self.variants.len();
        let runs = num_runs([methods, self.oversight.len(), self.seeds.as_slice().len()]);
        if runs > MAX_RUNS {
            return Err(conflict(
                &["methods", "oversight", "seeds"],
                format!(
                    "seeds = {} are too many: methods x oversight x seeds are at most {MAX_RUNS} runs, \
                     and these are {runs}",
                    self.seeds
                ),
            ));
        }
        self.settings.check()?;
        self.configured().map(drop)
    }
}

impl Settings {
    fn check(&self) -> Result<(), ConfigError> {
        let Self { environment, early_stopping, evaluation, recording, overseer, .. } = self;
        let spurious = environment.spurious_oversight;
        if spurious > 0.0 && evaluation.mode == EvaluationMode::Exact {
            return Err(conflict(
                &["environment.spurious_oversight", "evaluation.mode"],
                format!(
                    "environment.spurious_oversight = {spurious:?} does not go with evaluation.mode = \
                     \"exact\", which covers flags on goals only; set evaluation.mode to \"sampled\""
                ),
            ));
        }
        let privileged = early_stopping.holdout_source == HoldoutSource::Privileged;
        if early_stopping.enabled && privileged && spurious > 0.0 {
            return Err(conflict(
                &["environment.spurious_oversight", "early_stopping.holdout_source"],
                format!(
                    "early_stopping.holdout_source = \"privileged\" does not go with \
                     environment.spurious_oversight = {spurious:?}: the exact return covers flags on \
                     goals only; set the source to \"hidden\" or \"visible\""
                ),
            ));
        }
        let num_cells = environment.rows * environment.cols;
        for [ghost, diamond] in &recording.policy_goals {
            if ghost == diamond || *ghost >= num_cells || *diamond >= num_cells {
                return Err(conflict(
                    &["recording.policy_goals", "environment.rows", "environment.cols"],
                    format!(
                        "recording.policy_goals = [{ghost}, {diamond}] is not accepted; it must be pairs \
                         [ghost, diamond] of two different cells below {num_cells}"
                    ),
                ));
            }
        }
        if let OverseenCells::Listed(cells) = &overseer.cells
            && let Some(cell) = cells.iter().find(|cell| usize::from(**cell) >= num_cells)
        {
            return Err(conflict(
                &["overseer.cells", "environment.rows", "environment.cols"],
                format!(
                    "overseer.cells = {} is not accepted: cell {cell} is off the grid; it must be cells \
                     below {num_cells}",
                    overseer.cells
                ),
            ));
        }
        Ok(())
    }
}

fn conflict(keys: &'static [&'static str], message: String) -> ConfigError {
    ConfigError::Conflict { keys, message }
}
