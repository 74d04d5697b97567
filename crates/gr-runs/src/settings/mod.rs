//! The settings of a sweep: every key with its default, its meaning and what it may be; from TOML,
//! flags and `--set` to a checked [`SweepFile`].
//!
//! Knows nothing of runs, seeds' streams, results or files other than configurations.

mod check;
mod config;
mod early_stopping;
mod error;
mod keys;
mod number_or_name;
mod sections;
mod seeds;

pub use check::{MAX_RUNS, num_runs};
pub use config::{ConfigSources, default_config, load};
pub use early_stopping::{EarlyStoppingSettings, HoldoutSource, Patience};
pub use error::{ConfigError, nearest};
pub use keys::{KEYS, Key, flatten};
pub(crate) use number_or_name::NumberOrName;
pub use sections::{
    Cadence, EnvironmentSettings, EvaluationMode, EvaluationSettings, MaskSettings,
    NetworkSettings, RecordingSettings, RouteMask, Settings, SweepFile, TrainingSettings, Updates,
};
pub use seeds::{Seed, SeedSet};
