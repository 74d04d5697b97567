//! What was recorded of a run so far, and the saved state that holds it beside the run's own. Knows
//! nothing of who records it.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use gr_learn::RunSnapshot;
use gr_runs::{FileRecord, Provenance, RunSpec, Store, Timing, read_sealed};
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
    /// What trained it, each that differs, as TOML: provenances leave fields out, which this format cannot.
    provenances: Vec<String>,
}

/// What earlier states hold instead.
#[derive(Deserialize)]
struct WithoutProvenances {
    logs: RunLogs,
    timing: Timing,
    checkpoints: Vec<FileRecord>,
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
        Self::earlier(RunLogs::new(spec), Timing::default(), Vec::new())
    }

    fn earlier(logs: RunLogs, timing: Timing, checkpoints: Vec<FileRecord>) -> Self {
        Self { logs, timing, checkpoints, provenances: Vec::new() }
    }

    /// Notes that `provenance` trains it from now on.
    pub fn continue_on(&mut self, provenance: &Provenance) {
        let differs = |known: &Provenance| !known.differences(provenance).is_empty();
        if self.provenances().all(|known| differs(&known)) {
            let text = toml::to_string(provenance).expect("provenances are plain data");
            self.provenances.push(text);
        }
    }

    /// What trained it so far, each that differs.
    pub fn provenances(&self) -> impl Iterator<Item = Provenance> {
        self.provenances.iter().filter_map(|text| toml::from_str(text).ok())
    }

    /// What the state of `run` that is saved at `path` holds, with the state that training goes on from.
    ///
    /// # Errors
    /// If there is none, it is damaged or of another run, or a policy that it lists has changed.
    pub fn read(path: &Path, store: &Store, run: &PlannedRun) -> Result<(RunSnapshot, Self)> {
        let at = || path.display().to_string();
        let bytes = read_sealed(path)?;
        let (snapshot, mut recorded) = match RunSnapshot::from_earlier(&bytes).with_context(at)? {
            Some((snapshot, notes)) => {
                (snapshot, Self::from_notes(&run.spec, notes).with_context(at)?)
            }
            None => match RunSnapshot::from_bytes::<Self>(&bytes) {
                Ok(read) => read,
                Err(error) => {
                    let earlier = RunSnapshot::from_bytes::<WithoutProvenances>(&bytes);
                    let Ok((snapshot, read)) = earlier else { return Err(error).with_context(at) };
                    let WithoutProvenances { logs, timing, checkpoints } = read;
                    (snapshot, Self::earlier(logs, timing, checkpoints))
                }
            },
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
        Ok(Self::earlier(RunLogs::from_notes(spec, note)?, timing, checkpoints))
    }
}
