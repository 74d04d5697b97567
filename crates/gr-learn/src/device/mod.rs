//! Where tensors live: the backends that can be chosen at run time, what a failed one looks
//! like, and a way to make one fail.
//!
//! Knows nothing of what is computed there.

mod compute_device;
pub(crate) mod failure;
pub(crate) mod fault;

pub use compute_device::{ComputeDevice, DeviceChoice, DeviceError};
pub use failure::is_device_failure;
