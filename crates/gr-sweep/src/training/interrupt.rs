//! SIGINT, SIGTERM, SIGUSR1, SIGHUP and, in a Slurm job, SIGURG: the first asks for an orderly stop,
//! after which the program exits or, where Slurm sent it, waits for Slurm. Knows nothing of what is
//! saved, or how.
//!
//! Slurm warns a job before it ends it, and takes a program that exits upon the warning for one
//! that is done: the job is recorded as completed, or failed, and never started again. So a job
//! that was warned stays until it is killed, at whatever signal but SIGINT, which people send, and
//! SIGHUP, which says that their connection is lost.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use gr_terminal::{count, program_name, report, say};
use signal_hook::consts::{SIGINT, SIGTERM};
#[cfg(unix)]
use signal_hook::consts::{SIGURG, SIGUSR1};
use signal_hook::flag;

use super::slurm::SlurmJob;

/// What is listened for, with the names.
#[cfg(unix)]
const SIGNALS: &[(i32, &str)] =
    &[(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM"), (SIGUSR1, "SIGUSR1"), WARNING, (HANG_UP, "SIGHUP")];
#[cfg(not(unix))]
const SIGNALS: &[(i32, &str)] = &[(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")];

/// What generated scripts have Slurm warn with, because it ends no program that does not listen yet.
/// Outside a job it means that urgent data came to a socket, and is left alone.
#[cfg(unix)]
const WARNING: (i32, &str) = (SIGURG, "SIGURG");

/// SIGHUP, wherever there is one: the connection of whoever started the program is lost.
const HANG_UP: i32 = 1;

/// How often a program that waits to be killed looks whether it may go.
const LOOK: Duration = Duration::from_millis(100);

/// Whether someone asked the program to stop, and what is to be done then. By default nobody does.
#[derive(Debug, Default)]
pub struct Interrupt {
    requested: Arc<AtomicBool>,
    /// The latest signal; 0 before there is one.
    signal: Arc<AtomicUsize>,
    /// Whether there was a SIGTERM.
    terminated: Arc<AtomicBool>,
    job: Option<SlurmJob>,
    requeue_self: bool,
}

impl Interrupt {
    /// Listens for signals. With `requeue_self`, a Slurm job that is warned has itself requeued.
    ///
    /// # Errors
    /// If the system does not let it.
    pub fn listen(requeue_self: bool) -> Result<Self> {
        let interrupt = Self {
            requested: Arc::default(),
            signal: Arc::default(),
            terminated: Arc::default(),
            job: SlurmJob::here(),
            requeue_self,
        };
        interrupt.register().context("cannot listen for signals")?;
        Ok(interrupt)
    }

    fn register(&self) -> std::io::Result<()> {
        flag::register(SIGTERM, self.terminated.clone())?;
        for &(signal, _) in SIGNALS {
            #[cfg(unix)]
            if self.job.is_none() && signal == WARNING.0
                || signal == HANG_UP && hang_up_is_ignored()
            {
                continue;
            }
            // The system and the shell may both tell of one lost connection.
            let hastens = signal != HANG_UP && (self.job.is_none() || signal == SIGINT);
            if hastens {
                // Order matters: on the second signal the flag is already set, and this exits.
                let exit_code = 128 + signal;
                flag::register_conditional_shutdown(signal, exit_code, self.requested.clone())?;
            }
            flag::register_usize(signal, self.signal.clone(), signal as usize)?;
            flag::register(signal, self.requested.clone())?;
        }
        Ok(())
    }

    /// Whether a stop was requested.
    pub fn requested(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }

    /// Requests a stop from inside, as when the disk is full.
    pub fn request(&self) {
        self.requested.store(true, Ordering::Relaxed);
    }

    /// Whether to go on after training. If `interrupted` counts none of its runs, yes, whatever
    /// signals came; else breaks with the exit code that says which signal it was. In a Slurm job that
    /// Slurm wants to end this returns only if it may.
    ///
    /// # Errors
    /// That of `trained`, unless it is Slurm that ends the program: a job that exits now, for a
    /// full disk perhaps, is not started again when there is room.
    pub fn conclude<T>(
        &self,
        trained: Result<T>,
        interrupted: impl FnOnce(&T) -> usize,
    ) -> Result<ControlFlow<u8, T>> {
        let warned_job =
            self.job.as_ref().filter(|_| !matches!(self.signal(), 0 | SIGINT | HANG_UP));
        match (trained, warned_job) {
            (Ok(trained), warned_job) => match (interrupted(&trained), warned_job) {
                (0, _) => Ok(ControlFlow::Continue(trained)),
                (number, None) => {
                    say(format!(
                        "interrupted with {} to go; the same command continues",
                        count(number, "run")
                    ));
                    Ok(ControlFlow::Break(128 + self.signal() as u8))
                }
                (_, Some(job)) => Ok(ControlFlow::Break(self.wait(job, "saved"))),
            },
            (Err(error), None) => Err(error),
            (Err(error), Some(job)) => {
                report(&error);
                Ok(ControlFlow::Break(self.wait(job, "not everything could be saved")))
            }
        }
    }

    /// Waits to be killed, or after requeueing to be told to go. `state` says what is on disk.
    fn wait(&self, job: &SlurmJob, state: &str) -> u8 {
        let (program, id) = (program_name(), &job.id);
        let is_it = |(number, _): &&(i32, &str)| *number == self.signal();
        let (_, signal) = SIGNALS.iter().find(is_it).expect("no other is listened for");
        // A SIGTERM says that Slurm has decided already, perhaps to cancel the job; requeueing
        // would bring it back to life.
        let requeued = self.requeue_self && !self.terminated() && {
            say(format!("{program}: {signal} in Slurm job {id}: {state}; scontrol requeue {id}"));
            let outcome = job.requeue();
            if let Err(error) = &outcome {
                say(format!("{program}: cannot requeue job {id}: {error}"));
            }
            outcome.is_ok()
        };
        if !requeued {
            say(format!(
                "{program}: {signal} in Slurm job {id}: {state}; waiting to be killed, because Slurm \
                 requeues no job that exits by itself (SIGINT ends it)"
            ));
        }
        while !(requeued && self.terminated()) {
            std::thread::sleep(LOOK);
        }
        128 + SIGTERM as u8
    }

    fn signal(&self) -> i32 {
        self.signal.load(Ordering::Relaxed) as i32
    }

    fn terminated(&self) -> bool {
        self.terminated.load(Ordering::Relaxed)
    }
}

/// Whether the program was started to outlive its connection, as `nohup` does. Children inherit that,
/// so one is asked whether it outlives the signal.
#[cfg(unix)]
fn hang_up_is_ignored() -> bool {
    use std::process::{Command, Stdio};
    let mut child = Command::new("sh");
    child.args(["-c", "kill -HUP $$"]);
    let streams = child.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    streams.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interrupt(signal: i32, job: Option<&str>) -> Interrupt {
        Interrupt {
            requested: Arc::new(true.into()),
            signal: Arc::new((signal as usize).into()),
            terminated: Arc::new((signal == SIGTERM).into()),
            job: job.map(|id| SlurmJob { id: id.into() }),
            requeue_self: false,
        }
    }

    fn exit_code(signal: i32, job: Option<&str>, interrupted: usize) -> Option<u8> {
        let concluded = interrupt(signal, job).conclude(Ok(interrupted), |number| *number);
        concluded.unwrap().break_value()
    }

    #[test]
    fn a_signal_after_the_last_run_changes_nothing() {
        for job in [None, Some("7")] {
            assert_eq!(exit_code(SIGTERM, job, 0), None);
        }
    }

    #[test]
    fn unfinished_runs_end_with_the_code_of_the_signal() {
        assert_eq!(exit_code(SIGTERM, None, 1), Some(143));
        assert_eq!(exit_code(SIGINT, None, 1), Some(130));
        assert_eq!(exit_code(HANG_UP, None, 1), Some(129));
        assert_eq!(exit_code(SIGINT, Some("7"), 1), Some(130));
        assert_eq!(exit_code(HANG_UP, Some("7"), 1), Some(129));
    }

    #[test]
    fn errors_outside_slurm_are_the_callers() {
        let failed: Result<usize> = Err(anyhow::anyhow!("disk full"));
        let error = interrupt(SIGTERM, None).conclude(failed, |number| *number);
        assert_eq!(error.unwrap_err().to_string(), "disk full");
    }
}
