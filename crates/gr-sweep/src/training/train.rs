//! Trains one batch of runs to the end, or to an interruption: update, check, evaluate, record, keep,
//! save, finish. A run is saved often enough that a kill costs little, and published when it is done.

use std::time::Instant;

use anyhow::{Context, Result};
use gr_learn::{ComputeDevice, NotFinite, RunBatch, RunSnapshot};
use gr_runs::{Check, Provenance, RunFailure, RunSpec, RunStatus, Store, StoreError};

use super::events::UpdateEvents;
use super::interrupt::Interrupt;
use super::session::{Opened, Session};
use super::traffic::TrafficLog;
use crate::plan::{FolderPlan, PlannedRun};
use crate::terminal::progress::Progress;

/// What every batch of a sweep trains with.
pub struct Trainer<'a> {
    /// Where results go.
    pub store: &'a Store,
    /// Where tensors live.
    pub device: &'a ComputeDevice,
    /// What is noted of the program and machine.
    pub provenance: &'a Provenance,
    /// All runs of the folder: some of them others can be grown from.
    pub folder: &'a FolderPlan,
    /// Updates between saved states.
    pub save_every: u64,
    /// Whether finished runs keep their last state.
    pub keep_states: bool,
    /// Whether to stop.
    pub interrupt: &'a Interrupt,
    /// Counts what is asked of the device.
    pub traffic: &'a TrafficLog,
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

impl Left {
    /// Takes in what is left of others.
    pub fn add(&mut self, Self { elsewhere, interrupted }: Self) {
        self.elsewhere.extend(elsewhere);
        self.interrupted += interrupted;
    }
}

impl Trainer<'_> {
    /// Trains `runs` in one batch until they are done or failed, or until someone asks to stop. Returns
    /// those that are not over.
    ///
    /// # Errors
    /// If results cannot be written. Everything published before stays.
    pub fn train(&self, slot: usize, runs: Vec<PlannedRun>) -> Result<Left> {
        if self.interrupt.requested() {
            return Ok(Left { elsewhere: Vec::new(), interrupted: runs.len() });
        }
        let mut left = Left::default();
        let (mut sessions, states) = self.open(runs, &mut left.elsewhere)?;
        if sessions.is_empty() {
            return Ok(left);
        }
        let batch = self.traffic.beginning(|| RunBatch::new(states, self.device));
        let mut batch = batch.context("a saved state does not fit")?;
        let already: Vec<u64> = (0..sessions.len()).map(|run| batch.updates_done(run)).collect();
        self.progress.batch_started(slot, sessions.iter().map(|s| &s.run), &already);

        while !sessions.is_empty() {
            if self.interrupt.requested() {
                for (run, session) in sessions.iter_mut().enumerate() {
                    session.save(self.store, &batch.snapshot(run))?;
                }
                break;
            }
            for run in self.update(slot, &mut sessions, &mut batch)?.into_iter().rev() {
                sessions.remove(run);
                if !sessions.is_empty() {
                    batch.remove(run);
                }
            }
        }
        self.progress.batch_ended(slot);
        left.interrupted = sessions.len();
        Ok(left)
    }

    /// Claims those of `runs` that are not over, each with the saved state that it continues from. Those
    /// that another process works on go to `elsewhere`.
    #[expect(clippy::type_complexity, reason = "two lists that the caller takes apart")]
    fn open(
        &self,
        runs: Vec<PlannedRun>,
        elsewhere: &mut Vec<PlannedRun>,
    ) -> Result<(Vec<Session>, Vec<(RunSpec, Option<RunSnapshot>)>)> {
        let (mut sessions, mut states) = (Vec::new(), Vec::new());
        for run in runs {
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
            let shorter = self.folder.shorter(&run);
            match Session::open(self.store, run, &shorter, claim, self.provenance)? {
                Opened::Over(run) => self.progress.left_out(&run),
                Opened::Session(session, snapshot, why_not) => {
                    if let Some(error) = why_not {
                        self.progress
                            .warn(&format!("{error:#}; {} starts anew", session.name().id));
                    }
                    states.push((session.run.spec.clone(), snapshot));
                    sessions.push(*session);
                }
            }
        }
        Ok((sessions, states))
    }

    fn is_over(&self, run: &PlannedRun) -> Result<bool, StoreError> {
        let status = self.store.status(&run.name, Check::Lengths)?;
        Ok(matches!(status, RunStatus::Done(_) | RunStatus::Failed(_)))
    }

    /// One update of every run, and everything that follows from it. Returns the runs that are over.
    fn update(
        &self,
        slot: usize,
        sessions: &mut [Session],
        batch: &mut RunBatch,
    ) -> Result<Vec<usize>, StoreError> {
        let started = Instant::now();
        let updates = self.traffic.update(sessions.len(), || batch.update());
        let seconds = started.elapsed().as_secs_f64() / sessions.len() as f64;

        let runs: Vec<&PlannedRun> = sessions.iter().map(|session| &session.run).collect();
        let events = UpdateEvents::after(updates, &runs, batch);
        let mut over = Vec::new();
        for (run, (events, session)) in events.into_iter().zip(sessions).enumerate() {
            session.took(seconds);
            let done = batch.updates_done(run);
            let is_over = match events {
                Ok(events) => {
                    let last_state =
                        (events.over.is_some() && self.keep_states).then(|| batch.snapshot(run));
                    self.take(slot, session, &events, last_state.as_ref())?
                }
                Err(not_finite) => self.fail(session, done - 1, &not_finite)?,
            };
            if is_over {
                over.push(run);
            } else if done.is_multiple_of(self.save_every) {
                session.save(self.store, &batch.snapshot(run))?;
            }
        }
        Ok(over)
    }

    /// Gives what happened to log, screen and store. Returns whether the run is over.
    fn take(
        &self,
        slot: usize,
        session: &mut Session,
        events: &UpdateEvents,
        last_state: Option<&RunSnapshot>,
    ) -> Result<bool, StoreError> {
        let update = &events.update;
        session.record(events);
        self.progress.updated(slot, &session.run, update.update_idx, events.headline);
        if let Some(policy) = &events.checkpoint {
            session.keep(self.store, policy)?;
        }
        let Some(over) = &events.over else { return Ok(false) };
        // Where there are no locks, another process may have come first. Its files stay as they are:
        // on a machine of another kind they may differ from these in their last digits.
        if !self.is_over(&session.run)? {
            session.publish(self.store, update, over, self.provenance, last_state)?;
        }
        self.progress.run_ended(&session.run, update.update_idx + 1, None);
        Ok(true)
    }

    /// Publishes that a run failed, which ends it.
    fn fail(
        &self,
        session: &mut Session,
        update_idx: u64,
        error: &NotFinite,
    ) -> Result<bool, StoreError> {
        let key = session.name().key.clone();
        let failure = RunFailure { key, update_idx, reason: error.to_string() };
        session.fail(self.store, &failure)?;
        self.progress.run_ended(&session.run, update_idx, Some(&failure));
        Ok(true)
    }
}
