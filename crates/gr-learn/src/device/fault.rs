//! Makes a device fail, or a bug show, on request, so that tests can tell what is lost then: nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, OnceLock};

use super::failure;

/// Transfers from the device that the environment grants until something happens. For tests alone.
struct Countdown {
    /// Names the number in the environment.
    variable: &'static str,
    left: OnceLock<Option<AtomicU64>>,
}

impl Countdown {
    const fn of(variable: &'static str) -> Self {
        Self { variable, left: OnceLock::new() }
    }

    /// Counts a transfer. Whether there were as many already.
    fn is_over(&self) -> bool {
        let number = || Some(AtomicU64::new(std::env::var(self.variable).ok()?.parse().ok()?));
        self.left.get_or_init(number).as_ref().is_some_and(|left| {
            let one_less = |left: u64| left.checked_sub(1);
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_err()
        })
    }
}

static DEVICE: Countdown = Countdown::of("GR_TEST_DEVICE_FAILS_AFTER");
static PROGRAM: Countdown = Countdown::of("GR_TEST_PROGRAM_FAILS_AFTER");

/// Most bytes that a transfer may have, if the environment says so. For tests alone.
static MOST_BYTES: LazyLock<Option<usize>> =
    LazyLock::new(|| std::env::var("GR_TEST_DEVICE_FITS").ok()?.parse().ok());

/// Called with every transfer of `bytes` from the device.
///
/// # Panics
/// If the environment asks for it: as backends do, or as a bug would.
pub(crate) fn transfer(bytes: usize) {
    if MOST_BYTES.is_some_and(|most| bytes > most) {
        failure::fail(format_args!(
            "out of memory ({bytes} bytes, GR_TEST_DEVICE_FITS asked for it)"
        ));
    }
    if DEVICE.is_over() {
        failure::fail(format_args!("the device is lost ({} asked for it)", DEVICE.variable));
    }
    assert!(!PROGRAM.is_over(), "a bug shows ({} asked for it)", PROGRAM.variable);
}
