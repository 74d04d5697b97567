//! What a run is: its settings and seed, the key made from them, its random streams, the rows that
//! it writes and where they lie on disk.
//!
//! Knows nothing of tensors or of how a run is trained.

mod atomic;
mod check;
mod claim;
mod config;
mod csv_log;
mod early_stopping;
mod error;
mod file_record;
mod holdout;
mod keys;
mod listing;
mod machine;
mod manifest;
mod number_or_name;
mod provenance;
mod rows;
mod run;
mod sealed;
mod seeds;
mod settings;
mod store;
mod streams;
mod trial_row;

pub use atomic::{atomic_write, write_if_changed};
pub use check::{MAX_RUNS, num_runs};
pub use claim::Claim;
pub use config::{ConfigSources, default_config, load};
pub use csv_log::CsvLog;
pub use early_stopping::{EarlyStoppingSettings, HoldoutSource, Patience};
pub use error::{ConfigError, StoreError};
pub use file_record::FileRecord;
pub use holdout::{HoldoutReturn, LabelCount};
pub use keys::{KEYS, Key, flatten};
pub use listing::Listing;
pub use manifest::{RunFailure, RunManifest, RunResult, Timing};
pub use provenance::Provenance;
pub use rows::{EvaluationRow, HoldoutRow, PolicyTableRow, RunRow, TrainingRow};
pub use run::{RunId, RunName, RunSpec};
pub use sealed::{read_sealed, write_sealed};
pub use seeds::{Seed, SeedSet};
pub use settings::{
    Cadence, EnvironmentSettings, EvaluationMode, EvaluationSettings, MaskSettings,
    NetworkSettings, RecordingSettings, RouteMask, Settings, SweepFile, TrainingSettings, Updates,
};
pub use store::{Check, Damage, RunFiles, RunStatus, Store};
pub use streams::{Purpose, stream, stream_at, stream_named};
pub use trial_row::{TrialRow, write_trials};

/// The candidate nearest to `word` in spelling, for "did you mean".
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(word.len()).div_ceil(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
