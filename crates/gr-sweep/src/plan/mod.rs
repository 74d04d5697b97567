//! From a configuration to the list of runs, the part of it that one process trains, and what trains
//! together.
//!
//! Trains, reads and writes nothing, so that all of it is tested without training anything.

pub mod effects;
mod folder_plan;
mod planned_run;
pub mod schedule;
pub mod shard;
mod sweep_plan;
mod variants;

pub use folder_plan::FolderPlan;
pub use planned_run::{PlannedRun, groups};
pub use sweep_plan::{SweepPlan, results_folder};
pub use variants::resolve;
