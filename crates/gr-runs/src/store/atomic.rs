//! Writing a file so that it is at every moment absent, old or complete, whoever else writes it and
//! whatever kills the writer.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::NamedTempFile;

use super::StoreError;

/// Ends the names of files that are being written. They begin with a dot, and no reader takes them
/// for a result.
const TEMPORARY: &str = ".gr-tmp";

/// How often a file is given its name whose temporary file somebody removes.
const ATTEMPTS: usize = 3;

/// Most files of one [`PendingWrites`]: enough for a disk to work on many at once.
const MOST_PENDING: usize = 16;

/// Files that wait in all [`PendingWrites`] of the process together before each publishes what it has:
/// they stay open, and systems let a process open as few as 1,024, some 256.
const MANY_OPEN: usize = 128;

/// Files that wait at the moment.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Writes `bytes` to `path` so that the file is at every moment absent, old or complete: a temporary
/// file in the same folder, forced to disk, then renamed. Of several writers at once the last one
/// to rename wins, and none sees a file of the others.
///
/// # Errors
/// [`StoreError::Io`]; the file is then as it was.
pub fn atomic_write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    atomic_write_parts(path, &[bytes])
}

/// [`atomic_write`] of `parts` one after the other.
pub(crate) fn atomic_write_parts(path: &Path, parts: &[&[u8]]) -> Result<(), StoreError> {
    let mut pending = PendingWrites(vec![Pending::write(path, parts)?]);
    pending.publish()
}

/// [`atomic_write`] for what nothing depends on: without waiting for the disk, so that the file may
/// be gone or empty after a power cut.
pub(crate) fn atomic_write_unforced(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    Pending::write(path, &[bytes])?.rename()
}

/// Files that are published together, each as [`atomic_write`] publishes one: they are forced to disk
/// at the same time, so that many take about as long as one, and renamed then. What is not published is
/// as if it had not been written.
#[derive(Debug, Default)]
pub struct PendingWrites(Vec<Pending>);

impl PendingWrites {
    /// Writes `bytes`, to lie at `path` from [`PendingWrites::publish`] on. Publishes those that wait if
    /// they are many, or many wait in the whole process.
    ///
    /// # Errors
    /// [`StoreError::Io`]; those that wait still do, or are published.
    pub fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        self.0.push(Pending::write(path, &[bytes])?);
        let are_many = self.0.len() == MOST_PENDING || OPEN.load(Ordering::Relaxed) > MANY_OPEN;
        if are_many { self.publish() } else { Ok(()) }
    }

    /// Publishes all that wait, and returns when the disk has them.
    ///
    /// # Errors
    /// [`StoreError::Io`]; each file is then as it was, or complete.
    pub fn publish(&mut self) -> Result<(), StoreError> {
        let pending = std::mem::take(&mut self.0);
        force(&pending)?;
        let folders: BTreeSet<PathBuf> = pending.iter().map(Pending::folder).collect();
        pending.into_iter().try_for_each(Pending::rename)?;
        folders.iter().try_for_each(|folder| sync_folder(folder))
    }
}

/// Returns when the disk has what is in `pending`, which it is asked for all at once.
fn force(pending: &[Pending]) -> Result<(), StoreError> {
    let Some((last, others)) = pending.split_last() else { return Ok(()) };
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for file in others {
            match std::thread::Builder::new().spawn_scoped(scope, || file.force()) {
                Ok(thread) => threads.push(thread),
                // A machine that refuses threads is asked for one file after the other.
                Err(_) => file.force()?,
            }
        }
        last.force()?;
        let mut forced = threads.into_iter().map(|thread| thread.join());
        forced.try_for_each(|forced| forced.expect("forcing a file does not panic"))
    })
}

/// A file that is written and has not got its name yet. Dropped, it is removed.
#[derive(Debug)]
struct Pending {
    path: PathBuf,
    temporary: NamedTempFile,
    _open: CountedOpen,
}

/// Counts among [`OPEN`] for as long as it lives.
#[derive(Debug)]
struct CountedOpen;

