//! A sweep's folder with the plan that it was made from.

use std::path::Path;

use anyhow::{Result, bail};
use gr_runs::{ConfigError, Store};
use gr_terminal::program_name;

use crate::plan::SweepPlan;

/// The files of the sweep in `folder`, and its plan.
///
/// # Errors
/// If there is none, or it has a method that this program does not.
pub fn open(folder: &Path) -> Result<(Store, SweepPlan)> {
    let (store, file) = Store::open_existing(folder)?;
    match SweepPlan::new(file) {
        Ok(plan) => Ok((store, plan)),
        Err(ConfigError::UnknownName { name, .. }) => bail!(
            "{} holds runs of the method \"{name}\", which {} does not have and so cannot train again: a \
             program that registers it can (gr_sweep::main_with), or another version; status, merge and \
             gr-figures read them as they are",
            folder.display(),
            program_name()
        ),
        Err(error) => Err(error.into()),
    }
}

/// The same to look at alone: a method that this program does not have is no error.
///
/// # Errors
/// If there is none.
pub fn open_to_look_at(folder: &Path) -> Result<(Store, SweepPlan)> {
    let (store, file) = Store::open_existing(folder)?;
    Ok((store, SweepPlan::to_look_at(file)?))
}
