//! Runs that train together on one device, each with its state, and what one needs to go on from where
//! it was.
//!
//! Knows everything below it, and nothing of files.

mod ahead;
mod chunk;
mod run;
mod run_batch;
mod snapshot;
mod structure;

pub use run::UpdateReport;
pub use run_batch::{Collected, RunBatch, RunPolicy};
pub use snapshot::{RunSnapshot, SnapshotError};
pub use structure::BatchStructure;
