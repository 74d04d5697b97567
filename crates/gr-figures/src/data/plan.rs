//! What the plans of a results folder say of its runs. Keys of later versions are kept for comparisons, and
//! methods are labels: a plan need not be of this version's making.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use gr_grid::Grid;
use gr_runs::{RunName, RunSpec, Seed, Settings, SweepFile, flatten, plan_files};
use toml::Value;

/// A plan: what one command asked for.
#[derive(Clone, Debug)]
pub struct Plan {
    path: PathBuf,
    folder: PathBuf,
    settings: BTreeMap<String, Value>,
    file: SweepFile,
    methods: Vec<Arc<PlannedMethod>>,
    /// Whether a search chose its settings.
    pub chosen: bool,
}

/// A method with the settings that its runs share.
#[derive(Debug)]
pub struct PlannedMethod {
    /// Method label.
    pub method: String,
    /// What a sweep calls it, if it has a name of its own.
    pub name: Option<String>,
    /// The settings.
    pub settings: Settings,
    /// All of them but the number of updates, by dotted key.
    pub flat: BTreeMap<String, Value>,
}

/// A run that a plan asks for.
#[derive(Clone, Debug)]
pub struct PlannedRun {
    /// Its method with its settings.
    pub method: Arc<PlannedMethod>,
    /// Oversight level.
    pub oversight: f64,
    /// Seed.
    pub seed: Seed,
}

impl Plan {
    /// Reads the plans of `folder`; none if there are none.
    ///
    /// # Errors
    /// If one is none, naming file, key, value and what is accepted.
    pub fn read_all(folder: &Path) -> Result<Vec<Self>> {
        let read = |path: &PathBuf| {
            let text = fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            Self::parse(folder, path, &text)
        };
        plan_files(folder)?.iter().map(read).collect()
    }

    fn parse(folder: &Path, path: &Path, text: &str) -> Result<Self> {
        let table =
            toml::from_str(text).with_context(|| format!("{}: not TOML", path.display()))?;
        let settings = flatten(&table).into_iter().collect();
        let file = SweepFile::parse_complete(text, path)?;
        let methods = file.configured()?.into_iter().map(|configured| {
            let mut flat = configured.settings.flat();
            flat.extend(configured.variant.settings);
            Arc::new(PlannedMethod {
                method: configured.variant.method,
                name: configured.variant.name,
                settings: configured.settings,
                flat,
            })
        });
        let methods = methods.collect();
        let (path, folder) = (path.into(), folder.into());
        Ok(Self { path, folder, settings, file, methods, chosen: false })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The results folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What its methods share.
    pub fn shared(&self) -> &Settings {
        &self.file.settings
    }

    /// The grid.
    pub fn grid(&self) -> Grid {
        self.file.settings.environment.grid()
    }

    /// Every setting with its dotted key, those of later versions too.
    pub fn settings(&self) -> &BTreeMap<String, Value> {
        &self.settings
    }

    /// Its methods.
    pub fn methods(&self) -> &[Arc<PlannedMethod>] {
        &self.methods
    }

    /// The runs that it asks for. A method may leave some of them out, which only `runs.csv` tells.
    pub fn runs(&self) -> impl Iterator<Item = PlannedRun> + '_ {
        let SweepFile { oversight, seeds, .. } = &self.file;
        self.methods.iter().flat_map(move |method| {
            oversight.iter().flat_map(move |oversight| {
                let run = |seed: &Seed| PlannedRun {
                    method: method.clone(),
                    oversight: *oversight,
                    seed: *seed,
                };
                seeds.as_slice().iter().map(run)
            })
        })
    }
}

impl PlannedMethod {
    /// What a run of it may be called: its name hashes whether it stops early, which the method decides
    /// together with the settings.
    pub fn names(&self, oversight: f64, seed: Seed) -> [RunName; 2] {
        [true, false].map(|stops_early| {
            let mut settings = self.settings.clone();
            settings.early_stopping.enabled = stops_early;
            RunSpec { method: self.method.clone(), oversight, seed, settings }.name()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "methods = [\"routing\", \"of tomorrow\"]\noversight = [0.0, 0.1]\n\
        seeds = \"0..2\"\nupdates = 100\n[environment]\nrows = 5\ncols = 4\n[later]\nkey = 1\n";

    fn plan(text: &str) -> Result<Plan> {
        Plan::parse(Path::new(""), Path::new("plan.toml"), text)
    }

    #[test]
    fn methods_and_keys_of_later_versions_are_read() {
        let plan = plan(PLAN).unwrap();
        assert_eq!(plan.runs().count(), 8);
        let is_there = |run: PlannedRun| {
            (&*run.method.method, run.oversight, run.seed) == ("of tomorrow", 0.1, 1)
        };
        assert!(plan.runs().any(is_there));
        assert_eq!((plan.grid().rows(), plan.grid().cols()), (5, 4));
        assert!(plan.settings().contains_key("later.key"));
    }

    #[test]
    fn wrong_plans_are_refused_by_file_and_key() {
        for (from, to, mention) in [
            ("updates = 100", "updates = \"many\"", "updates"),
            ("cols = 4", "cols = 40", "environment.cols = 40"),
            ("seeds = \"0..2\"\n", "", "seeds is missing"),
            ("methods = [", "methods = [[", "not TOML"),
        ] {
            let error = format!("{:#}", plan(&PLAN.replace(from, to)).unwrap_err());
            assert!(error.contains("plan.toml") && error.contains(mention), "{error}");
        }
    }
}
