//! What a setting may be: one rule that reads a value however it was typed, and says what it takes.
//!
//! Every reader of a configuration goes through here (files, flags, `--set`, plans), so that a list or a
//! number is read alike wherever it stands.

use std::fmt;

use toml::Value;

use super::numbers::{number, whole};
use super::overseer::ALL;
use super::{ConfigError, SeedSet};

/// The largest whole number of a setting: the largest integer of TOML.
pub const MOST: u64 = i64::MAX as u64;

/// The smallest oversight level above 0. A run of the largest size ends fewer episodes than it takes to
/// oversee one at a smaller level.
const LEAST_LEVEL: f64 = 1e-9;

/// Which values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Accepts {
    /// A whole number between these, both included.
    Whole(u64, u64),
    /// A whole number of at least 1, or this word.
    WholeOr(&'static str),
    /// A number of which the function holds; the text says which those are.
    Number(fn(f64) -> bool, &'static str),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// `true` or `false`.
    Switch,
    /// Names of methods, each once.
    Methods,
    /// Oversight levels, each once.
    Levels,
    /// What [`SeedSet`] reads.
    Seeds,
    /// Two whole numbers between these, both included.
    TwoWholes(u64, u64),
    /// Pairs of whole numbers.
    Pairs,
    /// Cells of the grid, each once, or "all".
    Cells,
    /// A number that [`FACTOR`] takes, or this word.
    PositiveOr(&'static str),
}

/// A number from 0 to 1.
pub const PROBABILITY: Accepts =
    Accepts::Number(|n| (0.0..=1.0).contains(&n), "a number from 0 to 1");
/// A number from 0 to below 1.
pub const BELOW_ONE: Accepts =
    Accepts::Number(|n| (0.0..1.0).contains(&n), "a number from 0 to below 1");
/// A number from 0 to below 1/2.
pub const BELOW_HALF: Accepts =
    Accepts::Number(|n| (0.0..0.5).contains(&n), "a number from 0 to below 1/2");
/// A number strictly between 0 and 1.
pub const SHARE: Accepts =
    Accepts::Number(|n| n > 0.0 && n < 1.0, "a number between 0 and 1, neither of them");
/// A finite number above 0.
pub const POSITIVE: Accepts =
    Accepts::Number(|n| n > 0.0 && n.is_finite(), "a finite number above 0");
/// A finite number of 0 or more.
pub const NOT_NEGATIVE: Accepts =
    Accepts::Number(|n| n >= 0.0 && n.is_finite(), "a finite number of 0 or more");
/// A finite number.
pub const FINITE: Accepts = Accepts::Number(f64::is_finite, "a finite number");
/// A number above 0 that neither vanishes nor overflows in single precision, in which training counts.
pub const FACTOR: Accepts = Accepts::Number(
    |n| n as f32 > 0.0 && (n as f32).is_finite(),
    "a finite number above 0, from 1e-45 to 3.4e38",
);
/// A number that is finite in single precision.
pub const WEIGHT: Accepts =
    Accepts::Number(|n| (n as f32).is_finite(), "a finite number of magnitude 3.4e38 at most");

/// A value that is not taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The value, or the element of a list that is at fault.
    pub value: String,
    /// What would be taken.
    pub accepted: String,
}

impl Accepts {
    /// `value` in the form in which configurations keep it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(&self, value: &Value) -> Result<Value, Refused> {
        match self {
            Self::Whole(..)
            | Self::WholeOr(_)
            | Self::PositiveOr(_)
            | Self::OneOf(_)
            | Self::Number(..)
            | Self::Switch => self.single(value),
            Self::Methods => self.list(value, 1, |part| match part {
                Value::String(name) if !name.is_empty() => Some(part.clone()),
                _ => None,
            }),
            Self::Levels => self.list(value, 1, |part| {
                number(part)
                    .filter(|p| *p == 0.0 || (LEAST_LEVEL..=1.0).contains(p))
                    .map(Value::from)
            }),
            Self::Seeds => {
                let text: Vec<String> = parts(value).iter().map(shown).collect();
                match text.join(",").parse::<SeedSet>() {
                    Ok(seeds) => Ok(seeds.to_string().into()),
                    Err(ConfigError::Value { accepted, .. }) => {
                        Err(Refused { value: shown(value), accepted })
                    }
                    Err(_) => Err(self.refused(value)),
                }
            }
            Self::TwoWholes(least, most) => {
                let widths = Self::Whole(*least, *most);
                let read = |part: &Value| widths.single(part).ok();
                let numbers: Vec<Value> = parts(value).iter().filter_map(read).collect();
                let whole = numbers.len() == 2 && parts(value).len() == 2;
                whole.then(|| numbers.into()).ok_or_else(|| self.refused(value))
            }
            Self::Cells if value.as_str().map(str::trim) == Some(ALL) => Ok(ALL.into()),
            Self::Cells => {
                let cell = Self::Whole(0, 63);
                let listed = self.list(value, 1, |part| cell.single(part).ok())?;
                let mut cells = listed.as_array().cloned().unwrap_or_default();
                cells.sort_by_key(Value::as_integer);
                Ok(cells.into())
            }
            Self::Pairs => {
                let pairs = value.as_array().ok_or_else(|| self.refused(value))?;
                let pair = |pair: &Value| Self::TwoWholes(0, MOST).read(pair);
                let pairs = pairs.iter().map(|p| pair(p).map_err(|_| self.refused(p)));
                Ok(pairs.collect::<Result<Vec<Value>, _>>()?.into())
            }
        }
    }

    /// What stands for a value of this kind in help texts.
    pub fn placeholder(&self) -> &'static str {
        match self {
            Self::Whole(..) | Self::WholeOr(_) => "N",
            Self::Number(..) | Self::PositiveOr(_) => "X",
            Self::OneOf(_) => "NAME",
            Self::Switch => "BOOL",
            Self::Methods => "METHOD",
            Self::Levels => "P",
            Self::Seeds => "SEEDS",
            Self::TwoWholes(..) | Self::Pairs | Self::Cells => "LIST",
        }
    }

    /// Whether a value is a list, whose elements may be typed one by one.
    pub fn is_list(&self) -> bool {
        matches!(self, Self::Methods | Self::Levels | Self::Seeds)
    }

    /// Whether a single value has several parts.
    pub(super) fn is_compound(&self) -> bool {
        matches!(self, Self::TwoWholes(..) | Self::Pairs | Self::Cells)
    }

    fn single(&self, value: &Value) -> Result<Value, Refused> {
        let word = value.as_str().map(str::trim);
        let read = match self {
            Self::Whole(least, most) => {
                whole(value).filter(|n| (least..=most).contains(&n)).map(|n| Value::from(n as i64))
            }
            Self::WholeOr(name) if word == Some(name) => Some(Value::from(*name)),
            Self::WholeOr(_) => {
                return Self::Whole(1, MOST).single(value).map_err(|_| self.refused(value));
            }
            Self::PositiveOr(name) if word == Some(name) => Some(Value::from(*name)),
            Self::PositiveOr(_) => {
                return FACTOR.single(value).map_err(|_| self.refused(value));
            }
            Self::Number(holds, _) => number(value).filter(|n| holds(*n)).map(Value::from),
            Self::OneOf(words) => words.iter().find(|w| word == Some(**w)).map(|w| Value::from(*w)),
            Self::Switch => value.as_bool().or_else(|| word?.parse().ok()).map(Value::from),
            _ => None,
        };
        read.ok_or_else(|| self.refused(value))
    }

    /// Reads a list whose elements must differ, `least` of them or more.
    fn list(
        &self,
        value: &Value,
        least: usize,
        read: impl Fn(&Value) -> Option<Value>,
    ) -> Result<Value, Refused> {
        let mut list: Vec<Value> = Vec::new();
        for part in parts(value) {
            let element = read(&part).ok_or_else(|| self.refused(&part))?;
            if list.contains(&element) {
                let value = shown(&element);
                return Err(Refused { value, accepted: format!("given once, not twice: {self}") });
            }
            list.push(element);
        }
        if list.len() < least {
            return Err(Refused {
                value: "[]".into(),
                accepted: format!("at least one of {self}"),
            });
        }
        Ok(list.into())
    }

    fn refused(&self, value: &Value) -> Refused {
        let words = match self {
            Self::OneOf(words) => words,
            Self::WholeOr(word) | Self::PositiveOr(word) => &[*word][..],
            Self::Cells => &[ALL],
            _ => &[],
        };
        let near = value.as_str().and_then(|word| super::nearest(word, words.iter().copied()));
        let hint = near.map(|word| format!(" (did you mean \"{word}\"?)")).unwrap_or_default();
        let is_tiny = |p: f64| p != 0.0 && p.abs() < LEAST_LEVEL;
        let accepted = match self {
            Self::Levels if number(value).is_some_and(is_tiny) => format!(
                "0, or from {LEAST_LEVEL:?} to 1: at a level so small no run sees anything overseen"
            ),
            _ => format!("{self}{hint}"),
        };
        Refused { value: shown(value), accepted }
    }
}

