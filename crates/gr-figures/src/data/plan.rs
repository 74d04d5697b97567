//! What `plan.toml` says of the runs in its folder. Keys of later versions are kept for comparisons, and
//! methods are labels: a plan need not be of this version's making.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use gr_grid::Grid;
use gr_runs::{RunName, RunSpec, Seed, Settings, SweepFile, flatten};
use toml::Value;

/// A results folder's plan.
#[derive(Clone, Debug)]
pub struct Plan {
    path: PathBuf,
    settings: BTreeMap<String, Value>,
    file: SweepFile,
    /// Whether a search chose its settings.
    pub chosen: bool,
}

impl Plan {
    /// Reads the plan at `path`; `None` if there is none.
    ///
    /// # Errors
    /// If it is none, naming file, key, value and what is accepted.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        Self::parse(path, &text).map(Some)
    }

    fn parse(path: &Path, text: &str) -> Result<Self> {
        let table =
            toml::from_str(text).with_context(|| format!("{}: not TOML", path.display()))?;
        let settings = flatten(&table).into_iter().collect();
        let file = SweepFile::parse_complete(text, path)?;
        Ok(Self { path: path.into(), settings, file, chosen: false })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What all runs share.
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

    /// The runs that it asks for. A method may leave some of them out, which only `runs.csv` tells.
    pub fn runs(&self) -> impl Iterator<Item = (&str, f64, Seed)> {
        let SweepFile { methods, oversight, seeds, .. } = &self.file;
        methods.iter().flat_map(move |method| {
            oversight.iter().flat_map(move |level| {
                seeds.as_slice().iter().map(move |seed| (method.as_str(), *level, *seed))
            })
        })
    }

    /// What a run that it asks for may be called: its name hashes whether it stops early, which the
    /// method decides together with the settings.
    pub fn names(&self, (method, oversight, seed): (&str, f64, Seed)) -> [RunName; 2] {
        [true, false].map(|stops_early| {
            let mut settings = self.file.settings.clone();
            settings.early_stopping.enabled = stops_early;
            RunSpec { method: method.into(), oversight, seed, settings }.name()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "methods = [\"routing\", \"of tomorrow\"]\noversight = [0.0, 0.1]\n\
        seeds = \"0..2\"\nupdates = 100\n[environment]\nrows = 5\ncols = 4\n[later]\nkey = 1\n";

    fn plan(text: &str) -> Result<Plan> {
        Plan::parse(Path::new("plan.toml"), text)
    }

    #[test]
    fn methods_and_keys_of_later_versions_are_read() {
        let plan = plan(PLAN).unwrap();
        assert_eq!(plan.runs().count(), 8);
        assert!(plan.runs().any(|run| run == ("of tomorrow", 0.1, 1)));
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
