//! Who works on a run: a locked file, so that two processes do not train the same run at once. A
//! courtesy and no guarantee: results are right without it, some work is merely done twice.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use gethostname::gethostname;

/// A run that this process works on. Let go of when dropped, and by the kernel when the process
/// dies.
#[derive(Debug)]
pub struct Claim {
    /// The lock file, where the file system has locks.
    locked: Option<(PathBuf, File)>,
}

impl Claim {
    /// Claims the run whose lock file is `path`; nothing if another process holds it.
    pub(crate) fn take(path: &Path) -> Option<Self> {
        // What is written into a lock file must not land elsewhere. Nobody makes links here but to that
        // end, and work goes on without locks.
        if path.is_symlink() {
            return Some(Self { locked: None });
        }
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let Ok(mut file) = opened else { return Some(Self { locked: None }) };
        match file.try_lock() {
            Ok(()) => {
                // For whoever looks; nothing reads it but `Store::holder`.
                let holder = format!("{} {}\n", gethostname().display(), std::process::id());
                let _ = file.set_len(0).and_then(|()| file.write_all(holder.as_bytes()));
                Some(Self { locked: Some((path.into(), file)) })
            }
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(_)) => Some(Self { locked: None }),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some((path, _)) = &self.locked {
            // While it is still locked, so that no other process has just locked what goes away. One
            // that has opened it before gets a lock on nothing, and may do work twice.
            let _ = fs::remove_file(path);
        }
    }
}

/// The process that holds the lock file `path`, as it names itself; nothing if none does.
pub(crate) fn holder(path: &Path) -> Option<String> {
    let file = File::open(path).ok()?;
    // Shared, so that people who look do not get in each other's way.
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {
            let text = fs::read_to_string(path).unwrap_or_default();
            Some(text.trim().to_string()).filter(|name| !name.is_empty()).or(Some("unknown".into()))
        }
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claimed_run_is_not_claimed_twice_and_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.lock");
        assert_eq!(holder(&path), None);
        let claim = Claim::take(&path).unwrap();
        assert!(Claim::take(&path).is_none());
        assert!(holder(&path).unwrap().ends_with(&std::process::id().to_string()));
        drop(claim);
        assert!(!path.exists());
        // What a killed process leaves is not locked.
        fs::write(&path, "node7 1234\n").unwrap();
        assert_eq!(holder(&path), None);
        assert!(Claim::take(&path).is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_file_that_leads_elsewhere_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let (path, elsewhere) = (folder.path().join("run.lock"), folder.path().join("precious"));
        fs::write(&elsewhere, "content").unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        drop(Claim::take(&path).unwrap());
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "content");
    }

    #[test]
    fn a_folder_that_has_no_room_for_locks_is_worked_in_without() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Claim::take(&folder.path().join("no such folder/run.lock")).is_some());
    }
}
