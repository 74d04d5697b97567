//! Settings that belong to one method each: carried as they stand by programs that do not know the
//! method, declared to the others by whoever knows the methods.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use toml::{Table, Value};

use super::{Key, Settings, default_config};

/// The tables of methods by label, each with the values that differ from their defaults only, so that a
/// setting at its default is no part of a run's name.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct MethodTables(pub(super) BTreeMap<String, Table>);

impl<'de> Deserialize<'de> for MethodTables {
    /// Takes the tables among what a configuration has beside its known sections.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let further = BTreeMap::<String, Value>::deserialize(deserializer)?;
        let table = |(name, value)| match value {
            Value::Table(table) if !table.is_empty() => Some((name, table)),
            _ => None,
        };
        Ok(Self(further.into_iter().filter_map(table).collect()))
    }
}

impl MethodTables {
    /// The same without values that are the defaults of declared keys.
    pub(super) fn without_defaults(mut self) -> Self {
        let defaults = default_config();
        for (label, table) in &mut self.0 {
            table.retain(|name, value| {
                let key = Key::find(&format!("{label}.{name}"));
                key.is_none_or(|key| key.value(&defaults) != *value)
            });
        }
        self.0.retain(|_, table| !table.is_empty());
        self
    }
}

impl Settings {
    /// The settings as a run of the method `label` has them: those of other methods are no part of it.
    pub fn for_method(&self, label: &str) -> Self {
        let mut settings = self.clone();
        settings.of_methods.0.retain(|method, _| method == label);
        settings
    }

    /// The settings of the method `label` itself, those that nobody set at their defaults.
    ///
    /// # Panics
    /// If a value is not what its key accepts; configurations are checked when they are read.
    pub fn of_method<T: DeserializeOwned>(&self, label: &str) -> T {
        let table = self.of_methods.0.get(label).cloned().unwrap_or_default();
        table.try_into().expect("settings of a method are checked")
    }
}

static DECLARED: OnceLock<Vec<&'static [Key]>> = OnceLock::new();

/// Declares the keys of methods' own settings: configurations have them from now on. To be called once,
/// before a configuration is read; what is declared later is not taken.
pub fn declare_method_keys(keys: impl IntoIterator<Item = &'static [Key]>) {
    DECLARED.get_or_init(|| keys.into_iter().collect());
}

/// Every declared key.
pub(super) fn declared_keys() -> impl Iterator<Item = &'static Key> {
    DECLARED.get().into_iter().flatten().copied().flatten()
}

/// Declares the settings of a method beside the method: a struct with their defaults, `KEYS`, and `of`,
/// which reads them from the settings of a run. The table is named like the method.
///
/// An entry is `/// Meaning. field: Type = default, accepts;`, as in
///
/// ```
/// use gr_runs::{Accepts, Settings, method_settings};
///
/// method_settings! {
///     /// Settings of a method that remembers.
///     my_method: MyMethodSettings {
///         /// So many episodes are remembered.
///         memory: usize = 100, Accepts::Whole(1, 1_000_000);
///     }
/// }
/// assert_eq!(MyMethodSettings::of(&Settings::default()).memory, 100);
/// ```
#[macro_export]
macro_rules! method_settings {
    (
        $(#[$attribute:meta])*
        $method:ident: $section:ident {$(
            $(#[doc = $meaning:literal])+
            $field:ident: $kind:ty = $default:expr, $accepts:expr;
        )+}
    ) => {
        $crate::settings_section! {
            $(#[$attribute])*
            $section {$( $(#[doc = $meaning])+ $field: $kind = $default; )+}
        }

        impl $section {
            /// The keys of the settings.
            pub const KEYS: &'static [$crate::Key] = &[$(
                $crate::Key::of_method(
                    concat!(stringify!($method), ".", stringify!($field)),
                    concat!($($meaning),+),
                    $accepts,
                    |file| $crate::value_of(&Self::of(&file.settings).$field),
                ),
            )+];

            /// The settings of a run.
            pub fn of(settings: &$crate::Settings) -> Self {
                settings.of_method(stringify!($method))
            }
        }
    };
}
