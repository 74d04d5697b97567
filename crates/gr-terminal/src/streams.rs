//! The two output streams. Standard output carries results: what cannot be written there whole is an
//! error. Standard error carries notices: whether anybody reads them changes nothing.

use std::fmt::Display;
use std::io::{ErrorKind, Write, stderr, stdout};

/// Why text did not come out of standard output whole.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Whoever read a pipe has seen enough, as `head` has.
    #[error("nobody reads standard output any more")]
    Closed,
    /// The system refuses it, as where a disk is full.
    #[error("cannot write to standard output: {0}")]
    Refused(std::io::Error),
}

impl From<std::io::Error> for OutputError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Refused(error),
        }
    }
}

/// Prints `text` on standard output, for commands that do nothing but print: [`crate::run`] ends a
/// program quietly that returns [`OutputError::Closed`].
///
/// # Errors
/// If not all of it is written.
pub fn print(text: &str) -> Result<(), OutputError> {
    let mut output = stdout().lock();
    output.write_all(text.as_bytes())?;
    // What stays in the buffer is lost at the end of the program without an error.
    Ok(output.flush()?)
}

/// Prints `text` on standard output if anybody reads it, for commands that go on if nobody does,
/// because they write files or because their exit code says something.
///
/// # Errors
/// If somebody would read it and not all of it can be written.
pub fn print_if_read(text: &str) -> Result<(), OutputError> {
    match print(text) {
        Err(OutputError::Closed) => Ok(()),
        printed => printed,
    }
}

/// Says `line` on standard error, if that can be written to.
pub fn say(line: impl Display) {
    // Written at once, so that lines of several processes do not mix.
    let _ = stderr().write_all(format!("{line}\n").as_bytes());
}

/// Says on standard error that something is not as it should be.
pub fn warn(message: impl Display) {
    say(format_args!("warning: {message}"));
}
