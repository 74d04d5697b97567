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
mod method_tables;
mod number_or_name;
mod numbers;
mod overseer;
mod sections;
mod seeds;
mod suggest;
mod variants;

pub use accepts::{
    Accepts, FINITE, MOST, NOT_NEGATIVE, POSITIVE, PROBABILITY, Refused, SHARE, number_that,
    oversight_levels, shown, whole_number,
};
pub use check::{MAX_RUNS, num_runs};
pub(crate) use choices::UNLIMITED;
pub use choices::{Cadence, EvaluationMode, HoldoutSource, Patience, Updates};
pub use config::{Asked, ConfigSources, Given, default_config, load};
pub use error::ConfigError;
pub use key::{Key, value_of};
pub use keys::{AXES, flatten, keys};
pub use masks::{Edge, MaskSettings, RouteMask};
pub use method_tables::{MethodTables, declare_method_keys};
pub(crate) use number_or_name::{NumberOrName, stands_as_number_or_name};
pub use overseer::{LabelBudget, OverseenCells, OverseenWeight, RewardChoice};
pub use sections::{
    EarlyStoppingSettings, EnvironmentSettings, EvaluationSettings, NetworkSettings,
    OverseerSettings, RecordingSettings, Settings, SweepFile, TrainingSettings,
};
pub use seeds::{Seed, SeedSet};
pub use suggest::nearest;
pub use variants::{
    Configured, Variant, Varied, by_settings, differing, is_default, named, places, spoken, written,
};
