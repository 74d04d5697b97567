//! A run that begins where a shorter one ended, or was interrupted: from the state that this one keeps,
//! with its rows and policies under the new name. One that was stopped early, or failed, has come to the
//! same end already, and is copied.

use anyhow::{Context, Result, ensure};
use gr_learn::RunSnapshot;
use gr_runs::{
    Check, CsvLog, FileRecord, PendingWrites, RunFailure, RunManifest, RunName, RunStatus, Store,
};

use super::logs::is_checkpoint;
use super::recorded::Recorded;
use crate::plan::PlannedRun;

/// How a run begins.
pub enum Beginning {
    /// From a state: its own, or that of a shorter run, whose policies wait to be published again.
    From(Box<(RunSnapshot, Recorded)>, PendingWrites),
    /// It is over: a shorter run came to the same end.
    Over,
    /// From nothing, for a reason if there was something to begin from.
    Anew(Option<anyhow::Error>),
}

/// Finds where `run` begins, of which nothing is saved: at the end of the longest of `shorter`, which come
/// longest first, that can be trained on.
///
/// # Errors
/// If what is there cannot be read, or cannot be written under the run's name.
pub fn begin(store: &Store, run: &PlannedRun, shorter: &[&PlannedRun]) -> Result<Beginning> {
    let mut why_not = None;
    for source in shorter {
        match store.status(&source.name, Check::Hashes)? {
            RunStatus::Done(manifest) if is_same_end(&manifest, source, run) => {
                copy(store, *manifest, source, run)?;
                return Ok(Beginning::Over);
            }
            status @ (RunStatus::Done(_) | RunStatus::Interrupted) => {
                let is_finished = matches!(status, RunStatus::Done(_));
                match grown(store, source, is_finished, run) {
                    Ok((state, pending)) => return Ok(Beginning::From(Box::new(state), pending)),
                    Err(error) => why_not = why_not.or(Some(error)),
                }
            }
            RunStatus::Failed(failure) => {
                copy_failure(store, failure, source, run)?;
                return Ok(Beginning::Over);
            }
            RunStatus::Missing | RunStatus::Damaged(_) => {}
        }
    }
    Ok(Beginning::Anew(why_not))
}

/// Whether `run` would end as the finished `source` did.
fn is_same_end(manifest: &RunManifest, source: &PlannedRun, run: &PlannedRun) -> bool {
    manifest.result.stopped_update.is_some() || source.updates == run.updates
}

/// The last state of `source`, finished or interrupted, as one of `run`.
fn grown(
    store: &Store,
    source: &PlannedRun,
    is_finished: bool,
    run: &PlannedRun,
) -> Result<((RunSnapshot, Recorded), PendingWrites)> {
    let id = &run.name.id;
    let files = store.files(&source.name.id);
    ensure!(
        !is_finished || files.last_state.exists(),
        "{} cannot be trained on: it keeps no last state (--keep-states false, or an earlier version)",
        source.name.id
    );
    let path = if is_finished { files.last_state } else { files.state };
    let (mut snapshot, mut recorded) = Recorded::read(&path, store, source)?;
    snapshot.key = run.name.key.clone();
    recorded.logs = recorded.logs.grown(id, &run.spec)?;
    let mut pending = PendingWrites::default();
    let checkpoints = recorded.checkpoints.iter();
    let copied = checkpoints.map(|record| copy_file(store, record, source, run, &mut pending));
    recorded.checkpoints = copied.collect::<Result<_>>()?;
    Ok(((snapshot, recorded), pending))
}

/// Publishes the files of the finished `source` as those of `run`.
fn copy(store: &Store, manifest: RunManifest, source: &PlannedRun, run: &PlannedRun) -> Result<()> {
    let mut pending = PendingWrites::default();
    let files = manifest.files.iter();
    let copied = files.map(|record| copy_file(store, record, source, run, &mut pending));
    let files = copied.collect::<Result<_>>()?;
    pending.publish()?;
    let (key, spec) = (run.name.key.clone(), run.spec.clone());
    store.finish(&RunManifest { key, spec, files, ..manifest }, &run.name.id)?;
    Ok(())
}

/// Publishes that `run` failed as `source` did, and the policies that were kept until then.
fn copy_failure(
    store: &Store,
    failure: RunFailure,
    source: &PlannedRun,
    run: &PlannedRun,
) -> Result<()> {
    let mut pending = PendingWrites::default();
    for update_idx in (0..failure.update_idx).filter(|at| is_checkpoint(&run.spec, *at)) {
        let path = store.checkpoint(&source.name.id, update_idx);
        if path.exists() {
            let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
            let record = store.record(&path, &bytes);
            copy_file(store, &record, source, run, &mut pending)?;
        }
    }
    pending.publish()?;
    let key = run.name.key.clone();
    store.fail(&run.name.id, &RunFailure { key, ..failure })?;
    Ok(())
}

/// Writes a file of `source` as the file of `run` that it would be, to be published with `pending`.
fn copy_file(
    store: &Store,
    record: &FileRecord,
    source: &PlannedRun,
    run: &PlannedRun,
    pending: &mut PendingWrites,
) -> Result<FileRecord> {
    let [from, to] = [source, run].map(|run| &run.name);
    let path = store.folder().join(&record.name);
    let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
    let bytes = match path.extension().is_some_and(|extension| extension == "csv") {
        true => CsvLog::from(bytes).renamed(&to.id, |_| true)?.text().to_vec(),
        false => renamed_policy(bytes, from, to).with_context(|| path.display().to_string())?,
    };
    let path = store.folder().join(record.name.replacen(from.id.as_str(), to.id.as_str(), 1));
    pending.write(&path, &bytes)?;
    Ok(store.record(&path, &bytes))
}

/// A policy file whose note of the run that it is of says `to` instead of `from`. Names of runs that differ
/// in their number of updates alone are of one length, so that nothing else moves.
fn renamed_policy(mut bytes: Vec<u8>, from: &RunName, to: &RunName) -> Result<Vec<u8>> {
    // Notes are JSON in a string of JSON.
    let note = |name: &RunName| format!(r#"\"run_id\":\"{}\""#, name.id).into_bytes();
    let [from, to] = [note(from), note(to)];
    let place = bytes.windows(from.len()).position(|window| window == from);
    let place = place.filter(|_| from.len() == to.len()).context("it is of another run")?;
    bytes[place..place + to.len()].copy_from_slice(&to);
    Ok(bytes)
}
