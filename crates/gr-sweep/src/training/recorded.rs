//! What was recorded of a run so far, and the saved state that holds it beside the run's own. Knows
//! nothing of who records it.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use gr_learn::RunSnapshot;
use gr_runs::{FileRecord, RunSpec, Store, Timing, read_sealed};
use serde::{Deserialize, Serialize};

use super::logs::RunLogs;
use crate::plan::PlannedRun;

/// The rows of a run, the time that it took and the policies that were kept of it, up to an update. Its
/// fields are part of the format of saved states, as those of [`RunSnapshot`] are.
#[derive(Serialize, Deserialize)]
pub struct Recorded {
    /// The CSV files in the making.
    pub logs: RunLogs,
    /// Seconds in updates and evaluations.
    pub timing: Timing,
    /// Files of the policies that were kept on the way.
    pub checkpoints: Vec<FileRecord>,
}

/// What a state of the first format notes as TOML.
#[derive(Deserialize)]
struct Noted {
    timing: Timing,
    checkpoints: Vec<FileRecord>,
}

impl Recorded {
    /// Of a run that begins.
    pub fn new(spec: &RunSpec) -> Self {
        Self { logs: RunLogs::new(spec), timing: Timing::default(), checkpoints: Vec::new() }
    }

    /// What the saved state of `run` holds, with the state that training goes on from.
    ///
    /// # Errors
    /// If there is none, it is damaged or of another run, or a policy that it lists has changed.
    pub fn read(store: &Store, run: &PlannedRun) -> Result<(RunSnapshot, Self)> {
        let path = store.files(&run.name.id).state;
        let at = || path.display().to_string();
        let bytes = read_sealed(&path)?;
        let (snapshot, mut recorded) = match RunSnapshot::from_earlier(&bytes).with_context(at)? {
            Some((snapshot, notes)) => {
                (snapshot, Self::from_notes(&run.spec, notes).with_context(at)?)
            }
            None => RunSnapshot::from_bytes::<Self>(&bytes).with_context(at)?,
        };
        recorded.logs = recorded.logs.today().with_context(at)?;
        ensure!(snapshot.key == run.name.key, "{} is of another run", at());
        ensure!(recorded.logs.are_of(&run.spec), "{} lacks a log, or has one too many", at());
        for record in &recorded.checkpoints {
            let name = &record.name;
            ensure!(store.is_intact(record), "{} was saved with {name}, which has changed", at());
        }
        Ok((snapshot, recorded))
    }

    /// From the notes of a state of the first format.
    fn from_notes(spec: &RunSpec, mut notes: HashMap<String, String>) -> Result<Self> {
        let mut note = |name: &str| {
            notes.remove(name).with_context(|| format!("saved state without usable {name}"))
        };
        let Noted { timing, checkpoints } = toml::from_str(&note("session")?)?;
        Ok(Self { logs: RunLogs::from_notes(spec, note)?, timing, checkpoints })
    }
}
