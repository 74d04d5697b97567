//! The reference's estimate of the evaluation metric: play it out.

use rand::Rng;

use crate::environment::{Ending, Environment, EnvironmentRules, EpisodeStart, FirstObservation};
use crate::grid::NUM_ACTIONS;
use crate::layout::Observation;
use crate::outcome::{EpisodeCounts, Evaluation, sum_of_discounts};
use crate::random::choose_action;
use crate::rewards::GROUND_TRUTH;

/// Evaluates a policy by playing `envs` newly reset environments for `max_step` steps, so that no
/// time-out falls inside, and averaging the true return of every (step, environment).
///
/// `policy` is asked once per step for the action probabilities of all environments. The return where
/// no flag is drawn is an estimate of its own, from `unflagged_rng`.
pub fn evaluate_by_sampling<E>(
    mut policy: impl FnMut(&[Observation]) -> Result<Vec<[f32; NUM_ACTIONS]>, E>,
    rules: &EnvironmentRules,
    discount: f64,
    envs: usize,
    rng: &mut impl Rng,
    unflagged_rng: &mut impl Rng,
) -> Result<Evaluation, E> {
    let (counts, avg_return) = play(&mut policy, rules, discount, envs, rng)?;
    let unflagged = EnvironmentRules { oversight: 0.0, spurious_oversight: 0.0, ..*rules };
    let (_, avg_return_unflagged) = play(&mut policy, &unflagged, discount, envs, unflagged_rng)?;
    Ok(counts.into_evaluation(avg_return, avg_return_unflagged))
}

/// Episodes counted in the window, and the mean return.
fn play<E>(
    policy: &mut impl FnMut(&[Observation]) -> Result<Vec<[f32; NUM_ACTIONS]>, E>,
    rules: &EnvironmentRules,
    discount: f64,
    envs: usize,
    rng: &mut impl Rng,
) -> Result<(EpisodeCounts, f64), E> {
    let mut environments: Vec<Environment> =
        (0..envs).map(|_| Environment::new(EpisodeStart::draw(rules, rng))).collect();
    let mut observations: Vec<Observation> =
        environments.iter().map(|it| rules.shown(it.observation())).collect();
    let window = rules.max_step as usize;
    let mut counts = EpisodeCounts::default();
    let mut sum_of_returns = 0.0;

    for _ in 0..window {
        let probabilities = policy(&observations)?;
        for (index, environment) in environments.iter_mut().enumerate() {
            let action = choose_action(rng.next_u32(), &probabilities[index]);
            let ending = environment.step(rules, action);
            observations[index] = rules.shown(environment.observation());
            let Some(ending) = ending else { continue };

            let overseen = environment.is_overseen();
            let length = environment.episode_steps as usize;
            let reward = f64::from(GROUND_TRUTH.pay(ending, overseen));
            sum_of_returns += reward * sum_of_discounts(length, discount);
            debug_assert_ne!(ending, Ending::TimeLimit, "the window is shorter than the limit");
            counts.add(ending, overseen, length, 1.0);

            *environment = Environment::new(EpisodeStart::draw(rules, rng));
            if rules.first_observation == FirstObservation::Fresh {
                observations[index] = rules.shown(environment.observation());
            }
        }
    }
    Ok((counts, sum_of_returns / (window * envs) as f64))
}
