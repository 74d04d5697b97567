//! A search: trials of random settings, and the setting chosen on the holdout.

use std::path::Path;

use anyhow::{Result, bail};

use super::Warnings;
use super::run::Oversight;
use super::table::Table;

/// One random setting, tried on a few seeds.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its name in `trials.csv`.
    pub name: String,
    /// Method label.
    pub method: String,
    /// Oversight level.
    pub oversight: Oversight,
    /// Runs that it was tried with.
    pub n: usize,
    /// Whether all of them finished.
    pub finished: bool,
    /// Mean true return of the kept checkpoints; present if it finished.
    pub kept_return: Option<f64>,
    /// `fresh` or `stale`.
    pub first_observation: String,
    /// Planned updates of a run.
    pub updates: u64,
}

/// Reads `trials.csv`.
pub fn read(path: &Path, warnings: &Warnings) -> Result<Vec<Trial>> {
    let Some(table) = Table::read(path, warnings)? else { return Ok(Vec::new()) };
    let (name, method) = (table.column("trial")?, table.column("run_label")?);
    let (oversight, n) = (table.column("oversight_prob")?, table.column("n")?);
    let (status, kept) = (table.column("status")?, table.column("selected_return")?);
    let (meaning, updates) = (table.column("first_observation")?, table.column("updates")?);
    let mut trials: Vec<Trial> = Vec::new();
    table.for_each(|row| {
        let trial = Trial {
            name: row.text(name).into(),
            method: row.text(method).into(),
            oversight: Oversight(row.number(oversight)?),
            n: row.value(n, "a number of runs")?,
            finished: row.text(status) == "finished",
            kept_return: row.optional_number(kept)?,
            first_observation: row.text(meaning).into(),
            updates: row.value(updates, "a number of updates")?,
        };
        if trial.finished && trial.kept_return.is_none() {
            return Err(row.refuse(kept, "a number, but the trial finished"));
        }
        if trials.iter().any(|other| other.name == trial.name) {
            bail!("{}: the trial is there twice", row.place(name));
        }
        trials.push(trial);
        Ok(())
    })?;
    Ok(trials)
}
