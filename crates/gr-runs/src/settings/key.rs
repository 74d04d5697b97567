//! A key of a configuration: its path, what it means, what it takes, and its flag.

use serde::Serialize;
use toml::{Table, Value};

use super::SweepFile;
use super::accepts::Accepts;

/// A key of a configuration.
#[derive(Debug)]
pub struct Key {
    /// The dotted path, as `--set` takes it.
    pub path: &'static str,
    pub(super) meaning: &'static str,
    /// What its value may be.
    pub accepts: Accepts,
    pub(super) flag: &'static str,
    pub(super) value: fn(&SweepFile) -> Value,
}

impl Key {
    /// A key of a method's own settings; [`method_settings`](crate::method_settings) makes them.
    pub const fn of_method(
        path: &'static str,
        meaning: &'static str,
        accepts: Accepts,
        value: fn(&SweepFile) -> Value,
    ) -> Self {
        Self { path, meaning, accepts, flag: "", value }
    }

    /// Whether the key is in the table of this name.
    pub(super) fn is_in(&self, table: &str) -> bool {
        self.path.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'))
    }

    /// What the setting means, in whole sentences.
    pub fn meaning(&self) -> &'static str {
        self.meaning.trim()
    }

    /// The long name of its flag, without dashes, if it has one.
    pub fn flag(&self) -> Option<&'static str> {
        (!self.flag.is_empty()).then_some(self.flag)
    }

    /// Its value in `file`.
    pub fn value(&self, file: &SweepFile) -> Value {
        (self.value)(file)
    }
}

/// `value` as TOML says it; single precision is written shortest, so that 0.1 stays 0.1.
pub fn value_of<T: Serialize>(value: &T) -> Value {
    #[derive(Serialize)]
    struct Line<'a, T> {
        value: &'a T,
    }
    let text = toml::to_string(&Line { value }).expect("settings are plain data");
    let mut table: Table = toml::from_str(&text).expect("what was written as TOML is TOML");
    table.remove("value").expect("the line has a value")
}
