//! Trains batches, several at once, and makes smaller ones of those that a device has not the memory for.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use gr_learn::ComputeDevice;

use super::panics::{self, Panicked};
use crate::plan::{PlannedRun, schedule};
use crate::training::train::{Left, Trainer};

/// Trains all of `batches`, `jobs` at once. Returns what is left.
///
/// # Errors
/// If results cannot be written, or the device fails for a run alone.
pub fn train_all(trainer: &Trainer, jobs: usize, batches: Vec<Vec<PlannedRun>>) -> Result<Left> {
    let most = AtomicUsize::new(usize::MAX);
    let outcomes = schedule::run_all(batches, jobs, |slot, batch| {
        let trained = train(trainer, slot, batch, &most);
        // What cannot be computed or written for one run cannot be for the next either.
        if !matches!(trained, Ok(Ok(_))) {
            trainer.interrupt.request();
        }
        trained
    });
    trainer.progress.end();
    let outcomes = outcomes.with_context(|| {
        format!(
            "cannot start {jobs} jobs at once; ask for fewer (--jobs) or allow more processes \
             (`ulimit -u`)"
        )
    })?;
    let mut left = Left::default();
    // In the order in which they ended: what went wrong first is what is told.
    for outcome in outcomes {
        match outcome {
            Ok(trained) => left.add(trained?),
            Err((Panicked::Bug(bug), runs)) => bug.end(&format!("{runs} trained")),
            Err((Panicked::DeviceFailed(reason), runs)) => {
                let ComputeDevice { backend, adapter, is_gpu, .. } = trainer.device;
                let lower = if *is_gpu {
                    "; if it lacks memory, a smaller `environment.envs` or `network.hidden` needs less, or \
                     use --device cpu"
                } else {
                    ""
                };
                bail!(
                    "{backend} ({adapter}) failed while {runs} trained: {reason}; the same command \
                     continues from what was saved{lower}"
                );
            }
        }
    }
    Ok(left)
}

/// Trains one batch. No device says how much memory it has, so that what it has not shows when it fails: then the
/// batch goes on from what was saved in halves, as do later ones of more than `most` runs.
fn train(
    trainer: &Trainer,
    slot: usize,
    batch: Vec<PlannedRun>,
    most: &AtomicUsize,
) -> Result<Result<Left>, (Panicked, String)> {
    let mut left = Left::default();
    let mut waiting = vec![batch];
    while let Some(mut batch) = waiting.pop() {
        let fitting = most.load(Ordering::Relaxed);
        if batch.len() > fitting {
            waiting.push(batch.split_off(fitting));
        }
        let runs = describe(&batch);
        match panics::catch(|| trainer.train(slot, batch.clone())) {
            Ok(Ok(trained)) => left.add(trained),
            Err(Panicked::DeviceFailed(reason)) if batch.len() > 1 => {
                let half = batch.len() / 2;
                most.fetch_min(half, Ordering::Relaxed);
                trainer.progress.batch_given_up(slot);
                trainer.progress.warn(&format!(
                    "{} failed while {runs} trained ({reason}); they go on from what was saved in \
                     batches of {half}",
                    trainer.device.adapter
                ));
                waiting.push(batch);
            }
            Ok(Err(error)) => return Ok(Err(error)),
            Err(panicked) => return Err((panicked, runs)),
        }
    }
    Ok(Ok(left))
}

/// A batch in a sentence.
fn describe(batch: &[PlannedRun]) -> String {
    let first = &batch[0].name.id;
    match batch.len() {
        1 => first.to_string(),
        2 => format!("{first} and another run"),
        runs => format!("{first} and {} more runs", runs - 1),
    }
}
