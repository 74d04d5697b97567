//! What an update needs of a rollout: per-observation sums, which are sufficient because every term
//! of the loss is a sum over samples of something that depends on observation, action and route
//! only. Knows nothing of tensors.

use gr_grid::NUM_ACTIONS;

use super::rollout::Rollout;
use super::run_crediting::Credits;
use crate::methods::{Credit, NUM_ROUTES};

/// Sums over the samples of one observation: `[route][action]`.
pub type RouteSums = [[f32; NUM_ACTIONS]; NUM_ROUTES];

/// Sufficient statistics of a rollout.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    /// Sum of the weights of samples by row: their number, where each counts once.
    pub counts: Vec<RouteSums>,
    /// Sum of their weighted returns by row.
    pub returns: Vec<RouteSums>,
    /// Number of samples by row and route, whatever their weights: what the gate learns from.
    pub visits: Vec<[f32; NUM_ROUTES]>,
    /// Sum of weighted squared returns over all kept samples.
    pub squared_returns: f64,
    /// Sum of the weights of all samples.
    pub total_weight: f64,
    /// Samples that count.
    pub num_kept: u64,
    /// Samples in the rollout, N.
    pub num_samples: u64,
    /// Episodes completed.
    pub episodes: u64,
    /// Those of them that ended on a cell on which the overseer may look, in time too.
    pub episodes_on_overseen_cells: u64,
    /// What the policy is to imitate: rows of observations and indices of actions, with the coefficient
    /// of their mean cross-entropy.
    pub imitation: Option<(f64, Vec<(u32, u8)>)>,
}

impl Statistics {
    /// Makes room for `num_rows` rows, of which those that are new had no samples.
    pub fn extend_to(&mut self, num_rows: usize) {
        self.counts.resize(num_rows, RouteSums::default());
        self.returns.resize(num_rows, RouteSums::default());
        self.visits.resize(num_rows, [0.0; NUM_ROUTES]);
    }

    /// Credits every sample of `rollout` with its return and route and adds it up.
    ///
    /// Returns: G_t = r_t + γ G_{t+1} (1 − done_t), backwards inside the rollout; what lies past its
    /// end counts as 0 (docs/experiment.md, section 3).
    pub fn collect(rollout: &Rollout, num_rows: usize, credits: &Credits, discount: f64) -> Self {
        let envs = rollout.envs();
        let mut statistics = Self {
            counts: vec![RouteSums::default(); num_rows],
            returns: vec![RouteSums::default(); num_rows],
            visits: vec![Default::default(); num_rows],
            num_samples: rollout.rows.len() as u64,
            episodes: rollout.ended.len() as u64,
            ..Self::default()
        };
        let discount = discount as f32;
        let mut later = vec![(0.0f32, credits.unfinished); envs];
        // Episodes that ended before the step at hand.
        let mut before = rollout.ended.len();
        for time in (0..rollout.rows.len() / envs).rev() {
            let up_to_here = &rollout.ended[..before];
            before = up_to_here.partition_point(|episode| episode.sample < time * envs);
            let mut ended = (up_to_here[before..].iter().map(|episode| episode.sample))
                .zip(&credits.ended[before..])
                .peekable();
            for (env, (discounted, credit)) in later.iter_mut().enumerate() {
                let sample = time * envs + env;
                *discounted *= discount;
                if let Some((_, credited)) = ended.next_if(|(last, _)| *last == sample) {
                    *discounted = credited.reward;
                    *credit = *credited;
                }
                let Credit { route, weight, .. } = *credit;
                if weight == 0.0 {
                    continue;
                }
                let row = rollout.rows[sample] as usize;
                let action = usize::from(rollout.actions[sample]);
                statistics.counts[row][route as usize][action] += weight;
                statistics.returns[row][route as usize][action] += weight * *discounted;
                statistics.visits[row][route as usize] += 1.0;
                statistics.squared_returns +=
                    f64::from(weight) * f64::from(*discounted * *discounted);
                statistics.total_weight += f64::from(weight);
                statistics.num_kept += 1;
            }
        }
        statistics
    }
}
