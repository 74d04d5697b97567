//! A results folder: one sweep, its plan, and the files of its runs. State is read from files
//! alone; each file has one writer and is published by rename.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::keys::flatten;
use crate::run::hex;
use crate::{
    ConfigError, FileRecord, RunFailure, RunId, RunManifest, RunRow, RunSpec, StoreError, SweepFile,
};

const PLAN: &str = "plan.toml";

/// A results folder that belongs to one sweep.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
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
    manifest: PathBuf,
    failure: PathBuf,
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
}

impl Store {
    /// Opens `folder` for the sweep `plan`, making it if it is not there.
    ///
    /// # Errors
    /// If the folder cannot be written, holds another sweep, or its plan cannot be read.
    pub fn open(folder: &Path, plan: &SweepFile) -> Result<Self, StoreError> {
        let path = folder.join(PLAN);
        match fs::read_to_string(&path) {
            Ok(text) => same_sweep(&path, folder, &text, plan)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let checkpoints = folder.join("checkpoints");
                fs::create_dir_all(&checkpoints).map_err(StoreError::io("create", &checkpoints))?;
                let text = toml::to_string(&plan.to_table()).expect("a plan is plain data");
                atomic_write(&path, text.as_bytes())?;
            }
            Err(error) => return Err(StoreError::io("read", &path)(error)),
        }
        Self::open_without_plan(folder)
    }

    /// Opens `folder` for runs that are listed elsewhere, making it if it is not there.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn open_without_plan(folder: &Path) -> Result<Self, StoreError> {
        let store = Self { folder: folder.into() };
        store.check_writable()?;
        Ok(store)
    }

    fn check_writable(&self) -> Result<(), StoreError> {
        let checkpoints = self.folder.join("checkpoints");
        fs::create_dir_all(&checkpoints).map_err(StoreError::io("create", &checkpoints))?;
        let probe = self.folder.join(format!(".probe-{}", std::process::id()));
        File::create(&probe).map_err(StoreError::io("write to", &self.folder))?;
        fs::remove_file(&probe).map_err(StoreError::io("write to", &self.folder))
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
            manifest: at(format!("run_{run}.toml")),
            failure: at(format!("failed_{run}.toml")),
        }
    }

    /// Where the policy that `run` had after `update_idx` is kept.
    pub fn checkpoint(&self, run: &RunId, update_idx: u64) -> PathBuf {
        self.folder.join(format!("checkpoints/{run}_u{update_idx}.safetensors"))
    }

    /// How far `spec` has come.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if its manifest is unreadable, is another run's, or lists files that
    /// are gone or have another length.
    pub fn status(&self, spec: &RunSpec) -> Result<RunStatus, StoreError> {
        let files = self.files(&spec.id());
        if let Some(manifest) = read_toml::<RunManifest>(&files.manifest)? {
            self.check_manifest(&manifest, spec, &files.manifest)?;
            return Ok(RunStatus::Done(Box::new(manifest)));
        }
        if let Some(failure) = read_toml::<RunFailure>(&files.failure)? {
            return Ok(RunStatus::Failed(failure));
        }
        Ok(if files.state.exists() { RunStatus::Interrupted } else { RunStatus::Missing })
    }

    fn check_manifest(
        &self,
        manifest: &RunManifest,
        spec: &RunSpec,
        path: &Path,
    ) -> Result<(), StoreError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let corrupt = |path: &Path, reason: String| StoreError::Corrupt {
            path: path.into(),
            reason,
            fix: format!("remove {name} to train this run again"),
        };
        if manifest.key != spec.key() {
            return Err(corrupt(path, format!("it is of the run with key {}", manifest.key)));
        }
        for file in &manifest.files {
            let path = self.folder.join(&file.name);
            let found = fs::metadata(&path).map(|metadata| metadata.len());
            match found {
                Ok(bytes) if bytes == file.bytes => {}
                Ok(bytes) => {
                    return Err(corrupt(&path, format!("{bytes} bytes instead of {}", file.bytes)));
                }
                Err(error) => return Err(corrupt(&path, error.to_string())),
            }
        }
        Ok(())
    }

    /// Publishes a finished run, after which nothing of it is worked on again. Fills in the
    /// manifest's file records from `written` and removes the saved state.
    pub fn finish(
        &self,
        mut manifest: RunManifest,
        run: &RunId,
        written: &[PathBuf],
    ) -> Result<RunManifest, StoreError> {
        manifest.files = written
            .iter()
            .map(|path| {
                let bytes = fs::read(path).map_err(StoreError::io("read", path))?;
                let name = path.strip_prefix(&self.folder).unwrap_or(path);
                Ok(FileRecord {
                    name: name.to_string_lossy().into_owned(),
                    bytes: bytes.len() as u64,
                    sha256: hex(&Sha256::digest(&bytes)),
                })
            })
            .collect::<Result<_, StoreError>>()?;
        let files = self.files(run);
        write_toml(&files.manifest, &manifest)?;
        remove_if_there(&files.state)?;
        Ok(manifest)
    }

    /// Publishes why a run ended without a result and removes its saved state.
    pub fn fail(&self, run: &RunId, failure: &RunFailure) -> Result<(), StoreError> {
        let files = self.files(run);
        write_toml(&files.failure, failure)?;
        remove_if_there(&files.state)
    }

    /// Writes `runs.csv`.
    pub fn write_runs(&self, rows: &[RunRow]) -> Result<PathBuf, StoreError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in rows {
            writer.serialize(row).expect("rows are flat and writing to memory cannot fail");
        }
        let path = self.folder.join("runs.csv");
        let text = writer.into_inner().expect("flushing to memory cannot fail");
        write_if_changed(&path, &text)?;
        Ok(path)
    }
}

