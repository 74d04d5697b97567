//! What `plan.toml` says of the runs in its folder. Reads what figures need and lets the rest be, so
//! that plans with settings of later versions are understood.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use gr_grid::Grid;
use gr_runs::{MAX_RUNS, Seed, SeedSet, num_runs};
use toml::{Table, Value};

/// A results folder's plan.
#[derive(Clone, Debug)]
pub struct Plan {
    path: PathBuf,
    table: Table,
    /// Whether a search chose its settings.
    pub chosen: bool,
    /// Method labels.
    pub methods: Vec<String>,
    /// Oversight levels.
    pub oversight: Vec<f64>,
    /// Seeds.
    pub seeds: Vec<Seed>,
    /// Updates of a run.
    pub updates: u64,
    /// The grid.
    pub grid: Grid,
}

impl Plan {
    /// Reads the plan at `path`; `None` if there is none.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let table = read_toml(path)?;
        let plan = Self::understand(path, table);
        plan.map(Some).with_context(|| format!("{}", path.display()))
    }

    fn understand(path: &Path, table: Table) -> Result<Self> {
        let seeds: String = get(&table, "seeds")?;
        let seeds: SeedSet = seeds.parse()?;
        let grid = Grid::new(get(&table, "environment.rows")?, get(&table, "environment.cols")?)?;
        let (methods, oversight): (Vec<String>, Vec<f64>) =
            (get(&table, "methods")?, get(&table, "oversight")?);
        let is_probability = |level: &f64| (0.0..=1.0).contains(level);
        ensure!(
            oversight.iter().all(is_probability),
            "oversight = {oversight:?}: levels from 0 to 1"
        );
        let runs = num_runs([methods.len(), oversight.len(), seeds.as_slice().len()]);
        ensure!(runs <= MAX_RUNS, "it asks for {runs} runs; a sweep has at most {MAX_RUNS}");
        Ok(Self {
            path: path.into(),
            chosen: false,
            methods,
            oversight,
            seeds: seeds.as_slice().to_vec(),
            updates: get(&table, "updates")?,
            grid,
            table,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The value at a dotted key.
    pub fn value(&self, key: &str) -> Option<&Value> {
        lookup(&self.table, key)
    }

    /// Every setting with its dotted key, in order.
    pub fn settings(&self) -> Vec<(String, &Value)> {
        let mut settings = Vec::new();
        flatten(&self.table, "", &mut settings);
        settings
    }

    /// The runs that it asks for. Oracle is left out where it has no update to train
    /// (docs/experiment.md, section 6).
    pub fn runs(&self) -> Vec<(&str, f64, Seed)> {
        let trained = |method: &str, oversight: f64| {
            method != "oracle" || (oversight * self.updates as f64 + 1e-9).floor() > 0.0
        };
        let mut runs = Vec::new();
        for method in &self.methods {
            for oversight in self.oversight.iter().copied().filter(|p| trained(method, *p)) {
                runs.extend(self.seeds.iter().map(|seed| (method.as_str(), oversight, *seed)));
            }
        }
        runs
    }
}

fn get<'de, T: serde::Deserialize<'de>>(table: &Table, key: &str) -> Result<T> {
    let value = lookup(table, key).ok_or_else(|| anyhow!("{key} is missing"))?;
    T::deserialize(value.clone()).map_err(|error| anyhow!("{key} = {value}: {error}"))
}

/// Reads a TOML file.
pub fn read_toml(path: &Path) -> Result<Table> {
    let text =
        fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{}: not TOML", path.display()))
}

/// The value at a dotted key.
pub fn lookup<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    let mut parts = key.split('.');
    let first = table.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

fn flatten<'a>(table: &'a Table, prefix: &str, settings: &mut Vec<(String, &'a Value)>) {
    for (key, value) in table {
        let path = format!("{prefix}{key}");
        match value {
            Value::Table(inner) => flatten(inner, &format!("{path}."), settings),
            value => settings.push((path, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "methods = [\"routing\", \"oracle\"]\noversight = [0.0, 0.1]\n\
        seeds = \"0..2\"\nupdates = 100\n[environment]\nrows = 5\ncols = 4\n[later]\nkey = 1\n";

    fn plan(text: &str) -> Result<Plan> {
        Plan::understand(Path::new("plan.toml"), toml::from_str(text)?)
    }

    #[test]
    fn an_oracle_without_updates_is_not_planned() {
        let plan = plan(PLAN).unwrap();
        let runs = plan.runs();
        assert_eq!(runs.len(), 6);
        assert!(!runs.contains(&("oracle", 0.0, 0)) && runs.contains(&("oracle", 0.1, 1)));
        assert_eq!((plan.grid.rows(), plan.grid.cols()), (5, 4));
        assert!(plan.settings().iter().any(|(key, _)| key == "later.key"));
    }

    #[test]
    fn wrong_plans_are_refused_by_key() {
        for (from, to, mention) in [
            ("updates = 100", "updates = \"many\"", "updates = \"many\""),
            ("cols = 4", "cols = 40", "5 x 40"),
            ("seeds = \"0..2\"\n", "", "seeds is missing"),
        ] {
            let error = format!("{:#}", plan(&PLAN.replace(from, to)).unwrap_err());
            assert!(error.contains(mention), "{error}");
        }
    }
}
