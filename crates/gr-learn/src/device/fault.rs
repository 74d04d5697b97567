//! Makes a device fail on request, so that tests can show what is lost when one does: nothing.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Names the number of transfers from the device after which it fails. For tests alone.
const VARIABLE: &str = "GR_TEST_DEVICE_FAILS_AFTER";

/// Called with every transfer from the device. Fails in the way in which backends do.
///
/// # Panics
/// If the environment asks for it.
pub(crate) fn transfer() {
    static LEFT: OnceLock<Option<AtomicU64>> = OnceLock::new();
    let left = LEFT.get_or_init(|| {
        let number = std::env::var(VARIABLE).ok()?.parse().ok()?;
        Some(AtomicU64::new(number))
    });
    if let Some(left) = left {
        let before = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        assert!(before.is_ok(), "the device is lost ({VARIABLE} asked for it)");
    }
}
