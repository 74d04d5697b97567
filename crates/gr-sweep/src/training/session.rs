//! One run while it trains: what it has recorded so far, how that is saved and continued, and how it
//! is published in the end. Knows nothing of the batch that it trains in.

use anyhow::{Context, Result, ensure};
use gr_grid::Evaluation;
use gr_learn::{RunPolicy, RunSnapshot};
use gr_runs::{
    Claim, FileRecord, RunFiles, RunManifest, RunName, Store, StoreError, Timing, atomic_write,
    read_sealed, write_sealed,
};
use serde::{Deserialize, Serialize};

use super::logs::RunLogs;
use super::record::policy_file;
use crate::plan::PlannedRun;

/// A run that this process works on.
pub struct Session {
    /// The run.
    pub run: PlannedRun,
    /// Its rows so far.
    pub logs: RunLogs,
    /// Seconds so far.
    pub timing: Timing,
    /// The latest evaluation of the policy that the method is judged by.
    pub headline: Option<Evaluation>,
    files: RunFiles,
    /// Policies that were kept on the way.
    checkpoints: Vec<FileRecord>,
    /// Keeps other processes away for as long as the session lives.
    _claim: Claim,
}

/// What a saved state holds beside the run's own state and logs.
#[derive(Default, Serialize, Deserialize)]
struct Saved {
    timing: Timing,
    checkpoints: Vec<FileRecord>,
}

/// What a saved state calls [`Saved`].
const SAVED: &str = "session";

impl Session {
    /// Begins or continues `run`: from its saved state, if there is a usable one. If there is one
    /// that is not, says why.
    pub fn open(
        store: &Store,
        run: PlannedRun,
        claim: Claim,
    ) -> (Self, Option<RunSnapshot>, Option<anyhow::Error>) {
        let files = store.files(&run.name.id);
        let (continued, why_not) = match files.state.exists() {
            false => (None, None),
            true => match read_state(store, &run, &files) {
                Ok(continued) => (Some(continued), None),
                Err(error) => (None, Some(error)),
            },
        };
        let (snapshot, logs, saved) = match continued {
            Some((snapshot, logs, saved)) => (Some(snapshot), logs, saved),
            None => (None, RunLogs::new(&run.spec), Saved::default()),
        };
        let Saved { timing, checkpoints } = saved;
        let session = Self { run, logs, timing, headline: None, files, checkpoints, _claim: claim };
        (session, snapshot, why_not)
    }

    /// Name of the run.
    pub fn name(&self) -> &RunName {
        &self.run.name
    }

    /// Saves everything that the run needs to go on from `snapshot`, in one file, and lets people
    /// look at its logs.
    pub fn save(&self, store: &Store, mut snapshot: RunSnapshot) -> Result<(), StoreError> {
        let saved = Saved { timing: self.timing, checkpoints: self.checkpoints.clone() };
        let saved = toml::to_string(&saved).expect("records are plain data");
        snapshot.notes.extend(self.logs.notes());
        snapshot.notes.insert(SAVED.into(), saved);
        write_sealed(&self.files.state, &snapshot.to_bytes())?;
        self.logs.publish_previews(store, &self.files)
    }

    /// Keeps a policy for its own sake.
    pub fn keep(&mut self, store: &Store, policy: &RunPolicy) -> Result<(), StoreError> {
        let path = store.checkpoint(&self.name().id, policy.update_idx);
        let bytes = policy_file(&self.run.spec, &self.name().id, policy);
        atomic_write(&path, &bytes)?;
        self.checkpoints.push(store.record(&path, &bytes));
        Ok(())
    }

    /// Publishes the finished run: its logs, the policy that it keeps, and last its manifest.
    pub fn publish(
        &self,
        store: &Store,
        kept: &RunPolicy,
        mut manifest: RunManifest,
    ) -> Result<(), StoreError> {
        let bytes = policy_file(&self.run.spec, &self.name().id, kept);
        atomic_write(&self.files.policy, &bytes)?;
        manifest.files = self.logs.publish(store, &self.files)?;
        manifest.files.push(store.record(&self.files.policy, &bytes));
        manifest.files.extend(self.checkpoints.iter().cloned());
        store.finish(&manifest, &self.name().id)
    }
}

/// Updates done and seconds so far, by the saved state of `run`, if there is a usable one.
pub fn progress(store: &Store, run: &PlannedRun) -> Option<(u64, Timing)> {
    let (snapshot, _, saved) = read_state(store, run, &store.files(&run.name.id)).ok()?;
    Some((snapshot.updates_done, saved.timing))
}

fn read_state(
    store: &Store,
    run: &PlannedRun,
    files: &RunFiles,
) -> Result<(RunSnapshot, RunLogs, Saved)> {
    let at = || files.state.display().to_string();
    let snapshot = RunSnapshot::from_bytes(&read_sealed(&files.state)?).with_context(at)?;
    ensure!(snapshot.key == run.name.key, "{} is of another run", at());
    let note = |name: &str| {
        let note = snapshot.notes.get(name).cloned();
        note.with_context(|| format!("{} lacks {name}", at()))
    };
    let saved: Saved = toml::from_str(&note(SAVED)?).with_context(at)?;
    for record in &saved.checkpoints {
        let name = &record.name;
        ensure!(store.is_intact(record), "{} was saved with {name}, which has changed", at());
    }
    let logs = RunLogs::continued(&run.spec, note)?;
    Ok((snapshot, logs, saved))
}
