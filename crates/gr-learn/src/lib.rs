//! Trains the methods of Cloud et al. 2024 (arXiv 2410.04332, section 4.3) on observation tables, in
//! batches of runs. The only crate that names Burn.
//!
//! One update, [`RunBatch::update`]: roll out by table lookup, add up statistics, take the objective's
//! gradient of the networks' outputs, push it back through the networks, step.

mod adam;
mod architecture;
mod batch;
mod device;
mod early_stopping;
mod evaluation;
mod fault;
mod methods;
mod network;
mod objective;
mod observation_rows;
mod policy;
mod policy_file;
mod rollout;
mod run;
mod snapshot;
mod statistics;
mod structure;
mod value;

pub use adam::{AdamSettings, HostAdam, StackedAdam};
pub use architecture::{Architecture, LayerShape, NUM_CHANNELS, NetworkKind};
pub use batch::{Collected, RunBatch, RunPolicy};
pub use device::{ComputeDevice, DeviceChoice, DeviceError};
pub use early_stopping::{EarlyStoppingState, HoldoutCheck, HoldoutSignal, LabelAccount, Progress};
pub use evaluation::{NotFinite, encode, evaluate, evaluate_tables, policies};
pub use methods::{HoldoutUse, METHODS, Method, NUM_ROUTES, Outcome, Route};
pub use network::{Activations, Outputs, PolicyNetwork, cotangent_width};
pub use objective::{Losses, Objective, OutputGradient};
pub use observation_rows::ObservationRows;
pub use policy::{GateRow, PolicyRow, PolicyType};
pub use policy_file::{PolicyFileError, SavedPolicy, pytorch_name};
pub use rollout::{Environments, Rollout};
pub use run::UpdateReport;
pub use snapshot::{RunSnapshot, SnapshotError};
pub use statistics::{RouteSums, Statistics};
pub use structure::BatchStructure;
pub use value::{AffineGradient, AffineValue, ValueNetwork};
