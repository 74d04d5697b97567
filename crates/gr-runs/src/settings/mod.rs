//! The settings of a sweep: every key with its default, its meaning and what it may be; from TOML,
//! flags and `--set` to a checked [`SweepFile`].
//!
//! Knows nothing of runs, seeds' streams, results or files other than configurations.

mod accepts;
mod check;
mod choices;
mod config;
mod declare;
mod error;
mod key;
mod keys;
mod masks;
mod number_or_name;
mod numbers;
mod sections;
mod seeds;
mod suggest;

pub use accepts::{
    Accepts, MOST, NOT_NEGATIVE, Refused, number_that, oversight_levels, shown, whole_number,
};
pub use check::{MAX_RUNS, num_runs};
pub use choices::{Cadence, EvaluationMode, HoldoutSource, Patience, Updates};
pub use config::{ConfigSources, Given, default_config, load};
pub use error::ConfigError;
pub use key::Key;
pub use keys::{AXES, flatten, keys};
pub use masks::{Edge, MaskSettings, RouteMask};
pub(crate) use number_or_name::NumberOrName;
pub use sections::{
    EarlyStoppingSettings, EnvironmentSettings, EvaluationSettings, NetworkSettings,
    RecordingSettings, Settings, SweepFile, TrainingSettings,
};
pub use seeds::{Seed, SeedSet};
pub use suggest::nearest;
