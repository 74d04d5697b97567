//! From TOML and `--set` to a checked [`SweepFile`].

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::{ConfigError, KEYS, SeedSet, Settings, SweepFile, flatten};

/// Where a configuration comes from; what stands later overrides what stands earlier.
#[derive(Clone, Debug, Default)]
pub struct ConfigSources {
    /// A TOML file.
    pub file: Option<PathBuf>,
    /// `(what the user typed it with, key, value)`, the value as TOML or, failing that, as a bare
    /// string.
    pub overrides: Vec<(String, String, String)>,
}

/// The configuration without a file or flags: what the paper's main comparison needs.
pub fn default_config() -> SweepFile {
    let methods = ["routing", "naive_outcomes", "filtering", "oracle"];
    SweepFile {
        methods: methods.map(String::from).to_vec(),
        oversight: vec![0.01],
        seeds: "0..8".parse().expect("the default seeds are valid"),
        settings: Settings::default(),
    }
}

/// Reads and checks a configuration. Method labels are left to who knows the methods.
///
/// # Errors
/// Anything that [`ConfigError`] names.
pub fn load(sources: &ConfigSources) -> Result<SweepFile, ConfigError> {
    let mut table = default_config().to_table();
    if let Some(path) = &sources.file {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.clone(), source })?;
        let origin = path.display().to_string();
        let file: Table = toml::from_str(&text)
            .map_err(|error| parse_error(&origin, error.to_string().trim_end()))?;
        for (key, value) in flatten(&file) {
            set(&mut table, &origin, &key, value)?;
        }
    }
    for (origin, key, text) in &sources.overrides {
        set(&mut table, origin, key, parse_value(text))?;
    }
    // The origin of a wrong value is found again by asking each layer on its own.
    SweepFile::from_table(table, &|key| origin_of(sources, key))
}

fn origin_of(sources: &ConfigSources, key: &str) -> String {
    let override_origin = sources.overrides.iter().rev().find(|(_, name, _)| name == key);
    match (override_origin, &sources.file) {
        (Some((origin, _, _)), _) => origin.clone(),
        (None, Some(path)) => path.display().to_string(),
        (None, None) => "defaults".into(),
    }
}

/// `text` as a TOML value, or as a string where it is none: `--set seeds=0..8` needs no quotes.
fn parse_value(text: &str) -> Value {
    let parsed: Result<Table, _> = toml::from_str(&format!("value = {text}"));
    match parsed {
        Ok(mut table) if table.len() == 1 => table.remove("value").expect("parsed as value"),
        _ => Value::String(text.into()),
    }
}

/// Replaces the value at the dotted `key`, which must exist.
fn set(table: &mut Table, origin: &str, key: &str, value: Value) -> Result<(), ConfigError> {
    if !KEYS.iter().any(|known| known.path == key) {
        let inside = KEYS.iter().any(|known| known.path.starts_with(&format!("{key}.")));
        if inside {
            return Err(parse_error(origin, &format!("{key} is a table of keys, not a value")));
        }
        return Err(ConfigError::UnknownKey {
            key: key.into(),
            nearest: super::nearest(key, KEYS.iter().map(|known| known.path)).map(Into::into),
        }
        .at(origin));
    }
    let (name, tables) = {
        let mut parts: Vec<&str> = key.split('.').collect();
        (parts.pop().expect("a key has a name"), parts)
    };
    let mut inner = table;
    for part in tables {
        inner = inner[part].as_table_mut().expect("known keys lie in tables");
    }
    inner.insert(name.into(), value);
    Ok(())
}

impl ConfigError {
    /// The same error with the file or flag that holds the key.
    fn at(self, origin: &str) -> Self {
        Self::Parse { origin: origin.into(), message: self.to_string() }
    }
}

fn parse_error(origin: &str, message: &str) -> ConfigError {
    ConfigError::Parse { origin: origin.into(), message: message.into() }
}

impl SweepFile {
    /// The configuration as TOML, every key present.
    pub fn to_table(&self) -> Table {
        let mut table = Table::try_from(&self.settings).expect("settings are plain data");
        table.insert("methods".into(), self.methods.clone().into());
        table.insert("oversight".into(), self.oversight.clone().into());
        table.insert("seeds".into(), self.seeds.to_string().into());
        let early_stopping = &self.settings.early_stopping;
        let early_stopping = Table::try_from(early_stopping).expect("settings are plain data");
        table.insert("early_stopping".into(), early_stopping.into());
        // Integers and floats of f32 masks are written shortest, so that 0.1 stays 0.1.
        shorten_masks(&mut table, &self.settings);
        table
    }

