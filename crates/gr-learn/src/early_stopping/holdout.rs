//! The fixed set of initial states that a run is checked on.

use std::collections::HashMap;

use gr_grid::{EnvironmentRules, EpisodeStart, Layout, Observation, play_labelled};
use gr_runs::{HoldoutReturn, HoldoutSource, Purpose, RunSpec, Seed, stream_at};

use crate::evaluation::{NotFinite, policies};
use crate::methods::evaluation_rules;
use crate::network::{PolicyNetwork, PolicyType};

/// Initial states, drawn once per run from a stream of their own, and every observation that can be
/// met from them: one pass of the network serves a whole check.
pub struct HoldoutSet {
    rules: EnvironmentRules,
    discount: f64,
    seed: Seed,
    starts: Vec<EpisodeStart>,
    observations: Vec<Observation>,
    /// Where the observations of a layout begin, by the agent's cell from there.
    first_rows: HashMap<Layout, usize>,
}

impl HoldoutSet {
    /// The set of a run whose holdout is `hidden` or `visible`.
    pub fn draw(spec: &RunSpec) -> Self {
        let settings = &spec.settings.early_stopping;
        let rules = evaluation_rules(spec);
        let shown = settings.holdout_source == HoldoutSource::Visible;
        let starts: Vec<EpisodeStart> = (0..settings.holdout_episodes as u64)
            .map(|episode| {
                let mut stream = stream_at(spec.seed, Purpose::Holdout, episode, 0);
                let EpisodeStart { agent, layout } = EpisodeStart::draw(&rules, &mut stream);
                let Layout { ghost, diamond, .. } = layout;
                let layout = Layout::with_goal_flags(ghost, diamond, shown, shown);
                EpisodeStart { agent, layout }
            })
            .collect();
        let mut observations = Vec::new();
        let mut first_rows = HashMap::new();
        for EpisodeStart { layout, .. } in &starts {
            first_rows.entry(*layout).or_insert_with(|| {
                let first = observations.len();
                let cells = rules.grid.cells();
                observations.extend(cells.map(|agent| Observation { agent, layout: *layout }));
                first
            });
        }
        let discount = spec.settings.training.discount;
        Self { rules, discount, seed: spec.seed, starts, observations, first_rows }
    }

    /// Labels that a check costs: one per episode, time-outs too.
    pub fn labels(&self) -> u64 {
        self.starts.len() as u64
    }

    /// Plays every initial state once, with actions drawn anew at every update.
    ///
    /// # Errors
    /// If a probability is not a number.
    pub fn check(
        &self,
        network: &PolicyNetwork,
        policy: PolicyType,
        update_idx: u64,
    ) -> Result<HoldoutReturn, NotFinite> {
        let rows = policy.of(policies(network, &self.observations)?);
        let mut actions = stream_at(self.seed, Purpose::HoldoutActions, update_idx, 0);
        let probabilities = |observation: &Observation| {
            let first = self.first_rows[&observation.layout];
            rows[first + usize::from(observation.agent)].probabilities
        };
        let (starts, rules) = (&self.starts, &self.rules);
        let value = play_labelled(probabilities, starts, rules, self.discount, &mut actions);
        Ok(HoldoutReturn::new(value))
    }
}

#[cfg(test)]
mod tests {
    use gr_runs::Settings;

    use super::*;

    fn set(source: HoldoutSource, oversight: f64) -> HoldoutSet {
        let mut settings = Settings::default();
        settings.early_stopping.holdout_source = source;
        HoldoutSet::draw(&RunSpec { method: "routing".into(), oversight, seed: 3, settings })
    }

    #[test]
    fn the_agent_sees_no_flag_on_a_hidden_holdout_and_both_on_a_visible_one() {
        for (source, shown) in [(HoldoutSource::Hidden, false), (HoldoutSource::Visible, true)] {
            let set = set(source, 1.0);
            assert_eq!(set.labels(), 512);
            for EpisodeStart { layout, .. } in &set.starts {
                assert_eq!((layout.ghost_flag(), layout.diamond_flag()), (shown, shown));
            }
        }
    }

    #[test]
    fn both_holdouts_hold_the_same_initial_states_at_every_oversight_level() {
        let cells = |set: &HoldoutSet| -> Vec<_> {
            let starts = set.starts.iter();
            starts.map(|s| (s.agent, s.layout.ghost, s.layout.diamond)).collect()
        };
        let hidden = cells(&set(HoldoutSource::Hidden, 0.01));
        assert_eq!(hidden, cells(&set(HoldoutSource::Visible, 0.3)));
        let distinct: std::collections::HashSet<_> = hidden.iter().collect();
        assert!(distinct.len() > 480, "{} distinct", distinct.len());
    }
}
