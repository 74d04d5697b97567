//! Which settings of a sweep matter to none of its runs. Methods know what matters to them; who set a
//! key decides what becomes of it: a flag is refused, an entry of a file, which commands share, is said.

use gr_learn::{Effect, Method};
use gr_runs::{AXES, ConfigError, Given, Settings, SweepFile, default_config, keys};

/// What a run depends on: its method, the settings as configured, and its oversight level.
pub type Configured<'a> = (&'static Method, &'a Settings, f64);

/// Why a setting changes nothing in any of some runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idle {
    /// Whether it changes a column that counts or annotates all the same.
    changes_a_column: bool,
    /// Which methods leave it without effect, and why.
    pub reason: String,
}

/// Why the setting at `key` changes nothing in `runs`; `None` if it does in one of them.
pub fn idle<'a>(key: &str, runs: impl Iterator<Item = Configured<'a>>) -> Option<Idle> {
    let mut changes_a_column = false;
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (method, settings, oversight) in runs {
        let reason = match method.effect_of(key, settings, oversight) {
            Effect::Some => return None,
            Effect::Column(reason) => {
                changes_a_column = true;
                reason
            }
            Effect::None(reason) => reason,
        };
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, methods)) if methods.contains(&method.label) => {}
            Some((_, methods)) => methods.push(method.label),
            None => reasons.push((reason, vec![method.label])),
        }
    }
    let reasons = reasons.iter().map(|(reason, methods)| format!("{}: {reason}", methods.join(", ")));
    let reason = reasons.collect::<Vec<_>>().join("; ");
    (!reason.is_empty()).then_some(Idle { changes_a_column, reason })
}

/// What to say of those of `given` that matter to none of `runs`, which are called for anew each time.
///
/// # Errors
/// If a flag is among them.
pub fn judge<'a, Runs: Iterator<Item = Configured<'a>>>(
    given: &[Given],
    runs: impl Fn() -> Runs,
) -> Result<Vec<String>, ConfigError> {
    let mut said: Vec<(&str, Idle, Vec<&str>)> = Vec::new();
    for (index, Given { origin, key, in_file }) in given.iter().enumerate() {
        let is_overridden = given[index + 1..].iter().any(|later| later.key == *key);
        let Some(idle) = idle(key, runs()).filter(|_| !is_overridden) else { continue };
        if !in_file && !idle.changes_a_column {
            let message =
                format!("{key} has no effect on any run ({}); leave it out", idle.reason);
            return Err(ConfigError::Parse { origin: origin.clone(), message });
        }
        match said.iter_mut().find(|(known, why, _)| known == origin && *why == idle) {
            Some((_, _, keys)) => keys.push(key),
            None => said.push((origin, idle, vec![key])),
        }
    }
    let said = said.iter().map(|(origin, idle, keys)| {
        let effect = if idle.changes_a_column { "no result" } else { "nothing" };
        format!("note: {origin}: {} changes {effect} in any run ({})", keys.join(", "), idle.reason)
    });
    Ok(said.collect())
}

/// `file` with the settings that matter to none of `runs` at their defaults, so that they make no other
/// sweep of it.
pub fn without_idle<'a, Runs: Iterator<Item = Configured<'a>>>(
    file: &SweepFile,
    runs: impl Fn() -> Runs,
) -> Result<SweepFile, ConfigError> {
    let is_idle = |key: &str| idle(key, runs()).is_some_and(|idle| !idle.changes_a_column);
    let settings = keys().filter(|key| !AXES.contains(&key.path) && is_idle(key.path));
    let defaults = default_config();
    let values: Vec<_> =
        settings.map(|key| (key.path.to_string(), key.value(&defaults))).collect();
    file.with_values("defaults", &values)
}
