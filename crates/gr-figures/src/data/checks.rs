//! What must not stand in one figure: the same run twice, different worlds, different meanings.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use gr_runs::{is_default, spoken};

use super::plan::Plan;
use super::{Results, Run, RunState};

/// Settings that say which runs there are or what is written of them, not what a run is, and those
/// that stand in the names of series.
pub const SHOWN: [&str; 10] = [
    "schema_version",
    "variants",
    "methods",
    "oversight",
    "seeds",
    "updates",
    "recording.",
    "evaluation.every",
    "early_stopping.holdout_fraction",
    "early_stopping.holdout_source",
];

/// Settings that change what a return means.
pub const WORLD: [&str; 6] = [
    "environment.rows",
    "environment.cols",
    "environment.max_step",
    "environment.spurious_oversight",
    "environment.first_observation",
    "training.discount",
];

/// Refuses what cannot be drawn together. Returns the other settings in which folders differ.
pub fn check(results: &Results) -> Result<Vec<String>> {
    same_meaning(results)?;
    each_run_once(&results.runs)?;
    each_trial_once(results)?;
    let variants: BTreeSet<&str> = results
        .runs
        .iter()
        .filter_map(|run| Some(&*run.series.variant.as_ref()?.settings))
        .collect();
    // What stands in the names of series needs not be said.
    let is_named = |key: &str| {
        let mut settings = variants.iter().flat_map(|settings| settings.split(';'));
        settings.any(|setting| setting.split_once('=').is_some_and(|(name, _)| name == key))
    };
    let mut differences: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (index, plan) in results.plans.iter().enumerate() {
        for earlier in results.plans[..index].iter().filter(|other| other.folder() != plan.folder())
        {
            for (key, ours) in plan.settings() {
                let Some(theirs) = earlier.settings().get(key).filter(|value| *value != ours)
                else {
                    continue;
                };
                // What a search chose differs from everything by intention.
                let chosen = (plan.chosen || earlier.chosen) && key.starts_with("early_stopping.");
                if chosen || SHOWN.iter().any(|shown| key.starts_with(shown)) || is_named(key) {
                    continue;
                }
                if WORLD.contains(&key.as_str()) {
                    bail!(
                        "{}: {key} = {ours}, but {} has {theirs}; runs that differ in it cannot \
                         be drawn together, draw these folders one by one",
                        plan.path().display(),
                        earlier.path().display()
                    );
                }
                let values = differences.entry(key.clone()).or_default();
                for value in [theirs, ours].map(ToString::to_string) {
                    if !values.contains(&value) {
                        values.push(value);
                    }
                }
            }
        }
    }
    let sentence = |(key, values): (String, Vec<String>)| {
        format!("{key} differs between folders ({})", values.join("; "))
    };
    Ok(differences.into_iter().map(sentence).collect())
}

/// The settings besides the defaults that all of `plans` have, in words. Captions say how episodes begin by themselves.
pub fn shared_settings(plans: &[Plan]) -> Vec<String> {
    let Some((first, others)) = plans.split_first() else { return Vec::new() };
    let is_told = |(key, value): &(&String, &toml::Value)| {
        let is_shown = SHOWN.iter().any(|shown| key.starts_with(shown));
        let is_said = is_shown || *key == "environment.first_observation" || is_default(key, value);
        !is_said && others.iter().all(|plan| plan.settings().get(*key) == Some(value))
    };
    let told = first.settings().iter().filter(is_told);
    told.map(|(key, value)| spoken(key, value)).collect()
}

fn each_trial_once(results: &Results) -> Result<()> {
    let mut seen = BTreeSet::new();
    for trial in &results.trials {
        if !seen.insert((
            &trial.method,
            &trial.variant,
            trial.oversight,
            &trial.source,
            &trial.name,
        )) {
            bail!(
                "trial {} of {} at {} is there twice; give the folder of one search",
                trial.name,
                trial.method,
                trial.oversight
            );
        }
    }
    Ok(())
}

fn same_meaning(results: &Results) -> Result<()> {
    let name = |meaning: Option<&str>| meaning.unwrap_or("not recorded").to_string();
    // Of a run that cannot be read nobody knows.
    let readable = results.runs.iter().filter(|run| run.state != RunState::Unreadable);
    let of_runs =
        readable.map(|run| (name(run.first_observation.as_deref()), format!("run {}", run.id)));
    let of_trials = results
        .trials
        .iter()
        .map(|trial| (name(Some(&trial.first_observation)), format!("trial {}", trial.name)));
    let all: Vec<(String, String)> = of_runs.chain(of_trials).collect();
    let Some((first, who)) = all.first() else { return Ok(()) };
    match all.iter().find(|(meaning, _)| meaning != first) {
        Some((other, another)) => bail!(
            "first_observation is {first} in {who} and {other} in {another}; their returns do not \
             compare, draw them one by one"
        ),
        None => Ok(()),
    }
}

fn each_run_once(runs: &[Run]) -> Result<()> {
    let mut seen: BTreeMap<String, &Run> = BTreeMap::new();
    for run in runs {
        let who = run.seed.map_or_else(|| run.id.clone(), |seed| format!("seed {seed}"));
        let name = format!("{:?} {} {who}", run.series, run.oversight);
        if let Some(other) = seen.insert(name, run) {
            bail!(
                "{} at {} has {} twice, in {} and in {}; a seed counts once, leave one of them out",
                run.series.method,
                run.oversight,
                run.seed_name(),
                other.folder.display(),
                run.folder.display()
            );
        }
    }
    Ok(())
}
