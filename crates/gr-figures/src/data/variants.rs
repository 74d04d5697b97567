//! Which runs of a method are series of their own because their settings differ, and which are shorter ones of
//! others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use gr_runs::{differing, is_default, places, spoken, written};
use gr_terminal::count;
use toml::Value;

use super::checks::{SHOWN, WORLD};
use super::plan::PlannedMethod;
use super::run::{Holdout, Run, Variant};

/// Settings by dotted key.
type Flat = BTreeMap<String, Value>;

/// Runs that have their settings and their folder in common.
struct Alike {
    planned: Arc<PlannedMethod>,
    holdout: Option<Holdout>,
    folder: PathBuf,
}

impl Alike {
    fn of(run: &Run) -> Option<Self> {
        let (holdout, folder) = (run.series.holdout.clone(), run.folder.clone());
        Some(Self { planned: run.planned.clone()?, holdout, folder })
    }

    fn is_of(&self, run: &Run) -> bool {
        let has_settings = |planned| Arc::ptr_eq(planned, &self.planned);
        run.planned.as_ref().is_some_and(has_settings)
            && run.series.holdout == self.holdout
            && run.folder == self.folder
    }
}

/// Gives every run whose method has runs of other settings the variant that it is.
pub fn name(runs: &mut [Run]) {
    let mut methods: BTreeMap<String, Vec<Alike>> = BTreeMap::new();
    // A search chooses other settings at every level, by intention.
    for run in runs.iter().filter(|run| !run.series.chosen) {
        let known = methods.entry(run.series.method.clone()).or_default();
        if !known.iter().any(|alike| alike.is_of(run)) {
            known.extend(Alike::of(run));
        }
    }
    let variants: BTreeMap<&String, Vec<Option<Variant>>> =
        methods.iter().map(|(method, known)| (method, variants(known))).collect();
    for run in runs.iter_mut().filter(|run| !run.series.chosen) {
        let known = &methods[&run.series.method];
        if let Some(place) = known.iter().position(|alike| alike.is_of(run)) {
            run.series.variant = variants[&run.series.method][place].clone();
        }
    }
}

/// The variant that each of some runs of one method is; none for those that differ in nothing.
fn variants(known: &[Alike]) -> Vec<Option<Variant>> {
    let flats: Vec<Flat> = known
        .iter()
        .map(|alike| {
            let mut flat = alike.planned.flat.clone();
            // What no run has cannot tell it from others.
            flat.retain(|key, _| alike.holdout.is_some() || !key.starts_with("early_stopping."));
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
    let places = places(&differing);
    let name = |place: usize| known[place].planned.name.as_ref();
    // What a series is called without its settings; settings are said where that is not enough.
    let is_enough = |place: usize| {
        let shares_it = |other: &usize| {
            name(*other) == name(place) && known[*other].holdout == known[place].holdout
        };
        (0..known.len()).filter(shares_it).all(|other| places[other] == places[place])
    };
    let all_enough = (0..known.len()).all(|place| is_enough(place) && name(place).is_none());
    let variant = |place: usize| {
        if differing[place].is_empty() && name(place).is_none() {
            return None;
        }
        let is_news =
            |(key, value): &(&String, &Value)| !is_in_holdout(key) && !is_default(key, value);
        let settings = pairs(place).filter(is_news);
        let is_named = all_enough || (name(place).is_some() && is_enough(place));
        let spoken = settings.filter(|_| !is_named).map(|(key, value)| spoken(key, value));
        let name: Vec<String> = name(place).cloned().into_iter().chain(spoken).collect();
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
fn telling_keys(known: &[Alike], flats: &[Flat]) -> BTreeSet<String> {
    let mut folders: HashMap<&PathBuf, Vec<&Flat>> = HashMap::new();
    for (Alike { folder, .. }, flat) in known.iter().zip(flats) {
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