    /// The same configuration with other values at some dotted keys, checked like any other.
    ///
    /// # Errors
    /// As [`load`], naming `origin` as where the values stand.
    pub fn with_values(
        &self,
        origin: &str,
        values: &[(String, Value)],
    ) -> Result<Self, ConfigError> {
        let mut table = self.to_table();
        for (key, value) in values {
            set(&mut table, origin, key, value.clone())?;
        }
        Self::from_table(table, &|_| origin.into())
    }

    /// The configuration in `text`, a file that [`SweepFile::to_table`] was written to.
    ///
    /// # Errors
    /// As [`load`], naming `path`.
    pub fn parse_complete(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let origin = path.display().to_string();
        let table = toml::from_str(text).map_err(|e| parse_error(&origin, &e.to_string()))?;
        Self::from_table(table, &|_| origin.clone())
    }

    fn from_table(mut table: Table, origin: &dyn Fn(&str) -> String) -> Result<Self, ConfigError> {
        let mut take = |key: &str| {
            table.remove(key).ok_or_else(|| parse_error(&origin(key), &format!("{key} is missing")))
        };
        let oversight = match take("oversight")? {
            Value::Array(levels) => Value::Array(levels),
            level => Value::Array(vec![level]),
        };
        let methods = match take("methods")? {
            // One name or, as on the command line, names with commas.
            Value::String(names) => names.split(',').map(|name| name.trim().into()).collect(),
            methods => decode(methods, "methods", origin)?,
        };
        let seeds = match take("seeds")? {
            Value::Integer(seed) => seed.to_string(),
            seeds => decode(seeds, "seeds", origin)?,
        };
        let file = Self {
            methods,
            oversight: decode(oversight, "oversight", origin)?,
            seeds: seeds.parse::<SeedSet>().map_err(|error| error.at(&origin("seeds")))?,
            settings: decode(Value::Table(table), "", origin)?,
        };
        file.check().map_err(|error| match &error {
            ConfigError::Value { key, .. } => {
                let origin = origin(key);
                error.at(&origin)
            }
            _ => error,
        })?;
        Ok(file)
    }
}

/// Deserializes `value`, saying in an error which key below `prefix` is wrong.
fn decode<T: DeserializeOwned>(
    value: Value,
    prefix: &str,
    origin: &dyn Fn(&str) -> String,
) -> Result<T, ConfigError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let key = match (prefix, path.as_str()) {
            ("", path) => path.to_string(),
            (prefix, ".") => prefix.to_string(),
            (prefix, path) => format!("{prefix}{path}"),
        };
        let message = error.into_inner().to_string();
        parse_error(&origin(&key), &format!("{key}: {}", message.lines().next().unwrap_or("")))
    })
}

