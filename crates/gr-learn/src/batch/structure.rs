//! What the runs of one batch must have in common.

use gr_runs::RunSpec;

use crate::methods::Method;
use crate::network::Architecture;

/// All that a batch takes from its first run. Runs of the same structure may share a batch, whatever
/// else they differ in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchStructure {
    architecture: Architecture,
    rollout_steps: usize,
    adam_decays_and_epsilon: [f64; 3],
}

impl BatchStructure {
    /// That of a run.
    pub fn of(spec: &RunSpec) -> Self {
        let training = &spec.settings.training;
        Self {
            architecture: Architecture::of(spec),
            rollout_steps: training.rollout_steps,
            adam_decays_and_epsilon: [
                training.adam_beta1,
                training.adam_beta2,
                training.adam_epsilon,
            ],
        }
    }
}

impl Architecture {
    /// The network that `spec` trains.
    ///
    /// # Panics
    /// If its method is unknown; planned runs have known ones.
    pub fn of(spec: &RunSpec) -> Self {
        let method = Method::find(&spec.method).expect("planned runs have known methods");
        let environment = &spec.settings.environment;
        Self {
            kind: method.network,
            num_cells: environment.rows * environment.cols,
            hidden: spec.settings.network.hidden,
        }
    }
}