/// Refuses a folder whose plan is not `plan`.
fn same_sweep(path: &Path, folder: &Path, text: &str, plan: &SweepFile) -> Result<(), StoreError> {
    let there = SweepFile::parse_complete(text, path).map_err(|error| StoreError::Corrupt {
        path: path.into(),
        reason: match error {
            ConfigError::Parse { message, .. } => message,
            error => error.to_string(),
        },
        fix: "give this sweep its own folder with --results".into(),
    })?;
    if there == *plan {
        return Ok(());
    }
    let (there, here) = (flatten(&there.to_table()), flatten(&plan.to_table()));
    let difference: Vec<String> = there
        .iter()
        .zip(&here)
        .filter(|(there, here)| there != here)
        .map(|((key, there), (_, here))| format!("  {key}: {there} -> {here}"))
        .collect();
    Err(StoreError::OtherSweep { path: folder.into(), difference: difference.join("\n") })
}

/// Writes `bytes` to `path` so that the file is at every moment absent, old or complete: a
/// temporary file in the same folder, forced to disk, then renamed.
pub fn atomic_write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&temporary, path)).map_err(|error| {
        // Leaves no half-written file behind; the first error is the one that matters.
        let _ = fs::remove_file(&temporary);
        StoreError::io("write", path)(error)
    })?;
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        folder.sync_all().map_err(StoreError::io("write", path))?;
    }
    Ok(())
}

/// [`atomic_write`], leaving a file alone that has these bytes already, so that repeating what is
/// finished writes nothing.
pub fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    if fs::read(path).ok().as_deref() == Some(bytes) {
        return Ok(());
    }
    atomic_write(path, bytes)
}

/// [`atomic_write`] of `bytes` followed by their SHA-256.
pub fn write_sealed(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut sealed = bytes.to_vec();
    sealed.extend_from_slice(&Sha256::digest(bytes));
    atomic_write(path, &sealed)
}

/// Reads what [`write_sealed`] wrote.
///
/// # Errors
/// [`StoreError::Corrupt`] if the bytes do not match their hash.
pub fn read_sealed(path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut bytes = fs::read(path).map_err(StoreError::io("read", path))?;
    let corrupt = |reason: &str| StoreError::Corrupt {
        path: path.into(),
        reason: reason.into(),
        fix: "the run starts anew".into(),
    };
    let length = bytes.len().checked_sub(32).ok_or_else(|| corrupt("too short"))?;
    let seal = bytes.split_off(length);
    if Sha256::digest(&bytes).as_slice() == seal {
        Ok(bytes)
    } else {
        Err(corrupt("its hash does not match"))
    }
}

fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("read", path)(error)),
    };
    toml::from_str(&text).map(Some).map_err(|error| StoreError::Corrupt {
        path: path.into(),
        reason: error.to_string().trim_end().into(),
        fix: "remove it to train this run again".into(),
    })
}

fn write_toml<T: Serialize>(path: &Path, value: &T) -> Result<(), StoreError> {
    let text = toml::to_string(value).expect("manifests are plain data");
    atomic_write(path, text.as_bytes())
}

fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}
