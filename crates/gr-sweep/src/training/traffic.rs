//! What training asks of a GPU: the bytes and launches of its updates, and what goes there once.

use std::sync::Mutex;

use gr_learn::Traffic;
use serde::Serialize;

/// Counts over all batches of a command.
#[derive(Debug, Default)]
pub struct TrafficLog(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    beginnings: Traffic,
    updates: Traffic,
    /// Updates of batches, and those of their runs.
    number: u64,
    run_updates: u64,
}

/// What training on a GPU asked of it.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceTraffic {
    /// Bytes sent in an update of a run, on average.
    pub bytes_to_device: u64,
    /// Bytes read back in an update of a run, on average.
    pub bytes_from_device: u64,
    /// Kernels launched in an update of a batch, whatever its number of runs, on average.
    pub launches: u64,
    /// Bytes sent when batches began: observations, weights, optimizer.
    pub bytes_sent_once: u64,
}

impl TrafficLog {
    /// Does what a batch begins with.
    pub fn beginning<T>(&self, work: impl FnOnce() -> T) -> T {
        let (outcome, traffic) = Traffic::of(work);
        let mut counts = self.lock();
        counts.beginnings = counts.beginnings + traffic;
        outcome
    }

    /// Does an update of a batch of `runs`.
    pub fn update<T>(&self, runs: usize, work: impl FnOnce() -> T) -> T {
        let (outcome, traffic) = Traffic::of(work);
        let mut counts = self.lock();
        counts.updates = counts.updates + traffic;
        counts.number += 1;
        counts.run_updates += runs as u64;
        outcome
    }

    /// What was counted, unless nothing was asked of a GPU.
    pub fn report(&self) -> Option<DeviceTraffic> {
        let Counts { beginnings, updates, number, run_updates } = *self.lock();
        (updates.transfers > 0).then(|| DeviceTraffic {
            bytes_to_device: updates.bytes_to_device / run_updates,
            bytes_from_device: updates.bytes_from_device / run_updates,
            launches: updates.launches / number,
            bytes_sent_once: beginnings.bytes_to_device,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0.lock().expect("nothing panics while it counts")
    }
}