impl CountedOpen {
    fn new() -> Self {
        OPEN.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for CountedOpen {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pending {
    fn write(path: &Path, parts: &[&[u8]]) -> Result<Self, StoreError> {
        let written = create_temporary(path).and_then(|mut temporary| {
            parts.iter().try_for_each(|part| temporary.write_all(part))?;
            Ok(Self { path: path.into(), temporary, _open: CountedOpen::new() })
        });
        written.map_err(StoreError::io("write", path))
    }

    fn force(&self) -> Result<(), StoreError> {
        self.temporary.as_file().sync_all().map_err(StoreError::io("write", &self.path))
    }

    fn folder(&self) -> PathBuf {
        self.path.parent().map(Path::to_path_buf).unwrap_or_default()
    }

    fn rename(self) -> Result<(), StoreError> {
        let Self { path, mut temporary, _open } = self;
        for attempt in 1.. {
            let Err(failed) = temporary.persist(&path) else { break };
            if failed.error.kind() != ErrorKind::NotFound || attempt == ATTEMPTS {
                return Err(StoreError::io("write", &path)(failed.error));
            }
            // Where locks do not reach other machines, one that clears up there takes a living writer
            // for a dead one. The file has lost its name, and not what it holds.
            temporary = copy(failed.file, &path).map_err(StoreError::io("write", &path))?;
        }
        Ok(())
    }
}

/// What `nameless` holds, in a file that has a name again, forced to disk.
fn copy(mut nameless: NamedTempFile, path: &Path) -> io::Result<NamedTempFile> {
    let mut temporary = create_temporary(path)?;
    nameless.rewind()?;
    io::copy(&mut nameless, &mut temporary)?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
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
    let removed = probe.and_then(|probe| match probe.close() {
        // Another machine that clears up was faster, as in `Pending::rename`.
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

/// A new file beside `path`, locked so that [`remove_left_behind`] leaves it alone; a file system
/// without locks does without.
fn create_temporary(path: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let create = |temporary: &Path| {
        OpenOptions::new().read(true).write(true).create_new(true).open(temporary)
    };
    loop {
        let temporary = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .suffix(TEMPORARY)
            .make_in(path.parent().unwrap_or(Path::new("")), create)?;
        // Until it is locked, the file looks as if its writer were dead: who clears up just then is
        // removing it, or has.
        let is_taken = matches!(temporary.as_file().try_lock(), Err(TryLockError::WouldBlock));
        if !is_taken && temporary.path().try_exists()? {
            return Ok(temporary);
        }
    }
}

/// Forces the renames in `folder` to disk.
fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    // Some systems cannot open folders, some file systems cannot sync them.
    let Ok(opened) = File::open(folder) else { return Ok(()) };
    match opened.sync_all() {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            Ok(())
        }
        synced => synced.map_err(StoreError::io("write to", folder)),
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
        let dead = create_temporary(&folder.path().join("dead")).unwrap();
        // It lies where it lay when its writer was killed, and nobody holds its lock.
        drop(dead.keep().unwrap());
        fs::write(folder.path().join("run_a.toml"), "a result").unwrap();
        remove_left_behind(folder.path());
        let left = names(folder.path());
        assert_eq!(left.len(), 2, "{left:?}");
        assert!(left.iter().any(|name| name.starts_with(".living.")), "{left:?}");
    }

    #[test]
    fn pending_writes_are_seen_all_together_and_not_at_all_if_they_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("below");
        fs::create_dir(&place).unwrap();
        let write = |pending: &mut PendingWrites, name: &str| {
            pending.write(&place.join(name), name.as_bytes()).unwrap();
        };
        let published = || names(&place).into_iter().filter(|n| !n.ends_with(TEMPORARY)).count();
        let mut pending = PendingWrites::default();
        write(&mut pending, "a");
        write(&mut pending, "b");
        assert_eq!(published(), 0);
        remove_left_behind(&place);
        pending.publish().unwrap();
        assert_eq!(published(), 2);
        pending.publish().unwrap();
        assert_eq!(fs::read(place.join("b")).unwrap(), b"b");
        (0..MOST_PENDING).for_each(|number| write(&mut pending, &format!("n{number}")));
        assert_eq!(published(), 2 + MOST_PENDING, "they are too many to wait");
        write(&mut pending, "a never published");
        drop(pending);
        assert_eq!(names(&place).len(), 2 + MOST_PENDING);
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
