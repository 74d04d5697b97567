//! Writing a file so that it is at every moment absent, old or complete, whoever else writes it and
//! whatever kills the writer.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use gethostname::gethostname;

use super::StoreError;

/// Ends the names of files that are being written. They begin with a dot, and no reader takes them
/// for a result.
const TEMPORARY: &str = ".gr-tmp";

/// How often a write is begun whose temporary file somebody removes.
const ATTEMPTS: usize = 3;

/// Writes `bytes` to `path` so that the file is at every moment absent, old or complete: a temporary
/// file in the same folder, forced to disk, then renamed. Of several writers at once the last one
/// to rename wins, and none sees a file of the others.
///
/// # Errors
/// [`StoreError::Io`]; the file is then as it was.
pub fn atomic_write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write(path, bytes, Durability::Forced)
}

/// [`atomic_write`] for what nothing depends on: without waiting for the disk, so that the file may
/// be gone or empty after a power cut.
pub(crate) fn atomic_write_unforced(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write(path, bytes, Durability::Unforced)
}

/// Whether a write waits until the disk has it. That can take milliseconds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Durability {
    Forced,
    Unforced,
}

fn write(path: &Path, bytes: &[u8], durability: Durability) -> Result<(), StoreError> {
    let mut outcome = publish(path, bytes, durability);
    for _ in 1..ATTEMPTS {
        // Where locks do not reach other machines, one that clears up there takes a living writer for
        // a dead one.
        match &outcome {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                outcome = publish(path, bytes, durability);
            }
            _ => break,
        }
    }
    outcome.map_err(StoreError::io("write", path))
}

/// [`atomic_write`], leaving a file alone that has these bytes already, so that repeating what is
/// finished writes nothing.
pub fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    if fs::read(path).ok().as_deref() == Some(bytes) {
        return Ok(());
    }
    atomic_write(path, bytes)
}

/// Makes and removes a file in `folder`.
///
/// # Errors
/// If nothing can be written there.
pub(crate) fn check_writable(folder: &Path) -> Result<(), StoreError> {
    let probe = create_temporary(&folder.join("probe"));
    let removed = probe.and_then(|(probe, _locked)| match fs::remove_file(probe) {
        // Another machine that clears up was faster, as in `write`.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    });
    removed.map_err(StoreError::io("write to", folder))
}

/// Removes what killed writers left in `folder`. A living writer holds a lock on its file, which
/// the kernel lets go of when the writer dies: neither clocks nor process numbers decide. Where the
/// file system has no locks, nothing is removed.
pub(crate) fn remove_left_behind(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_temporary =
            name.to_str().is_some_and(|n| n.starts_with('.') && n.ends_with(TEMPORARY));
        if is_temporary {
            remove_unless_locked(&entry.path());
        }
    }
}

/// Removes the file at `path` if it can be locked. Others may be faster or forbid it: nothing
/// depends on the removal.
pub(crate) fn remove_unless_locked(path: &Path) {
    if let Ok(file) = OpenOptions::new().write(true).open(path)
        && file.try_lock().is_ok()
    {
        let _ = fs::remove_file(path);
    }
}

fn publish(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let (temporary, mut file) = create_temporary(path)?;
    let is_forced = durability == Durability::Forced;
    let written = file.write_all(bytes);
    let written = if is_forced { written.and_then(|()| file.sync_all()) } else { written };
    written.and_then(|()| fs::rename(&temporary, path)).inspect_err(|_| {
        // Leaves no half-written file behind; the first error is the one that matters.
        let _ = fs::remove_file(&temporary);
    })?;
    if is_forced { sync_folder(path) } else { Ok(()) }
}

/// A new file beside `path`, locked so that [`remove_left_behind`] leaves it alone; a file system
/// without locks does without. Host, process and number make its name differ from those of all other
/// writers; where they do not (containers can share host names), the next number does.
fn create_temporary(path: &Path) -> io::Result<(PathBuf, File)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (host, process) = (gethostname().to_string_lossy().into_owned(), std::process::id());
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!(".{name}.{host}-{process}-{number}{TEMPORARY}");
        let temporary = path.with_file_name(name);
        let file = match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            opened => opened?,
        };
        // Until it is locked, the file looks as if its writer were dead: who clears up just then is
        // removing it, or has.
        let is_taken = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        if !is_taken && temporary.try_exists()? {
            return Ok((temporary, file));
        }
    }
}

/// Forces a rename in the folder of `path` to disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    // Some systems cannot open folders, some file systems cannot sync them.
    let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) else {
        return Ok(());
    };
    match folder.sync_all() {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn many_writers_of_one_file_leave_one_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::thread::scope(|scope| {
            for writer in 0..8_u8 {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..20 {
                        atomic_write(path, &[writer; 5000]).unwrap();
                        remove_left_behind(path.parent().unwrap());
                    }
                });
            }
        });
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 5000);
        assert!(bytes.iter().all(|byte| *byte == bytes[0]));
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn a_write_whose_file_is_removed_in_spite_of_its_lock_is_begun_again() {
        let folder = tempfile::tempdir().unwrap();
        let remove_one = || {
            let temporary =
                names(folder.path()).into_iter().filter(|name| name.ends_with(TEMPORARY));
            temporary.map(|name| folder.path().join(name)).any(|file| fs::remove_file(file).is_ok())
        };
        std::thread::scope(|scope| {
            let remover = scope.spawn(|| {
                // One less than a write can take, should all of them meet the same one.
                for _ in 1..ATTEMPTS {
                    while !remove_one() {}
                }
            });
            let mut written = Ok(());
            while !remover.is_finished() {
                written = written.and(atomic_write(&folder.path().join("file"), &[7; 5000]));
            }
            written.unwrap();
        });
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn what_a_killed_writer_left_is_removed_and_a_living_one_keeps_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let _living = create_temporary(&folder.path().join("living")).unwrap();
        create_temporary(&folder.path().join("dead")).unwrap();
        fs::write(folder.path().join("run_a.toml"), "a result").unwrap();
        remove_left_behind(folder.path());
        let left = names(folder.path());
        assert_eq!(left.len(), 2, "{left:?}");
        assert!(left.iter().any(|name| name.starts_with(".living.")), "{left:?}");
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        // A folder cannot be replaced by a file.
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        assert!(matches!(atomic_write(&path, b"new"), Err(StoreError::Io { .. })));
        assert_eq!(names(folder.path()), ["taken"]);
    }
}
