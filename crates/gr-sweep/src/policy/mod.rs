//! Saved policies and the grid that they are for.
//!
//! Knows nothing of sweeps.

mod noted_oversight;
mod opened_policy;

pub use noted_oversight::{listed_cells, note, remarks};
pub use opened_policy::{EVALUATION_ENVS, GridArguments, OpenedPolicy};
