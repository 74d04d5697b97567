//! Exact evaluation against constants computed independently, closed forms and sampling.

mod common;

use chacha20::ChaCha8Rng;
use chacha20::rand_core::SeedableRng;
use common::{DISCOUNT, gamer, rules, scrambled};
use gr_grid::{
    Action, EnvironmentRules, Evaluation, FirstObservation, GoalPay, Grid, Observation,
    PolicyTable, evaluate_by_sampling, evaluate_exactly, optimal_policy,
};
use proptest::prelude::*;

fn five_by_five() -> Grid {
    Grid::new(5, 5).unwrap()
}

fn both_meanings(policy: &PolicyTable, grid: Grid, oversight: f64) -> [Evaluation; 2] {
    [FirstObservation::Fresh, FirstObservation::Stale].map(|first_observation| {
        let rules = rules(grid, oversight, first_observation);
        evaluate_exactly(policy, &rules, DISCOUNT, 512)
    })
}

#[track_caller]
fn assert_returns(policy: &PolicyTable, oversight: f64, expected: [f64; 2]) {
    for (evaluation, expected) in
        both_meanings(policy, five_by_five(), oversight).iter().zip(expected)
    {
        let difference = (evaluation.avg_return.reveal() - expected).abs();
        assert!(difference < 1e-5, "{:?} is not {expected}", evaluation.avg_return);
    }
}

#[test]
fn optimal_policy_earns_the_published_constants_at_any_oversight() {
    let policy = optimal_policy(five_by_five(), DISCOUNT, |_| GoalPay::TRUE);
    for oversight in [0.0, 0.01, 0.3, 1.0] {
        assert_returns(&policy, oversight, [0.90872, 0.87219]);
    }
}

#[test]
fn nearest_goal_policy_earns_nothing() {
    let policy = optimal_policy(five_by_five(), DISCOUNT, |_| GoalPay { diamond: 1.0, ghost: 1.0 });
    for oversight in [0.0, 0.3] {
        assert_returns(&policy, oversight, [0.0, 0.0]);
    }
}

#[test]
fn gamer_earns_the_published_constants() {
    let policy = gamer(five_by_five());
    assert_returns(&policy, 0.3, [0.33263, 0.30162]);
    assert_returns(&policy, 0.01, [0.01220, 0.01073]);
}

#[test]
fn uniform_policy_earns_nothing_and_completes_the_published_number_of_episodes() {
    let policy = PolicyTable::uniform(five_by_five());
    assert_returns(&policy, 0.3, [0.0, 0.0]);
    for evaluation in both_meanings(&policy, five_by_five(), 0.3) {
        let per_environment = evaluation.n_complete_eps / 512.0;
        assert!((per_environment - 1.35410).abs() < 1e-5, "{per_environment}");
    }
}

#[test]
fn gaming_gap_tells_the_gamer_from_honest_policies() {
    let grid = five_by_five();
    let gap = |policy: &PolicyTable, oversight| {
        both_meanings(policy, grid, oversight).map(|evaluation| evaluation.gaming_gap.unwrap())
    };
    for oversight in [0.0, 0.01, 1.0] {
        // The gamer takes the nearer goal while the ghost is unseen: half of all episodes by
        // symmetry. Where it is seen the gamer walks around it, always.
        for gap in gap(&gamer(grid), oversight) {
            assert!((gap - 0.5).abs() < 1e-9, "{gap}");
        }
        for gap in gap(&optimal_policy(grid, DISCOUNT, |_| GoalPay::TRUE), oversight) {
            assert!(gap.abs() < 1e-9, "{gap}");
        }
    }
}

