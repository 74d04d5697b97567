//! What the integration tests share.

// Every test file compiles this module for itself, and none of them uses all of it.
#![allow(dead_code)]

pub mod golden;
pub mod per_sample;
pub mod table;
