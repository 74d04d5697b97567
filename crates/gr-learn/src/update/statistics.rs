//! What an update needs of a rollout: per-observation sums, which are sufficient because every term
//! of the loss is a sum over samples of something that depends on observation, action and route
//! only. Knows nothing of tensors.

use gr_grid::{Ending, NUM_ACTIONS};

use super::rollout::Rollout;
use crate::methods::{Method, NUM_ROUTES, Outcome};

/// Sums over the samples of one observation: `[route][action]`.
pub type RouteSums = [[f32; NUM_ACTIONS]; NUM_ROUTES];

/// Sufficient statistics of a rollout.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    /// Number of samples by row.
    pub counts: Vec<RouteSums>,
    /// Sum of their returns by row.
    pub returns: Vec<RouteSums>,
    /// Sum of squared returns over all kept samples.
    pub squared_returns: f64,
    /// Samples that count.
    pub num_kept: u64,
    /// Samples in the rollout, N.
    pub num_samples: u64,
    /// Episodes completed.
    pub episodes: u64,
    /// True labels used.
    pub labels: u64,
}

impl Statistics {
    /// Credits every sample of `rollout` with its return and route and adds it up.
    ///
    /// Returns: G_t = r_t + γ G_{t+1} (1 − done_t), backwards inside the rollout; what lies past its
    /// end counts as 0 (docs/experiment.md, section 3).
    pub fn collect(rollout: &Rollout, num_rows: usize, method: &Method, discount: f64) -> Self {
        let envs = rollout.envs();
        let mut statistics = Self {
            counts: vec![RouteSums::default(); num_rows],
            returns: vec![RouteSums::default(); num_rows],
            num_samples: rollout.rows.len() as u64,
            ..Self::default()
        };
        let discount = discount as f32;
        let unfinished = (method.route)(Outcome::Unfinished);
        let mut later = vec![(0.0f32, unfinished); envs];
        for time in (0..rollout.rows.len() / envs).rev() {
            for (env, (discounted, route)) in later.iter_mut().enumerate() {
                let sample = time * envs + env;
                *discounted *= discount;
                if let outcome @ Outcome::Ended { ending, overseen } = rollout.outcomes[sample] {
                    *discounted = method.reward.pay(ending, overseen);
                    *route = (method.route)(outcome);
                    statistics.episodes += 1;
                    statistics.labels += u64::from(
                        ending != Ending::TimeLimit && (method.uses_label)(ending, overseen),
                    );
                }
                let Some(route) = *route else { continue };
                let row = rollout.rows[sample] as usize;
                let action = usize::from(rollout.actions[sample]);
                statistics.counts[row][route as usize][action] += 1.0;
                statistics.returns[row][route as usize][action] += *discounted;
                statistics.squared_returns += f64::from(*discounted * *discounted);
                statistics.num_kept += 1;
            }
        }
        statistics
    }
}
