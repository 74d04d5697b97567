//! What people see: text and tables on standard output, progress and warnings on standard error, exit
//! codes.
//!
//! Knows what is planned, and nothing of how it is done.

pub mod errors;
pub mod output;
pub mod progress;
pub mod shell;
