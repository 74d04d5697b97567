//! A results folder with the runs that its plans ask for.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use gr_runs::{ConfigError, RunRow, Store, StoreError, SweepFile, read_rows};
use gr_terminal::program_name;

use crate::plan::{FolderPlan, PlannedRun, SweepPlan};

/// What says that a folder is a search's.
pub const SEARCH: &str = "search.toml";

/// The files of the sweep in `folder`, and its runs.
///
/// # Errors
/// If there is none, or it has a method that this program does not.
pub fn open(folder: &Path) -> Result<(Store, FolderPlan)> {
    let (store, files) = Store::open_existing(&runs_folder(folder))?;
    let planned = planned(files, &store, SweepPlan::new);
    match planned.map_err(|error| error.downcast::<ConfigError>()) {
        Ok(plan) => Ok((store, plan)),
        Err(Ok(ConfigError::UnknownName { name, .. })) => bail!(
            "{} holds runs of the method \"{name}\", which {} does not have and so cannot train again: a \
             program that registers it can (gr_sweep::main_with), or another version; status, merge and \
             gr-figures read them as they are",
            folder.display(),
            program_name()
        ),
        Err(Ok(error)) => Err(error.into()),
        Err(Err(error)) => Err(error),
    }
}

/// The same to look at alone: a method that this program does not have is no error.
///
/// # Errors
/// If there is none.
pub fn open_to_look_at(folder: &Path) -> Result<(Store, FolderPlan)> {
    let (store, files) = Store::open_existing(&runs_folder(folder))?;
    let plan = planned(files, &store, SweepPlan::to_look_at)?;
    Ok((store, plan))
}

/// The files and the runs of several folders to look at, and their runs together.
///
/// # Errors
/// If one of them is no sweep.
pub fn open_all(folders: &[PathBuf]) -> Result<(Vec<(Store, FolderPlan)>, FolderPlan)> {
    let (mut stores, mut plans, mut finished) = (Vec::new(), Vec::new(), HashSet::new());
    for folder in folders {
        let (store, files) = Store::open_existing(&runs_folder(folder))?;
        let own = files.into_iter().map(SweepPlan::to_look_at).collect::<Result<Vec<_>, _>>()?;
        let own_finished = store.listing()?.finished;
        plans.extend(own.iter().cloned());
        stores.push((store, FolderPlan::of(own, &own_finished)));
        finished.extend(own_finished);
    }
    Ok((stores, FolderPlan::of(plans, &finished)))
}

/// The runs of `folder` so far: none, if there is no sweep in it yet.
///
/// # Errors
/// If what is there cannot be read.
pub fn so_far(folder: &Path) -> Result<FolderPlan> {
    match Store::open_existing(folder) {
        Ok((store, files)) => Ok(planned(files, &store, SweepPlan::to_look_at)?),
        Err(StoreError::NoPlan { .. }) => Ok(FolderPlan::default()),
        Err(error) => Err(error.into()),
    }
}

/// The runs of `folder` as they will be once `plan` is added to them.
///
/// # Errors
/// As [`so_far`].
pub fn with(folder: &Path, plan: &SweepPlan) -> Result<FolderPlan> {
    let (files, finished) = match Store::open_existing(folder) {
        Ok((store, files)) => (files, store.listing()?.finished),
        Err(StoreError::NoPlan { .. }) => Default::default(),
        Err(error) => return Err(error.into()),
    };
    let mut plans = files.into_iter().map(SweepPlan::to_look_at).collect::<Result<Vec<_>, _>>()?;
    plans.push(plan.clone());
    Ok(FolderPlan::of(plans, &finished))
}

/// Updates of `run` that are done, in that `folder` has a shorter run that it can be grown from.
pub fn begun(run: &PlannedRun, there: &FolderPlan, folder: &Path) -> u64 {
    let store = Store::at(folder);
    let shorter = there.shorter(run);
    let known = shorter.iter().find(|shorter| store.files(&shorter.name.id).last_state.exists());
    known.map_or(0, |shorter| shorter.updates)
}

/// Whether `runs_csv` has a finished run.
pub fn has_finished_rows(runs_csv: &[u8]) -> bool {
    let rows = read_rows::<RunRow, String>(runs_csv).unwrap_or_default();
    rows.iter().any(|row| row.row.status == "finished")
}

/// The folder of a search's trials, or `folder` itself.
fn runs_folder(folder: &Path) -> PathBuf {
    if folder.join(SEARCH).exists() { folder.join("trials") } else { folder.into() }
}

fn planned(
    files: Vec<SweepFile>,
    store: &Store,
    expand: impl Fn(SweepFile) -> Result<SweepPlan, ConfigError>,
) -> Result<FolderPlan> {
    let plans = files.into_iter().map(expand).collect::<Result<Vec<_>, _>>()?;
    Ok(FolderPlan::of(plans, &store.listing()?.finished))
}
