//! Saved policies and the grid that they are for.
//!
//! Knows nothing of sweeps.

mod layout_report;
mod noted_oversight;
mod opened_policy;

pub use layout_report::LayoutReport;
pub use noted_oversight::{listed_cells, note, remarks};
pub use opened_policy::{EVALUATION_ENVS, GridArguments, OpenedPolicy};
