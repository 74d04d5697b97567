//! The native part of the Python package `gr_oversight`: environments, exact evaluation, tables of sweeps and
//! statistics, as numpy arrays.
//!
//! Python checks what a person typed (`python/gr_oversight/_arguments.py`), so that errors name the argument as it
//! was written; what arrives here is still checked, and answered with an exception, where a wrong value could give
//! a wrong number.

mod environments;
mod evaluation;
mod observations;
mod rules;
mod statistics;
mod tables;
mod worlds;

use pyo3::prelude::*;

/// The module.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<rules::Rules>()?;
    module.add_class::<environments::Environments>()?;
    for function in [
        wrap_pyfunction!(observations::observation_cells, module)?,
        wrap_pyfunction!(observations::observation_inputs, module)?,
        wrap_pyfunction!(evaluation::evaluate, module)?,
        wrap_pyfunction!(evaluation::optimal_policy, module)?,
        wrap_pyfunction!(tables::table_today, module)?,
        wrap_pyfunction!(statistics::interquartile_mean, module)?,
        wrap_pyfunction!(statistics::mean_interval, module)?,
        wrap_pyfunction!(statistics::paired_difference, module)?,
        wrap_pyfunction!(statistics::welch_difference, module)?,
        wrap_pyfunction!(statistics::probability_of_improvement, module)?,
        wrap_pyfunction!(statistics::share_below, module)?,
        wrap_pyfunction!(statistics::verdict, module)?,
    ] {
        module.add_function(function)?;
    }
    let rewards = gr_grid::rewards::REWARDS.map(|reward| (reward.name, reward.summary));
    module.add("REWARDS", rewards.to_vec())?;
    module.add("ACTIONS", gr_grid::ACTION_NAMES)?;
    module.add("SCHEMA_VERSION", gr_runs::SCHEMA_VERSION)?;
    Ok(())
}
