//! Values that are a whole number or one word, as they stand in TOML and CSV.

use serde::{Deserialize, Serialize};

/// Such a value before it means something.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum NumberOrName {
    Number(u64),
    Name(String),
}

impl NumberOrName {
    /// What it means: `number` of a number, `named` of the word `name`. `unit` says in the error what
    /// numbers count.
    pub fn read<T>(
        self,
        number: impl Fn(u64) -> T,
        unit: &str,
        name: &str,
        named: T,
    ) -> Result<T, String> {
        match self {
            Self::Number(value) => Ok(number(value)),
            Self::Name(word) if word == name => Ok(named),
            Self::Name(word) => {
                Err(format!("\"{word}\" is neither a number of {unit} nor \"{name}\""))
            }
        }
    }
}