impl fmt::Display for Accepts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::WholeOr(word) => write!(f, "a whole number of at least 1, or \"{word}\""),
            Self::Number(_, said) => f.write_str(said),
            Self::PositiveOr(word) => write!(f, "{FACTOR}, or \"{word}\""),
            Self::Cells => {
                write!(f, "cells of the grid, counted row by row from 0, each once, or \"{ALL}\"")
            }
            Self::OneOf(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                f.write_str(&words.join(" or "))
            }
            Self::Switch => f.write_str("true or false"),
            Self::Methods => f.write_str("names of methods, each once"),
            Self::Levels => f.write_str("numbers from 0 to 1 with a decimal point, each once"),
            Self::Seeds => f.write_str(super::seeds::ACCEPTED),
            Self::TwoWholes(least, most) => write!(f, "two whole numbers from {least} to {most}"),
            Self::Pairs => f.write_str("a list of pairs of whole numbers, as in [[6, 18]]"),
        }
    }
}

/// What reads a flag that takes a whole number from `least` to `most`, as a setting would be read.
pub fn whole_number<T: TryFrom<u64>>(
    least: u64,
    most: u64,
) -> impl Fn(&str) -> Result<T, String> + Clone {
    let accepts = Accepts::Whole(least, most);
    move |text| {
        let number = whole(&text.into()).filter(|number| (least..=most).contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| format!("it must be {accepts}"))
    }
}