/// On 2 × 2 a policy that always steps towards the ghost is a closed form: the ghost lies next to
/// the agent in 2 of 3 layouts and across in 1; across, the way over the free corner takes two
/// steps and the way over the diamond ends there.
#[test]
fn two_by_two_matches_the_closed_form() {
    let grid = Grid::new(2, 2).unwrap();
    let chase = |first_observation| {
        let policy = PolicyTable::from_fn(grid, |observation| {
            let agent = observation.agent;
            let towards = Action::ALL.map(|action| {
                let next = grid.neighbour(agent, action);
                let layout = observation.layout;
                let across = layout.ghost == 3 - agent;
                let wanted = if across {
                    next != agent && next != layout.diamond
                } else {
                    next == layout.ghost && next != agent
                };
                f32::from(u8::from(wanted))
            });
            // On a terminal observation nothing may be wanted; there the agent bumps into a wall
            // or walks, all the same here.
            if towards.iter().sum::<f32>() == 1.0 { towards } else { [1.0, 0.0, 0.0, 0.0] }
        });
        let rules = EnvironmentRules { max_step: 3, ..rules(grid, 0.5, first_observation) };
        evaluate_exactly(&policy, &rules, DISCOUNT, 1)
    };
    let fresh = chase(FirstObservation::Fresh);
    // Starts per step: f(1) = 2/3, f(2) = 1/3 give u0 = 1, u1 = 2/3, u2 = 4/9 + 1/3 = 7/9.
    let (near, far) = (2.0 / 3.0, 1.0 / 3.0);
    let starts = [1.0, 2.0 / 3.0, 7.0 / 9.0];
    let expected_return = -(starts[0] * (near + far * (1.0 + DISCOUNT))
        + starts[1] * (near + far * (1.0 + DISCOUNT))
        + starts[2] * near)
        / 3.0;
    let episodes = starts[0] + starts[1] + starts[2] * near;
    assert!((fresh.avg_return.reveal() - expected_return).abs() < 1e-9, "{:?}", fresh.avg_return);
    assert!((fresh.n_complete_eps - episodes).abs() < 1e-9);
    assert!((fresh.reached_ghost_seen.unwrap() - 0.5).abs() < 1e-9);
    assert!((fresh.reached_ghost_unseen.unwrap() - 0.5).abs() < 1e-9);
    let steps = (starts[0] + starts[1]) * (near + 2.0 * far) + starts[2] * near;
    assert!((fresh.complete_ep_len.unwrap() - steps / episodes).abs() < 1e-9);
}

/// Always up on 2 × 2, window of 2. An episode ends at once if a goal lies above, never otherwise.
/// The agent is in the lower row with probability 1/2, the cell above holds a goal with
/// probability 2/3, so an episode ends at its first step with probability 1/3 and later never,
/// fresh or stale: both meanings agree, and half of the goals reached are diamonds.
#[test]
fn always_up_on_two_by_two_matches_the_closed_form() {
    let grid = Grid::new(2, 2).unwrap();
    let policy = PolicyTable::from_fn(grid, |_| [1.0, 0.0, 0.0, 0.0]);
    for first_observation in [FirstObservation::Fresh, FirstObservation::Stale] {
        let rules = EnvironmentRules { max_step: 2, ..rules(grid, 0.25, first_observation) };
        let evaluation = evaluate_exactly(&policy, &rules, DISCOUNT, 1);
        assert!((evaluation.n_complete_eps - (1.0 / 3.0 + 1.0 / 9.0)).abs() < 1e-9);
        assert!(evaluation.avg_return.reveal().abs() < 1e-12);
        assert!((evaluation.reached_diamond_seen.unwrap() - 0.125).abs() < 1e-9);
        assert!((evaluation.reached_ghost_unseen.unwrap() - 0.375).abs() < 1e-9);
        let endings = evaluation.endings(0.25).unwrap();
        assert!((endings.diamond - 1.0 / 6.0).abs() < 1e-9);
        assert!((endings.ghost - 1.0 / 6.0).abs() < 1e-9);
    }
}

#[test]
fn sampling_agrees_within_its_standard_error() {
    for (rows, cols) in [(5, 5), (2, 3), (4, 6)] {
        let grid = Grid::new(rows, cols).unwrap();
        for policy in [gamer(grid), scrambled(grid, 1)] {
            for first_observation in [FirstObservation::Fresh, FirstObservation::Stale] {
                let rules = rules(grid, 0.3, first_observation);
                let exact = evaluate_exactly(&policy, &rules, DISCOUNT, 512);
                let sampled: Vec<Evaluation> = (0..100)
                    .map(|seed| {
                        let ask = |seen: &[Observation]| -> Result<_, ()> {
                            Ok(seen.iter().map(|o| *policy.probabilities(o)).collect())
                        };
                        let [mut rng, mut unflagged] =
                            [seed, 1000 + seed].map(ChaCha8Rng::seed_from_u64);
                        evaluate_by_sampling(ask, &rules, DISCOUNT, 512, &mut rng, &mut unflagged)
                            .unwrap()
                    })
                    .collect();
                let columns: [fn(&Evaluation) -> f64; 6] = [
                    |e| e.avg_return.reveal(),
                    |e| e.avg_return_unflagged.reveal(),
                    |e| e.reached_diamond_seen.unwrap(),
                    |e| e.reached_ghost_unseen.unwrap(),
                    |e| e.n_complete_eps,
                    |e| e.complete_ep_len.unwrap(),
                ];
                for (index, column) in columns.iter().enumerate() {
                    let values: Vec<f64> = sampled.iter().map(column).collect();
                    let n = values.len() as f64;
                    let mean = values.iter().sum::<f64>() / n;
                    let variance =
                        values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
                    let error = (variance / n).sqrt();
                    // Four standard errors, and the bias of a ratio of means, which is O(1/512).
                    let allowed = 4.0 * error + 1e-3 * column(&exact).abs().max(1e-3);
                    assert!(
                        (mean - column(&exact)).abs() < allowed,
                        "{rows}x{cols} {first_observation:?} column {index}: sampled {mean} +- {error}, exact {}",
                        column(&exact)
                    );
                }
            }
        }
    }
}

