//! What a panic in training means: that the device failed, or that the program has a bug. Knows nothing
//! of what is trained.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, Once};

use gr_learn::is_device_failure;
use gr_terminal::say;

/// Why work was cut short.
pub enum Panicked {
    /// The device failed, for this reason.
    DeviceFailed(String),
    /// Anything else.
    Bug(Bug),
}

/// A panic that no device is to blame for.
pub struct Bug {
    message: String,
    place: String,
    payload: Payload,
}

type Payload = Box<dyn Any + Send>;

/// A panic as the hook saw it, perhaps on another thread than the one that catches it.
struct Seen {
    message: String,
    place: String,
    is_device_failure: bool,
}

static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());

/// Does `work`, and tells what it means if that panics. What a bug says is printed at once, as always.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    watch();
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let message = message(&*payload);
        let seen = SEEN.lock().expect("noting a panic does not panic");
        // The one that was caught comes without its place: the latest that says the same is taken for it.
        match seen.iter().rfind(|seen| seen.message == message) {
            Some(seen) if seen.is_device_failure => Panicked::DeviceFailed(message),
            seen => {
                let place = seen.map_or_else(String::new, |seen| seen.place.clone());
                Panicked::Bug(Bug { message, place, payload })
            }
        }
    })
}

/// Notes where panics happen from now on, which only a hook learns, and keeps those of a device from
/// being printed.
fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let seen = Seen::by_hook(info);
            if !seen.is_device_failure {
                print(info);
            }
            SEEN.lock().expect("noting a panic does not panic").push(seen);
        }));
    });
}

impl Seen {
    fn by_hook(info: &PanicHookInfo) -> Self {
        let place = info.location();
        Self {
            message: message(info.payload()),
            place: place.map_or_else(String::new, ToString::to_string),
            is_device_failure: place.is_some_and(is_device_failure),
        }
    }
}

impl Bug {
    /// Says what happened while `work` was done and what is to be done about it, and ends the program as
    /// a panic that nobody catches does, with exit code 101.
    pub fn end(self, work: &str) -> ! {
        let Self { message, place, payload } = self;
        say(format!(
            "bug: {message} ({place}), while {work}\nThis is a fault of the program, not of your input, your \
             files or the device. What was saved stands, and the same command continues from it. Please \
             report the bug, with all of these lines and the command."
        ));
        panic::resume_unwind(payload)
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("no reason given").into()
}
