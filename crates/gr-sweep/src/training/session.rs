//! One run while it trains: what is recorded of it, how that is saved and continued, and how it is
//! published in the end. Knows nothing of the batch that it trains in.

use anyhow::Result;
use gr_learn::{HoldoutSignal, RunPolicy, RunSnapshot, UpdateReport};
use gr_runs::{
    Claim, PendingWrites, Provenance, RunFailure, RunFiles, RunManifest, RunName, RunResult,
    SCHEMA_VERSION, Store, StoreError, Timing, write_sealed,
};

use super::events::{RunOver, UpdateEvents};
use super::grow::{Beginning, begin};
use super::record::{evaluation_row, extended, holdout_row, policy_file, training_row};
use super::recorded::Recorded;
use crate::plan::PlannedRun;

/// What there is to do of a run.
pub enum Opened {
    /// To train it, from a state if there is one to begin from; if there is one that cannot be, why not.
    Session(Box<Session>, Option<RunSnapshot>, Option<anyhow::Error>),
    /// Nothing: a shorter run came to the same end.
    Over(PlannedRun),
}

/// A run that this process works on.
pub struct Session {
    /// The run.
    pub run: PlannedRun,
    recorded: Recorded,
    files: RunFiles,
    /// Policies that were kept since the run was saved last.
    pending: PendingWrites,
    /// Keeps other processes away for as long as the session lives.
    _claim: Claim,
}

impl Session {
    /// Begins or continues `run`: from its saved state, from the last one of a `shorter` run, or from
    /// nothing. Nothing of it is left to do, and there is no session, if a shorter run came to its end.
    ///
    /// # Errors
    /// If files cannot be read or written.
    pub fn open(
        store: &Store,
        run: PlannedRun,
        shorter: &[&PlannedRun],
        claim: Claim,
        provenance: &Provenance,
    ) -> Result<Opened> {
        let files = store.files(&run.name.id);
        let read =
            files.state.exists().then(|| Recorded::read(&files.state, store, &run)).transpose();
        let beginning = match read {
            Ok(Some(saved)) => Beginning::From(Box::new(saved), PendingWrites::default()),
            Ok(None) => begin(store, &run, shorter)?,
            Err(error) => match begin(store, &run, shorter)? {
                Beginning::Anew(_) => Beginning::Anew(Some(error)),
                grown => grown,
            },
        };
        let (snapshot, mut recorded, pending, why_anew) = match beginning {
            Beginning::Over => return Ok(Opened::Over(run)),
            Beginning::From(state, pending) => {
                let (snapshot, recorded) = *state;
                (Some(snapshot), recorded, pending, None)
            }
            Beginning::Anew(why) => (None, Recorded::new(&run.spec), PendingWrites::default(), why),
        };
        recorded.continue_on(provenance);
        let session = Self { run, recorded, files, pending, _claim: claim };
        Ok(Opened::Session(Box::new(session), snapshot, why_anew))
    }

    /// Name of the run.
    pub fn name(&self) -> &RunName {
        &self.run.name
    }

    /// Counts the seconds of an update.
    pub fn took(&mut self, seconds: f64) {
        self.recorded.timing.update_seconds += seconds;
    }

    /// Takes what is to be recorded of an update into the logs.
    pub fn record(&mut self, events: &UpdateEvents) {
        let PlannedRun { spec, name, method, .. } = &self.run;
        let (id, update) = (&name.id, &events.update);
        let Recorded { logs, timing, .. } = &mut self.recorded;
        timing.evaluation_seconds += events.evaluation_seconds;
        if events.over.is_some()
            || update.update_idx.is_multiple_of(spec.settings.recording.record_every)
        {
            let row = training_row(spec, id, update);
            logs.training.append_extended([extended(row, &update.training_columns)]);
        }
        if let Some(check) = &events.check {
            let log = logs.holdout.as_mut().expect("a run with a holdout has its log");
            log.append([holdout_row(spec, id, update, method.headline(), check)]);
        }
        let evaluations = events.evaluations.iter().flatten();
        logs.evaluations.append_extended(evaluations.map(|(policy_type, evaluation)| {
            let row = evaluation_row(spec, id, update, *policy_type, evaluation);
            extended(row, &events.evaluation_columns)
        }));
        logs.policy_tables.append(events.policy_rows.iter().cloned());
    }

