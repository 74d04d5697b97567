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

/// Has a type stand as a number, its variant `number`, or as `word`, its variant `named`; `unit` says what
/// numbers count.
macro_rules! stands_as_number_or_name {
    ($type:ident { $number:ident: $unit:literal, $named:ident: $word:expr }) => {
        impl TryFrom<$crate::settings::NumberOrName> for $type {
            type Error = String;

            fn try_from(value: $crate::settings::NumberOrName) -> Result<Self, String> {
                value.read(Self::$number, $unit, $word, Self::$named)
            }
        }

        impl From<$type> for $crate::settings::NumberOrName {
            fn from(value: $type) -> Self {
                match value {
                    $type::$number(number) => Self::Number(number),
                    $type::$named => Self::Name($word.into()),
                }
            }
        }
    };
}

pub(crate) use stands_as_number_or_name;
