//! The command lines of `gr-sweep`, `gr-search` and `gr-policy`: flags in, exit codes out.
//!
//! The top of the house: wires what lies below, decides nothing itself.

pub mod policy;
pub mod search;
mod status_view;
pub mod sweep;
