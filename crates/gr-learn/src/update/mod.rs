//! One update on the host: rollouts by table lookup, their sufficient statistics, the objective and its
//! gradient of what the networks put out.
//!
//! Knows methods and what policies do on observations, and nothing of tensors.

mod objective;
mod observation_rows;
mod rollout;
mod run_crediting;
mod statistics;

pub use objective::{Losses, Objective, OutputGradient};
pub use observation_rows::ObservationRows;
pub use rollout::{Environments, Rollout};
pub use run_crediting::{Credits, RunCrediting};
pub use statistics::{RouteSums, Statistics};
