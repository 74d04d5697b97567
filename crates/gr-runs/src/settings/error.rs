//! What can be wrong with a configuration. Messages name the field, the value and what is accepted;
//! whoever knows the file adds it.

use std::path::PathBuf;

/// A configuration that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value is outside what its key accepts.
    #[error("{key} = {value} is not accepted; it must be {accepted}")]
    Value {
        /// Dotted key.
        key: String,
        /// The value as typed.
        value: String,
        /// What would be accepted.
        accepted: String,
    },
    /// A key does not exist.
    #[error("unknown key \"{key}\"{}; `gr-sweep config --defaults` lists every key", did_you_mean(.nearest))]
    UnknownKey {
        /// Dotted key as typed.
        key: String,
        /// The key nearest in spelling.
        nearest: Option<String>,
    },
    /// A name is in no registry.
    #[error("unknown {kind} \"{name}\"{}; accepted: {accepted}", did_you_mean(.nearest))]
    UnknownName {
        /// What kind of thing was named.
        kind: &'static str,
        /// The name as typed.
        name: String,
        /// The name nearest in spelling.
        nearest: Option<String>,
        /// All accepted names.
        accepted: String,
    },
    /// A file could not be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A text is not TOML, or a value has a type that its key does not take.
    #[error("{origin}: {message}")]
    Parse {
        /// File or flag that holds the text.
        origin: String,
        /// Where in it and why.
        message: String,
    },
}

impl ConfigError {
    /// A [`ConfigError::Value`].
    pub fn value(key: &str, value: impl ToString, accepted: impl Into<String>) -> Self {
        Self::Value { key: key.into(), value: value.to_string(), accepted: accepted.into() }
    }

    /// A [`ConfigError::UnknownName`] with the nearest of `accepted`.
    pub fn unknown_name(kind: &'static str, name: &str, accepted: &[&str]) -> Self {
        Self::UnknownName {
            kind,
            name: name.into(),
            nearest: nearest(name, accepted.iter().copied()).map(Into::into),
            accepted: accepted.join(", "),
        }
    }
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default()
}

/// The candidate nearest to `word` in spelling, for "did you mean".
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(word.len()).div_ceil(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
