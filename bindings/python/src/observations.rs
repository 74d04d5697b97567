//! The numbering of observations that Python sees: without the gaps of [`ObservationSpace`], which has places for
//! both goals on one cell.

use gr_grid::{Observation, ObservationSpace};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;

use crate::rules::Rules;

/// Number of observations of a grid of `num_cells` cells whose flags lie on goals only.
pub fn count(num_cells: usize) -> usize {
    num_cells * (num_cells - 1) * ObservationSpace::FLAG_COMBINATIONS * num_cells
}

/// Position of `observation` among all of them, as [`ObservationSpace::observations`] lists them. Flags off the
/// goals are ignored.
#[inline]
pub fn position(num_cells: usize, observation: &Observation) -> usize {
    let layout = &observation.layout;
    let (ghost, diamond) = (usize::from(layout.ghost), usize::from(layout.diamond));
    // The diamond lies on any cell but the ghost's.
    let goals = ghost * (num_cells - 1) + diamond - usize::from(diamond > ghost);
    let flags = usize::from(layout.ghost_flag()) + 2 * usize::from(layout.diamond_flag());
    (goals * ObservationSpace::FLAG_COMBINATIONS + flags) * num_cells
        + usize::from(observation.agent)
}

/// Writes the `4 × cells` network inputs of an observation into `inputs`, which are zeros.
#[inline]
pub fn write_inputs(num_cells: usize, observation: &Observation, inputs: &mut [f32]) {
    for input in observation.active_inputs(num_cells) {
        inputs[input] = 1.0;
    }
}

type Columns<'py, T> = Bound<'py, PyArray1<T>>;

/// Cells of agent, ghost and diamond, and the flags of both, of every observation.
#[pyfunction]
#[expect(clippy::type_complexity, reason = "five columns")]
pub fn observation_cells<'py>(
    py: Python<'py>,
    rules: &Rules,
) -> (Columns<'py, u8>, Columns<'py, u8>, Columns<'py, u8>, Columns<'py, bool>, Columns<'py, bool>)
{
    let all: Vec<Observation> = ObservationSpace::new(rules.0.grid).observations().collect();
    let cells = |cell: fn(&Observation) -> u8| PyArray1::from_iter(py, all.iter().map(cell));
    let flags = |flag: fn(&Observation) -> bool| PyArray1::from_iter(py, all.iter().map(flag));
    (
        cells(|it| it.agent),
        cells(|it| it.layout.ghost),
        cells(|it| it.layout.diamond),
        flags(|it| it.layout.ghost_flag()),
        flags(|it| it.layout.diamond_flag()),
    )
}

/// The network inputs of every observation, `[observations, 4 × cells]`, as `rules` show them.
#[pyfunction]
pub fn observation_inputs<'py>(py: Python<'py>, rules: &Rules) -> Bound<'py, PyArray2<f32>> {
    let num_cells = rules.0.grid.num_cells();
    let inputs = PyArray2::zeros(py, [count(num_cells), 4 * num_cells], false);
    {
        let mut values = inputs.readwrite();
        let values = values.as_slice_mut().expect("a new array is contiguous");
        let rows = values.chunks_exact_mut(4 * num_cells);
        for (observation, row) in ObservationSpace::new(rules.0.grid).observations().zip(rows) {
            write_inputs(num_cells, &rules.0.shown(observation), row);
        }
    }
    inputs
}
