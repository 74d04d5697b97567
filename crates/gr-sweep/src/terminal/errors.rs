//! Exit codes, and how errors are shown.

use std::process::ExitCode;

/// All runs finished.
pub const DONE: u8 = 0;
/// Some run failed.
pub const RUNS_FAILED: u8 = 1;
/// Bad input, or a file or device that cannot be used; nothing was computed for it.
pub const BAD_INPUT: u8 = 2;

/// Prints `error` with its causes and returns the exit code for bad input.
pub fn report(program: &str, error: &anyhow::Error) -> ExitCode {
    let mut message = format!("{program}: {error}");
    for cause in error.chain().skip(1) {
        // Errors that quote their source would say it twice.
        let cause = cause.to_string();
        if !message.contains(&cause) {
            message.push_str(&format!(": {cause}"));
        }
    }
    eprintln!("{message}");
    ExitCode::from(BAD_INPUT)
}
