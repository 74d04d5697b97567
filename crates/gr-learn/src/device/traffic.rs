//! What crosses the bus to a GPU, and how many kernels it is asked to run: the figures that bound it whatever
//! the hardware.

use std::cell::Cell;
use std::iter::Sum;
use std::ops::Add;

/// What a stretch of work asked of a GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes sent to it in tensors.
    pub bytes_to_device: u64,
    /// Bytes read back.
    pub bytes_from_device: u64,
    /// Tensors sent or read back.
    pub transfers: u64,
    /// Kernels launched.
    pub launches: u64,
}

thread_local! {
    /// Of this thread so far. A batch is trained by one thread, and so are counts told apart that batches at
    /// once would mix.
    static SO_FAR: Cell<Traffic> = const { Cell::new(Traffic::NONE) };
}

impl Traffic {
    const NONE: Self = Self { bytes_to_device: 0, bytes_from_device: 0, transfers: 0, launches: 0 };

    /// Does `work`, and counts what this thread asks of GPUs meanwhile.
    pub fn of<T>(work: impl FnOnce() -> T) -> (T, Self) {
        let before = SO_FAR.replace(Self::NONE);
        let outcome = work();
        let counted = SO_FAR.get();
        SO_FAR.set(before + counted);
        (outcome, counted)
    }
}

impl Add for Traffic {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            bytes_to_device: self.bytes_to_device + other.bytes_to_device,
            bytes_from_device: self.bytes_from_device + other.bytes_from_device,
            transfers: self.transfers + other.transfers,
            launches: self.launches + other.launches,
        }
    }
}

impl Sum for Traffic {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::NONE, Self::add)
    }
}

fn count(more: Traffic) {
    SO_FAR.set(SO_FAR.get() + more);
}

/// Counts a tensor of `bytes` on its way to a GPU.
pub(super) fn sent(bytes: usize) {
    count(Traffic { bytes_to_device: bytes as u64, transfers: 1, ..Traffic::NONE });
}

/// Counts a tensor of `bytes` on its way back.
pub(super) fn read_back(bytes: usize) {
    count(Traffic { bytes_from_device: bytes as u64, transfers: 1, ..Traffic::NONE });
}

/// Has every launch counted from the first call on.
#[cfg(feature = "wgpu")]
pub(super) fn count_launches() {
    use std::sync::{Arc, OnceLock};

    use burn::cubecl::logging::{LaunchObservation, LaunchObserver};

    struct Counter;

    // Called on the thread that launches.
    impl LaunchObserver for Counter {
        fn launched(&self, _kernel: &'static str) {
            count(Traffic { launches: 1, ..Traffic::NONE });
        }
    }

    // Counts until it is dropped, which a static never is.
    static OBSERVATION: OnceLock<LaunchObservation> = OnceLock::new();
    OBSERVATION.get_or_init(|| LaunchObservation::new(Arc::new(Counter)));
}
