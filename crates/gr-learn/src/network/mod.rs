//! Policy and value networks: their layers and initial weights, their passes, their optimizer, and
//! policies on disk.
//!
//! Knows devices, and nothing of methods, rollouts or losses.

mod adam;
mod architecture;
mod folded_gate;
mod inputs;
mod observation_table;
mod passes;
mod policy;
mod policy_file;
mod policy_network;
mod policy_place;
mod tensor_file;
mod value;

pub use adam::{AdamSettings, HostAdam, StackedAdam};
pub use architecture::{Architecture, LayerShape, NUM_CHANNELS, NetworkKind};
pub use inputs::Inputs;
pub use passes::{Activations, Gradients, Outputs, Passes};
pub use policy::{GateRow, PolicyRow, PolicyType};
pub use policy_file::{PolicyFileError, SavedPolicy};
pub use policy_network::PolicyNetwork;
pub(crate) use policy_network::{select_runs, stack, unstack};
pub use policy_place::pytorch_name;
pub use value::{AffineGradient, AffineValue, ValueNetwork};
