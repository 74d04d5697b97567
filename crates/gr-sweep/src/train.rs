//! Trains one batch of runs to the end, or to an interruption: update, record, evaluate, keep, save.
//! A run is saved often enough that a kill costs little, and published when it is done.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use gr_grid::Evaluation;
use gr_learn::{ComputeDevice, RunBatch, RunSnapshot, UpdateReport};
use gr_runs::{
    CsvLog, Provenance, RunFailure, RunFiles, RunId, RunManifest, RunResult, RunSpec, Store,
    StoreError, Timing, read_sealed, write_sealed,
};

use crate::interrupt::Interrupt;
use crate::plan::PlannedRun;
use crate::progress::Progress;
use crate::record::{evaluation_row, policy_file, policy_table_rows, training_row};

/// What every batch of a sweep trains with.
pub struct Trainer<'a> {
    /// Where results go.
    pub store: &'a Store,
    /// Where tensors live.
    pub device: &'a ComputeDevice,
    /// What is noted of the program and machine.
    pub provenance: &'a Provenance,
    /// Updates between saved states.
    pub save_every: u64,
    /// Whether to stop.
    pub interrupt: &'a Interrupt,
    /// Who is told.
    pub progress: &'a Progress,
}

/// One run of a batch while it trains.
struct Session {
    run: PlannedRun,
    id: RunId,
    files: RunFiles,
    evaluations: CsvLog,
    training: CsvLog,
    policy_tables: CsvLog,
    checkpoints: Vec<PathBuf>,
    timing: Timing,
    headline: Option<Evaluation>,
}

/// Names of the notes that a saved state carries for this module.
const NOTES: [&str; 3] = ["evaluations_bytes", "training_bytes", "policy_tables_bytes"];

