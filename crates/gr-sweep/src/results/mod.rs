//! What the files of a sweep say: which runs are over, how far the others are, what came out.
//!
//! Reads and gathers; trains nothing.

mod comparison;
pub mod folder;
pub mod group;
pub mod merge;
pub mod power;
pub mod publish;
mod reading;
pub mod status;
pub mod summary;
pub mod survey;
pub mod table;
