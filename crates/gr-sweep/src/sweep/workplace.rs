//! Where runs are trained: a device, how many at once, and what is noted of both.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Result, ensure};
use gr_learn::{ComputeDevice, DeviceChoice};
use gr_runs::{Provenance, RunId, Store};
use gr_terminal::{count, say, warn};

use super::batches;
use crate::options::flags::MachineFlags;
use crate::plan::{FolderPlan, PlannedRun, schedule};
use crate::results::survey::Survey;
use crate::terminal::progress::Progress;
use crate::training::interrupt::Interrupt;
use crate::training::slurm;
use crate::training::traffic::TrafficLog;
use crate::training::train::{Left, Trainer};

/// Runs on a GPU that are stacked in one batch at most.
pub const GPU_BATCH: usize = 64;

/// Batches on a GPU at once: it trains one while the CPU rolls out the other.
const GPU_JOBS: usize = 2;

/// How often damage is repaired in one command. More is no accident.
const REPAIRS: u32 = 3;

/// A device and how it is used.
pub struct Workplace {
    /// The device.
    pub device: ComputeDevice,
    /// Runs, or on a GPU batches of runs, at once.
    pub jobs: usize,
    /// Updates between saved states.
    save_every: u64,
    /// Whether finished runs keep their last state.
    pub keep_states: bool,
    /// What was asked of the device so far.
    pub traffic: TrafficLog,
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
            (true, _) => GPU_JOBS,
            (false, Some(jobs)) => jobs,
            (false, None) => cores,
        };
        let MachineFlags { save_every, keep_states, .. } = *flags;
        let traffic = TrafficLog::default();
        Ok(Self { device, jobs, save_every, keep_states, traffic })
    }

    /// Trains those of `runs` that are not over, into `store`, whose runs are `folder`, until someone asks to stop, and then
    /// holds every file against what was recorded of it: what is damaged is trained again. A run that
    /// is listed twice is trained once. Returns what is left, to other processes or to do.
    ///
    /// # Errors
    /// If results cannot be read or written, if the device fails, or if files are damaged over and
    /// over.
    pub fn train(
        &self,
        store: &Store,
        folder: &FolderPlan,
        runs: &[PlannedRun],
        interrupt: &Interrupt,
    ) -> Result<Left> {
        let mut listed = HashSet::new();
        let runs: Vec<PlannedRun> =
            runs.iter().filter(|run| listed.insert(&run.name.id)).cloned().collect();
        let mut closely = false;
        let mut trained = false;
        let mut repairs = 0;
        let mut elsewhere: HashSet<RunId> = HashSet::new();
        loop {
            let survey = if closely {
                Survey::by_contents(store, &runs, interrupt)?
            } else {
                Survey::by_names(store, &runs)?
            };
            survey.warn_of_damage(store);
            if interrupt.requested() {
                // By names everything is done that nobody holds; contents were not read to the end.
                let interrupted = if closely { elsewhere.len() } else { survey.pending.len() };
                return Ok(Left { interrupted, ..Left::default() });
            }
            if !survey.damaged.is_empty() {
                repairs += 1;
                ensure!(repairs <= REPAIRS, "files keep being damaged; look at the disk");
            }
            let is_free = |run: &&PlannedRun| !elsewhere.contains(&run.name.id);
            let pending: Vec<PlannedRun> = survey.pending.iter().filter(is_free).cloned().collect();
            if pending.is_empty() && closely {
                store.tidy()?;
                if !trained && survey.pending.is_empty() {
                    let folder = store.folder().display();
                    say(format!("nothing to do: every run in {folder} is over"));
                }
                return Ok(Left { elsewhere: survey.pending, interrupted: 0 });
            }
            if pending.is_empty() {
                closely = true;
                continue;
            }
            let number = pending.len();
            let provenance = self.provenance();
            if !trained || !survey.damaged.is_empty() {
                warn_of_other_origins(&provenance, &survey.origins, store.folder());
                self.announce(number, runs.len() - number, store.folder());
            }
            let left = self.train_pending(store, folder, pending, interrupt, &provenance)?;
            if left.interrupted > 0 {
                return Ok(left);
            }
            // Runs that others held are looked at once more: their processes may have been killed.
            elsewhere.clear();
            if left.elsewhere.len() == number {
                elsewhere.extend(left.elsewhere.into_iter().map(|run| run.name.id));
            }
            (closely, trained) = (false, true);
        }
    }

    fn announce(&self, number: usize, over: usize, folder: &Path) {
        let Self { device, jobs, .. } = self;
        say(format!(
            "{} to train ({over} over) on {} ({}), {jobs} at once, into {}",
            count(number, "run"),
            device.backend,
            device.adapter,
            folder.display()
        ));
    }

    /// Trains `pending`. Returns what is left.
    fn train_pending(
        &self,
        store: &Store,
        folder: &FolderPlan,
        pending: Vec<PlannedRun>,
        interrupt: &Interrupt,
        provenance: &Provenance,
    ) -> Result<Left> {
        let (device, jobs) = (&self.device, self.jobs);
        let total = pending.iter().map(PlannedRun::cost).sum();
        let trainer = Trainer {
            store,
            device,
            provenance,
            folder,
            save_every: self.save_every,
            keep_states: self.keep_states,
            interrupt,
            traffic: &self.traffic,
            progress: &Progress::new(pending.len(), total, jobs),
        };
        if device.is_software {
            let adapter = &device.adapter;
            trainer
                .progress
                .warn(&format!("{adapter} computes on the CPU; --device cpu is faster"));
        }
        let batches = if device.is_gpu {
            schedule::stacked_runs(pending, GPU_BATCH)
        } else {
            schedule::single_runs(pending)
        };
        batches::train_all(&trainer, jobs, batches)
    }

    /// This program on this device.
    pub fn provenance(&self) -> Provenance {
        let here = Provenance::of_this_process(
            env!("CARGO_PKG_VERSION"),
            env!("GR_COMMIT"),
            env!("GR_TRAINING_CODE"),
            self.device.backend,
            &self.device.adapter,
        );
        // The hash is taken of this workspace alone, which methods of somebody's own are no part of.
        let training_code = here.training_code.filter(|_| !gr_learn::has_registered());
        Provenance { training_code, ..here }
    }
}

/// Runs of one folder may come from several programs and machines; whoever reads them should know.
fn warn_of_other_origins(here: &Provenance, origins: &[Provenance], folder: &Path) {
    let differences = origins.iter().map(|origin| here.differences(origin));
    if let Some(differences) = differences.into_iter().find(|lines| !lines.is_empty()) {
        warn(format!(
            "finished runs in {} come from elsewhere ({}); each run keeps its own provenance",
            folder.display(),
            differences.join("; ")
        ));
    }
}
