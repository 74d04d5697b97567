//! Saved policies and the grid that they are for.
//!
//! Knows nothing of sweeps.

mod opened_policy;

pub use opened_policy::{EVALUATION_ENVS, GridArguments, OpenedPolicy};
