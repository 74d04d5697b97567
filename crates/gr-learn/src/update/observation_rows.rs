//! Which observations an update has met, and which row of the table each has.

use std::collections::HashMap;

use gr_grid::{Grid, Observation, ObservationSpace};

const ABSENT: u32 = u32::MAX;

/// Distinct observations in the order in which they were met. A row number is a position in it.
#[derive(Clone, Debug)]
pub struct ObservationRows {
    index: RowIndex,
    observations: Vec<Observation>,
}

#[derive(Clone, Debug)]
enum RowIndex {
    /// Flags lie on goals only: one slot for every observation there is.
    Dense { space: ObservationSpace, rows: Vec<u32> },
    /// Flags may lie anywhere: too many observations for slots.
    Sparse(HashMap<Observation, u32>),
}

impl ObservationRows {
    /// No observations yet, on `grid`, with or without flags off the goals.
    pub fn new(grid: Grid, spurious: bool) -> Self {
        let space = ObservationSpace::new(grid);
        let index = if spurious {
            RowIndex::Sparse(HashMap::new())
        } else {
            RowIndex::Dense { space, rows: vec![ABSENT; space.len()] }
        };
        Self { index, observations: Vec::new() }
    }

    /// The row of `observation`, a new one if it has not been met.
    #[inline]
    pub fn row(&mut self, observation: &Observation) -> u32 {
        let next = self.observations.len() as u32;
        let row = match &mut self.index {
            RowIndex::Dense { space, rows } => {
                let slot = &mut rows[space.index(observation)];
                if *slot == ABSENT {
                    *slot = next;
                }
                *slot
            }
            RowIndex::Sparse(rows) => *rows.entry(*observation).or_insert(next),
        };
        if row == next {
            self.observations.push(*observation);
        }
        row
    }

    /// The row of `observation`, if it has been met.
    pub fn find(&self, observation: &Observation) -> Option<u32> {
        match &self.index {
            RowIndex::Dense { space, rows } => {
                Some(rows[space.index(observation)]).filter(|row| *row != ABSENT)
            }
            RowIndex::Sparse(rows) => rows.get(observation).copied(),
        }
    }

    /// All observations, by row.
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// Forgets everything but the first `kept` rows.
    pub fn truncate(&mut self, kept: usize) {
        for observation in self.observations.drain(kept..) {
            match &mut self.index {
                RowIndex::Dense { space, rows } => rows[space.index(&observation)] = ABSENT,
                RowIndex::Sparse(rows) => drop(rows.remove(&observation)),
            }
        }
    }
}
