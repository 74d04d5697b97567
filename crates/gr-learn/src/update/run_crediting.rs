//! The crediting of one run: what its method makes of the episodes that ended, the labels that this
//! reads, and the weights and scales that its settings put on top.

use gr_grid::{Action, FirstObservation, Observation};
use gr_runs::RunSpec;

use super::observation_rows::ObservationRows;
use super::rollout::Rollout;
use super::statistics::Statistics;
use crate::methods::{Credit, Crediting, Imitation, LabelMeter, Method, Samples};

/// How the episodes of a rollout are credited.
#[derive(Clone, Debug)]
pub struct Credits {
    /// Of the episodes that ended, in the order in which they did.
    pub ended: Vec<Credit>,
    /// Of samples whose episode goes on beyond the rollout.
    pub unfinished: Credit,
}

/// Credits the rollouts of one run, update after update.
pub struct RunCrediting {
    method: &'static Method,
    crediting: Box<dyn Crediting>,
    meter: LabelMeter,
    /// How often samples of overseen episodes count.
    overseen_weight: f32,
    reward_scale: f32,
    first_observation: FirstObservation,
}

impl RunCrediting {
    /// The crediting of a run that begins.
    ///
    /// # Panics
    /// If its method is unknown; planned runs have known ones.
    pub fn new(spec: &RunSpec) -> Self {
        let method = Method::find(&spec.method).expect("planned runs have known methods");
        let training = &spec.settings.training;
        Self {
            method,
            crediting: (method.crediting)(spec),
            meter: LabelMeter::new(spec),
            overseen_weight: training.overseen_weight.at(spec.training_oversight()) as f32,
            reward_scale: training.reward_scale as f32,
            first_observation: spec.settings.environment.first_observation,
        }
    }

    /// Goes on after `labels` labels from what [`Crediting::state`] gave.
    ///
    /// # Errors
    /// Why the bytes are not a state of the run's method with its settings.
    pub fn restore(&mut self, labels: u64, state: &[u8]) -> Result<(), String> {
        self.meter.go_on_after(labels);
        let restored = self.crediting.restore(state);
        restored.map_err(|reason| format!("state of {}: {reason}", self.method.label))
    }

    /// Labels that training has read so far.
    pub fn labels(&self) -> u64 {
        self.meter.used()
    }

    /// The method's own part.
    pub fn method(&self) -> &dyn Crediting {
        self.crediting.as_ref()
    }

    /// Credits the episodes that ended in the rollout of update `update_idx`.
    pub fn credit(&mut self, update_idx: u64, rollout: &Rollout) -> Credits {
        let mut ended = Vec::with_capacity(rollout.ended.len());
        self.crediting.credit(update_idx, &rollout.ended, &mut self.meter, &mut ended);
        let label = self.method.label;
        assert_eq!(ended.len(), rollout.ended.len(), "{label} credits every episode once");
        for (credit, episode) in ended.iter_mut().zip(&rollout.ended) {
            credit.reward *= self.reward_scale;
            if episode.overseen(&self.meter) {
                credit.weight *= self.overseen_weight;
            }
        }
        Credits { ended, unfinished: self.crediting.unfinished() }
    }

    /// Credits the rollout of update `update_idx`, of which `table` has the observations, and adds its
    /// samples up. What the policy is to imitate gets rows of the table.
    pub fn statistics(
        &mut self,
        update_idx: u64,
        rollout: &Rollout,
        table: &mut ObservationRows,
        discount: f64,
    ) -> Statistics {
        let credits = self.credit(update_idx, rollout);
        let num_rows = table.observations().len();
        let mut statistics = Statistics::collect(rollout, num_rows, &credits, discount);
        if self.crediting.imitates() {
            let samples = self.samples(rollout, table);
            let imitation = self.crediting.imitate(update_idx, &samples, &mut self.meter);
            statistics.imitation = imitation.map(|Imitation { coefficient, pairs }| {
                let row = |(seen, action): &(Observation, Action)| {
                    (table.row(seen), action.index() as u8)
                };
                (coefficient, pairs.iter().map(row).collect())
            });
            statistics.extend_to(table.observations().len());
        }
        statistics
    }

    /// The samples of `rollout` as a method that picks among them sees them.
    fn samples(&self, rollout: &Rollout, table: &ObservationRows) -> Samples {
        let seen = rollout.rows.iter().map(|row| table.observations()[*row as usize]);
        let seen: Vec<Observation> = seen.collect();
        let mut is_stale = vec![false; seen.len()];
        if self.first_observation == FirstObservation::Stale {
            let firsts = rollout.ended.iter().map(|episode| episode.sample + rollout.envs());
            firsts.filter(|first| *first < seen.len()).for_each(|first| is_stale[first] = true);
        }
        Samples { seen, is_stale, episodes: rollout.ended.len() }
    }
}
