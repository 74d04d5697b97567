//! A search: trials of random settings, and the re-runs of the setting that the holdout chose.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use gr_runs::{CsvLine, TrialRow};

use super::run::Oversight;
use super::table::{Columns, choice, probability, read_good_rows};
use super::{Warnings, file_name};

const COLUMNS: Columns = Columns {
    needed: "trial run_label oversight_prob n status selected_return first_observation \
        planned_updates",
    optional: "holdout_source",
};

/// How far a trial came, as its file says it.
const STATES: [&str; 3] = ["finished", "failed", "missing"];

/// One random setting, tried on one or a few seeds.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its number, which starts anew for every method and oversight level.
    pub name: String,
    /// Method label.
    pub method: String,
    /// Oversight level.
    pub oversight: Oversight,
    /// What varies beside the searched keys, as `key=value;..`.
    pub variant: String,
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
    let mut trials: Vec<Trial> = Vec::new();
    let visit = |line: &CsvLine<'_>, row: TrialRow| {
        let trial = Trial {
            name: row.trial.to_string(),
            method: row.run_label,
            oversight: Oversight(probability(line, "oversight_prob", row.oversight_prob)?),
            variant: row.variant,
            source: row.holdout_source,
            n: row.n,
            finished: choice(line, "status", &row.status, &STATES)? == 0,
            kept_return: row.selected_return,
            first_observation: row.first_observation,
            planned_updates: row.planned_updates,
        };
        if trial.finished && trial.kept_return.is_none() {
            return Err(line.refuse("selected_return", "a number, but the trial finished").into());
        }
        trials.push(trial);
        Ok(())
    };
    read_good_rows(&path, &COLUMNS, warnings, visit, |_| ())?;
    Ok(trials)
}

/// The sweeps of the chosen settings: `selected/` itself, or a folder in it for each method and
/// level. Re-runs of settings that are not chosen any more were moved aside, and are left there.
pub fn chosen_sweeps(folder: &Path) -> Result<Vec<PathBuf>> {
    let selected = folder.join("selected");
    if !selected.is_dir() {
        return Ok(Vec::new());
    }
    let is_sweep = |folder: &Path| {
        ["plan.toml", "plans", "runs.csv"].iter().any(|name| folder.join(name).exists())
    };
    if is_sweep(&selected) {
        return Ok(vec![selected]);
    }
    let mut sweeps = Vec::new();
    for entry in selected.read_dir().with_context(|| format!("{}", selected.display()))? {
        let path = entry?.path();
        if is_sweep(&path) && !file_name(&path).contains("_before_") {
            sweeps.push(path);
        }
    }
    sweeps.sort();
    Ok(sweeps)
}
