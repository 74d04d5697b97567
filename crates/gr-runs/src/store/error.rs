//! What can be wrong with a results folder. Messages name the file and what to do.

use std::path::{Path, PathBuf};

use crate::run::SCHEMA_VERSION;

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
    /// The folder holds no plan.
    #[error(
        "{} holds no sweep: it has neither plan.toml nor plans/*.toml; give the results folder of one",
        .path.display()
    )]
    NoPlan {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds something else than a published copy.
    #[error(
        "{} is neither empty nor a published copy (it has no published.toml); give a folder of its own",
        .path.display()
    )]
    NotPublished {
        /// The folder.
        path: PathBuf,
    },
    /// A version to come has written a file.
    #[error(
        "{} is of schema {schema}, and this program reads those up to {SCHEMA_VERSION}; use the version that \
         wrote it, or a later one",
        .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        schema: u32,
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
    /// That `path` is of a schema to come.
    pub(super) fn newer(path: &Path, schema: u32) -> Self {
        Self::Newer { path: path.into(), schema }
    }

    /// Wraps an I/O error with what was attempted on which path.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, path: path.into(), source }
    }
}
