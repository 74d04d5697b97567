//! Every observation of a grid as a network takes it, on a GPU once and for all, so that an update sends
//! nothing but row numbers.

use burn::tensor::{Int, Tensor};
use gr_grid::{Observation, ObservationSpace};
use rayon::prelude::*;

use super::architecture::NUM_CHANNELS;
use crate::device::ComputeDevice;

/// One-hot rows of all observations whose flags lie on goals only, and after them one without a one.
#[derive(Clone, Debug)]
pub(super) struct ObservationTable {
    /// `[observations + 1, 4 × cells]`.
    rows: Tensor<2>,
    space: ObservationSpace,
}

impl ObservationTable {
    /// The table for grids of `num_cells` cells, unless `device` takes no tensor of its size.
    pub fn new(num_cells: usize, device: &ComputeDevice) -> Option<Self> {
        let num_inputs = NUM_CHANNELS * num_cells;
        let space = ObservationSpace::of_cells(num_cells);
        let numbers = (space.len() + 1) * num_inputs;
        if numbers > device.largest_tensor / size_of::<f32>() {
            return None;
        }
        let mut values = vec![0.0; numbers];
        for observation in space.observations() {
            let row = &mut values[space.index(&observation) * num_inputs..][..num_inputs];
            observation.active_inputs(num_cells).for_each(|input| row[input] = 1.0);
        }
        Some(Self { rows: device.floats(values, [space.len() + 1, num_inputs]), space })
    }

    /// Row numbers of the observations of every run, each followed by empty rows up to `rows`. `None` if one has
    /// a flag off its goals.
    pub fn numbers<'a>(
        &self,
        runs: impl IntoIterator<Item = &'a [Observation]>,
        rows: usize,
    ) -> Option<Vec<i32>> {
        let runs: Vec<&[Observation]> = runs.into_iter().collect();
        let mut numbers = vec![self.space.len() as i32; runs.len() * rows];
        let of_run = |(numbers, observations): (&mut [i32], &&[Observation])| {
            numbers.iter_mut().zip(*observations).all(|(number, observation)| {
                let is_there = observation.layout.has_flags_on_goals_only();
                if is_there {
                    *number = self.space.index(observation) as i32;
                }
                is_there
            })
        };
        numbers.par_chunks_exact_mut(rows).zip(&runs).all(of_run).then_some(numbers)
    }

    /// The rows with these numbers, `[numbers, 4 × cells]`.
    pub fn select(&self, numbers: Tensor<1, Int>) -> Tensor<2> {
        self.rows.clone().select(0, numbers)
    }
}