fn shorten_masks(table: &mut Table, settings: &Settings) {
    let masks = &settings.masks;
    for (route, mask) in [("diamond", masks.diamond), ("ghost", masks.ghost), ("both", masks.both)]
    {
        for (edge, weight) in
            ["diamond_expert", "ghost_expert", "gate", "output"].into_iter().zip(mask.weights())
        {
            let shortest: f64 = weight.to_string().parse().expect("a float prints as a float");
            table["masks"][route][edge] = shortest.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(overrides: &[(&str, &str)]) -> Result<SweepFile, ConfigError> {
        let overrides = overrides
            .iter()
            .map(|(key, value)| (format!("--set {key}"), key.to_string(), value.to_string()))
            .collect();
        load(&ConfigSources { file: None, overrides })
    }

    #[test]
    fn keys_and_defaults_name_the_same_settings() {
        let mut defaults: Vec<String> =
            flatten(&default_config().to_table()).into_iter().map(|(path, _)| path).collect();
        let mut documented: Vec<String> = KEYS.iter().map(|key| key.path.into()).collect();
        defaults.sort();
        documented.sort();
        assert_eq!(defaults, documented);
        assert!(KEYS.iter().all(|key| !key.meaning.is_empty()));
    }

    #[test]
    fn a_configuration_survives_toml() {
        let file = with(&[
            ("oversight", "[0.3, 0.01]"),
            ("seeds", "1,3..5"),
            ("evaluation.every", "reference"),
            ("masks.ghost.gate", "-0.1"),
            ("early_stopping.patience", "unlimited"),
            ("early_stopping.holdout_source", "visible"),
        ])
        .unwrap();
        let text = toml::to_string(&file.to_table()).unwrap();
        assert!(text.contains("gate = -0.1\n"), "{text}");
        assert_eq!(SweepFile::parse_complete(&text, Path::new("plan.toml")).unwrap(), file);
    }

    #[test]
    fn values_take_the_forms_that_people_type() {
        assert_eq!(with(&[("oversight", "0.3")]).unwrap().oversight, [0.3]);
        assert_eq!(with(&[("oversight", "1")]).unwrap().oversight, [1.0]);
        assert_eq!(with(&[("methods", "routing, oracle")]).unwrap().methods, ["routing", "oracle"]);
        assert_eq!(with(&[("seeds", "4")]).unwrap().seeds.as_slice(), [4]);
    }

    #[test]
    fn wrong_values_are_refused_by_key_value_and_remedy() {
        for (key, value, mentions) in [
            ("oversight", "1.5", "a number from 0 to 1"),
            ("oversight", "nan", "a number from 0 to 1"),
            ("oversight", "often", "expected f64"),
            ("oversight", "[0.1, 0.1]", "each once"),
            ("oversight", "[]", "at least one"),
            ("seeds", "3..1", "reversed"),
            ("methods", "[]", "at least one method"),
            ("methods", "[\"routing\", \"routing\"]", "each once"),
            ("updates", "0", "from 1"),
            ("updates", "-1", "u64"),
            ("environment.envs", "0", "from 1"),
            ("environment.rows", "1", "2 to 8"),
            ("environment.cols", "9", "2 to 8"),
            ("environment.first_observation", "staled", "`fresh` or `stale`"),
            ("environment.spurious_oversight", "0.1", "\"sampled\""),
            ("training.learning_rate", "0", "above 0"),
            ("training.adam_beta2", "1.0", "below 1"),
            ("network.hidden", "wide", "usize"),
            ("masks.both.gate", "inf", "finite"),
            ("early_stopping.holdout_fraction", "0", "between 0 and 1"),
            ("early_stopping.holdout_fraction", "1", "between 0 and 1"),
            ("early_stopping.patience", "0", "unlimited"),
            ("early_stopping.patience", "endless", "unlimited"),
            ("early_stopping.min_steps", "0", "at least 1"),
            ("early_stopping.tolerance", "-0.1", "0 or more"),
            ("early_stopping.holdout_source", "secret", "`hidden`"),
            ("early_stopping.holdout_episodes", "0", "from 1"),
            ("early_stopping.check_every", "0", "reference"),
            ("evaluation.every", "0", "reference"),
            ("evaluation.every", "often", "reference"),
            ("evaluation.mode", "guess", "`exact` or `sampled`"),
            ("recording.policy_goals", "[[3, 3]]", "two different cells"),
            ("training", "3", "is a table"),
        ] {
            let error = with(&[(key, value)]).unwrap_err().to_string();
            assert!(error.contains(key), "{key} = {value}: {error}");
            assert!(error.contains(mentions), "{key} = {value}: {error}");
        }
    }

    #[test]
    fn a_sweep_of_more_runs_than_fit_into_memory_is_refused() {
        let levels = (0..1000).map(|level| (f64::from(level) / 1000.0).to_string());
        let levels = format!("[{}]", levels.collect::<Vec<_>>().join(", "));
        let runs =
            |seeds: &str| with(&[("methods", "routing"), ("oversight", &levels), ("seeds", seeds)]);
        assert!(runs("0..1000").is_ok());
        let error = runs("0..1001").unwrap_err().to_string();
        assert!(error.contains("seeds = 0..1001") && error.contains("1000000 runs"), "{error}");
    }

    #[test]
    fn values_are_replaced_and_checked_together() {
        let file = default_config();
        let patience = || ("early_stopping.patience".to_string(), Value::Integer(7));
        let other = file.with_values("a search", &[patience()]).unwrap();
        assert_eq!(other.settings.early_stopping.patience, crate::settings::Patience::Intervals(7));
        assert_eq!(other.with_values("a search", &[]).unwrap(), other);
        let wrong = ("training.discount".to_string(), Value::Float(1.5));
        let error = file.with_values("a search", &[patience(), wrong]).unwrap_err().to_string();
        assert!(error.starts_with("a search: training.discount = 1.5"), "{error}");
    }

    #[test]
    fn unknown_keys_name_the_nearest() {
        let error = with(&[("training.learning_rat", "1")]).unwrap_err().to_string();
        assert!(error.contains("did you mean \"training.learning_rate\"?"), "{error}");
    }

    #[test]
    fn reference_cadence_is_a_hundred_p_rounded_up_and_at_least_one() {
        for (oversight, updates) in
            [(0.0, 1), (0.003, 1), (0.01, 1), (0.07, 7), (0.025, 3), (0.8, 80)]
        {
            assert_eq!(Cadence::Reference.interval(oversight), updates, "{oversight}");
        }
    }

    use crate::settings::Cadence;
}
