//! Trains one batch of runs to the end, or to an interruption: update, record, evaluate, keep, save.
//! A run is saved often enough that a kill costs little, and published when it is done.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use gr_grid::Evaluation;
use gr_learn::{
    ComputeDevice, HoldoutSignal, Method, PolicyType, RunBatch, RunPolicy, RunSnapshot,
    UpdateReport, evaluate,
};
use gr_runs::{
    Provenance, RunFailure, RunFiles, RunId, RunManifest, RunResult, RunSpec, Store, StoreError,
    Timing, read_sealed, write_sealed,
};

use crate::interrupt::Interrupt;
use crate::logs::{self, Lengths, RunLogs};
use crate::plan::PlannedRun;
use crate::progress::Progress;
use crate::record::{evaluation_row, holdout_row, policy_file, policy_table_rows, training_row};

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
    logs: RunLogs,
    checkpoints: Vec<PathBuf>,
    timing: Timing,
    headline: Option<Evaluation>,
}

/// Whether a run goes on after an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Continue,
    /// That was the last configured update.
    Finished,
    /// The holdout says that it is enough.
    Stopped,
}

impl Trainer<'_> {
    /// Trains `batch` until its runs are done or failed, or until someone asks to stop. Returns how
    /// many of them are not over.
    ///
    /// # Errors
    /// If results cannot be written. Everything published before stays.
    pub fn train(&self, slot: usize, batch: Vec<PlannedRun>) -> Result<usize> {
        if self.interrupt.requested() {
            return Ok(batch.len());
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
                    Ok(report) => self.after_update(session, &mut batch, run, &report),
                    Err(error) => Err(error.into()),
                };
                let outcome = outcome.and_then(|next| match next {
                    Next::Continue => Ok(next),
                    Next::Finished | Next::Stopped => {
                        self.finish(session, &batch, run, next).map(|()| next)
                    }
                });
                match outcome {
                    Ok(next) => {
                        let headline = session.headline.as_ref().map(|e| e.avg_return);
                        self.progress.updated(slot, &session.run, update_idx, headline);
                        if next != Next::Continue {
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
        Ok(sessions.len())
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
            None => {
                (None, RunLogs::open(&run.spec, &files, Lengths::default())?, Timing::default())
            }
        };
        let checkpoints = match &snapshot {
            Some(snapshot) => (0..snapshot.updates_done)
                .filter(|update_idx| is_kept(&run.spec, *update_idx))
                .map(|update_idx| self.store.checkpoint(&id, update_idx))
                .collect(),
            None => Vec::new(),
        };
        let session = Session { run, id, files, logs, checkpoints, timing, headline: None };
        Ok((session, snapshot))
    }

    fn read_state(
        &self,
        spec: &RunSpec,
        files: &RunFiles,
    ) -> Result<(RunSnapshot, RunLogs, Timing)> {
        let at = || files.state.display().to_string();
        let snapshot = RunSnapshot::from_bytes(&read_sealed(&files.state)?).with_context(at)?;
        anyhow::ensure!(snapshot.key == spec.key(), "{} is of another run", at());
        let note =
            |name: &str| snapshot.notes.get(name).with_context(|| format!("{} lacks {name}", at()));
        let length = |name: &str| -> Result<u64> { Ok(note(name)?.parse()?) };
        let [a, b, c, d] = logs::NAMES.map(length);
        let timing = Timing {
            update_seconds: note("update_seconds")?.parse()?,
            evaluation_seconds: note("evaluation_seconds")?.parse()?,
        };
        let logs = RunLogs::open(spec, files, [a?, b?, c?, d?])?;
        Ok((snapshot, logs, timing))
    }

    /// Checks, records, evaluates and keeps what is due after an update.
    fn after_update(
        &self,
        session: &mut Session,
        batch: &mut RunBatch,
        run: usize,
        report: &UpdateReport,
    ) -> Result<Next, AfterUpdate> {
        let spec = session.run.spec.clone();
        let update_idx = report.update_idx;
        let mut next = Next::Continue;
        let started = Instant::now();
        if let Some(check) = batch.check_holdout(run)? {
            session.timing.evaluation_seconds += started.elapsed().as_secs_f64();
            let headline = session.run.method.headline();
            let log = session.logs.holdout.as_mut().expect("a run with a holdout has its log");
            log.append([holdout_row(&spec, &session.id, report, headline, &check)])?;
            if check.stop {
                next = Next::Stopped;
            }
        }
        if next == Next::Continue && update_idx + 1 == session.run.updates {
            next = Next::Finished;
        }
        let last = next != Next::Continue;
        if last || update_idx.is_multiple_of(spec.settings.recording.record_every) {
            session.logs.training.append([training_row(&spec, &session.id, report)])?;
        }
        if last
            || update_idx.is_multiple_of(spec.settings.evaluation.every.interval(spec.oversight))
        {
            let started = Instant::now();
            let evaluations = batch.evaluate(run)?;
            session.timing.evaluation_seconds += started.elapsed().as_secs_f64();
            session.logs.evaluations.append(evaluations.iter().map(
                |(policy_type, evaluation)| {
                    evaluation_row(&spec, &session.id, report, *policy_type, evaluation)
                },
            ))?;
            session.headline = Some(headline(session.run.method, evaluations));
        }
        if is_kept(&spec, update_idx) {
            let policy = batch.policy(run);
            session.logs.policy_tables.append(policy_table_rows(&spec, &session.id, &policy)?)?;
            let path = self.store.checkpoint(&session.id, update_idx);
            gr_runs::atomic_write(&path, &policy_file(&spec, &session.id, &policy))?;
            session.checkpoints.push(path);
        }
        Ok(next)
    }

    fn save(&self, session: &mut Session, batch: &RunBatch, run: usize) -> Result<(), StoreError> {
        let mut snapshot = batch.snapshot(run);
        for (name, bytes) in logs::NAMES.into_iter().zip(session.logs.sync()?) {
            snapshot.notes.insert(name.into(), bytes.to_string());
        }
        let Timing { update_seconds, evaluation_seconds } = session.timing;
        snapshot.notes.insert("update_seconds".into(), update_seconds.to_string());
        snapshot.notes.insert("evaluation_seconds".into(), evaluation_seconds.to_string());
        write_sealed(&session.files.state, &snapshot.to_bytes())
    }

    /// Publishes a run that is over, with the policy that it keeps.
    fn finish(
        &self,
        session: &mut Session,
        batch: &RunBatch,
        run: usize,
        next: Next,
    ) -> Result<(), AfterUpdate> {
        let spec = &session.run.spec.clone();
        let last = session.headline.clone().expect("the last update is evaluated");
        let kept = batch.kept_policy(run);
        let selected = match kept.signal {
            None => last.clone(),
            Some(_) => self.evaluate_kept(session, &kept)?,
        };
        if !is_kept(spec, kept.update_idx) {
            session.logs.policy_tables.append(policy_table_rows(spec, &session.id, &kept)?)?;
        }
        gr_runs::atomic_write(&session.files.policy, &policy_file(spec, &session.id, &kept))?;
        session.logs.sync()?;
        let mut written = session.logs.paths(&session.files);
        written.push(session.files.policy.clone());
        written.extend(session.checkpoints.iter().cloned());
        let updates = batch.updates_done(run);
        let manifest = RunManifest {
            key: spec.key(),
            result: RunResult {
                policy_type: session.run.method.headline().name().into(),
                updates,
                final_return: last.avg_return,
                selected_return: selected.avg_return,
                selected_update: kept.update_idx,
                stopped_update: (next == Next::Stopped).then_some(updates - 1),
                labels_training: batch.labels_training(run),
                labels_holdout: batch.labels_holdout(run),
                holdout_return: match kept.signal {
                    Some(HoldoutSignal::Paid(holdout_return)) => Some(holdout_return),
                    Some(HoldoutSignal::Privileged(_)) | None => None,
                },
                gaming_gap: selected.gaming_gap,
            },
            timing: session.timing,
            provenance: self.provenance.clone(),
            spec: spec.clone(),
            files: Vec::new(),
        };
        self.store.finish(manifest, &session.id, &written)?;
        self.progress.run_ended(&session.run, updates, None);
        Ok(())
    }

    fn evaluate_kept(
        &self,
        session: &mut Session,
        kept: &RunPolicy,
    ) -> Result<Evaluation, AfterUpdate> {
        let started = Instant::now();
        let evaluations = evaluate(&kept.network, &session.run.spec, kept.update_idx)?;
        session.timing.evaluation_seconds += started.elapsed().as_secs_f64();
        Ok(headline(session.run.method, evaluations))
    }

    fn fail(&self, session: &Session, update_idx: u64, reason: &str) -> Result<(), StoreError> {
        let failure = RunFailure { key: session.run.spec.key(), update_idx, reason: reason.into() };
        self.store.fail(&session.id, &failure)?;
        self.progress.run_ended(&session.run, update_idx, Some(&failure));
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

/// The evaluation of the policy that `method` is judged by.
fn headline(method: &Method, evaluations: Vec<(PolicyType, Evaluation)>) -> Evaluation {
    let of_headline = |(policy_type, _): &(PolicyType, _)| *policy_type == method.headline();
    let found = evaluations.into_iter().find(of_headline);
    found.expect("a method's network has its headline policy").1
}

/// Whether the policy after this update is kept for its own sake.
fn is_kept(spec: &RunSpec, update_idx: u64) -> bool {
    let every = spec.settings.recording.checkpoint_every;
    every > 0 && update_idx.is_multiple_of(every)
}
