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
    pub changes_a_column: bool,
    /// Which methods leave it without effect, and why.
    pub reason: String,
}

/// Why the setting at `key` changes nothing in `runs`; `None` if it does in one of them.
pub fn why_idle<'a>(key: &str, runs: impl Iterator<Item = Configured<'a>>) -> Option<Idle> {
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
    let reasons =
        reasons.iter().map(|(reason, methods)| format!("{}: {reason}", methods.join(", ")));
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
    let is_last = |index: usize| !given[index + 1..].iter().any(|l| l.key == given[index].key);
    let idle = given.iter().enumerate().filter(|(index, _)| is_last(*index));
    let idle: Vec<(&Given, Idle)> =
        idle.filter_map(|(_, given)| Some((given, why_idle(&given.key, runs())?))).collect();
    let names = |alike: &dyn Fn(&Given, &Idle) -> bool, name: fn(&Given) -> &String| {
        let alike = idle.iter().filter(|(given, why)| alike(given, why));
        let mut names: Vec<&str> = alike.map(|(given, _)| name(given).as_str()).collect();
        names.dedup();
        names.join(", ")
    };
    let is_refused = |given: &Given, why: &Idle| !given.in_file && !why.changes_a_column;
    if let Some((_, first)) = idle.iter().find(|(given, why)| is_refused(given, why)) {
        let alike = |given: &Given, why: &Idle| is_refused(given, why) && why == first;
        return Err(ConfigError::Parse {
            origin: names(&alike, |given| &given.origin),
            message: format!(
                "without effect on any run: {} ({}); leave this out",
                names(&alike, |given| &given.key),
                first.reason
            ),
        });
    }
    let mut notices: Vec<String> = Vec::new();
    for (first, idle) in &idle {
        let alike = |given: &Given, why: &Idle| given.origin == first.origin && why == idle;
        let effect = if idle.changes_a_column { "any result" } else { "any run" };
        let keys = names(&alike, |given| &given.key);
        notices.push(format!(
            "note: {}: without effect on {effect}: {keys} ({})",
            first.origin, idle.reason
        ));
    }
    notices.dedup();
    Ok(notices)
}

/// `file` with the settings that matter to none of `runs` at their defaults, so that they make no other
/// sweep of it.
pub fn without_idle<'a, Runs: Iterator<Item = Configured<'a>>>(
    file: &SweepFile,
    runs: impl Fn() -> Runs,
) -> Result<SweepFile, ConfigError> {
    let is_idle = |key: &str| why_idle(key, runs()).is_some_and(|idle| !idle.changes_a_column);
    let settings = keys().filter(|key| !AXES.contains(&key.path) && is_idle(key.path));
    let defaults = default_config();
    let values: Vec<_> = settings.map(|key| (key.path.to_string(), key.value(&defaults))).collect();
    file.with_values("defaults", &values)
}
