//! What people can ask for: the flags that the programs share, and lists of what there is to choose from.
//!
//! Knows plans and registries, and nothing of what is done with them.

pub mod flags;
pub mod listing;
