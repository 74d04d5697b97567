//! From a configuration to the list of runs, the part of it that one process trains, and what trains
//! together.
//!
//! Trains, reads and writes nothing, so that all of it is tested without training anything.

pub mod effects;
pub mod schedule;
pub mod shard;
mod sweep_plan;

pub use sweep_plan::{PlannedRun, SweepPlan, groups, results_folder};
