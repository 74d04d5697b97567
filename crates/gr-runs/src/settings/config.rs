//! From TOML, flags and `--set` to a checked [`SweepFile`].
//!
//! One rule for every key: defaults are overridden by the file, the file by flags, flags by `--set`, and
//! a `--set` by a later one.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::accepts::{Refused, shown};
use super::keys::own_keys;
use super::variants::{Variant, Varied};
use super::{AXES, ConfigError, Key, OverseenCells, Settings, SweepFile, flatten, keys};

/// Where a configuration comes from; what stands later overrides what stands earlier.
#[derive(Clone, Debug, Default)]
pub struct ConfigSources {
    /// A TOML file.
    pub file: Option<PathBuf>,
    /// `(what the user typed it with, key, value)`, the value as TOML or, failing that, as a bare
    /// string.
    pub overrides: Vec<(String, String, String)>,
    /// Each `KEY=V1,V2,..`: a key with the values that it takes in turn.
    pub vary: Vec<String>,
}

/// A configuration as somebody asks for it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The configuration, with the variants that have names.
    pub file: SweepFile,
    /// What was set, in the order in which it overrides.
    pub given: Vec<Given>,
    /// What varies, each key once.
    pub vary: Vec<Varied>,
}

/// That somebody set a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The file or flag that sets it.
    pub origin: String,
    /// The dotted key.
    pub key: String,
    /// Whether it stands in a file, which may be shared between commands, rather than in this command.
    pub in_file: bool,
}

/// The configuration without a file or flags: what the paper's main comparison needs.
pub fn default_config() -> SweepFile {
    let methods = ["routing", "naive_outcomes", "filtering", "oracle"];
    SweepFile {
        methods: methods.map(String::from).to_vec(),
        oversight: vec![0.01],
        seeds: "0..8".parse().expect("the default seeds are valid"),
        settings: Settings::default(),
        variants: Vec::new(),
    }
}

/// Reads and checks a configuration. Method labels are left to who knows the methods.
///
/// # Errors
/// Anything that [`ConfigError`] names.
pub fn load(sources: &ConfigSources) -> Result<SweepFile, ConfigError> {
    Ok(sources.read()?.file)
}

impl ConfigSources {
    /// Reads and checks a configuration as [`load`] does, and tells what was set and what varies.
    ///
    /// # Errors
    /// As [`load`].
    pub fn read(&self) -> Result<Asked, ConfigError> {
        let mut table = default_config().to_table();
        let mut given = Vec::new();
        let mut set = |origin: &str, key: String, value: Value, in_file: bool| {
            set(&mut table, &key, &value).map_err(|error| error.at(origin))?;
            given.push(Given { origin: origin.into(), key, in_file });
            Ok::<(), ConfigError>(())
        };
        let (mut vary, mut variants) = (Vec::new(), Vec::new());
        if let Some(path) = &self.file {
            let text = std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Read { path: path.clone(), source })?;
            let origin = path.display().to_string();
            let mut typed = parse(&text, &origin)?;
            // A plan is a configuration like any other; several of its variants may share a name.
            let is_plan = typed.remove("schema_version").is_some();
            if let Some(list) = typed.remove("variants") {
                variants = Variant::in_list(&origin, &list, !is_plan)?;
                let is_empty = |list: &Value| list.as_array().is_some_and(Vec::is_empty);
                if typed.get("methods").is_some_and(is_empty) {
                    typed.remove("methods");
                }
            }
            match typed.remove("vary") {
                Some(Value::Table(varied)) => vary = Varied::in_table(&origin, &varied)?,
                Some(other) => {
                    let accepted = "a table of keys, each with a list of values";
                    return Err(ConfigError::value("vary", shown(&other), accepted).at(&origin));
                }
                None => {}
            }
            for (key, value) in flatten(&typed) {
                set(&origin, key, value, true)?;
            }
        }
        for (origin, key, text) in &self.overrides {
            set(origin, key.clone(), parse_value(text), false)?;
        }
        vary.retain(|varied| given.iter().all(|given| given.in_file || given.key != varied.key));
        for text in &self.vary {
            let varied = Varied::typed(text)?;
            let fixed = given.iter().find(|given| !given.in_file && given.key == varied.key);
            if let Some(Given { origin, .. }) = fixed {
                let accepted = "without effect beside it: the key varies; leave one of the two out";
                return Err(ConfigError::Parse {
                    origin: varied.origin,
                    message: format!("{origin} is {accepted}"),
                });
            }
            vary.retain(|other| other.key != varied.key || other.is_flag());
            if vary.iter().any(|other| other.key == varied.key) {
                let message =
                    format!("{} varies twice; give all of its values at once", varied.key);
                return Err(ConfigError::Parse { origin: varied.origin, message });
            }
            vary.push(varied);
        }
        if !variants.is_empty() && given.iter().all(|given| given.key != "methods") {
            // Who lists variants wants those; methods beside them are asked for by name.
            table.insert("methods".into(), Value::Array(Vec::new()));
        }
        let origin = |keys: &[&str]| {
            let last = given.iter().rev().find(|given| keys.contains(&given.key.as_str()));
            last.map_or("defaults".into(), |given| given.origin.clone())
        };
        let file = SweepFile::from_table(table, variants, &origin)?;
        Ok(Asked { file, given, vary })
    }
}

fn parse(text: &str, origin: &str) -> Result<Table, ConfigError> {
    toml::from_str(text).map_err(|error| ConfigError::Parse {
        origin: origin.into(),
        message: error.to_string().trim_end().into(),
    })
}

