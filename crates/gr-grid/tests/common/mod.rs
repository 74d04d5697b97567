//! What the integration tests share.

// Every test file compiles this module for itself, and none of them uses all of it.
#![allow(dead_code)]

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use gr_grid::{
    EnvironmentRules, FirstObservation, Flags, GoalPay, Grid, NUM_ACTIONS, ObservationSpace,
    PolicyTable, optimal_policy,
};

pub const DISCOUNT: f64 = 0.97;

/// The experiment's rules but for the grid, the oversight level and the first observation.
pub fn rules(grid: Grid, oversight: f64, first_observation: FirstObservation) -> EnvironmentRules {
    EnvironmentRules {
        grid,
        max_step: 32,
        oversight,
        spurious_oversight: 0.0,
        first_observation,
        flag_visibility: 1.0,
        overseen_cells: Flags::ALL,
    }
}

/// Optimal where a flagged ghost costs 1 and any other goal pays 1.
pub fn gamer(grid: Grid) -> PolicyTable {
    optimal_policy(grid, DISCOUNT, |layout| GoalPay {
        diamond: 1.0,
        ghost: if layout.ghost_flag() { -1.0 } else { 1.0 },
    })
}

/// A policy that depends on everything it sees, in an arbitrary but fixed way.
pub fn scrambled(grid: Grid, salt: u64) -> PolicyTable {
    let space = ObservationSpace::new(grid);
    PolicyTable::from_fn(grid, |observation| {
        let mut rng = ChaCha8Rng::seed_from_u64(salt ^ (space.index(observation) as u64) << 8);
        let weights = [(); NUM_ACTIONS].map(|()| (rng.next_u32() % 1000 + 1) as f32);
        let total: f32 = weights.iter().sum();
        weights.map(|weight| weight / total)
    })
}
