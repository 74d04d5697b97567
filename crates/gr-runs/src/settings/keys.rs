//! Every key of a configuration: what help texts, listings, checks and suggestions are made from.

use toml::{Table, Value};

use super::accepts::Accepts::{Levels, Methods, Seeds, Whole};
use super::key::{Key, value_of};
use super::masks::MASK_KEYS;
use super::method_tables::declared_keys;
use super::sections::SECTION_KEYS;

impl Key {
    /// The key with this dotted path.
    pub fn find(path: &str) -> Option<&'static Key> {
        keys().find(|key| key.path == path)
    }
}

/// The keys that stand at the top of a configuration. All but the last are axes of a sweep.
static TOP_KEYS: &[Key] = &[
    Key {
        path: "methods",
        meaning: "These methods are trained; `gr-sweep methods` lists them.",
        accepts: Methods,
        flag: "methods",
        value: |file| value_of(&file.methods),
    },
    Key {
        path: "oversight",
        meaning: "A goal tile is watched with this probability p, the oversight level; a list trains each.",
        accepts: Levels,
        flag: "oversight",
        value: |file| value_of(&file.oversight),
    },
    Key {
        path: "seeds",
        meaning: "These seeds are trained: 0..8 is 0 to 7, 0..=7 the same, 1,3,5..9 a list.",
        accepts: Seeds,
        flag: "seeds",
        value: |file| value_of(&file.seeds),
    },
    Key {
        path: "updates",
        meaning: "A run has this many updates, each a rollout and a step of Adam; oracle has p times as many.",
        accepts: Whole(1, 1_000_000_000),
        flag: "updates",
        value: |file| value_of(&file.settings.updates),
    },
];

/// Keys that are axes of a sweep rather than settings of its runs.
pub const AXES: [&str; 3] = ["methods", "oversight", "seeds"];

/// All keys, in the order in which they are printed.
pub fn keys() -> impl Iterator<Item = &'static Key> {
    own_keys().chain(declared_keys())
}

/// Those that are no method's.
pub(super) fn own_keys() -> impl Iterator<Item = &'static Key> {
    TOP_KEYS.iter().chain(SECTION_KEYS).chain(MASK_KEYS)
}

/// Dotted paths of all values of `table`, in order, with the values. A mask or setting that is a
/// table is entered, everything else is a value.
pub fn flatten(table: &Table) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => flat.extend(
                flatten(inner).into_iter().map(|(path, value)| (format!("{name}.{path}"), value)),
            ),
            value => flat.push((name.clone(), value.clone())),
        }
    }
    flat
}