    /// Keeps a policy for its own sake. It is published with the next save or the run's end, which
    /// wait for the disk.
    pub fn keep(&mut self, store: &Store, policy: &RunPolicy) -> Result<(), StoreError> {
        let path = store.checkpoint(&self.name().id, policy.update_idx);
        let bytes = policy_file(&self.run.spec, &self.name().id, policy);
        self.pending.write(&path, &bytes)?;
        self.recorded.checkpoints.push(store.record(&path, &bytes));
        Ok(())
    }

    /// Saves everything that the run needs to go on from `snapshot`, in one file, and lets people
    /// look at its logs.
    pub fn save(&mut self, store: &Store, snapshot: &RunSnapshot) -> Result<(), StoreError> {
        self.pending.publish()?;
        write_sealed(&self.files.state, &snapshot.to_bytes(&self.recorded))?;
        self.recorded.logs.publish_previews(store, &self.files)
    }

    /// Publishes the run, which is over: its logs, the policy that it keeps, the state that it could be
    /// trained on from, if it is to keep it, and last its manifest.
    pub fn publish(
        &mut self,
        store: &Store,
        update: &UpdateReport,
        over: &RunOver,
        provenance: &Provenance,
        last_state: Option<&RunSnapshot>,
    ) -> Result<(), StoreError> {
        if let Some(snapshot) = last_state {
            write_sealed(&self.files.last_state, &snapshot.to_bytes(&self.recorded))?;
        }
        let Self { run: PlannedRun { spec, name, method, .. }, recorded, files, pending, .. } =
            self;
        let updates = update.update_idx + 1;
        let RunOver { is_stopped, last, kept, selected, labels_holdout } = over;
        let mut records = recorded.logs.write(store, files, pending)?;
        let policy = policy_file(spec, &name.id, kept);
        pending.write(&files.policy, &policy)?;
        records.push(store.record(&files.policy, &policy));
        records.extend(recorded.checkpoints.iter().cloned());
        pending.publish()?;
        let manifest = RunManifest {
            key: name.key.clone(),
            schema_version: SCHEMA_VERSION,
            result: RunResult {
                policy_type: method.headline().name().into(),
                updates,
                final_return: last.avg_return,
                selected_return: selected.avg_return,
                selected_return_unflagged: Some(selected.avg_return_unflagged),
                selected_update: kept.update_idx,
                stopped_update: is_stopped.then_some(updates - 1),
                labels_training: update.labels_training,
                labels_holdout: *labels_holdout,
                holdout_return: match kept.signal {
                    Some(HoldoutSignal::Paid(holdout_return)) => Some(holdout_return),
                    Some(HoldoutSignal::Privileged(_)) | None => None,
                },
                gaming_gap: selected.gaming_gap,
            },
            timing: recorded.timing,
            provenance: provenance.clone(),
            earlier_provenances: recorded
                .provenances()
                .filter(|earlier| !earlier.differences(provenance).is_empty())
                .collect(),
            spec: spec.clone(),
            files: records,
        };
        store.finish(&manifest, &name.id)
    }

    /// Publishes why the run ended without a result, and the policies that were kept of it.
    pub fn fail(&mut self, store: &Store, failure: &RunFailure) -> Result<(), StoreError> {
        self.pending.publish()?;
        store.fail(&self.name().id, failure)
    }
}

/// Updates done and seconds so far, by the saved state of `run`, if there is a usable one.
pub fn how_far(store: &Store, run: &PlannedRun) -> Option<(u64, Timing)> {
    let state = store.files(&run.name.id).state;
    let (snapshot, recorded) = Recorded::read(&state, store, run).ok()?;
    Some((snapshot.updates_done, recorded.timing))
}
