//! What the programs share towards people and scripts: a frame around each program, the two output
//! streams, exit codes, and text for tables, counts and durations.
//!
//! All that the programs write to standard output and standard error goes through here, so that what
//! becomes of a closed pipe or a full disk is decided once. Knows nothing of what the programs do.

mod bars;
mod program;
mod streams;
mod text;

pub use bars::{Heartbeat, bars_can_be_drawn, screen_can_be_cleared};
pub use program::{BAD_INPUT, DONE, RUNS_FAILED, program_name, report, run};
pub use streams::{OutputError, print, print_if_read, say, warn};
pub use text::{columns, count, duration};