/// What reads a flag that takes such a number as `accepts` says, as a setting would be read.
pub fn number_that(accepts: Accepts) -> impl Fn(&str) -> Result<f64, String> + Clone {
    move |text| {
        let read = accepts.read(&text.into()).ok().and_then(|value| value.as_float());
        read.ok_or_else(|| format!("it must be {accepts}"))
    }
}

/// The oversight levels in `text`, a number or a list, typed with `flag`.
///
/// # Errors
/// If they are not what the setting `oversight` takes.
pub fn oversight_levels(flag: &str, text: &str) -> Result<Vec<f64>, ConfigError> {
    match Accepts::Levels.read(&text.into()) {
        Ok(levels) => {
            Ok(levels.as_array().into_iter().flatten().filter_map(Value::as_float).collect())
        }
        Err(Refused { value, accepted }) => Err(ConfigError::value(flag, value, accepted)),
    }
}

/// `value` as people read it: text bare, numbers as short as they can be.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Float(number) => format!("{number:?}"),
        value => value.to_string(),
    }
}

/// The elements of a list: of an array, or of a text with commas, in brackets or not.
fn parts(value: &Value) -> Vec<Value> {
    let Value::String(text) = value else {
        return value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    };
    let text = text.trim();
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let inner = inner.unwrap_or(text).trim().trim_end_matches(',');
    if inner.is_empty() && !text.is_empty() {
        return Vec::new();
    }
    let bare = |part: &str| part.trim().trim_matches(['"', '\'']).trim().to_string();
    inner.split(',').map(|part| Value::String(bare(part))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(accepts: Accepts, value: impl Into<Value>) -> Result<String, String> {
        let refused = |refused: Refused| format!("{} {}", refused.value, refused.accepted);
        accepts.read(&value.into()).map(|value| value.to_string()).map_err(refused)
    }

    #[test]
    fn numbers_are_read_alike_however_they_are_written() {
        for text in ["1000", "1e3", "1000.0", "+1000", " 1000 ", "1E3"] {
            assert_eq!(read(Accepts::Whole(1, MOST), text).unwrap(), "1000", "{text}");
            assert_eq!(read(FINITE, text).unwrap(), "1000.0", "{text}");
        }
        assert_eq!(read(Accepts::Whole(1, MOST), 1e3).unwrap(), "1000");
        assert_eq!(read(POSITIVE, ".001").unwrap(), "0.001");
        assert_eq!(read(FINITE, "-0").unwrap(), "0.0");
        for text in ["1.5", "-1", "many", "", "1e300", "nan", "007", "18446744073709551616"] {
            let error = read(Accepts::Whole(1, MOST), text).unwrap_err();
            assert!(error.contains("a whole number from 1 to 9223372036854775807"), "{error}");
        }
    }

    #[test]
    fn lists_are_read_alike_however_they_are_written() {
        for text in ["a,b", "a, b", "[a, b]", "['a', \"b\"]", " a ,b, "] {
            assert_eq!(read(Accepts::Methods, text).unwrap(), r#"["a", "b"]"#, "{text}");
        }
        for text in [".1,.3", "[0.1, 0.3]", "1e-1, 0.3"] {
            assert_eq!(read(Accepts::Levels, text).unwrap(), "[0.1, 0.3]", "{text}");
        }
        for text in ["0,1,2", "[0, 1, 2]", "[0..3]", "0..=2"] {
            assert_eq!(read(Accepts::Seeds, text).unwrap(), "\"0..3\"", "{text}");
        }
        for text in ["[]", "", "a,,b", ",", "a,a"] {
            assert!(read(Accepts::Methods, text).is_err(), "{text}");
        }
    }

    #[test]
    fn levels_that_oversee_nothing_and_decimal_commas_are_refused() {
        for text in ["1e-320", "-1e-320", "1e-10"] {
            let error = read(Accepts::Levels, text).unwrap_err();
            assert!(error.starts_with(text) && error.contains("from 1e-9 to 1"), "{text}: {error}");
        }
        for text in ["0,01", "1.01", "nan", "-0.1"] {
            let error = read(Accepts::Levels, text).unwrap_err();
            assert!(error.contains("from 0 to 1 with a decimal point"), "{text}: {error}");
        }
        assert_eq!(read(Accepts::Levels, "-0").unwrap(), "[0.0]");
        assert!(read(Accepts::Levels, "0,-0").unwrap_err().contains("once"));
        assert_eq!(read(Accepts::Levels, "1e-9").unwrap(), "[0.000000001]");
    }
}
