//! Where tensors live: the backends that can be chosen at run time, and a way to make one fail.
//!
//! Knows nothing of what is computed there.

mod compute_device;
pub(crate) mod fault;

pub use compute_device::{ComputeDevice, DeviceChoice, DeviceError};
