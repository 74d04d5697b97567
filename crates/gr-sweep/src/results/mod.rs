//! What the files of a sweep say: which runs are over, how far the others are, what came out.
//!
//! Reads and gathers; trains nothing.

pub mod folder;
pub mod merge;
mod reading;
pub mod status;
pub mod summary;
pub mod survey;
