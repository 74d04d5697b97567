//! From results folders to typed, checked data. Knows nothing of statistics or drawing.

mod checks;
mod curves;
mod plan;
mod policy_tables;
mod records;
mod run;
mod search;
mod table;
mod warnings;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use gr_grid::Grid;
use rayon::prelude::*;

pub use plan::Plan;
pub use policy_tables::{CellPolicy, PolicyTable, TableKey};
pub use run::{EvaluationPoint, Holdout, Oversight, Run, RunLabels, RunState, Series, UpdateValue};
pub use search::Trial;
pub use warnings::Warnings;

/// Everything in the folders that were given.
#[derive(Debug, Default)]
pub struct Results {
    /// Runs of sweeps, finished or not.
    pub runs: Vec<Run>,
    /// Trials of searches. Their runs are not among `runs`: their settings are random.
    pub trials: Vec<Trial>,
    /// Published curves to hold the means against.
    pub references: Vec<Run>,
    /// Plans of the folders that have one.
    pub plans: Vec<Plan>,
    /// Folders without plan and `runs.csv`, of which nobody can tell whether runs are missing.
    pub bare_folders: Vec<PathBuf>,
    /// Settings in which the folders differ, as sentences.
    pub differences: Vec<String>,
    /// What was odd.
    pub warnings: Warnings,
}

impl Results {
    /// Reads `folders`, and `reference` if there is one. `progress` is called after every run with
    /// how many there are.
    ///
    /// # Errors
    /// Names file, line, column and value of what is wrong.
    pub fn open(
        folders: &[PathBuf],
        reference: Option<&Path>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Self> {
        let mut results = Self::default();
        for (index, folder) in folders.iter().enumerate() {
            if folders[..index].contains(folder) {
                bail!("{} is given twice; give each folder once", folder.display());
            }
            results.add_folder(folder)?;
        }
        if let Some(folder) = reference {
            results.references = records::runs_of(folder, None, &results.warnings)?;
            if results.references.is_empty() {
                bail!("{}: no eval_results_*.csv to compare with", folder.display());
            }
        }
        let total = results.runs.len() + results.references.len();
        let warnings = &results.warnings;
        let runs = results.runs.par_iter_mut().chain(results.references.par_iter_mut());
        runs.try_for_each(|run| {
            curves::fill(run, warnings)?;
            progress(total);
            anyhow::Ok(())
        })?;
        // An empty evaluation file, already warned of, does not even say which method it is of.
        results.runs.retain(|run| !run.series.method.is_empty());
        if results.runs.is_empty() && results.trials.is_empty() {
            bail!("no run has any rows yet; give folders with results");
        }
        results.differences = checks::check(&results)?;
        Ok(results)
    }

    fn add_folder(&mut self, folder: &Path) -> Result<()> {
        if !folder.is_dir() {
            bail!("{} is not a folder; give the results folder of a sweep", folder.display());
        }
        if search::is_search(folder) {
            self.trials.extend(search::trials(folder, &self.warnings)?);
            for chosen in search::chosen_sweeps(folder)? {
                self.add_sweep(&chosen, true)?;
            }
            return Ok(());
        }
        if folder.parent().is_some_and(search::is_search) && file_name(folder) == "trials" {
            bail!(
                "{} holds the trials of a search, whose settings are random and must not be \
                 averaged; give the search folder above it",
                folder.display()
            );
        }
        self.add_sweep(folder, false)
    }

    fn add_sweep(&mut self, folder: &Path, chosen: bool) -> Result<()> {
        let mut plan = Plan::read(&folder.join("plan.toml"))?;
        let mut runs = records::runs_of(folder, plan.as_ref(), &self.warnings)?;
        if runs.is_empty() {
            bail!("{} holds no runs{}", folder.display(), suggestion(folder)?);
        }
        for run in runs.iter_mut().filter(|_| chosen) {
            run.series = std::mem::take(&mut run.series).chosen();
        }
        if let Some(plan) = &mut plan {
            plan.chosen = chosen;
        }
        self.runs.extend(runs);
        match plan {
            Some(plan) => self.plans.push(plan),
            None if folder.join("runs.csv").exists() => {}
            None => self.bare_folders.push(folder.into()),
        }
        Ok(())
    }

    /// Finished runs.
    pub fn finished(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| run.is_finished())
    }

    /// The grid, where a plan tells it.
    pub fn grid(&self) -> Option<Grid> {
        self.plans.first().map(|plan| plan.grid)
    }

    /// True return of the optimal policy, where it is known exactly (docs/experiment.md: 5 × 5 cells,
    /// the default time limit, discount and flags).
    pub fn optimal_return(&self) -> Option<f64> {
        let is = |key: &str, expected: f64| {
            self.plans.iter().all(|plan| {
                let value = plan.value(key);
                let number = value.and_then(|v| v.as_float().or(v.as_integer().map(|i| i as f64)));
                number == Some(expected)
            })
        };
        let known = !self.plans.is_empty()
            && self.bare_folders.is_empty()
            && is("environment.rows", 5.0)
            && is("environment.cols", 5.0)
            && is("environment.max_step", 32.0)
            && is("environment.spurious_oversight", 0.0)
            && is("training.discount", 0.97);
        let meaning = self.runs.first()?.first_observation.as_deref();
        match meaning {
            Some("fresh") if known => Some(0.90872),
            Some("stale") if known => Some(0.87219),
            _ => None,
        }
    }
}

/// Points to folders below `folder` that do hold results.
fn suggestion(folder: &Path) -> Result<String> {
    let mut names = Vec::new();
    for entry in folder.read_dir().with_context(|| format!("{}", folder.display()))? {
        let path = entry?.path();
        if ["runs.csv", "plan.toml", "trials.csv"].iter().any(|name| path.join(name).exists()) {
            names.push(path.display().to_string());
        }
    }
    names.sort();
    Ok(match names.as_slice() {
        [] => "; a results folder has runs.csv, plan.toml or eval_results_*.csv in it".into(),
        [name, ..] => format!("; did you mean {name}?"),
    })
}

/// The last part of a path as text.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
