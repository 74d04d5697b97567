//! Runs of one method that differ in their settings: what a sweep varies beside methods, levels and seeds.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::accepts::shown;
use super::config::{parse_value, read_value};
use super::{AXES, ConfigError, Key, SweepFile, default_config, flatten, keys};

/// A method that is trained with settings of its own, which are otherwise those of its sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// What people call it; absent where its settings are its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Method label.
    pub method: String,
    /// Values by dotted key.
    #[serde(default)]
    pub settings: BTreeMap<String, Value>,
}

/// A key and the values that it takes in turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Varied {
    /// The file or flag that says so.
    pub origin: String,
    /// The dotted key.
    pub key: String,
    /// Two values or more, each once.
    pub values: Vec<Value>,
}

/// One method with the settings that its runs share.
#[derive(Clone, Debug)]
pub struct Configured {
    /// The method, with what it sets apart from its sweep: nothing, if it is one of `methods`.
    pub variant: Variant,
    /// The settings, those of other methods left out.
    pub settings: super::Settings,
}

impl Varied {
    /// Whether a flag says so, and not a file.
    pub(super) fn is_flag(&self) -> bool {
        self.origin.starts_with("--")
    }

    /// Reads `KEY=V1,V2,...`, as it was typed with the flag `--vary`. Commas in brackets are part of a
    /// value.
    ///
    /// # Errors
    /// If the key cannot vary, or a value is not taken or there twice.
    pub fn typed(text: &str) -> Result<Self, ConfigError> {
        let origin = format!("--vary {text}");
        let (key, list) = text.split_once('=').ok_or_else(|| {
            ConfigError::value("--vary", text, "KEY=V1,V2,.., as in training.overseen_weight=1,10")
        })?;
        let values = split_outside_brackets(list).into_iter().map(parse_value).collect();
        Self::new(&origin, key.trim(), values)
    }

    /// Reads the table `[vary]` of a file: a list of values for each key.
    ///
    /// # Errors
    /// As [`Varied::typed`].
    pub fn in_table(origin: &str, table: &Table) -> Result<Vec<Self>, ConfigError> {
        let varied = flatten(table).into_iter().map(|(key, values)| match values {
            Value::Array(values) => Self::new(origin, &key, values),
            other => Err(ConfigError::value(
                &format!("vary.{key}"),
                shown(&other),
                "a list of the values that it takes in turn",
            )
            .at(origin)),
        });
        varied.collect()
    }

    fn new(origin: &str, key: &str, values: Vec<Value>) -> Result<Self, ConfigError> {
        let known = can_vary(key).map_err(|error| error.at(origin))?;
        let mut read: Vec<Value> = Vec::new();
        for value in &values {
            let value = read_value(known, value).map_err(|error| {
                let brackets = matches!(value, Value::Array(_)) || !known.accepts.is_compound();
                let hint =
                    if brackets { "" } else { "; lists vary in brackets, as in [8,4],[16,8]" };
                ConfigError::Parse { origin: origin.into(), message: format!("{error}{hint}") }
            })?;
            if read.contains(&value) {
                let text = shown(&value);
                return Err(ConfigError::value(key, text, "given once, not twice").at(origin));
            }
            read.push(value);
        }
        if read.len() < 2 {
            let accepted = "two values or more; --set gives a key one";
            let given = values.first().map(shown).unwrap_or_default();
            return Err(ConfigError::value(key, given, accepted).at(origin));
        }
        Ok(Self { origin: origin.into(), key: key.into(), values: read })
    }
}

impl Variant {
    /// Reads the `[[variants]]` of a file.
    ///
    /// # Errors
    /// If one has the name of another where `names_differ`, a key that cannot vary or a value that is not taken.
    pub fn in_list(
        origin: &str,
        list: &Value,
        names_differ: bool,
    ) -> Result<Vec<Self>, ConfigError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Typed {
            name: Option<String>,
            method: String,
            #[serde(default)]
            settings: Table,
        }
        let refused = |message: String| ConfigError::Parse { origin: origin.into(), message };
        let typed: Vec<Typed> = list.clone().try_into().map_err(|error: toml::de::Error| {
            let message = error.message();
            refused(format!("[[variants]] take method, settings and a name: {message}"))
        })?;
        let mut names = BTreeSet::new();
        let read = |Typed { name, method, settings }: Typed| {
            if let Some(name) = &name {
                if name.trim().is_empty() || name.chars().any(char::is_control) {
                    let message =
                        format!("variants.name = {name:?} is not accepted; it must be words");
                    return Err(refused(message));
                }
                if !names.insert(name.clone()) && names_differ {
                    return Err(refused(format!(
                        "variants.name = \"{name}\" is there twice; give each variant a name of its own"
                    )));
                }
            }
            let mut variant = Self { name, method, settings: BTreeMap::new() };
            for (key, value) in flatten(&settings) {
                let read = can_vary(&key).and_then(|key| read_value(key, &value));
                let at_fault = |error| refused(format!("{}: {error}", variant.described()));
                let value = read.map_err(at_fault)?;
                variant.settings.insert(key, value);
            }
            Ok(variant)
        };
        typed.into_iter().map(read).collect()
    }
}

