//! What people see while runs are trained, and text that they can paste into a shell.
//!
//! Knows what is planned, and nothing of how it is done.

pub mod progress;
pub mod shell;
