//! Where runs are trained: a device, how many at once, and what is noted of both.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Result;
use gr_learn::{ComputeDevice, DeviceChoice};
use gr_runs::{Provenance, RunManifest, RunStatus, Store};

use crate::flags::MachineFlags;
use crate::interrupt::Interrupt;
use crate::plan::PlannedRun;
use crate::progress::Progress;
use crate::schedule;
use crate::slurm;
use crate::train::Trainer;

/// Runs on a GPU that are stacked in one batch at most.
pub const GPU_BATCH: usize = 64;

/// A device and how it is used.
pub struct Workplace {
    /// The device.
    pub device: ComputeDevice,
    /// Runs, or on a GPU batches of runs, at once.
    pub jobs: usize,
    /// Updates between saved states.
    save_every: u64,
}

impl Workplace {
    /// Opens the device that the flags name.
    ///
    /// # Errors
    /// If it does not exist or cannot be used.
    pub fn open(flags: &MachineFlags) -> Result<Self> {
        let choice: DeviceChoice = flags.device.parse()?;
        let device = ComputeDevice::open(choice)?;
        let offered = std::thread::available_parallelism().map_or(1, usize::from);
        let cores = slurm::cpus_per_task().map_or(offered, |granted| granted.min(offered));
        let jobs = match (device.is_gpu, flags.jobs) {
            (true, _) => 1,
            (false, Some(jobs)) => jobs.get(),
            (false, None) => cores,
        };
        Ok(Self { device, jobs, save_every: flags.save_every })
    }

    /// Trains those of `runs` that are not over, into `store`, until someone asks to stop. A run
    /// that is listed twice is trained once. Returns how many are then still not over.
    ///
    /// # Errors
    /// If results cannot be read or written.
    pub fn train(
        &self,
        store: &Store,
        runs: &[PlannedRun],
        interrupt: &Interrupt,
    ) -> Result<usize> {
        let folder = store.folder();
        let mut listed = HashSet::new();
        let mut pending = Vec::new();
        let mut finished = Vec::new();
        for run in runs.iter().filter(|run| listed.insert(run.spec.id())) {
            match store.status(&run.spec)? {
                RunStatus::Done(manifest) => finished.push(manifest),
                RunStatus::Failed(_) => {}
                RunStatus::Interrupted | RunStatus::Missing => pending.push(run.clone()),
            }
        }
        if pending.is_empty() {
            eprintln!("nothing to do: every run in {} is over", folder.display());
            return Ok(0);
        }
        let (device, jobs) = (&self.device, self.jobs);
        eprintln!(
            "{} runs to train ({} over) on {} ({}), {jobs} at once, into {}",
            pending.len(),
            listed.len() - pending.len(),
            device.backend,
            device.adapter,
            folder.display()
        );
        let provenance = Provenance::of_this_process(
            env!("CARGO_PKG_VERSION"),
            env!("GR_COMMIT"),
            device.backend,
            &device.adapter,
        );
        warn_of_other_provenance(&provenance, &finished, folder);
        let total = pending.iter().map(PlannedRun::cost).sum();
        let trainer = Trainer {
            store,
            device,
            provenance: &provenance,
            save_every: self.save_every,
            interrupt,
            progress: &Progress::new(pending.len(), total, jobs),
        };
        train_all(&trainer, jobs, pending)
    }
}

/// Trains all of `pending`. Returns how many are not over.
fn train_all(trainer: &Trainer, jobs: usize, pending: Vec<PlannedRun>) -> Result<usize> {
    if trainer.device.is_software {
        let adapter = &trainer.device.adapter;
        trainer.progress.warn(&format!("{adapter} computes on the CPU; --device cpu is faster"));
    }
    let batches = if trainer.device.is_gpu {
        schedule::stacked_runs(pending, GPU_BATCH)
    } else {
        schedule::single_runs(pending)
    };
    let outcomes = schedule::run_all(batches, jobs, |slot, batch| {
        // What cannot be written for one run cannot be written for the next either.
        trainer.train(slot, batch).inspect_err(|_| trainer.interrupt.request())
    });
    trainer.progress.end();
    outcomes.into_iter().sum()
}

/// Runs of one folder may come from several programs and machines; whoever reads them should know.
fn warn_of_other_provenance(here: &Provenance, finished: &[Box<RunManifest>], folder: &Path) {
    let differences = finished.iter().map(|manifest| here.differences(&manifest.provenance));
    if let Some(differences) = differences.into_iter().find(|lines| !lines.is_empty()) {
        eprintln!(
            "warning: finished runs in {} come from elsewhere ({}); each run keeps its own provenance",
            folder.display(),
            differences.join("; ")
        );
    }
}
