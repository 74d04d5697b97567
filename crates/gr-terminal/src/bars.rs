//! How progress can be shown: bars where the cursor can be moved, else a plain line now and then.

use std::time::{Duration, Instant};

use indicatif::ProgressDrawTarget;

/// Whether standard error is a terminal that can draw bars. One that is called `dumb`, or has no name,
/// cannot.
pub fn bars_can_be_drawn() -> bool {
    !ProgressDrawTarget::stderr().is_hidden()
}

/// Whether standard output is a terminal that can be cleared.
pub fn screen_can_be_cleared() -> bool {
    !ProgressDrawTarget::stdout().is_hidden()
}

/// When plain lines of progress are due: the first soon, so that one sees that it works, then fewer.
#[derive(Debug)]
pub struct Heartbeat {
    next: Instant,
}

impl Heartbeat {
    const FIRST: Duration = Duration::from_secs(5);
    const EVERY: Duration = Duration::from_secs(30);

    /// A heartbeat that begins now.
    pub fn start() -> Self {
        Self { next: Instant::now() + Self::FIRST }
    }

    /// Whether a line is due. It is not due again until some time later.
    pub fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let is_due = now >= self.next;
        if is_due {
            self.next = now + Self::EVERY;
        }
        is_due
    }
}
