//! A policy as numbers: action probabilities for every observation of a grid.

use crate::grid::{Grid, NUM_ACTIONS};
use crate::layout::{Observation, ObservationSpace};

/// Action probabilities by [`ObservationSpace`] index.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyTable {
    space: ObservationSpace,
    probabilities: Vec<[f32; NUM_ACTIONS]>,
}

impl PolicyTable {
    /// Tabulates `policy` over every observation of `grid`.
    pub fn from_fn(grid: Grid, mut policy: impl FnMut(&Observation) -> [f32; NUM_ACTIONS]) -> Self {
        let space = ObservationSpace::new(grid);
        let mut probabilities = vec![[0.0; NUM_ACTIONS]; space.len()];
        for observation in space.observations() {
            probabilities[space.index(&observation)] = policy(&observation);
        }
        Self { space, probabilities }
    }

    /// The policy that takes every action equally often.
    pub fn uniform(grid: Grid) -> Self {
        Self::from_fn(grid, |_| [1.0 / NUM_ACTIONS as f32; NUM_ACTIONS])
    }

    /// The observations that the table covers.
    pub fn space(&self) -> ObservationSpace {
        self.space
    }

    /// Action probabilities at `observation`.
    #[inline]
    pub fn probabilities(&self, observation: &Observation) -> &[f32; NUM_ACTIONS] {
        &self.probabilities[self.space.index(observation)]
    }

    /// The table's rows from `index` on, in index order.
    pub(crate) fn rows_from(&self, index: usize) -> &[[f32; NUM_ACTIONS]] {
        &self.probabilities[index..]
    }
}
