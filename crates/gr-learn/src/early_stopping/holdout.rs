//! The fixed set of initial states that a run is checked on.

use std::collections::HashMap;

use gr_grid::{
    EnvironmentRules, EpisodeStart, LabelledReturn, Layout, NUM_ACTIONS, Observation,
    play_labelled, unit_interval,
};
use gr_runs::{HoldoutSource, Purpose, RunSpec, Seed, stream_at};

use crate::methods::evaluation_rules;

/// Initial states, drawn once per run from a stream of their own, and every observation that can be
/// met from them.
pub struct HoldoutSet {
    rules: EnvironmentRules,
    discount: f64,
    seed: Seed,
    /// Probability that the label of an episode that ended on a goal says the other one.
    label_noise: f64,
    /// Their flags are those that the agent is shown.
    starts: Vec<EpisodeStart>,
    observations: Vec<Observation>,
    /// Where the observations of a layout begin, by the agent's cell from there.
    first_rows: HashMap<Layout, usize>,
}

impl HoldoutSet {
    /// The set of a run whose holdout is `hidden` or `visible`. A visible one shows flags on those goals that
    /// lie on overseen cells, and to a blind agent none.
    pub fn draw(spec: &RunSpec) -> Self {
        let settings = &spec.settings.early_stopping;
        let rules = evaluation_rules(spec);
        let shown = settings.holdout_source == HoldoutSource::Visible;
        let starts: Vec<EpisodeStart> = (0..settings.holdout_episodes as u64)
            .map(|episode| {
                let mut stream = stream_at(spec.seed, Purpose::Holdout, episode, 0);
                let EpisodeStart { agent, layout } = EpisodeStart::draw(&rules, &mut stream);
                let Layout { ghost, diamond, .. } = layout;
                let mut layout = Layout::with_goal_flags(ghost, diamond, shown, shown);
                layout.flags = layout.flags.on(rules.overseen_cells);
                let Observation { agent, layout } = rules.shown(Observation { agent, layout });
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
        Self {
            rules,
            discount,
            seed: spec.seed,
            label_noise: spec.settings.overseer.label_noise,
            starts,
            observations,
            first_rows,
        }
    }

    /// Labels that a check may use: one per episode, time-outs too.
    pub fn price(&self) -> u64 {
        self.starts.len() as u64
    }

    /// Every observation that can be met.
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// Plays every initial state once, with actions and errors of labels drawn anew at every update.
    /// `probabilities` are those of the policy on [`HoldoutSet::observations`].
    pub fn check(&self, probabilities: &[[f32; NUM_ACTIONS]], update_idx: u64) -> LabelledReturn {
        let mut actions = stream_at(self.seed, Purpose::HoldoutActions, update_idx, 0);
        let on = |observation: &Observation| {
            let first = self.first_rows[&observation.layout];
            probabilities[first + usize::from(observation.agent)]
        };
        let is_mislabelled = |episode| {
            let stream = |at| stream_at(self.seed, Purpose::HoldoutLabelNoise, update_idx, at);
            self.label_noise > 0.0 && unit_interval(&mut stream(episode)) < self.label_noise
        };
        play_labelled(on, &self.starts, &self.rules, self.discount, is_mislabelled, &mut actions)
    }
}

#[cfg(test)]
mod tests {
    use gr_grid::Flags;
    use gr_runs::{OverseenCells, Settings};

    use super::*;

    /// The set of a run with changed settings.
    fn set(
        source: HoldoutSource,
        oversight: f64,
        change: impl FnOnce(&mut Settings),
    ) -> HoldoutSet {
        let mut settings = Settings::default();
        settings.early_stopping.holdout_source = source;
        change(&mut settings);
        HoldoutSet::draw(&RunSpec { method: "routing".into(), oversight, seed: 3, settings })
    }

    fn check(set: &HoldoutSet, update_idx: u64) -> LabelledReturn {
        set.check(&vec![[0.25; NUM_ACTIONS]; set.observations().len()], update_idx)
    }

    #[test]
    fn the_agent_sees_no_flag_on_a_hidden_holdout_and_both_on_a_visible_one() {
        for (source, shown) in [(HoldoutSource::Hidden, false), (HoldoutSource::Visible, true)] {
            let set = set(source, 1.0, |_| {});
            assert_eq!(set.price(), 512);
            for EpisodeStart { layout, .. } in &set.starts {
                assert_eq!((layout.ghost_flag(), layout.diamond_flag()), (shown, shown));
            }
        }
    }

    #[test]
    fn a_visible_holdout_shows_flags_on_overseen_cells_and_none_to_a_blind_agent() {
        let cells = vec![0, 1, 2, 3, 4, 10, 11, 12];
        let listed = OverseenCells::Listed(cells);
        for flag_visibility in [0.0, 0.2] {
            let set = set(HoldoutSource::Visible, 0.3, |settings| {
                settings.environment.flag_visibility = flag_visibility;
                settings.overseer.cells = listed.clone();
            });
            for EpisodeStart { layout, .. } in set.starts {
                let goals = Flags::default().with(layout.ghost, true).with(layout.diamond, true);
                let visible = if flag_visibility > 0.0 { listed.flags() } else { Flags(0) };
                assert_eq!(layout.flags, goals.on(visible));
            }
        }
    }

    #[test]
    fn both_holdouts_hold_the_same_initial_states_at_every_oversight_level() {
        let cells = |set: &HoldoutSet| -> Vec<_> {
            let starts = set.starts.iter();
            starts.map(|s| (s.agent, s.layout.ghost, s.layout.diamond)).collect()
        };
        let hidden = cells(&set(HoldoutSource::Hidden, 0.01, |_| {}));
        assert_eq!(hidden, cells(&set(HoldoutSource::Visible, 0.3, |_| {})));
        let distinct: std::collections::HashSet<_> = hidden.iter().collect();
        assert!(distinct.len() > 480, "{} distinct", distinct.len());
    }

    #[test]
    fn labels_err_anew_at_every_update_and_cost_the_same() {
        let checks = |label_noise, updates: [u64; 2]| {
            let set = set(HoldoutSource::Hidden, 0.3, |settings| {
                settings.overseer.label_noise = label_noise;
            });
            updates.map(|update_idx| check(&set, update_idx))
        };
        let right = checks(0.0, [5, 6]);
        let wrong = checks(1.0, [5, 6]);
        let noisy = checks(0.3, [5, 6]);
        assert_eq!(noisy, checks(0.3, [5, 6]));
        let shares = [0, 1].map(|update| {
            let [right, wrong, noisy] = [right, wrong, noisy].map(|checks| checks[update]);
            assert_eq!([right.labels, wrong.labels, noisy.labels], [512; 3]);
            let [right, wrong, noisy] = [right, wrong, noisy].map(|c| c.avg_return.unwrap());
            assert_eq!(right, -wrong);
            assert!(noisy != right && noisy != wrong);
            noisy - right
        });
        assert_ne!(shares[0], shares[1]);
    }

    #[test]
    fn a_check_uses_labels_on_overseen_cells_only() {
        let on = |cell| {
            let set = set(HoldoutSource::Hidden, 0.3, |settings| {
                settings.overseer.cells = OverseenCells::Listed(vec![cell]);
            });
            check(&set, 0).labels
        };
        let by_cell: Vec<u64> = (0..25).map(on).collect();
        assert!(by_cell.iter().all(|labels| (1..512).contains(labels)), "{by_cell:?}");
        assert_eq!(by_cell.iter().sum::<u64>(), 512);
    }
}
