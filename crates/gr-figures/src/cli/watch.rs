//! Waiting for runs to progress.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use crate::data::{Results, RunState};

/// Seconds after which a page that is watched loads itself again.
pub const RELOAD_SECONDS: u64 = 20;
/// Between two looks at the folders.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What files there are, how long each is and when it was written.
pub type FolderState = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// The state of folders and of those within them, where previews and policies lie.
pub fn state_of(folders: &[PathBuf]) -> FolderState {
    let mut state = FolderState::new();
    let mut rest: Vec<PathBuf> = folders.to_vec();
    while let Some(folder) = rest.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(file) = entry.metadata() else { continue };
            if file.is_dir() {
                rest.push(entry.path());
            } else {
                state.push((entry.path(), file.len(), file.modified().ok()));
            }
        }
    }
    state.sort();
    state
}

/// Returns when the folders are no longer as they were `before`.
pub fn wait_for_change(folders: &[PathBuf], before: FolderState) {
    while state_of(folders) == before {
        sleep(LOOK_EVERY);
    }
}

/// Whether no run is under way or still to come.
pub fn is_over(results: &Results) -> bool {
    results.runs.iter().all(|run| !matches!(run.state, RunState::Unfinished | RunState::Missing))
}