/// `text` as a TOML value, or as a string where it is none: `--set seeds=0..8` needs no quotes.
pub(super) fn parse_value(text: &str) -> Value {
    let parsed: Result<Table, _> = toml::from_str(&format!("value = {text}"));
    match parsed {
        Ok(mut table) if table.len() == 1 => table.remove("value").expect("parsed as value"),
        _ => Value::String(text.into()),
    }
}

/// Replaces the value at the dotted `key`, which must exist and take it.
fn set(table: &mut Table, key: &str, value: &Value) -> Result<(), ConfigError> {
    let known = Key::find(key).ok_or_else(|| {
        let is_table = keys().any(|known| known.is_in(key));
        if is_table {
            ConfigError::value(
                key,
                shown(value),
                "a table of keys, as in `[table]` or `--set table.key=..`",
            )
        } else {
            ConfigError::unknown_key(key)
        }
    })?;
    insert(table, key, read_value(known, value)?);
    Ok(())
}

/// `value` in the form in which configurations keep it at `key`.
pub(super) fn read_value(key: &Key, value: &Value) -> Result<Value, ConfigError> {
    key.accepts.read(value).map_err(|refused| {
        let Refused { value, accepted } = refused;
        ConfigError::value(key.path, value, accepted)
    })
}

/// Puts `value` at the dotted `key`, in tables that are made where they are missing.
fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => drop(table.insert(key.into(), value)),
        Some((name, rest)) => {
            let inner = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
            insert(inner.as_table_mut().expect("keys lie in tables"), rest, value);
        }
    }
}

impl SweepFile {
    /// The configuration as TOML, every key present but those of methods, which stand there where they
    /// are not at their defaults.
    pub fn to_table(&self) -> Table {
        let mut table = Table::new();
        for key in own_keys() {
            insert(&mut table, key.path, key.value(self));
        }
        let of_methods = self.settings.of_methods.0.clone();
        table.extend(of_methods.into_iter().map(|(label, values)| (label, values.into())));
        if !self.variants.is_empty() {
            let variants = Value::try_from(&self.variants).expect("variants are plain data");
            table.insert("variants".into(), variants);
        }
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
        table.remove("variants");
        for (key, value) in values {
            set(&mut table, key, value).map_err(|error| error.at(origin))?;
        }
        Self::from_table(table, self.variants.clone(), &|_| origin.into())
    }

    /// The configuration in `text`, a file that [`SweepFile::to_table`] was written to, by this version
    /// or another: keys that are missing have their defaults, keys that are not known are left out.
    ///
    /// # Errors
    /// As [`load`], naming `path`.
    pub fn parse_complete(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let origin = path.display().to_string();
        let mut typed = parse(text, &origin)?;
        let variants: Vec<Variant> = match typed.remove("variants") {
            None => Vec::new(),
            Some(list) => list.try_into().map_err(|error: toml::de::Error| ConfigError::Parse {
                origin: origin.clone(),
                message: format!("variants: {}", error.message()),
            })?,
        };
        if let Some(axis) = AXES.into_iter().find(|axis| !typed.contains_key(*axis)) {
            return Err(ConfigError::Parse { origin, message: format!("{axis} is missing") });
        }
        let mut table = default_config().to_table();
        for (key, value) in flatten(&typed) {
            if !variants.is_empty()
                && key == "methods"
                && value.as_array().is_some_and(Vec::is_empty)
            {
                table.insert(key, value);
            } else if Key::find(&key).is_some() {
                set(&mut table, &key, &value).map_err(|error| error.at(&origin))?;
            }
        }
        // What this program does not know of methods stays as it stands.
        for (label, value) in typed {
            let is_own = own_keys().any(|key| key.path == label || key.is_in(&label));
            if let (false, Value::Table(values)) = (is_own, value) {
                let unknown = values
                    .into_iter()
                    .filter(|(name, _)| Key::find(&format!("{label}.{name}")).is_none());
                let known = table.entry(label.clone()).or_insert_with(|| Table::new().into());
                known.as_table_mut().expect("methods have tables").extend(unknown);
            }
        }
        Self::from_table(table, variants, &|_| origin.clone())
    }

    /// The configuration in `table`, whose values were read by their keys. `origin` tells who set one of
    /// some keys last.
    fn from_table(
        table: Table,
        variants: Vec<Variant>,
        origin: &dyn Fn(&[&str]) -> String,
    ) -> Result<Self, ConfigError> {
        #[derive(serde::Deserialize)]
        struct Complete {
            methods: Vec<String>,
            oversight: Vec<f64>,
            seeds: super::SeedSet,
            #[serde(flatten)]
            settings: Settings,
        }
        // What each key accepts is what its field takes.
        let Complete { methods, oversight, seeds, mut settings } =
            table.try_into().map_err(|error: toml::de::Error| ConfigError::Parse {
                origin: origin(&[]),
                message: error.message().into(),
            })?;
        let num_cells = settings.environment.rows * settings.environment.cols;
        if matches!(&settings.overseer.cells, OverseenCells::Listed(c) if c.len() == num_cells) {
            settings.overseer.cells = OverseenCells::All;
        }
        settings.of_methods = settings.of_methods.without_defaults();
        let file = Self { methods, oversight, seeds, settings, variants };
        match file.check() {
            Ok(()) => Ok(file),
            Err(ConfigError::Conflict { keys, message }) => {
                Err(ConfigError::Parse { origin: origin(keys), message })
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
