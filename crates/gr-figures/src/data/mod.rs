//! From results folders to typed, checked data. Knows nothing of statistics or drawing.

mod checks;
mod curves;
mod label_steps;
mod manifest;
mod plan;
mod policy_tables;
mod progress;
mod records;
mod run;
mod search;
mod table;
mod variants;
mod warnings;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, bail};
use gr_grid::{FirstObservation, Grid};
use rayon::prelude::*;

pub use label_steps::{KeptByLabels, LabelStep, LabelSteps, ModelAccuracies};
pub use plan::Plan;
pub use policy_tables::{CellPolicy, PolicyTable, TableKey};
pub use run::{
    EvaluationPoint, Holdout, Oversight, Run, RunLabels, RunState, Series, UpdateValue, Variant,
};
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
    /// Settings besides the defaults that all plans have, in words.
    pub shared_settings: Vec<String>,
    /// Settings in which the folders differ, as sentences.
    pub differences: Vec<String>,
    /// What was odd, and what is left out.
    pub warnings: Warnings,
    optimal_return: OnceLock<Option<f64>>,
}

impl Results {
    /// Reads `folders`, and `reference` if there is one. `progress` is called after every run with
    /// how many there are. Files that are not what they should be hide their own runs only.
    ///
    /// # Errors
    /// If there is nothing to draw, or what cannot be drawn together; names file, line, column and value.
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
            results.references = records::runs_of(folder, &[], &results.warnings)?;
            if results.references.is_empty() {
                bail!("{}: no eval_results_*.csv to compare with", folder.display());
            }
        }
        let total = results.runs.len() + results.references.len();
        let warnings = &results.warnings;
        let runs = results.runs.par_iter_mut().chain(results.references.par_iter_mut());
        runs.for_each(|run| {
            curves::fill(run, warnings);
            progress(total);
        });
        results.references.retain(Run::is_finished);
        // An empty evaluation file, already warned of, does not even say which method it is of.
        results.runs.retain(|run| !run.series.method.is_empty());
        results.must_have_any()?;
        variants::name(&mut results.runs);
        results.differences.extend(checks::check(&results)?);
        results.shared_settings = checks::shared_settings(&results.plans);
        Ok(results)
    }

    /// Fails if nothing is left, saying why.
    fn must_have_any(&self) -> Result<()> {
        if !self.trials.is_empty() || self.finished().next().is_some() {
            return Ok(());
        }
        match self.warnings.take_left_out().as_slice() {
            [] if self.runs.is_empty() => {
                Err(anyhow!("no run has any rows yet; give folders with results"))
            }
            [] => Ok(()),
            reasons => Err(anyhow!("{}", reasons.join("\n"))),
        }
    }

    fn add_folder(&mut self, folder: &Path) -> Result<()> {
        if !folder.is_dir() {
            bail!("{} is not a folder; give the results folder of a sweep", folder.display());
        }
        if search::is_search(folder) {
            match search::trials(folder, &self.warnings) {
                Ok(trials) => self.trials.extend(trials),
                Err(error) => self.warnings.leave_out(&error),
            }
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
        let has_rows = folder.join("runs.csv").exists();
        let (mut plans, mut runs) = match self.read_sweep(folder, has_rows) {
            Ok(found) => found,
            Err(error) => {
                self.warnings.leave_out(&error);
                return Ok(());
            }
        };
        if runs.is_empty() {
            bail!("{} holds no runs{}", folder.display(), suggestion(folder)?);
        }
        for run in runs.iter_mut().filter(|_| chosen) {
            run.series = std::mem::take(&mut run.series).chosen();
        }
        plans.iter_mut().for_each(|plan| plan.chosen = chosen);
        if let Some(said) = variants::keep_longest(&mut runs) {
            self.differences.push(format!("{}: {said}", folder.display()));
        }
        self.runs.extend(runs);
        if plans.is_empty() && !has_rows {
            self.bare_folders.push(folder.into());
        }
        self.plans.extend(plans);
        Ok(())
    }

    fn read_sweep(&self, folder: &Path, has_rows: bool) -> Result<(Vec<Plan>, Vec<Run>)> {
        let plans = match Plan::read_all(folder) {
            // `runs.csv` tells which runs there are without them.
            Err(error) if has_rows => {
                self.warnings.leave_out(&error);
                Vec::new()
            }
            plans => plans?,
        };
        let runs = records::runs_of(folder, &plans, &self.warnings)?;
        Ok((plans, runs))
    }

    /// Finished runs.
    pub fn finished(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| run.is_finished())
    }

    /// The grid, where a plan tells it.
    pub fn grid(&self) -> Option<Grid> {
        self.plans.first().map(Plan::grid)
    }

    /// What a run's policy does on the grid; `None` if no tables were kept, or if they are left out
    /// because the file is not what it should be.
    pub fn policy_table(&self, run: &Run) -> Option<PolicyTable> {
        policy_tables::read(run, self.grid(), &self.warnings).unwrap_or_else(|error| {
            self.warnings.leave_out(&error);
            None
        })
    }

    /// True return of the policy that a run would keep, over its labels; `None` if it does not record
    /// them, or if it is left out because a file is not what it should be.
    pub fn kept_by_labels(&self, run: &Run) -> Option<KeptByLabels> {
        label_steps::kept(run, &self.warnings).unwrap_or_else(|error| {
            self.warnings.leave_out(&error);
            None
        })
    }

    /// What a run records of its reward model; nothing if it has none, or if it is left out because a
    /// file is not what it should be.
    pub fn model_accuracies(&self, run: &Run) -> ModelAccuracies {
        label_steps::model_accuracies(run, &self.warnings).unwrap_or_else(|error| {
            self.warnings.leave_out(&error);
            ModelAccuracies::default()
        })
    }

    /// The last evaluation of a run that is under way; `None` before the first one.
    pub fn last_evaluation(&self, run: &Run) -> Option<UpdateValue> {
        progress::last_evaluation(run, &self.warnings)
    }

    /// Version, commit and backend of each program that trained a part of a run; empty where no manifest says it.
    pub fn trained_by(&self, run: &Run) -> Vec<[String; 3]> {
        progress::trained_by(run)
    }

    /// True return of the optimal policy, where plans tell the environment and it can be worked out.
    pub fn optimal_return(&self) -> Option<f64> {
        let work_out = || {
            let meaning = self.runs.first()?.first_observation.as_deref();
            let meanings = [FirstObservation::Fresh, FirstObservation::Stale];
            let first_observation = meanings.into_iter().find(|m| Some(m.name()) == meaning)?;
            // Plans that are drawn together agree in all of this.
            let plan = self.plans.first().filter(|_| self.bare_folders.is_empty())?;
            let mut rules = plan.shared().rules(0.0);
            rules.first_observation = first_observation;
            Some(gr_grid::optimal_return(&rules, plan.shared().training.discount)?.reveal())
        };
        *self.optimal_return.get_or_init(work_out)
    }
}

/// Points to folders below `folder` that do hold results.
fn suggestion(folder: &Path) -> Result<String> {
    let mut names = Vec::new();
    for entry in folder.read_dir().with_context(|| format!("{}", folder.display()))? {
        let path = entry?.path();
        let signs = ["runs.csv", "plan.toml", "plans", "trials.csv"];
        if signs.iter().any(|name| path.join(name).exists()) {
            names.push(path.display().to_string());
        }
    }
    names.sort();
    Ok(match names.as_slice() {
        [] => "; a results folder has runs.csv, plans or eval_results_*.csv in it".into(),
        [name, ..] => format!("; did you mean {name}?"),
    })
}

/// The last part of a path as text.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
