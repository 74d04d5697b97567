//! What is recorded of a file of a run.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::hex;

/// A file of a finished run, as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Path below the results folder.
    pub name: String,
    /// Length.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: String,
}

impl FileRecord {
    /// Of a file that lies at `name` below the results folder.
    pub(crate) fn of(name: &Path, bytes: &[u8]) -> Self {
        Self {
            name: name.to_string_lossy().into_owned(),
            bytes: bytes.len() as u64,
            sha256: hex(&Sha256::digest(bytes)),
        }
    }
}
