//! Training a list of runs to its end on one machine: the device, how many at once, what is over and
//! what is damaged; and what that would take.
//!
//! Knows training and results, and nothing of command lines or searches.

mod batches;
pub mod dry_run;
mod measure;
mod panics;
pub mod workplace;
