//! How far the runs of a folder have come by the names of their files alone, from one look into it.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::StoreError;
use crate::run::RunId;

/// The runs that a folder has files of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Runs with a manifest.
    pub finished: HashSet<RunId>,
    /// Runs that ended without a result.
    pub failed: HashSet<RunId>,
    /// Runs with a saved state.
    pub saved: HashSet<RunId>,
    /// Runs that a process claims, or claimed when it was killed.
    pub claimed: HashSet<RunId>,
}

impl Listing {
    /// Looks into the results folder `folder`.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn read(folder: &Path) -> Result<Self, StoreError> {
        let mut listing = Self::default();
        for_each_name(folder, |name| {
            let Some(stem) = name.strip_suffix(".toml") else { return };
            if let Some(run) = stem.strip_prefix("run_") {
                listing.finished.insert(RunId::of_file(run));
            } else if let Some(run) = stem.strip_prefix("failed_") {
                listing.failed.insert(RunId::of_file(run));
            }
        })?;
        let checkpoints = folder.join("checkpoints");
        if checkpoints.exists() {
            for_each_name(&checkpoints, |name| {
                if let Some(run) = name.strip_suffix(".state") {
                    listing.saved.insert(RunId::of_file(run));
                } else if let Some(run) = name.strip_suffix(".lock") {
                    listing.claimed.insert(RunId::of_file(run));
                }
            })?;
        }
        Ok(listing)
    }
}

/// Calls `see` with every name in `folder` that is text, as those of results are.
fn for_each_name(folder: &Path, mut see: impl FnMut(&str)) -> Result<(), StoreError> {
    for entry in fs::read_dir(folder).map_err(StoreError::io("read", folder))? {
        let entry = entry.map_err(StoreError::io("read", folder))?;
        if let Some(name) = entry.file_name().to_str() {
            see(name);
        }
    }
    Ok(())
}
