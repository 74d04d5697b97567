//! Trains the methods of Cloud et al. 2024 (arXiv 2410.04332, section 4.3) on observation tables, in
//! batches of runs. The only crate that names Burn.
//!
//! One update, [`RunBatch::update`]: roll out by table lookup, add up statistics, take the objective's
//! gradient of the networks' outputs, push it back through the networks, step.
//!
//! Rooms, from the top: `batch`, `early_stopping`, `evaluation`, `update`, `methods`, `network`, `device`;
//! each knows those below it only.

mod batch;
mod device;
mod early_stopping;
mod evaluation;
mod methods;
mod network;
mod update;

pub use batch::*;
pub use device::{
    ComputeDevice, DeviceChoice, DeviceError, Traffic, is_device_failure, look_for_no_display,
};
pub use early_stopping::{
    EarlyStoppingState, HoldoutCheck, HoldoutSignal, LabelAccount, StoppingMemory,
};
pub use evaluation::{ByPolicy, NotFinite, evaluate, evaluate_tables, policies};
pub use methods::{
    Columns, Credit, Crediting, Effect, EndedEpisode, HoldoutUse, Imitation, LabelMeter, LabelUse,
    METHODS, Method, NUM_ROUTES, PerEpisode, Route, Samples, evaluation_rules, has_registered,
    methods, register, training_rules,
};
pub use network::*;
pub use update::*;
