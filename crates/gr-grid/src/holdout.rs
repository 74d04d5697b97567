//! Plays given initial states once each, as a check against a holdout does.

use rand::Rng;

use crate::environment::{Environment, EnvironmentRules, EpisodeStart};
use crate::grid::NUM_ACTIONS;
use crate::layout::Observation;
use crate::outcome::sum_of_discounts;
use crate::random::choose_action;
use crate::rewards::GROUND_TRUTH;

/// Plays every initial state to its end or time-out, from a fresh observation, and has every outcome
/// labelled: `starts.len()` labels. Returns Σ G_t over all steps / number of steps
/// (docs/experiment.md, section 8).
///
/// The flags that the agent sees are those in `starts`; the true reward depends on none.
pub fn play_labelled(
    policy: impl Fn(&Observation) -> [f32; NUM_ACTIONS],
    starts: &[EpisodeStart],
    rules: &EnvironmentRules,
    discount: f64,
    rng: &mut impl Rng,
) -> f64 {
    let (mut sum_of_returns, mut steps) = (0.0, 0);
    for start in starts {
        let mut environment = Environment::new(*start);
        let ending = loop {
            let probabilities = policy(&environment.observation());
            let action = choose_action(rng.next_u32(), &probabilities);
            if let Some(ending) = environment.step(rules, action) {
                break ending;
            }
        };
        let length = environment.episode_steps as usize;
        let reward = f64::from(GROUND_TRUTH.pay(ending, true));
        sum_of_returns += reward * sum_of_discounts(length, discount);
        steps += length;
    }
    sum_of_returns / steps as f64
}

#[cfg(test)]
mod tests {
    use chacha20::ChaCha8Rng;
    use chacha20::rand_core::SeedableRng;

    use super::*;
    use crate::{FirstObservation, Flags, Grid, Layout};

    #[test]
    fn the_return_is_over_all_steps_of_all_episodes_time_outs_included() {
        let rules = EnvironmentRules {
            grid: Grid::new(2, 3).unwrap(),
            max_step: 4,
            oversight: 0.0,
            spurious_oversight: 0.0,
            first_observation: FirstObservation::Stale,
            flag_visibility: 1.0,
            overseen_cells: Flags::ALL,
        };
        // Always up: cells 3, 4, 5 lie below cells 0, 1, 2.
        let up = |_: &Observation| [1.0, 0.0, 0.0, 0.0];
        let start = |agent, ghost, diamond| {
            let layout = Layout::with_goal_flags(ghost, diamond, false, false);
            EpisodeStart { agent, layout }
        };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut play = |starts: &[EpisodeStart]| play_labelled(up, starts, &rules, 0.5, &mut rng);
        assert_eq!(play(&[start(3, 1, 0)]), 1.0);
        assert_eq!(play(&[start(4, 1, 0)]), -1.0);
        // A time-out comes with the step after max_step and earns nothing.
        assert_eq!(play(&[start(2, 1, 0)]), 0.0);
        assert_eq!(play(&[start(3, 1, 0), start(2, 1, 0)]), 1.0 / 6.0);

        // Always right, two steps to the diamond: 0.5 + 1 over two steps.
        let right = |_: &Observation| [0.0, 1.0, 0.0, 0.0];
        assert_eq!(play_labelled(right, &[start(0, 3, 2)], &rules, 0.5, &mut rng), 0.75);
    }
}
