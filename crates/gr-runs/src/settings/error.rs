//! What can be wrong with a configuration. Messages name the field, the value and what is accepted;
//! whoever knows the file adds it.

use std::path::PathBuf;

use super::nearest;

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
    #[error("unknown key \"{key}\"{}; `gr-sweep config --defaults` lists every key", key_meant(key, .nearest))]
    UnknownKey {
        /// Dotted key as typed.
        key: String,
        /// The key that was most likely meant.
        nearest: Option<&'static str>,
    },
    /// A name is in no registry.
    #[error("unknown {kind} \"{name}\"{}; accepted: {accepted}", did_you_mean(.nearest))]
    UnknownName {
        /// What kind of thing was named.
        kind: &'static str,
        /// The name as typed.
        name: String,
        /// The name that was most likely meant.
        nearest: Option<String>,
        /// All accepted names.
        accepted: String,
    },
    /// Settings do not go together.
    #[error("{message}")]
    Conflict {
        /// Dotted keys of the settings.
        keys: &'static [&'static str],
        /// Which values, and what to do.
        message: String,
    },
    /// A file could not be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What is wrong with a file or flag, which the message alone does not name.
    #[error("{origin}: {message}")]
    Parse {
        /// File or flag that is at fault.
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

    /// A [`ConfigError::UnknownKey`] with the key that was most likely meant.
    pub fn unknown_key(key: &str) -> Self {
        let nearest = nearest(key, super::keys().map(|known| known.path));
        Self::UnknownKey { key: key.into(), nearest }
    }

    /// The same error with the file or flag that is at fault.
    pub fn at(self, origin: &str) -> Self {
        Self::Parse { origin: origin.into(), message: self.to_string() }
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
    nearest.as_ref().map(|name| format!(" (did you mean \"{name}\"?)")).unwrap_or_default()
}

/// The same for a key, which may stand in the wrong place rather than be spelt wrong.
fn key_meant(key: &str, nearest: &Option<&'static str>) -> String {
    let place = match nearest {
        Some(known) if key.contains('.') && !known.contains('.') => {
            ", which stands at the top of a file, above every [table]"
        }
        _ => "",
    };
    nearest.map(|known| format!(" (did you mean \"{known}\"{place}?)")).unwrap_or_default()
}
