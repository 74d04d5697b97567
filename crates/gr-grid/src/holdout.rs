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
