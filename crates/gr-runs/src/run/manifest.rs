//! What is kept of a run once it is over.

use gr_grid::TrueReturn;
use serde::{Deserialize, Serialize};

use super::schema::unnamed_schema;
use super::{FileRecord, HoldoutReturn, LabelCount, Provenance, RunSpec};

/// `run_<run>.toml`, written last: its presence means that the run is done. Its first line is the
/// hash of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunManifest {
    /// [`RunSpec::key`].
    pub key: String,
    /// [`SCHEMA_VERSION`](super::SCHEMA_VERSION) of the program that finished the run.
    #[serde(default = "unnamed_schema")]
    pub schema_version: u32,
    /// What came out.
    pub result: RunResult,
    /// Device time and wall time; never equal between repeats.
    pub timing: Timing,
    /// What trained it to its end.
    pub provenance: Provenance,
    /// What trained it before that, where it was continued by another program or on another machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_provenances: Vec<Provenance>,
    /// What was trained.
    pub spec: RunSpec,
    /// The run's other files.
    pub files: Vec<FileRecord>,
}

impl RunManifest {
    /// Everything that trained the run.
    pub fn provenances(&self) -> impl Iterator<Item = &Provenance> {
        self.earlier_provenances.iter().chain([&self.provenance])
    }
}

/// Figures of a finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// The headline policy: `diamond` for routed methods, else `training_policy`.
    pub policy_type: String,
    /// Updates trained.
    pub updates: u64,
    /// True return of the headline policy after the last update.
    pub final_return: TrueReturn,
    /// True return of the policy that is kept.
    pub selected_return: TrueReturn,
    /// The same where no flag is ever drawn; absent from manifests of schema 1.
    pub selected_return_unflagged: Option<TrueReturn>,
    /// The update after which the kept policy was.
    pub selected_update: u64,
    /// The update at which training was stopped early.
    pub stopped_update: Option<u64>,
    /// True labels that training used.
    pub labels_training: u64,
    /// True labels that validation used.
    pub labels_holdout: LabelCount,
    /// Holdout return of the kept policy; absent without a holdout, without a check that could be
    /// paid for, and where the true return itself was watched.
    pub holdout_return: Option<HoldoutReturn>,
    /// Gaming gap of the kept policy.
    pub gaming_gap: Option<f64>,
}

/// Time that a run took, over all of its interruptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Seconds in updates.
    pub update_seconds: f64,
    /// Seconds in evaluations.
    pub evaluation_seconds: f64,
}

/// `failed_<run>.toml`: why a run ended without a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunFailure {
    /// [`RunSpec::key`].
    pub key: String,
    /// The update in which it happened.
    pub update_idx: u64,
    /// What happened.
    pub reason: String,
}
