//! Training one batch of runs, with everything that is recorded, saved and published of it, until it is
//! over or someone asks to stop.
//!
//! Knows what is planned and where it is shown, and nothing of the other batches.

mod events;
mod grow;
pub mod interrupt;
mod logs;
mod record;
mod recorded;
pub mod session;
pub mod slurm;
pub mod traffic;
pub mod train;
