//! The Diamond/Ghost GridWorld of Cloud et al. 2024 (arXiv 2410.04332, section 4.3): environment,
//! oversight, rewards, observation indices, and evaluation of a policy, exact or sampled.
//!
//! Knows nothing of tensors, files or training.

mod environment;
mod exact;
mod grid;
mod holdout;
mod layout;
mod layout_endings;
mod optimal;
mod outcome;
mod policy_table;
mod random;
pub mod render;
pub mod rewards;
mod sampled;
mod true_return;

pub use environment::{Ending, Environment, EnvironmentRules, EpisodeStart, FirstObservation};
pub use exact::evaluate_exactly;
pub use grid::{ACTION_NAMES, Action, Cell, Grid, GridError, NUM_ACTIONS};
pub use holdout::{LabelledReturn, play_labelled};
pub use layout::{Flags, Layout, Observation, ObservationSpace};
pub use layout_endings::layout_endings;
pub use optimal::{GoalPay, optimal_policy, optimal_return};
pub use outcome::{EndingProbabilities, Evaluation};
pub use policy_table::PolicyTable;
pub use random::{choose_action, uniform_below, unit_interval};
pub use sampled::evaluate_by_sampling;
pub use true_return::TrueReturn;