/// The key of this path, if sweeps may vary it.
fn can_vary(path: &str) -> Result<&'static Key, ConfigError> {
    let key = Key::find(path).ok_or_else(|| ConfigError::unknown_key(path))?;
    let reason = if AXES.contains(&path) {
        "it is an axis of every sweep: give the list itself"
    } else if path == "updates" {
        "the same command with more updates trains its runs on"
    } else if path.starts_with("recording.") {
        "it says what is written of a run, not what a run is"
    } else {
        return Ok(key);
    };
    Err(ConfigError::Parse { origin: path.into(), message: format!("it cannot vary: {reason}") })
}

impl SweepFile {
    /// Every method with the settings of its runs: `methods`, then `variants`.
    ///
    /// # Errors
    /// If settings of a variant do not go with the others.
    pub fn configured(&self) -> Result<Vec<Configured>, ConfigError> {
        let plain = self.methods.iter().map(|method| Variant::plain(method));
        let configured = |variant: Variant| {
            let settings = match variant.settings.is_empty() {
                true => self.settings.for_method(&variant.method),
                false => self.with_variant(&variant)?.for_method(&variant.method),
            };
            Ok(Configured { variant, settings })
        };
        plain.chain(self.variants.iter().cloned()).map(configured).collect()
    }

    /// The settings of the sweep with those of `variant`.
    ///
    /// # Errors
    /// If they do not go together.
    pub fn with_variant(&self, variant: &Variant) -> Result<super::Settings, ConfigError> {
        let values: Vec<(String, Value)> =
            variant.settings.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let base = Self { variants: Vec::new(), ..self.clone() };
        Ok(base.with_values(&variant.described(), &values)?.settings)
    }
}

impl Variant {
    /// A method without settings of its own.
    pub fn plain(method: &str) -> Self {
        Self { name: None, method: method.into(), settings: BTreeMap::new() }
    }

    /// The variant in a sentence: its method and its name, or what it sets.
    pub fn described(&self) -> String {
        match &self.name {
            Some(name) => format!("variant \"{name}\" of {}", self.method),
            None if self.settings.is_empty() => self.method.clone(),
            None => format!("{} with {}", self.method, written(self.settings.iter())),
        }
    }
}

/// `key=value;key=value`, as derived files name a variant.
pub fn written<'a>(settings: impl Iterator<Item = (&'a String, &'a Value)>) -> String {
    let parts: Vec<String> =
        settings.map(|(key, value)| format!("{key}={}", shown(value))).collect();
    parts.join(";")
}

/// Whether a key has this value where nobody sets it.
pub fn is_default(key: &str, value: &Value) -> bool {
    Key::find(key).is_some_and(|key| key.value(&default_config()) == *value)
}

/// The order of values of one key: its default, then numbers by size, then all else by its text.
fn by_value(key: &str, a: &Value, b: &Value) -> Ordering {
    let is_other = |value: &Value| !is_default(key, value);
    is_other(a).cmp(&is_other(b)).then_with(|| by_size(a, b))
}

fn by_size(a: &Value, b: &Value) -> Ordering {
    let number = |value: &Value| value.as_float().or(value.as_integer().map(|whole| whole as f64));
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a_number, b_number) => {
            let text = || a.to_string().cmp(&b.to_string());
            b_number.is_some().cmp(&a_number.is_some()).then_with(text)
        }
    }
}

