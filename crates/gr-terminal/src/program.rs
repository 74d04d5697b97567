//! The frame around every program: arguments in, exit code out. Shows errors with their causes.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::streams::{OutputError, say};

/// Exit code: what was asked for is done.
pub const DONE: u8 = 0;
/// Exit code: some run has no result, or something that was verified differs.
pub const RUNS_FAILED: u8 = 1;
/// Exit code: bad input, or a file, device or stream that cannot be used.
pub const BAD_INPUT: u8 = 2;

/// Runs a program: `work` gets the checked arguments and returns the exit code. Errors are shown; that
/// nobody reads standard output any more is none.
pub fn run<Arguments: Parser>(work: impl FnOnce(Arguments) -> Result<u8>) -> ExitCode {
    let outcome = match Arguments::try_parse() {
        Ok(arguments) => start_threads().and_then(|()| work(arguments)),
        Err(refused) if refused.use_stderr() => {
            let _ = refused.print();
            Ok(BAD_INPUT)
        }
        Err(help) => show_help(&help).map(|()| DONE).map_err(Into::into),
    };
    ExitCode::from(match outcome {
        Ok(code) => code,
        Err(error) if matches!(error.downcast_ref(), Some(OutputError::Closed)) => DONE,
        Err(error) => {
            report(&error);
            BAD_INPUT
        }
    })
}

/// Prints the help, or the version, that was asked for.
fn show_help(help: &clap::Error) -> Result<(), OutputError> {
    help.print()?;
    Ok(std::io::stdout().flush()?)
}

/// Starts the threads that share work. Left to itself, rayon starts them where they are first needed,
/// and panics if it cannot.
fn start_threads() -> Result<()> {
    rayon::ThreadPoolBuilder::new().build_global().context(
        "cannot start a thread for each core; allow more processes (`ulimit -u`) or use fewer cores \
         (RAYON_NUM_THREADS=1)",
    )
}

/// What this program was called as: the name of its file, by which people call it again.
pub fn program_name() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&path).file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(std::env::consts::EXE_SUFFIX).unwrap_or(&name).into()
}

/// Says on standard error that this program met `error`, with its causes.
pub fn report(error: &anyhow::Error) {
    let mut message = format!("{}: {error}", program_name());
    for cause in error.chain().skip(1) {
        // Errors that quote their source would say it twice.
        let cause = cause.to_string();
        if !message.contains(&cause) {
            message.push_str(&format!(": {cause}"));
        }
    }
    say(message);
}
