//! From a configuration to the list of runs: methods and their variants × oversight levels × seeds.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use gr_learn::{HoldoutUse, Method};
use gr_runs::{
    Asked, ConfigError, ConfigSources, Configured, EarlyStoppingSettings, HoldoutSource, RunName,
    RunSpec, Settings, SweepFile, by_settings,
};
use rayon::prelude::*;

use super::planned_run::{Condition, PlannedRun, rank};
use super::{effects, variants};

/// The runs of a sweep, in the order in which results list them.
#[derive(Clone, Debug)]
pub struct SweepPlan {
    /// The configuration that it was made from.
    pub file: SweepFile,
    /// The runs.
    pub runs: Vec<PlannedRun>,
    /// What was left out, and why.
    pub notices: Vec<String>,
}

impl SweepPlan {
    /// Expands what somebody asks for. Settings without effect are refused where a flag gives them; those
    /// of a file are said, and make no other sweep of it.
    ///
    /// # Errors
    /// As [`gr_runs::load`] and [`SweepPlan::new`], or a flag without effect.
    pub fn asked_for(sources: &ConfigSources) -> Result<Self, ConfigError> {
        let Asked { file, given, vary } = sources.read()?;
        let methods = given.iter().rfind(|given| given.key == "methods");
        let resolved = variants::resolve(&file, &vary);
        let planned = resolved.and_then(|(file, notices)| Ok((Self::new(file)?, notices)));
        let (mut plan, mut notices) = planned.map_err(|error| match methods {
            Some(given) if matches!(error, ConfigError::UnknownName { .. }) => {
                error.at(&given.origin)
            }
            _ => error,
        })?;
        let configured = plan.configured()?;
        let borrowed = || configured.iter().map(|(method, settings, p)| (*method, settings, *p));
        notices.extend(effects::judge(&given, borrowed)?);
        plan = Self::new(effects::without_idle(&plan.file, borrowed)?)?;
        notices.append(&mut plan.notices);
        Ok(Self { notices, ..plan })
    }

    /// What each of its groups of runs depends on.
    fn configured(&self) -> Result<Vec<(&'static Method, Settings, f64)>, ConfigError> {
        let levels = |configured: Configured| {
            let method = Method::find(&configured.variant.method)?;
            let trained = self.file.oversight.iter().filter(move |&&oversight| {
                (method.planned_updates)(self.file.settings.updates.0, oversight) > 0
            });
            Ok(trained.map(move |oversight| (method, configured.settings.clone(), *oversight)))
        };
        let all: Vec<_> =
            self.file.configured()?.into_iter().map(levels).collect::<Result<_, ConfigError>>()?;
        Ok(all.into_iter().flatten().collect())
    }

    /// Expands a checked configuration.
    ///
    /// # Errors
    /// An unknown method, or nothing left to train.
    pub fn new(file: SweepFile) -> Result<Self, ConfigError> {
        Self::expand(file, Method::find)
    }

    /// [`SweepPlan::new`] to look at results alone: a method that this program does not have is no error.
    ///
    /// # Errors
    /// If there is nothing to train.
    pub fn to_look_at(file: SweepFile) -> Result<Self, ConfigError> {
        Self::expand(file, |label| Ok(Method::find_or_stand_in(label)))
    }

