//! What the integration tests share: the reference's recorded updates and a per-sample update to
//! compare against.

// Every integration test is a crate of its own and uses only some of this.
#![allow(dead_code)]

pub mod golden;
pub mod per_sample;