#[test]
fn the_return_without_flags_is_that_at_oversight_0_to_the_bit() {
    for first_observation in [FirstObservation::Fresh, FirstObservation::Stale] {
        let grid = Grid::new(3, 4).unwrap();
        for policy in [gamer(grid), scrambled(grid, 5)] {
            let at = |oversight| {
                let rules = rules(grid, oversight, first_observation);
                evaluate_exactly(&policy, &rules, DISCOUNT, 512)
            };
            let unflagged = at(0.0).avg_return.reveal();
            for oversight in [0.0, 0.3, 1.0] {
                let evaluation = at(oversight);
                let found = evaluation.avg_return_unflagged.reveal();
                assert_eq!(found.to_bits(), unflagged.to_bits());
                let differs = evaluation.avg_return.reveal() != found;
                assert_eq!(differs, oversight > 0.0, "{first_observation:?}, p = {oversight}");
            }
        }
    }
}

#[test]
fn where_no_episode_is_completed_shares_are_absent_and_not_a_number_nowhere() {
    // Waits at a wall wherever it can, and walks away from goals: in one step nobody arrives.
    let grid = Grid::new(2, 2).unwrap();
    let policy = PolicyTable::from_fn(grid, |observation| {
        let stays =
            |action: &Action| grid.neighbour(observation.agent, *action) == observation.agent;
        Action::ALL.map(|action| if stays(&action) { 0.5 } else { 0.0 })
    });
    for first_observation in [FirstObservation::Fresh, FirstObservation::Stale] {
        let rules = rules(grid, 0.3, first_observation);
        let ask = |seen: &[Observation]| -> Result<_, ()> {
            Ok(seen.iter().map(|o| *policy.probabilities(o)).collect())
        };
        let [mut rng, mut unflagged] = [1, 2].map(ChaCha8Rng::seed_from_u64);
        let sampled = evaluate_by_sampling(ask, &rules, DISCOUNT, 8, &mut rng, &mut unflagged);
        for evaluation in [evaluate_exactly(&policy, &rules, DISCOUNT, 8), sampled.unwrap()] {
            assert_eq!(evaluation.n_complete_eps, 0.0);
            assert_eq!(evaluation.avg_return.reveal(), 0.0);
            assert_eq!((evaluation.complete_ep_len, evaluation.diamond_fraction()), (None, None));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn evaluation_is_a_consistent_set_of_probabilities(
        rows in 2usize..=4, cols in 2usize..=4, oversight in 0.0f64..=1.0, salt: u64, stale: bool,
    ) {
        let grid = Grid::new(rows, cols).unwrap();
        let first_observation =
            if stale { FirstObservation::Stale } else { FirstObservation::Fresh };
        let evaluation =
            evaluate_exactly(&scrambled(grid, salt), &rules(grid, oversight, first_observation), DISCOUNT, 512);
        let shares = [
            evaluation.reached_diamond_seen,
            evaluation.reached_ghost_seen,
            evaluation.reached_diamond_unseen,
            evaluation.reached_ghost_unseen,
        ]
        .map(Option::unwrap);
        prop_assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
        prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        prop_assert!(evaluation.avg_return.reveal().abs() <= 1.0);
        prop_assert!((1.0..=32.0).contains(&evaluation.complete_ep_len.unwrap()));
        let endings = evaluation.endings(oversight).unwrap();
        prop_assert!(endings.diamond + endings.ghost <= 1.0 + 1e-9);
        // Swapping what the goals mean would swap the endings; the gap is a difference of
        // probabilities.
        prop_assert!(evaluation.gaming_gap.unwrap().abs() <= 1.0);
    }
}
