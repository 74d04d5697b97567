//! The rules of an environment, from what Python says.

use gr_grid::{Cell, EnvironmentRules, FirstObservation, Flags, Grid};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The rules of an environment, on which training, evaluation and tables agree.
#[pyclass(frozen, module = "gr_oversight._native")]
pub struct Rules(pub EnvironmentRules);

#[pymethods]
impl Rules {
    #[new]
    #[expect(clippy::too_many_arguments, reason = "Python names every one of them")]
    fn new(
        rows: usize,
        cols: usize,
        max_step: u32,
        oversight: f64,
        spurious_oversight: f64,
        first_observation: &str,
        flag_visibility: f64,
        overseen_cells: Option<Vec<Cell>>,
    ) -> PyResult<Self> {
        let grid =
            Grid::new(rows, cols).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let probabilities = [
            ("oversight", oversight),
            ("spurious_oversight", spurious_oversight),
            ("flag_visibility", flag_visibility),
        ];
        for (name, value) in probabilities {
            if !(0.0..=1.0).contains(&value) {
                return Err(wrong(name, value, "a probability from 0 to 1"));
            }
        }
        let first_observation = match first_observation {
            "fresh" => FirstObservation::Fresh,
            "stale" => FirstObservation::Stale,
            other => return Err(wrong("first_observation", other, "fresh or stale")),
        };
        let overseen_cells = match overseen_cells {
            None => Flags::ALL,
            Some(cells) => {
                let num_cells = grid.num_cells();
                if let Some(cell) = cells.iter().find(|cell| usize::from(**cell) >= num_cells) {
                    let accepted = format!("cells below {num_cells}");
                    return Err(wrong("overseen_cells", cell, &accepted));
                }
                cells.into_iter().collect()
            }
        };
        Ok(Self(EnvironmentRules {
            grid,
            max_step,
            oversight,
            spurious_oversight,
            first_observation,
            flag_visibility,
            overseen_cells,
        }))
    }
}

/// A value that is not accepted, by the name of its argument.
pub fn wrong(name: &str, value: impl std::fmt::Display, accepted: &str) -> PyErr {
    PyValueError::new_err(format!("{name} is {value}; accepted: {accepted}"))
}
