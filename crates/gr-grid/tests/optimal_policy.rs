//! The true return of the optimal policy against constants computed independently and other policies.

mod common;

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use common::rules;
use gr_grid::{
    EnvironmentRules, FirstObservation, GoalPay, Grid, PolicyTable, evaluate_exactly,
    optimal_policy, optimal_return,
};
use proptest::prelude::*;

#[test]
fn the_published_optimum_is_found_whatever_the_flags() {
    let grid = Grid::new(5, 5).unwrap();
    for (meaning, expected) in
        [(FirstObservation::Fresh, 0.90872), (FirstObservation::Stale, 0.87219)]
    {
        let rules = rules(grid, 0.3, meaning);
        let others = [
            EnvironmentRules { oversight: 0.0, ..rules },
            EnvironmentRules { spurious_oversight: 0.5, ..rules },
        ];
        let found = optimal_return(&rules, 0.97).unwrap();
        assert!((found.reveal() - expected).abs() < 1e-5, "{found:?}");
        for other in others {
            let other = optimal_return(&other, 0.97).unwrap();
            assert!((other.reveal() - found.reveal()).abs() < 1e-12, "{other:?}");
        }
    }
}

/// Section 12's table: what a method comes to that optimises what it is paid to the end.
#[test]
fn methods_that_are_paid_for_labels_alone_have_their_known_optima() {
    let grid = Grid::new(5, 5).unwrap();
    for (p, naive_and_blind, zero_unseen) in [
        (0.01, ["0.1589", "0.1734"], ["0.0048", "0.0046"]),
        (0.1, ["0.8722", "0.9087"], ["0.0481", "0.0462"]),
    ] {
        // Who cannot see flags is paid for a ghost what it pays on average.
        let average = GoalPay { diamond: 1.0, ghost: 1.0 - 2.0 * p };
        let blind = optimal_policy(grid, 0.97, |_| average);
        let labelled = optimal_policy(grid, 0.97, |layout| GoalPay {
            diamond: if layout.diamond_flag() { 1.0 } else { 0.0 },
            ghost: if layout.ghost_flag() { -1.0 } else { 0.0 },
        });
        for (policy, visibility, expected) in
            [(blind, 0.0, naive_and_blind), (labelled, 1.0, zero_unseen)]
        {
            for (meaning, expected) in
                [FirstObservation::Stale, FirstObservation::Fresh].into_iter().zip(expected)
            {
                let rules = EnvironmentRules {
                    oversight: p,
                    flag_visibility: visibility,
                    ..rules(grid, 0.3, meaning)
                };
                let evaluation = evaluate_exactly(&policy, &rules, 0.97, 512);
                let found = evaluation.avg_return.reveal();
                assert_eq!(format!("{found:.4}"), expected, "p = {p}, {meaning:?}");
                if visibility == 0.0 {
                    assert_eq!(evaluation.gaming_gap, Some(0.0));
                }
            }
        }
    }
}

#[test]
fn where_ties_cannot_be_told_there_is_no_optimum() {
    let rules = rules(Grid::new(5, 5).unwrap(), 0.3, FirstObservation::Fresh);
    for discount in [0.0, 0.3, 1.0 - 1e-9, 1.0] {
        assert_eq!(optimal_return(&rules, discount), None, "{discount}");
    }
    assert!(optimal_return(&rules, 0.999).is_some());
    let endless = EnvironmentRules { max_step: 100_000, ..rules };
    assert_eq!(optimal_return(&endless, 0.97), None);
}

#[test]
fn a_policy_that_wants_neither_goal_reaches_none() {
    let grid = Grid::new(3, 4).unwrap();
    let policy = optimal_policy(grid, 0.97, |_| GoalPay { diamond: -1.0, ghost: -1.0 });
    let evaluation = evaluate_exactly(&policy, &rules(grid, 0.3, FirstObservation::Fresh), 0.97, 1);
    assert_eq!(evaluation.n_complete_eps, 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_policy_earns_more(rows in 2usize..5, cols in 2usize..5, discount in 0.6f64..0.99, seed in 0u64..1000) {
        let grid = Grid::new(rows, cols).unwrap();
        let rules = rules(grid, 0.3, FirstObservation::Fresh);
        let best = optimal_return(&rules, discount).unwrap().reveal();
        let optimal = optimal_policy(grid, discount, |_| GoalPay::TRUE);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // A step away from the optimum at some observations, a random policy at others.
        let other = PolicyTable::from_fn(grid, |observation| {
            let mut actions = *optimal.probabilities(observation);
            if rng.next_u32() % 8 == 0 {
                actions = [0.0; 4];
                actions[(rng.next_u32() % 4) as usize] = 1.0;
            }
            actions
        });
        let other = evaluate_exactly(&other, &rules, discount, 1).avg_return.reveal();
        prop_assert!(other <= best + 1e-9, "{other} is more than {best}");
    }
}
