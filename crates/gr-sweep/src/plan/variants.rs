//! Which variants of its methods a sweep trains: every combination of what varies, each method's without the
//! settings that do nothing for it.

use std::collections::BTreeMap;

use gr_learn::{Effect, Method};
use gr_runs::{ConfigError, Configured, Settings, SweepFile, Varied};
use gr_terminal::count;
use toml::Value;

/// What a variant sets, by dotted key.
type Combination = BTreeMap<String, Value>;

/// `file` with every combination of `vary` as a variant of its own, and what to say of combinations that
/// come out alike.
///
/// # Errors
/// If something varies without effect on any method, or a combination does not go together.
pub fn resolve(file: &SweepFile, vary: &[Varied]) -> Result<(SweepFile, Vec<String>), ConfigError> {
    if vary.is_empty() && file.variants.is_empty() {
        return Ok((file.clone(), Vec::new()));
    }
    let mut resolved = SweepFile { methods: Vec::new(), variants: Vec::new(), ..file.clone() };
    let mut notices = Vec::new();
    let mut idle_everywhere: Vec<&Varied> = vary.iter().collect();
    for Configured { variant: named, .. } in file.configured()? {
        let known = Method::find(&named.method)?;
        if let Some(varied) = vary.iter().find(|varied| named.settings.contains_key(&varied.key)) {
            let message =
                format!("{} is set by {}; leave one of them out", varied.key, named.described());
            return Err(ConfigError::Parse { origin: varied.origin.clone(), message });
        }
        let mut alike: Vec<Combination> = Vec::new();
        let all = combinations(vary);
        for combination in &all {
            let mut variant = named.clone();
            variant.settings.extend(combination.clone());
            let settings = file.with_variant(&variant)?;
            let idle = |key: &str| match known.effect_of(key, &settings, ANY_LEVEL) {
                Effect::None(reason) => Some(reason),
                Effect::Some | Effect::Column(_) => None,
            };
            if let Some((key, reason)) = named.settings.keys().find_map(|k| Some((k, idle(k)?))) {
                let message = format!("{key} is without effect ({reason}); leave it out");
                return Err(ConfigError::Parse { origin: named.described(), message });
            }
            idle_everywhere.retain(|varied| idle(&varied.key).is_some());
            variant.settings.retain(|key, _| idle(key).is_none());
            if alike.contains(&variant.settings) {
                continue;
            }
            alike.push(variant.settings.clone());
            match (&variant.name, variant.settings.is_empty()) {
                (None, true) => resolved.methods.push(variant.method),
                _ => resolved.variants.push(variant),
            }
        }
        if alike.len() < all.len() {
            notices.push(format!(
                "note: {}: of {} of what varies only {} {} in anything that matters to it; each is trained once",
                named.method,
                count(all.len(), "combination"),
                alike.len(),
                if alike.len() == 1 { "differs" } else { "differ" },
            ));
        }
    }
    if let Some(varied) = idle_everywhere.first() {
        let message = format!("{} is without effect on any method here; leave it out", varied.key);
        return Err(ConfigError::Parse { origin: varied.origin.clone(), message });
    }
    Ok((resolved, notices))
}

/// A level at which nothing is without effect that has one at some level.
const ANY_LEVEL: f64 = 0.5;

/// Whether the setting at `key` does nothing for `method` at any level.
pub fn is_idle(method: &Method, key: &str, settings: &Settings) -> bool {
    matches!(method.effect_of(key, settings, ANY_LEVEL), Effect::None(_))
}

/// Every combination of the values of `vary`, the last key changing fastest.
fn combinations(vary: &[Varied]) -> Vec<Combination> {
    vary.iter().fold(vec![Combination::new()], |combinations, varied| {
        let with = |combination: &Combination, value: &Value| {
            let mut combination = combination.clone();
            combination.insert(varied.key.clone(), value.clone());
            combination
        };
        combinations
            .iter()
            .flat_map(|combination| varied.values.iter().map(move |value| with(combination, value)))
            .collect()
    })
}
