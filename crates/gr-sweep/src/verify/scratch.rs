//! A folder for as long as it is needed.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A new folder among the system's temporary files, removed when dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes one.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn new() -> Result<Self> {
        let process = std::process::id();
        let names = (0_u32..).map(|number| format!("gr-verify-{process}-{number}"));
        for path in names.map(|name| std::env::temp_dir().join(name)) {
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                // Of a process of this number that was killed.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot create {}", path.display()));
                }
            }
        }
        unreachable!("there are more numbers than folders")
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clear.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
