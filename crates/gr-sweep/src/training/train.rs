//! Trains one batch of runs to the end, or to an interruption: update, record, evaluate, keep, save.
//! A run is saved often enough that a kill costs little, and published when it is done.

use std::time::Instant;

use anyhow::{Context, Result};
use gr_grid::Evaluation;
use gr_learn::{ComputeDevice, HoldoutSignal, RunBatch, RunPolicy, UpdateReport, evaluate};
use gr_runs::{
    Check, Provenance, RunFailure, RunManifest, RunResult, RunSpec, RunStatus, SCHEMA_VERSION,
    Store, StoreError,
};

use super::interrupt::Interrupt;
use super::record::{evaluation_row, holdout_row, policy_table_rows, training_row};
use super::session::Session;
use crate::plan::PlannedRun;
use crate::terminal::progress::Progress;

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

/// Runs that are not over when training ends.
#[derive(Debug, Default)]
pub struct Left {
    /// Those that another process works on.
    pub elsewhere: Vec<PlannedRun>,
    /// How many were interrupted, or not begun.
    pub interrupted: usize,
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
    /// Trains `batch` until its runs are done or failed, or until someone asks to stop. Returns those
    /// that are not over.
    ///
    /// # Errors
    /// If results cannot be written. Everything published before stays.
    pub fn train(&self, slot: usize, batch: Vec<PlannedRun>) -> Result<Left> {
        let mut elsewhere = Vec::new();
        if self.interrupt.requested() {
            return Ok(Left { elsewhere, interrupted: batch.len() });
        }
        let mut sessions = Vec::new();
        let mut runs = Vec::new();
        for run in batch {
            let Some(claim) = self.store.claim(&run.name.id) else {
                self.progress.left_out(&run);
                elsewhere.push(run);
                continue;
            };
            // Another process may have trained it since this one looked.
            if self.is_over(&run)? {
                self.progress.left_out(&run);
                continue;
            }
            let (session, snapshot, why_not) = Session::open(self.store, run, claim);
            if let Some(error) = why_not {
                self.progress.warn(&format!("{error:#}; {} starts anew", session.name().id));
            }
            runs.push((session.run.spec.clone(), snapshot));
            sessions.push(session);
        }
        if sessions.is_empty() {
            return Ok(Left { elsewhere, interrupted: 0 });
        }
        let mut batch = RunBatch::new(runs, self.device).context("a saved state does not fit")?;
        let already: Vec<u64> = (0..sessions.len()).map(|run| batch.updates_done(run)).collect();
        self.progress.batch_started(slot, sessions.iter().map(|s| &s.run), &already);

        while !sessions.is_empty() {
            if self.interrupt.requested() {
                for (run, session) in sessions.iter().enumerate() {
                    session.save(self.store, batch.snapshot(run))?;
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
                            session.save(self.store, batch.snapshot(run))?;
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
        Ok(Left { elsewhere, interrupted: sessions.len() })
    }

    fn is_over(&self, run: &PlannedRun) -> Result<bool, StoreError> {
        let status = self.store.status(&run.name, Check::Lengths)?;
        Ok(matches!(status, RunStatus::Done(_) | RunStatus::Failed(_)))
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
        let id = &session.name().id.clone();
        let update_idx = report.update_idx;
        let mut next = Next::Continue;
        let started = Instant::now();
        if let Some(check) = batch.check_holdout(run)? {
            session.timing.evaluation_seconds += started.elapsed().as_secs_f64();
            let headline = session.run.method.headline();
            let log = session.logs.holdout.as_mut().expect("a run with a holdout has its log");
            log.append([holdout_row(&spec, id, report, headline, &check)]);
            if check.stop {
                next = Next::Stopped;
            }
        }
        if next == Next::Continue && update_idx + 1 == session.run.updates {
            next = Next::Finished;
        }
        let last = next != Next::Continue;
        if last || update_idx.is_multiple_of(spec.settings.recording.record_every) {
            session.logs.training.append([training_row(&spec, id, report)]);
        }
        if last
            || update_idx.is_multiple_of(spec.settings.evaluation.every.interval(spec.oversight))
        {
            let started = Instant::now();
            let evaluations = batch.evaluate(run)?;
            session.timing.evaluation_seconds += started.elapsed().as_secs_f64();
            session.logs.evaluations.append(evaluations.iter().map(|(policy_type, evaluation)| {
                evaluation_row(&spec, id, report, *policy_type, evaluation)
            }));
            session.headline = Some(session.run.method.headline().of(evaluations));
        }
        if is_kept(&spec, update_idx) {
            let policy = batch.policy(run);
            session.logs.policy_tables.append(policy_table_rows(&spec, id, &policy)?);
            session.keep(self.store, &policy)?;
        }
        Ok(next)
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
            let rows = policy_table_rows(spec, &session.name().id, &kept)?;
            session.logs.policy_tables.append(rows);
        }
        let updates = batch.updates_done(run);
        let manifest = RunManifest {
            key: session.name().key.clone(),
            schema_version: SCHEMA_VERSION,
            result: RunResult {
                policy_type: session.run.method.headline().name().into(),
                updates,
                final_return: last.avg_return,
                selected_return: selected.avg_return,
                selected_return_unflagged: Some(selected.avg_return_unflagged),
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
        // Where there are no locks, another process may have come first. Its files stay as they are:
        // on a machine of another kind they may differ from these in their last digits.
        if !self.is_over(&session.run)? {
            session.publish(self.store, &kept, manifest)?;
        }
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
        Ok(session.run.method.headline().of(evaluations))
    }

    fn fail(&self, session: &Session, update_idx: u64, reason: &str) -> Result<(), StoreError> {
        let key = session.name().key.clone();
        let failure = RunFailure { key, update_idx, reason: reason.into() };
        self.store.fail(&session.name().id, &failure)?;
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

/// Whether the policy after this update is kept for its own sake.
fn is_kept(spec: &RunSpec, update_idx: u64) -> bool {
    let every = spec.settings.recording.checkpoint_every;
    every > 0 && update_idx.is_multiple_of(every)
}
