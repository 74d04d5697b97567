//! A search: trials of random settings, and the re-runs of the setting that the holdout chose.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::run::Oversight;
use super::table::Table;
use super::{Warnings, file_name};

/// One random setting, tried on one or a few seeds.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its number, which starts anew for every method and oversight level.
    pub name: String,
    /// Method label.
    pub method: String,
    /// Oversight level.
    pub oversight: Oversight,
    /// `hidden`, `visible` or `privileged`, if it has a holdout.
    pub source: Option<String>,
    /// Runs that finished.
    pub n: usize,
    /// Whether all of its runs did.
    pub finished: bool,
    /// Mean true return of the kept checkpoints; present if it finished.
    pub kept_return: Option<f64>,
    /// `fresh` or `stale`.
    pub first_observation: String,
    /// Planned updates of a run.
    pub planned_updates: u64,
}

/// Whether `folder` is that of a search.
pub fn is_search(folder: &Path) -> bool {
    ["search.toml", "trials.csv"].iter().any(|name| folder.join(name).exists())
}

/// The trials of the search in `folder`.
pub fn trials(folder: &Path, warnings: &Warnings) -> Result<Vec<Trial>> {
    let path = folder.join("trials.csv");
    if !path.exists() {
        bail!("{} is not there; run the search to its end first", path.display());
    }
    let Some(table) = Table::read(&path, warnings)? else { return Ok(Vec::new()) };
    let (name, method) = (table.column("trial")?, table.column("run_label")?);
    let (oversight, n) = (table.column("oversight_prob")?, table.column("n")?);
    let (status, kept) = (table.column("status")?, table.column("selected_return")?);
    let (meaning, planned) = (table.column("first_observation")?, table.column("planned_updates")?);
    let source = table.optional("holdout_source");
    let states = ["finished", "failed", "missing"];
    let mut trials: Vec<Trial> = Vec::new();
    table.for_each(|row| {
        let trial = Trial {
            name: row.text(name).into(),
            method: row.text(method).into(),
            oversight: Oversight(row.probability(oversight)?),
            source: source
                .map(|column| row.text(column).to_string())
                .filter(|source| !source.is_empty()),
            n: row.value(n, "a number of runs")?,
            finished: row.choice(status, &states)? == 0,
            kept_return: row.optional_number(kept)?,
            first_observation: row.text(meaning).into(),
            planned_updates: row.value(planned, "a number of updates")?,
        };
        if trial.finished && trial.kept_return.is_none() {
            return Err(row.refuse(kept, "a number, but the trial finished"));
        }
        trials.push(trial);
        Ok(())
    })?;
    Ok(trials)
}

/// The sweeps of the chosen settings: `selected/` itself, or a folder in it for each method and
/// level. Re-runs of settings that are not chosen any more were moved aside, and are left there.
pub fn chosen_sweeps(folder: &Path) -> Result<Vec<PathBuf>> {
    let selected = folder.join("selected");
    if !selected.is_dir() {
        return Ok(Vec::new());
    }
    if selected.join("plan.toml").exists() || selected.join("runs.csv").exists() {
        return Ok(vec![selected]);
    }
    let mut sweeps = Vec::new();
    for entry in selected.read_dir().with_context(|| format!("{}", selected.display()))? {
        let path = entry?.path();
        if path.join("plan.toml").exists() && !file_name(&path).contains("_before_") {
            sweeps.push(path);
        }
    }
    sweeps.sort();
    Ok(sweeps)
}
