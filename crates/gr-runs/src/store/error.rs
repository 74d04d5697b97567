//! What can be wrong with a results folder. Messages name the file and what to do.

use std::path::{Path, PathBuf};

/// A results folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused to read or write.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was attempted: "read", "write", ...
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder holds a sweep with other settings.
    #[error(
        "{} holds another sweep; give this one its own folder with --results. Differences (there -> here):\n{difference}",
        .path.display()
    )]
    OtherSweep {
        /// The folder.
        path: PathBuf,
        /// One line per differing key.
        difference: String,
    },
    /// A file of the folder is not what its name says.
    #[error("{} is corrupt: {reason}; {fix}", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What the user can do.
        fix: String,
    },
}

impl StoreError {
    /// Wraps an I/O error with what was attempted on which path.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, path: path.into(), source }
    }
}
