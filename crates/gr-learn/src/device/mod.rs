//! Where tensors live: the backends that can be chosen at run time, what crosses the bus to a GPU, what a
//! failed one looks like, and a way to make one fail.
//!
//! Knows nothing of what is computed there.

mod compute_device;
#[cfg(all(target_os = "linux", feature = "wgpu"))]
mod display;
pub(crate) mod failure;
pub(crate) mod fault;
mod traffic;

pub use compute_device::{ComputeDevice, DeviceChoice, DeviceError};
#[cfg(all(target_os = "linux", feature = "wgpu"))]
pub use display::look_for_no_display;
pub use failure::is_device_failure;
pub use traffic::Traffic;

/// Nothing but wgpu on Linux looks for a display.
#[cfg(not(all(target_os = "linux", feature = "wgpu")))]
pub fn look_for_no_display() {}
