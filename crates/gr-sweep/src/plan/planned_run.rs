//! A run that is to be trained, and what it shares with others.

use std::collections::BTreeMap;
use std::sync::Arc;

use gr_learn::{Effect, Method, methods};
use gr_runs::{Configured, Key, RunName, RunSpec, default_config, written};
use sha2::{Digest, Sha256};
use toml::Value;

use super::variants::is_idle;

/// A run that is to be trained.
#[derive(Clone, Debug)]
pub struct PlannedRun {
    /// What is trained.
    pub spec: RunSpec,
    /// What it is called.
    pub name: RunName,
    /// How.
    pub method: &'static Method,
    /// Updates of it.
    pub updates: u64,
    /// What it shares with the runs that differ from it in their seed alone.
    pub condition: Arc<Condition>,
    /// What tells it from other runs of its method in its folder, as `key=value;..`.
    pub variant: Arc<str>,
}

/// What runs that differ in their seed alone have in common.
#[derive(Debug)]
pub struct Condition {
    /// The same for runs that come out alike but for their seed and their number of updates: a hash of
    /// method, level, and the settings that matter to them.
    pub family: Arc<str>,
    /// Every setting that matters to the method at some level.
    pub settings: BTreeMap<String, Value>,
}

impl PlannedRun {
    /// Expected work in updates of a single-expert policy: a routed network is about three times
    /// the size.
    pub fn cost(&self) -> u64 {
        self.updates * self.cost_per_update()
    }

    /// Expected work of one update.
    pub fn cost_per_update(&self) -> u64 {
        self.method.network.cost_per_update()
    }

    /// Whether `other` is averaged with it: it differs in its seed alone.
    pub fn is_grouped_with(&self, other: &Self) -> bool {
        self.spec.settings.updates == other.spec.settings.updates
            && self.condition.family == other.condition.family
    }
}

impl Condition {
    /// Of the runs of `method` like `first`, which are configured as `configured`.
    pub fn new(method: &Method, first: &RunSpec, configured: &Configured) -> Self {
        let RunSpec { oversight, settings, .. } = first;
        let mut shown = settings.flat();
        set_idle_to_defaults(&mut shown, |key| is_idle(method, key, settings));
        let mut at_level = shown.clone();
        set_idle_to_defaults(&mut at_level, |key| {
            matches!(method.effect_of(key, settings, *oversight), Effect::None(_))
        });
        shown.extend(configured.variant.settings.clone());
        let text = format!("{} {oversight} {}", method.label, written(at_level.iter()));
        let family: String =
            Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        let family = family.into();
        Self { family, settings: shown }
    }
}

/// Puts those of `settings` that do nothing at their defaults.
fn set_idle_to_defaults(settings: &mut BTreeMap<String, Value>, is_idle: impl Fn(&str) -> bool) {
    let defaults = default_config();
    for (path, value) in settings {
        if let Some(key) = Key::find(path).filter(|key| is_idle(key.path)) {
            *value = key.value(&defaults);
        }
    }
}

/// Runs that differ in their seed alone and stand together, group by group.
pub fn groups(runs: &[PlannedRun]) -> impl Iterator<Item = &[PlannedRun]> {
    runs.chunk_by(PlannedRun::is_grouped_with)
}

/// Place of the method `label` in results: by the registry, those that this program does not have last.
pub fn rank(label: &str) -> (usize, &str) {
    (methods().position(|method| method.label == label).unwrap_or(usize::MAX), label)
}
