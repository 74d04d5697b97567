//! Which runs of a method are series of their own because their settings differ, and which are shorter ones of
//! others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use gr_runs::{by_settings, differing, spoken, written};
use gr_terminal::count;
use toml::Value;

use super::checks::{SHOWN, WORLD};
use super::plan::PlannedMethod;
use super::run::{Run, Variant};

/// Settings by dotted key.
type Flat = BTreeMap<String, Value>;

/// Gives every run whose method has runs of other settings the variant that it is.
pub fn name(runs: &mut [Run]) {
    let mut methods: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, run) in runs.iter().enumerate() {
        // A search chooses other settings at every level, by intention.
        if run.planned.is_some() && !run.series.chosen {
            methods.entry(run.series.method.clone()).or_default().push(index);
        }
    }
    for indices in methods.values() {
        let known: Vec<(Arc<PlannedMethod>, bool, PathBuf)> =
            distinct(indices.iter().map(|index| {
                let run = &runs[*index];
                let planned = run.planned.clone().expect("only such runs are listed");
                (planned, run.series.holdout.is_some(), run.folder.clone())
            }));
        for (place, variant) in variants(&known).into_iter().enumerate() {
            let (planned, has_holdout, folder) = &known[place];
            for index in indices {
                let run = &mut runs[*index];
                let is_of = run.planned.as_ref().is_some_and(|own| Arc::ptr_eq(own, planned))
                    && run.series.holdout.is_some() == *has_holdout
                    && run.folder == *folder;
                if is_of {
                    run.series.variant = variant.clone();
                }
            }
        }
    }
}

fn distinct(
    all: impl Iterator<Item = (Arc<PlannedMethod>, bool, PathBuf)>,
) -> Vec<(Arc<PlannedMethod>, bool, PathBuf)> {
    let mut known: Vec<(Arc<PlannedMethod>, bool, PathBuf)> = Vec::new();
    for (planned, has_holdout, folder) in all {
        let is_known = |(other, holdout, _): &(Arc<PlannedMethod>, bool, PathBuf)| {
            Arc::ptr_eq(other, &planned) && *holdout == has_holdout
        };
        if !known.iter().any(is_known) {
            known.push((planned, has_holdout, folder));
        }
    }
    known
}

/// The variant that each of some runs of one method is; none for those that differ in nothing.
fn variants(known: &[(Arc<PlannedMethod>, bool, PathBuf)]) -> Vec<Option<Variant>> {
    let flats: Vec<Flat> = known
        .iter()
        .map(|(planned, has_holdout, _)| {
            let mut flat = planned.flat.clone();
            // What no run has cannot tell it from others.
            flat.retain(|key, _| *has_holdout || !key.starts_with("early_stopping."));
            flat
        })
        .collect();
    let telling = telling_keys(known, &flats);
    let told: Vec<Flat> = flats
        .into_iter()
        .map(|mut flat| {
            flat.retain(|key, _| telling.contains(key));
            flat
        })
        .collect();
    let differing = differing(&told.iter().collect::<Vec<_>>());
    let pairs = |place: usize| differing[place].iter().map(|(key, value)| (*key, *value));
    let mut order: Vec<usize> = (0..known.len()).collect();
    order.sort_by(|a, b| by_settings(pairs(*a), pairs(*b)));
    let mut places = vec![0; known.len()];
    for pair in order.windows(2) {
        let is_another = by_settings(pairs(pair[0]), pairs(pair[1])).is_ne();
        places[pair[1]] = places[pair[0]] + usize::from(is_another);
    }
    let names: Vec<Option<&String>> = known.iter().map(|(own, ..)| own.name.as_ref()).collect();
    let variant = |place: usize| {
        if differing[place].is_empty() && names[place].is_none() {
            return None;
        }
        // A name that several variants share needs what else they differ in.
        let shares_name = |other: &usize| names[*other] == names[place];
        let is_unique = (0..known.len()).filter(shares_name).all(|it| places[it] == places[place]);
        let settings = pairs(place).filter(|(key, _)| !is_in_holdout(key));
        let spoken: Vec<String> = match names[place] {
            Some(_) if is_unique => Vec::new(),
            _ => settings.map(|(key, value)| spoken(key, value)).collect(),
        };
        let name: Vec<String> = names[place].cloned().into_iter().chain(spoken).collect();
        Some(Variant {
            place: places[place],
            settings: written(pairs(place)),
            name: name.join(", "),
        })
    };
    (0..known.len()).map(variant).collect()
}

/// Whether the name of a holdout says it.
fn is_in_holdout(key: &str) -> bool {
    ["early_stopping.holdout_source", "early_stopping.holdout_fraction"].contains(&key)
}

/// The keys that tell variants apart: those that differ within a folder, and between folders those that say
/// neither what is written of a run nor what cannot be drawn together.
fn telling_keys(known: &[(Arc<PlannedMethod>, bool, PathBuf)], flats: &[Flat]) -> BTreeSet<String> {
    let mut folders: HashMap<&PathBuf, Vec<&Flat>> = HashMap::new();
    for ((_, _, folder), flat) in known.iter().zip(flats) {
        folders.entry(folder).or_default().push(flat);
    }
    let keys_of = |flats: &[&Flat]| -> Vec<String> {
        differing(flats).iter().flat_map(BTreeMap::keys).map(|key| (*key).clone()).collect()
    };
    let within = folders.values().flat_map(|flats| keys_of(flats));
    let hidden = |key: &String| {
        !is_in_holdout(key) && SHOWN.iter().chain(&WORLD).any(|shown| key.starts_with(shown))
    };
    let between = keys_of(&flats.iter().collect::<Vec<_>>()).into_iter();
    within.chain(between.filter(|key| !hidden(key))).collect()
}

/// Leaves out those of `runs`, of one folder, that differ from longer ones in their number of updates
/// alone. Says how many.
pub fn keep_longest(runs: &mut Vec<Run>) -> Option<String> {
    type Family = (String, u64, String);
    let family = |run: &Run| -> Option<(Family, u64)> {
        let settings = run.planned.as_ref()?;
        let key =
            (run.series.method.clone(), run.oversight.0.to_bits(), written(settings.flat.iter()));
        Some((key, run.configured_updates?))
    };
    let mut longest: HashMap<Family, (bool, u64)> = HashMap::new();
    let families: Vec<Option<(Family, u64)>> = runs.iter().map(family).collect();
    for (run, family) in runs.iter().zip(&families) {
        if let Some((family, updates)) = family {
            let known = longest.entry(family.clone()).or_default();
            *known = (*known).max((run.is_finished(), *updates));
        }
    }
    let mut lengths: BTreeMap<u64, usize> = BTreeMap::new();
    let mut families = families.iter();
    runs.retain(|_| {
        let Some(Some((family, updates))) = families.next() else { return true };
        let is_kept = longest[family].1 == *updates;
        if !is_kept {
            *lengths.entry(*updates).or_default() += 1;
        }
        is_kept
    });
    if lengths.is_empty() {
        return None;
    }
    let said = lengths
        .iter()
        .map(|(updates, runs)| format!("{} of {}", count(*runs, "run"), count(*updates, "update")));
    let said: Vec<String> = said.collect();
    Some(format!("not drawn: {}, of which there are longer ones", said.join(" and ")))
}
