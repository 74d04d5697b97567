//! Plays given initial states once each, as a check against a holdout does.

use rand::Rng;

use crate::environment::{Environment, EnvironmentRules, EpisodeStart};
use crate::grid::NUM_ACTIONS;
use crate::layout::Observation;
use crate::outcome::sum_of_discounts;
use crate::random::choose_action;
use crate::rewards::GROUND_TRUTH;

/// What a check against a holdout finds and what it costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelledReturn {
    /// Σ G_t over all steps / number of steps, of the episodes that were labelled; `None` where none was.
    pub avg_return: Option<f64>,
    /// Labels used: one for every episode that ended on an overseen cell, by time-out too.
    pub labels: u64,
}

/// Plays every initial state to its end or time-out, from a fresh observation, and has the outcome
/// labelled where the cell on which it ended is overseen (docs/experiment.md, sections 8 and 10).
///
/// The flags that the agent sees are those in `starts`; the reward depends on none. `is_mislabelled` says of
/// an episode, by its position in `starts`, whether its label says the other goal.
pub fn play_labelled(
    policy: impl Fn(&Observation) -> [f32; NUM_ACTIONS],
    starts: &[EpisodeStart],
    rules: &EnvironmentRules,
    discount: f64,
    is_mislabelled: impl Fn(u64) -> bool,
    rng: &mut impl Rng,
) -> LabelledReturn {
    let (mut sum_of_returns, mut steps, mut labels) = (0.0, 0, 0);
    for (episode, start) in (0..).zip(starts) {
        let mut environment = Environment::new(*start);
        let ending = loop {
            let probabilities = policy(&environment.observation());
            let action = choose_action(rng.next_u32(), &probabilities);
            if let Some(ending) = environment.step(rules, action) {
                break ending;
            }
        };
        if !rules.overseen_cells.contains(environment.agent) {
            continue;
        }
        let label = if is_mislabelled(episode) { ending.mislabelled() } else { ending };
        let length = environment.episode_steps as usize;
        let reward = f64::from(GROUND_TRUTH.pay(label, true));
        sum_of_returns += reward * sum_of_discounts(length, discount);
        steps += length;
        labels += 1;
    }
    let avg_return = (labels > 0).then(|| sum_of_returns / steps as f64);
    LabelledReturn { avg_return, labels }
}

#[cfg(test)]
mod tests {
    use chacha20::ChaCha8Rng;
    use chacha20::rand_core::SeedableRng;

    use super::*;
    use crate::{Action, Cell, FirstObservation, Flags, Grid, Layout};

    /// Two rows of three cells, time-outs with the fifth step.
    fn rules(overseen_cells: Flags) -> EnvironmentRules {
        EnvironmentRules {
            grid: Grid::new(2, 3).unwrap(),
            max_step: 4,
            oversight: 0.0,
            spurious_oversight: 0.0,
            first_observation: FirstObservation::Stale,
            flag_visibility: 1.0,
            overseen_cells,
        }
    }

    fn start(agent: Cell, ghost: Cell, diamond: Cell) -> EpisodeStart {
        EpisodeStart { agent, layout: Layout::with_goal_flags(ghost, diamond, false, false) }
    }

    /// Plays `starts` by always taking `action`; the labels of `mislabelled` episodes are wrong.
    fn play(
        action: Action,
        starts: &[EpisodeStart],
        overseen_cells: Flags,
        mislabelled: &[u64],
    ) -> (Option<f64>, u64) {
        let policy = |_: &Observation| Action::ALL.map(|a| f32::from(u8::from(a == action)));
        let rules = rules(overseen_cells);
        let is_mislabelled = |episode| mislabelled.contains(&episode);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let found = play_labelled(policy, starts, &rules, 0.5, is_mislabelled, &mut rng);
        (found.avg_return, found.labels)
    }

    #[test]
    fn the_return_is_over_all_steps_of_all_episodes_time_outs_included() {
        // Always up: cells 3, 4, 5 lie below cells 0, 1, 2.
        let up = |starts: &[EpisodeStart]| play(Action::Up, starts, Flags::ALL, &[]);
        assert_eq!(up(&[start(3, 1, 0)]), (Some(1.0), 1));
        assert_eq!(up(&[start(4, 1, 0)]), (Some(-1.0), 1));
        // A time-out comes with the step after max_step and earns nothing.
        assert_eq!(up(&[start(2, 1, 0)]), (Some(0.0), 1));
        assert_eq!(up(&[start(3, 1, 0), start(2, 1, 0)]), (Some(1.0 / 6.0), 2));

        // Always right, two steps to the diamond: 0.5 + 1 over two steps.
        assert_eq!(play(Action::Right, &[start(0, 3, 2)], Flags::ALL, &[]), (Some(0.75), 1));
    }

    #[test]
    fn only_episodes_that_end_on_overseen_cells_are_labelled_and_count() {
        // They end on the diamond at 0, on the ghost at 1 and in time at 2.
        let starts = [start(3, 1, 0), start(4, 1, 0), start(2, 1, 0)];
        for (cells, expected) in [
            (0b001, (Some(1.0), 1)),
            (0b010, (Some(-1.0), 1)),
            (0b100, (Some(0.0), 1)),
            (0b101, (Some(1.0 / 6.0), 2)),
            (0b111, (Some(0.0), 3)),
            (0b111000, (None, 0)),
        ] {
            assert_eq!(play(Action::Up, &starts, Flags(cells), &[]), expected, "{cells:b}");
        }
    }

    #[test]
    fn a_wrong_label_says_the_other_goal_and_of_a_time_out_nothing() {
        let starts = [start(3, 1, 0), start(3, 1, 0), start(2, 1, 0)];
        for (mislabelled, sum) in [(&[][..], 2.0), (&[1], 0.0), (&[0, 1], -2.0), (&[2], 2.0)] {
            let found = play(Action::Up, &starts, Flags::ALL, mislabelled);
            assert_eq!(found, (Some(sum / 7.0), 3), "{mislabelled:?}");
        }
    }
}
