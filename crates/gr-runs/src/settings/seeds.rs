//! Seed ranges as people type them: `0..8`, `0..=7`, `1,3,5..9`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use super::numbers::whole;

/// The seed of a run: a value, not a position in a sweep.
pub type Seed = u64;

/// Most seeds in one sweep; more is taken for a typing error.
const MAX_SEEDS: u64 = 1_000_000;

/// What is read as seeds.
pub(super) const ACCEPTED: &str =
    "seeds like \"0..8\" (0 to 7), \"0..=7\" or \"1,3,5..9\", each once, at most 1000000 of them";

/// Distinct seeds in the order in which they were given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SeedSet {
    seeds: Vec<Seed>,
}

impl SeedSet {
    /// The seeds, never none.
    pub fn as_slice(&self) -> &[Seed] {
        &self.seeds
    }

    /// The same seeds from the smallest to the largest.
    pub fn ascending(&self) -> Self {
        let mut seeds = self.seeds.clone();
        seeds.sort_unstable();
        Self { seeds }
    }
}

impl FromStr for SeedSet {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let refused = |reason: String| ConfigError::value("seeds", quoted(text), reason);
        let number = |digits: &str| {
            let digits = digits.trim();
            whole(&toml::Value::String(digits.into())).ok_or_else(|| {
                refused(format!(
                    "{ACCEPTED} (\"{digits}\" is no whole number from 0 to {})",
                    u64::MAX
                ))
            })
        };
        let mut seeds = Vec::new();
        for part in text.split(',') {
            // The last seed rather than the end, which is no number behind the largest seed.
            let (first, last) = if let Some((first, last)) = part.split_once("..=") {
                (number(first)?, Some(number(last)?))
            } else if let Some((first, end)) = part.split_once("..") {
                (number(first)?, number(end)?.checked_sub(1))
            } else {
                let seed = number(part)?;
                (seed, Some(seed))
            };
            let Some(last) = last.filter(|last| first <= *last) else {
                let part = part.trim();
                return Err(refused(format!("{ACCEPTED} (\"{part}\" is empty or reversed)")));
            };
            if last - first >= MAX_SEEDS || seeds.len() as u64 + (last - first) >= MAX_SEEDS {
                return Err(refused(format!("{ACCEPTED} (too many)")));
            }
            seeds.extend(first..=last);
        }
        let mut sorted = seeds.clone();
        sorted.sort_unstable();
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(refused(format!("{ACCEPTED} ({} is there twice)", pair[0])));
        }
        Ok(Self { seeds })
    }
}

impl fmt::Display for SeedSet {
    /// The shortest text that parses to the same seeds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.seeds.chunk_by(|a, b| a.checked_add(1) == Some(*b));
        let parts: Vec<String> = runs
            .map(|run| match run {
                [seed] => seed.to_string(),
                [first, .., Seed::MAX] => format!("{first}..={}", Seed::MAX),
                [first, .., last] => format!("{first}..{}", last + 1),
                [] => String::new(),
            })
            .collect();
        f.write_str(&parts.join(","))
    }
}

impl TryFrom<String> for SeedSet {
    type Error = ConfigError;

    fn try_from(text: String) -> Result<Self, ConfigError> {
        text.parse()
    }
}

impl From<SeedSet> for String {
    fn from(seeds: SeedSet) -> Self {
        seeds.to_string()
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_expand_in_the_order_given() {
        for (text, seeds) in [
            ("0..8", vec![0, 1, 2, 3, 4, 5, 6, 7]),
            ("0..=2", vec![0, 1, 2]),
            ("1,3,5..9", vec![1, 3, 5, 6, 7, 8]),
            (" 7 , 2 ", vec![7, 2]),
            ("18446744073709551614..=18446744073709551615", vec![u64::MAX - 1, u64::MAX]),
            ("18446744073709551615", vec![u64::MAX]),
            ("1e3..1002", vec![1000, 1001]),
        ] {
            let read = text.parse::<SeedSet>().unwrap();
            assert_eq!(read.as_slice(), seeds);
            assert_eq!(read.to_string().parse::<SeedSet>().unwrap(), read);
        }
    }

    #[test]
    fn empty_reversed_repeated_and_too_large_seeds_are_refused() {
        for text in [
            "",
            ",",
            "8..0",
            "3..3",
            "0..4,2",
            "1,1",
            "-1",
            "a",
            "0..",
            "..4",
            "1.5",
            "18446744073709551616",
            "0..=18446744073709551615",
            "0..2000000",
        ] {
            let error = text.parse::<SeedSet>().unwrap_err().to_string();
            assert!(error.contains("0..8") && error.contains(text), "{text}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn display_parses_back(seeds in proptest::collection::hash_set(0u64..50, 1..20)) {
            let set = SeedSet { seeds: seeds.into_iter().collect() };
            proptest::prop_assert_eq!(set.to_string().parse::<SeedSet>().unwrap(), set);
        }
    }
}
