//! A results folder: the files of its runs. State is read from files alone. Every file is published by
//! rename and, once a run is finished, has its final content under its name: any number of processes on
//! any machines may work in one folder at once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::claim::{self, Claim};
use super::sealed::{read_toml, write_toml};
use super::{Check, Damage, Listing, StoreError, atomic, plans, published, write_if_changed};
use crate::run::{
    CsvLog, FileRecord, RunFailure, RunId, RunManifest, RunName, RunRow, SCHEMA_VERSION,
};
use crate::settings::SweepFile;

const RUNS: &str = "runs.csv";

/// A results folder.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    /// Whether policies may be left out.
    is_published: bool,
}

/// The files of one run.
#[derive(Clone, Debug)]
pub struct RunFiles {
    /// `eval_results_<run>.csv`.
    pub evaluations: PathBuf,
    /// `train_results_<run>.csv`.
    pub training: PathBuf,
    /// `holdout_results_<run>.csv`, of a run with a holdout.
    pub holdout: PathBuf,
    /// `policy_tables_<run>.csv`.
    pub policy_tables: PathBuf,
    /// `checkpoints/<run>.safetensors`: the kept policy.
    pub policy: PathBuf,
    /// `checkpoints/<run>.state`: what an interrupted run continues from.
    pub state: PathBuf,
    /// `checkpoints/<run>.last`: what a finished run can be trained on from.
    pub last_state: PathBuf,
    /// `run_<run>.toml`.
    pub manifest: PathBuf,
    failure: PathBuf,
    lock: PathBuf,
}

/// How far a run has come, by its files.
#[derive(Clone, Debug)]
pub enum RunStatus {
    /// It has a manifest, and its files are there.
    Done(Box<RunManifest>),
    /// It ended without a result.
    Failed(RunFailure),
    /// It has a saved state.
    Interrupted,
    /// Nothing of it has been saved.
    Missing,
    /// Its manifest or another file is not what was written.
    Damaged(Damage),
}