/// The order of variants by what they set, key by key, a default first.
pub fn by_settings<'a>(
    mut a: impl Iterator<Item = (&'a String, &'a Value)>,
    mut b: impl Iterator<Item = (&'a String, &'a Value)>,
) -> Ordering {
    loop {
        let order = match (a.next(), b.next()) {
            (Some((a_key, a)), Some((b_key, b))) => {
                a_key.cmp(b_key).then_with(|| by_value(a_key, a, b))
            }
            (a, b) => return a.is_some().cmp(&b.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The place of each of some variants, given by [`differing`], in their order; those that set the same share
/// one.
pub fn places(variants: &[BTreeMap<&String, &Value>]) -> Vec<usize> {
    let pairs = |at: usize| variants[at].iter().map(|(key, value)| (*key, *value));
    let mut order: Vec<usize> = (0..variants.len()).collect();
    order.sort_by(|a, b| by_settings(pairs(*a), pairs(*b)));
    let mut places = vec![0; variants.len()];
    for pair in order.windows(2) {
        let is_another = by_settings(pairs(pair[0]), pairs(pair[1])).is_ne();
        places[pair[1]] = places[pair[0]] + usize::from(is_another);
    }
    places
}

/// A method with what its variant sets, in a few words.
pub fn named(method: &str, variant: &str) -> String {
    if variant.is_empty() { method.into() } else { format!("{method} ({variant})") }
}

/// What people call a setting in a list of variants: `overseen weight 10`.
pub fn spoken(key: &str, value: &Value) -> String {
    let name = key.split_once('.').map_or(key, |(_, name)| name).replace(['.', '_'], " ");
    let text = shown(value);
    format!("{name} {}", text.strip_suffix(".0").unwrap_or(&text))
}

/// For each of some runs of one method, given by all of their settings, those in which they differ.
/// A setting that only some of them know is absent from the others.
pub fn differing<'a>(all: &[&'a BTreeMap<String, Value>]) -> Vec<BTreeMap<&'a String, &'a Value>> {
    let keys: BTreeSet<&String> = all.iter().flat_map(|settings| settings.keys()).collect();
    let differ = |key: &&&String| {
        let mut values = all.iter().map(|settings| settings.get(**key));
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    let keys: Vec<&String> = keys.iter().filter(differ).copied().collect();
    let of = |settings: &&'a BTreeMap<String, Value>| {
        keys.iter().filter_map(|key| settings.get_key_value(*key)).collect()
    };
    all.iter().map(of).collect()
}

impl super::Settings {
    /// Every setting but the number of updates by dotted key, defaults included.
    pub fn flat(&self) -> BTreeMap<String, Value> {
        let file = SweepFile { settings: self.clone(), ..default_config() };
        let known = keys().filter(|key| !AXES.contains(&key.path) && key.path != "updates");
        let mut all: BTreeMap<String, Value> =
            known.map(|key| (key.path.to_string(), key.value(&file))).collect();
        // Those of methods that this program does not know.
        for (label, values) in &self.of_methods.0 {
            let values = flatten(values).into_iter();
            all.extend(values.map(|(name, value)| (format!("{label}.{name}"), value)));
        }
        all
    }
}

/// The parts of `text` between the commas that stand in no brackets.
fn split_outside_brackets(text: &str) -> Vec<&str> {
    let mut depth = 0;
    text.split(move |c| {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Result<Vec<String>, String> {
        let varied = Varied::typed(text).map_err(|error| error.to_string())?;
        Ok(varied.values.iter().map(Value::to_string).collect())
    }

    #[test]
    fn values_are_read_as_their_key_takes_them_and_lists_in_brackets() {
        assert_eq!(
            typed("training.overseen_weight=1,10, 1/p").unwrap(),
            ["1.0", "10.0", "\"1/p\""]
        );
        assert_eq!(typed("early_stopping.holdout_source=hidden,visible").unwrap().len(), 2);
        assert_eq!(typed("network.value_hidden=[8,4],[16,8]").unwrap(), ["[8, 4]", "[16, 8]"]);
        assert_eq!(typed("overseer.cells=all,[1, 0]").unwrap(), ["\"all\"", "[0, 1]"]);
    }

    #[test]
    fn what_cannot_vary_is_refused_with_the_reason() {
        for (text, mention) in [
            ("seeds=0,1", "an axis"),
            ("methods=routing,oracle", "an axis"),
            ("oversight=0.1,0.2", "an axis"),
            ("updates=1,2", "trains its runs on"),
            ("recording.record_every=1,2", "what is written"),
            ("network.hiden=1,2", "did you mean \"network.hidden\""),
            ("network.hidden=8,8", "given once, not twice"),
            ("network.hidden=8,8.0", "given once, not twice"),
            ("network.hidden=8", "two values or more"),
            ("network.hidden=8,wide", "network.hidden = wide is not accepted"),
            ("network.value_hidden=8,4", "lists vary in brackets"),
            ("network.hidden", "KEY=V1,V2"),
        ] {
            let error = typed(text).unwrap_err();
            assert!(error.contains(mention) && error.contains("--vary"), "{text}: {error}");
        }
    }

    #[test]
    fn runs_differ_in_the_settings_that_are_not_alike_in_all() {
        let settings = |change: fn(&mut super::super::Settings)| {
            let mut settings = super::super::Settings::default();
            change(&mut settings);
            settings.flat()
        };
        let all = [
            settings(|_| {}),
            settings(|settings| settings.network.hidden = 8),
            settings(|settings| settings.training.discount = 0.5),
        ];
        let names = differing(&all.iter().collect::<Vec<_>>());
        let names: Vec<String> = names.into_iter().map(|one| written(one.into_iter())).collect();
        assert_eq!(names[0], "network.hidden=256;training.discount=0.97");
        assert_eq!(names[1], "network.hidden=8;training.discount=0.97");
        assert_eq!(names[2], "network.hidden=256;training.discount=0.5");
        assert!(differing(&[&all[0], &all[0]]).iter().all(BTreeMap::is_empty));
        // The default is the first: what others are held against.
        let mut order = [&all[1], &all[0], &all[2]];
        order.sort_by(|a, b| by_settings(a.iter(), b.iter()));
        assert_eq!(order, [&all[0], &all[2], &all[1]]);
        assert_eq!(spoken("training.overseen_weight", &10.0.into()), "overseen weight 10");
        assert_eq!(spoken("masks.both.gate", &0.5.into()), "both gate 0.5");
    }
}