    fn expand(
        file: SweepFile,
        find: impl Fn(&str) -> Result<&'static Method, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let file = in_order(file);
        let mut runs = Vec::new();
        let mut notices = Vec::new();
        for configured in file.configured()? {
            let method = find(&configured.variant.method)?;
            let settings = settings_of(method, &configured.settings)?;
            for &oversight in &file.oversight {
                let of_file = settings.updates.0;
                let updates = (method.planned_updates)(of_file, oversight);
                if updates == 0 {
                    notices.push(format!(
                        "{} at p = {oversight} is left out: p times its {of_file} updates is less than one update",
                        method.label
                    ));
                    continue;
                }
                notices.extend(holdout_notice(method, &settings, oversight, updates));
                let seeds = file.seeds.as_slice();
                let first = RunSpec {
                    method: method.label.into(),
                    oversight,
                    seed: seeds[0],
                    settings: settings.clone(),
                };
                if let Some(message) = method.refusal(&first) {
                    let described = configured.variant.described();
                    let message = format!("{described} at p = {oversight}: {message}");
                    return Err(ConfigError::Conflict { keys: &[], message });
                }
                let condition = Arc::new(Condition::new(method, &first, &configured));
                // Names are hashes, and there may be a hundred thousand.
                let names = seeds.par_chunks(1000).flat_map_iter(|s| first.names_with_seeds(s));
                let names: Vec<RunName> = names.collect();
                runs.extend(seeds.iter().zip(names).map(|(&seed, name)| PlannedRun {
                    spec: RunSpec { seed, ..first.clone() },
                    name,
                    method,
                    updates,
                    condition: condition.clone(),
                    variant: "".into(),
                }));
            }
        }
        // The same notice of several variants is said once.
        let mut said = HashSet::new();
        notices.retain(|notice| said.insert(notice.clone()));
        if runs.is_empty() {
            let value = file.settings.updates.0;
            return Err(ConfigError::value(
                "updates",
                value,
                "so many that p times as many are left for oracle",
            ));
        }
        Ok(Self { file, runs, notices })
    }

    /// The folder that a sweep gets when none is named: readable, and another one for every
    /// configuration.
    pub fn default_folder(&self) -> PathBuf {
        let levels: Vec<String> = self.file.oversight.iter().map(f64::to_string).collect();
        let levels =
            if levels.len() > 3 { format!("{}-levels", levels.len()) } else { levels.join("-") };
        let updates = self.file.settings.updates.0;
        results_folder(&format!("p{levels}_u{updates}"), &self.file.to_table())
    }
}

/// The folder below `results/` that begins with `name` and is another one for every `configuration`.
pub fn results_folder(name: &str, configuration: &toml::Table) -> PathBuf {
    // FNV-1a: a name needs no more than to differ.
    let text = toml::to_string(configuration).expect("a configuration is plain data");
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    PathBuf::from("results").join(format!("{name}_{:08x}", hash as u32))
}

/// The same sweep, its lists in the order in which results list them: however somebody typed them, they
/// make the same plan.
fn in_order(mut file: SweepFile) -> SweepFile {
    file.methods.sort_by(|a, b| rank(a).cmp(&rank(b)));
    file.oversight.sort_by(f64::total_cmp);
    file.seeds = file.seeds.ascending();
    file.variants.sort_by(|a, b| {
        let settings = by_settings(a.settings.iter(), b.settings.iter());
        rank(&a.method).cmp(&rank(&b.method)).then(settings).then_with(|| a.name.cmp(&b.name))
    });
    file
}

/// The settings of a method's runs: its early stopping is on or off, as configuration and method
/// say together.
fn settings_of(method: &Method, configured: &Settings) -> Result<Settings, ConfigError> {
    let mut settings = configured.for_method(method.label);
    settings.early_stopping.enabled = method.stops_early(configured);
    if method.early_stopping == HoldoutUse::Refused && configured.early_stopping.enabled {
        return Err(ConfigError::value(
            "early_stopping.enabled",
            true,
            format!(
                "false with the method {}, which trains on all labels: leave one of them out",
                method.label
            ),
        ));
    }
    if !settings.early_stopping.enabled {
        settings.early_stopping = EarlyStoppingSettings::default();
    }
    Ok(settings)
}

/// What the user should know before waiting for a rule that cannot do anything.
fn holdout_notice(
    method: &Method,
    settings: &Settings,
    oversight: f64,
    updates: u64,
) -> Option<String> {
    let early_stopping = &settings.early_stopping;
    if !early_stopping.enabled {
        return None;
    }
    let run = format!("warning: {} at p = {oversight}", method.label);
    if oversight == 0.0 && early_stopping.holdout_source != HoldoutSource::Privileged {
        return Some(format!(
            "{run} never earns a label for its holdout: it keeps its last policy"
        ));
    }
    let patience = early_stopping.patience.updates(oversight)?;
    let earliest = early_stopping.min_steps.saturating_add(patience);
    (earliest >= updates).then(|| {
        format!(
            "{run} can never stop early: early_stopping.min_steps {} and patience, {patience} in \
             updates, go beyond its last update, {}; the best checkpoint is kept",
            early_stopping.min_steps,
            updates - 1
        )
    })
}

#[cfg(test)]
mod tests;