impl Store {
    /// Opens `folder` for the runs of `plan`, which are added to those that are there; makes it if it is
    /// not there.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn open(folder: &Path, plan: &SweepFile) -> Result<Self, StoreError> {
        let store = Self::open_without_plan(folder)?;
        store.add_plan(plan)?;
        Ok(store)
    }

    /// Adds the runs of `plan` to those that the folder is for.
    ///
    /// # Errors
    /// If the folder cannot be read or written.
    pub fn add_plan(&self, plan: &SweepFile) -> Result<(), StoreError> {
        plans::add(&self.folder, plan)
    }

    /// Opens `folder` for runs that are listed elsewhere, making it if it is not there, and clears
    /// up after killed writers.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn open_without_plan(folder: &Path) -> Result<Self, StoreError> {
        let checkpoints = folder.join("checkpoints");
        fs::create_dir_all(&checkpoints).map_err(StoreError::io("create", &checkpoints))?;
        for place in [folder, &checkpoints] {
            atomic::check_writable(place)?;
            atomic::remove_left_behind(place);
        }
        Ok(Self::at(folder))
    }

    /// Opens `folder`, which a sweep has been begun in, to look at it, with the plans of its runs: writes
    /// nothing.
    ///
    /// # Errors
    /// If it is none or a plan cannot be read.
    pub fn open_existing(folder: &Path) -> Result<(Self, Vec<SweepFile>), StoreError> {
        let plans = plans::read(folder)?;
        if plans.is_empty() {
            return Err(StoreError::NoPlan { path: folder.into() });
        }
        Ok((Self::at(folder), plans))
    }

    /// The files of `folder`, whether anything is there or not.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.into(), is_published: published::is_published(folder) }
    }

    /// Opens `folder`, which is empty or a published copy already, for one.
    ///
    /// # Errors
    /// If it is neither, or cannot be written.
    pub fn open_published(folder: &Path) -> Result<Self, StoreError> {
        let is_empty = fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
        if !is_empty && !published::is_published(folder) {
            return Err(StoreError::NotPublished { path: folder.into() });
        }
        Self::open_without_plan(folder)?;
        published::mark(folder)?;
        Ok(Self::at(folder))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the files of a run lie.
    pub fn files(&self, run: &RunId) -> RunFiles {
        let at = |name: String| self.folder.join(name);
        RunFiles {
            evaluations: at(format!("eval_results_{run}.csv")),
            training: at(format!("train_results_{run}.csv")),
            holdout: at(format!("holdout_results_{run}.csv")),
            policy_tables: at(format!("policy_tables_{run}.csv")),
            policy: at(format!("checkpoints/{run}.safetensors")),
            state: at(format!("checkpoints/{run}.state")),
            last_state: at(format!("checkpoints/{run}.last")),
            manifest: at(format!("run_{run}.toml")),
            failure: at(format!("failed_{run}.toml")),
            lock: at(format!("checkpoints/{run}.lock")),
        }
    }

    /// Where the policy that `run` had after `update_idx` is kept.
    pub fn checkpoint(&self, run: &RunId, update_idx: u64) -> PathBuf {
        self.folder.join(format!("checkpoints/{run}_u{update_idx}.safetensors"))
    }

    /// Lets people look at `file`, a result in the making that is `bytes` so far: apart from where it
    /// will lie when it is whole, since another process may have finished the run by then.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn preview(&self, file: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        atomic::atomic_write_unforced(&self.preview_of(file), bytes)
    }

    /// Where `file`, a result, lies as long as it is in the making.
    pub fn preview_of(&self, file: &Path) -> PathBuf {
        self.folder.join("checkpoints").join(file.file_name().unwrap_or_default())
    }

    /// Which runs have which files, by one look at all names.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn listing(&self) -> Result<Listing, StoreError> {
        Listing::read(&self.folder)
    }

    /// How far `run` has come.
    ///
    /// # Errors
    /// If the system refuses to read. What is wrong with a file is no error but
    /// [`RunStatus::Damaged`].
    pub fn status(&self, run: &RunName, check: Check) -> Result<RunStatus, StoreError> {
        let files = self.files(&run.id);
        match read_toml::<RunManifest>(&files.manifest)? {
            Some(Ok(manifest)) if manifest.schema_version > SCHEMA_VERSION => {
                return Err(StoreError::newer(&files.manifest, manifest.schema_version));
            }
            Some(Ok(manifest)) => {
                return Ok(match self.check(run, &manifest, check) {
                    Ok(()) => RunStatus::Done(Box::new(manifest)),
                    Err(damage) => RunStatus::Damaged(damage),
                });
            }
            Some(Err(damage)) => return Ok(RunStatus::Damaged(damage)),
            None => {}
        }
        match read_toml::<RunFailure>(&files.failure)? {
            Some(Ok(failure)) => {
                return Ok(match same_run(run, &failure.key, &files.failure) {
                    Ok(()) => RunStatus::Failed(failure),
                    Err(damage) => RunStatus::Damaged(damage),
                });
            }
            Some(Err(damage)) => return Ok(RunStatus::Damaged(damage)),
            None => {}
        }
        Ok(if files.state.exists() { RunStatus::Interrupted } else { RunStatus::Missing })
    }

    /// Holds the files of a finished run against its manifest.
    fn check(&self, run: &RunName, manifest: &RunManifest, check: Check) -> Result<(), Damage> {
        same_run(run, &manifest.key, &self.files(&run.id).manifest)?;
        let mut there = manifest.files.iter().filter(|record| !self.lacks(record));
        there.try_for_each(|record| record.check(&self.folder, check))
    }

    /// Whether a file was left out of what is a published copy.
    pub fn lacks(&self, record: &FileRecord) -> bool {
        self.is_published && record.may_be_left_out() && !self.folder.join(&record.name).exists()
    }

    /// What a file of a finished run is compared with.
    pub fn record(&self, path: &Path, bytes: &[u8]) -> FileRecord {
        FileRecord::of(path.strip_prefix(&self.folder).unwrap_or(path), bytes)
    }

    /// Whether a file that was written is still what it was.
    pub fn is_intact(&self, record: &FileRecord) -> bool {
        record.check(&self.folder, Check::Hashes).is_ok()
    }

    /// Claims `run` for this process; nothing if another one works on it.
    pub fn claim(&self, run: &RunId) -> Option<Claim> {
        Claim::take(&self.files(run).lock)
    }

    /// The process that works on `run`, as it names itself; nothing if none does, or if the file
    /// system has no locks.
    pub fn holder(&self, run: &RunId) -> Option<String> {
        claim::holder(&self.files(run).lock)
    }

    /// Publishes a finished run, after which nothing of it is worked on again, and removes what it
    /// would have continued from. All files that the manifest lists must be there.
    pub fn finish(&self, manifest: &RunManifest, run: &RunId) -> Result<(), StoreError> {
        let files = self.files(run);
        write_toml(&files.manifest, manifest)?;
        remove_if_there(&files.failure)?;
        self.forget(&files)
    }

    /// Publishes why a run ended without a result and removes what it would have continued from.
    pub fn fail(&self, run: &RunId, failure: &RunFailure) -> Result<(), StoreError> {
        let files = self.files(run);
        write_toml(&files.failure, failure)?;
        self.forget(&files)
    }

    /// Removes what `files` would have been continued from. The state goes last: as long as it is
    /// there, [`Store::tidy`] knows that there may be more.
    fn forget(&self, files: &RunFiles) -> Result<(), StoreError> {
        let RunFiles { evaluations, training, holdout, policy_tables, .. } = files;
        for file in [evaluations, training, holdout, policy_tables] {
            remove_if_there(&self.preview_of(file))?;
        }
        remove_if_there(&files.state)
    }

    /// Takes the record that `run` is over out of the way, so that it is trained again. What is left
    /// lies in a file that no reader takes for a result. The file is left alone if it has changed
    /// since `damage` was found: another process may have trained the run by now.
    pub fn set_aside(&self, run: &RunName, check: Check) -> Result<Option<Damage>, StoreError> {
        let RunStatus::Damaged(damage) = self.status(run, check)? else { return Ok(None) };
        // A row of this run in `runs.csv` would outlive what it was made from.
        remove_if_there(&self.folder.join(RUNS))?;
        let files = self.files(&run.id);
        let aside = self.folder.join(format!("damaged_{}.toml", run.id));
        for record in [&files.manifest, &files.failure] {
            match fs::rename(record, &aside) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::io("move", record)(error));
                }
                _ => {}
            }
        }
        Ok(Some(damage))
    }

    /// Removes what processes that were killed, or came second, left of runs that are over, and
    /// lock files that nobody holds.
    ///
    /// # Errors
    /// If the folder cannot be read, or a file of a run that is over cannot be removed.
    pub fn tidy(&self) -> Result<(), StoreError> {
        for place in [&self.folder, &self.folder.join("checkpoints")] {
            atomic::remove_left_behind(place);
        }
        let listing = self.listing()?;
        let is_over = |run: &&RunId| listing.finished.contains(run) || listing.failed.contains(run);
        for run in listing.saved.iter().filter(is_over) {
            self.forget(&self.files(run))?;
        }
        for run in &listing.claimed {
            atomic::remove_unless_locked(&self.files(run).lock);
        }
        Ok(())
    }

    /// Writes `runs.csv`.
    pub fn write_runs(&self, rows: &[RunRow]) -> Result<(), StoreError> {
        write_if_changed(&self.folder.join(RUNS), &runs_csv(rows))
    }

    /// What `runs.csv` holds; nothing if there is none.
    pub fn read_runs(&self) -> Option<Vec<u8>> {
        fs::read(self.folder.join(RUNS)).ok()
    }
}

/// What `runs.csv` is to hold.
pub fn runs_csv(rows: &[RunRow]) -> Vec<u8> {
    let mut table = CsvLog::default();
    table.append(rows.iter().cloned());
    table.text().to_vec()
}

fn same_run(run: &RunName, key: &str, path: &Path) -> Result<(), Damage> {
    if run.key == key {
        return Ok(());
    }
    Err(Damage { file: path.into(), reason: format!("it is of the run with key {key}") })
}

fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}