impl Trainer<'_> {
    /// Trains `batch` until its runs are done or failed, or until someone asks to stop.
    ///
    /// # Errors
    /// If results cannot be written. Everything published before stays.
    pub fn train(&self, slot: usize, batch: Vec<PlannedRun>) -> Result<()> {
        if self.interrupt.requested() {
            return Ok(());
        }
        let mut sessions = Vec::new();
        let mut runs = Vec::new();
        for run in batch {
            let (session, snapshot) = self.open(run)?;
            runs.push((session.run.spec.clone(), snapshot));
            sessions.push(session);
        }
        let mut batch = RunBatch::new(runs, self.device).context("a saved state does not fit")?;
        let already: Vec<u64> = (0..sessions.len()).map(|run| batch.updates_done(run)).collect();
        self.progress.batch_started(slot, sessions.iter().map(|s| &s.run), &already);

        while !sessions.is_empty() {
            if self.interrupt.requested() {
                for (run, session) in sessions.iter_mut().enumerate() {
                    self.save(session, &batch, run)?;
                }
                break;
            }
            let started = Instant::now();
            let reports = batch.update();
            let seconds = started.elapsed().as_secs_f64() / sessions.len() as f64;

            let mut over = Vec::new();
            for (run, report) in reports.into_iter().enumerate() {
                let session = &mut sessions[run];
                session.timing.update_seconds += seconds;
                let update_idx = batch.updates_done(run) - 1;
                let outcome = match report {
                    Ok(report) => self.after_update(session, &batch, run, &report),
                    Err(error) => Err(error.into()),
                };
                match outcome {
                    Ok(done) => {
                        let headline = session.headline.as_ref().map(|e| e.avg_return);
                        self.progress.updated(slot, &session.run, update_idx, headline);
                        if done {
                            self.finish(session, &batch, run)?;
                            over.push(run);
                        } else if (update_idx + 1).is_multiple_of(self.save_every) {
                            self.save(session, &batch, run)?;
                        }
                    }
                    Err(AfterUpdate::NotFinite(error)) => {
                        self.fail(session, update_idx, &error.to_string())?;
                        over.push(run);
                    }
                    Err(AfterUpdate::Store(error)) => return Err(error.into()),
                }
            }
            for run in over.into_iter().rev() {
                sessions.remove(run);
                if !sessions.is_empty() {
                    batch.remove(run);
                }
            }
        }
        self.progress.batch_ended(slot);
        Ok(())
    }

    /// Opens a run's files, cut back to its saved state if it has a usable one.
    fn open(&self, run: PlannedRun) -> Result<(Session, Option<RunSnapshot>)> {
        let id = run.spec.id();
        let files = self.store.files(&id);
        let saved = if files.state.exists() {
            match self.read_state(&run.spec, &files) {
                Ok(saved) => Some(saved),
                Err(error) => {
                    self.progress.warn(&format!("{error:#}; {id} starts anew"));
                    None
                }
            }
        } else {
            None
        };
        let (snapshot, logs, timing) = match saved {
            Some((snapshot, logs, timing)) => (Some(snapshot), logs, timing),
            None => (None, open_logs(&files, [0; 3])?, Timing::default()),
        };
        let [evaluations, training, policy_tables] = logs;
        let checkpoints = match &snapshot {
            Some(snapshot) => (0..snapshot.updates_done)
                .filter(|update_idx| is_kept(&run.spec, *update_idx))
                .map(|update_idx| self.store.checkpoint(&id, update_idx))
                .collect(),
            None => Vec::new(),
        };
        let session = Session {
            run,
            id,
            files,
            evaluations,
            training,
            policy_tables,
            checkpoints,
            timing,
            headline: None,
        };
        Ok((session, snapshot))
    }

    fn read_state(
        &self,
        spec: &RunSpec,
        files: &RunFiles,
    ) -> Result<(RunSnapshot, [CsvLog; 3], Timing)> {
        let at = || files.state.display().to_string();
        let snapshot = RunSnapshot::from_bytes(&read_sealed(&files.state)?).with_context(at)?;
        anyhow::ensure!(snapshot.key == spec.key(), "{} is of another run", at());
        let note =
            |name: &str| snapshot.notes.get(name).with_context(|| format!("{} lacks {name}", at()));
        let length = |name: &str| -> Result<u64> { Ok(note(name)?.parse()?) };
        let lengths = [length(NOTES[0])?, length(NOTES[1])?, length(NOTES[2])?];
        let timing = Timing {
            update_seconds: note("update_seconds")?.parse()?,
            evaluation_seconds: note("evaluation_seconds")?.parse()?,
        };
        let logs = open_logs(files, lengths)?;
        Ok((snapshot, logs, timing))
    }

    /// Records, evaluates and keeps what is due after an update. Returns whether it was the last.
    fn after_update(
        &self,
        session: &mut Session,
        batch: &RunBatch,
        run: usize,
        report: &UpdateReport,
    ) -> Result<bool, AfterUpdate> {
        let spec = session.run.spec.clone();
        let update_idx = report.update_idx;
        let last = update_idx + 1 == session.run.updates;
        if last || update_idx.is_multiple_of(spec.settings.recording.record_every) {
            session.training.append([training_row(&spec, &session.id, report)])?;
        }
        if last
            || update_idx.is_multiple_of(spec.settings.evaluation.every.interval(spec.oversight))
        {
            let started = Instant::now();
            let evaluations = batch.evaluate(run)?;
            session.timing.evaluation_seconds += started.elapsed().as_secs_f64();
            session.evaluations.append(evaluations.iter().map(|(policy_type, evaluation)| {
                evaluation_row(&spec, &session.id, report, *policy_type, evaluation)
            }))?;
            let headline = session.run.method.headline();
            session.headline = evaluations
                .into_iter()
                .find(|(policy_type, _)| *policy_type == headline)
                .map(|(_, evaluation)| evaluation);
        }
        if last || is_kept(&spec, update_idx) {
            session.policy_tables.append(policy_table_rows(
                &spec,
                &session.id,
                update_idx,
                batch,
                run,
            )?)?;
            let policy = policy_file(&spec, &session.id, update_idx, batch, run);
            if is_kept(&spec, update_idx) {
                let path = self.store.checkpoint(&session.id, update_idx);
                gr_runs::atomic_write(&path, &policy)?;
                session.checkpoints.push(path);
            }
            if last {
                gr_runs::atomic_write(&session.files.policy, &policy)?;
            }
        }
        Ok(last)
    }

    fn save(&self, session: &mut Session, batch: &RunBatch, run: usize) -> Result<(), StoreError> {
        let mut snapshot = batch.snapshot(run);
        let logs = [&session.evaluations, &session.training, &session.policy_tables];
        for (name, log) in NOTES.into_iter().zip(logs) {
            snapshot.notes.insert(name.into(), log.sync()?.to_string());
        }
        let Timing { update_seconds, evaluation_seconds } = session.timing;
        snapshot.notes.insert("update_seconds".into(), update_seconds.to_string());
        snapshot.notes.insert("evaluation_seconds".into(), evaluation_seconds.to_string());
        write_sealed(&session.files.state, &snapshot.to_bytes())
    }

    fn finish(
        &self,
        session: &mut Session,
        batch: &RunBatch,
        run: usize,
    ) -> Result<(), StoreError> {
        let mut written = Vec::new();
        for (log, path) in [
            (&session.evaluations, &session.files.evaluations),
            (&session.training, &session.files.training),
            (&session.policy_tables, &session.files.policy_tables),
        ] {
            log.sync()?;
            written.push(path.clone());
        }
        written.push(session.files.policy.clone());
        written.extend(session.checkpoints.iter().cloned());
        let headline = session.headline.as_ref().expect("the last update is evaluated");
        let last_update = session.run.updates - 1;
        let manifest = RunManifest {
            key: session.run.spec.key(),
            result: RunResult {
                policy_type: session.run.method.headline().name().into(),
                updates: session.run.updates,
                final_return: headline.avg_return,
                selected_return: headline.avg_return,
                selected_update: last_update,
                stopped_update: None,
                labels_training: batch.labels_training(run),
                labels_holdout: 0,
                gaming_gap: headline.gaming_gap,
            },
            timing: session.timing,
            provenance: self.provenance.clone(),
            spec: session.run.spec.clone(),
            files: Vec::new(),
        };
        self.store.finish(manifest, &session.id, &written)?;
        self.progress.run_ended(&session.run, None);
        Ok(())
    }

    fn fail(&self, session: &Session, update_idx: u64, reason: &str) -> Result<(), StoreError> {
        let failure = RunFailure { key: session.run.spec.key(), update_idx, reason: reason.into() };
        self.store.fail(&session.id, &failure)?;
        self.progress.run_ended(&session.run, Some(&failure));
        Ok(())
    }
}

/// Why the work after an update could not be done.
enum AfterUpdate {
    NotFinite(gr_learn::NotFinite),
    Store(StoreError),
}

impl From<gr_learn::NotFinite> for AfterUpdate {
    fn from(error: gr_learn::NotFinite) -> Self {
        Self::NotFinite(error)
    }
}

impl From<StoreError> for AfterUpdate {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn open_logs(files: &RunFiles, lengths: [u64; 3]) -> Result<[CsvLog; 3], StoreError> {
    let [evaluations, training, policy_tables] = lengths;
    Ok([
        CsvLog::open(&files.evaluations, evaluations)?,
        CsvLog::open(&files.training, training)?,
        CsvLog::open(&files.policy_tables, policy_tables)?,
    ])
}

/// Whether the policy after this update is kept for its own sake.
fn is_kept(spec: &RunSpec, update_idx: u64) -> bool {
    let every = spec.settings.recording.checkpoint_every;
    every > 0 && update_idx.is_multiple_of(every)
}
