//! A run: one method at one oversight level with one seed, and the key that names it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::settings::{Seed, Settings};

/// Changes whenever the same settings would give other numbers than before, so that results of
/// different programs are never taken for the same run.
const RESULT_FORMAT: u32 = 1;

/// Everything that a run's results depend on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSpec {
    /// Method label.
    pub method: String,
    /// Oversight level p.
    pub oversight: f64,
    /// Seed.
    pub seed: Seed,
    /// What it shares with the other runs of its sweep.
    pub settings: Settings,
}

/// Name of a run in files and columns, such as `routing_p0.01_s3_1f0c9ad2`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

/// What a run is called: in files, and in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunName {
    /// What people read, and enough of the key to be unique.
    pub id: RunId,
    /// [`RunSpec::key`].
    pub key: String,
}

impl RunSpec {
    /// Stable hash of everything that the results depend on, as 64 hexadecimal digits.
    pub fn key(&self) -> String {
        self.name().key
    }

    /// What the run is called.
    pub fn name(&self) -> RunName {
        self.names_with_seeds(&[self.seed]).swap_remove(0)
    }

    /// What the runs that differ from this one in their seed alone are called. Writing down a run
    /// takes far longer than hashing it, and a sweep may have a hundred thousand.
    pub fn names_with_seeds(&self, seeds: &[Seed]) -> Vec<RunName> {
        let text = toml::to_string(self).expect("a run is plain data");
        let line = format!("\nseed = {}\n", self.seed);
        let (before, after) = text.split_once(&line).expect("a run has its seed on a line");
        let name = |seed: &Seed| {
            let mut hash = Sha256::new_with_prefix(format!("format = {RESULT_FORMAT}\n{before}"));
            hash.update(format!("\nseed = {seed}\n"));
            hash.update(after);
            let key = hex(&hash.finalize());
            let Self { method, oversight, .. } = self;
            RunName { id: RunId(format!("{method}_p{oversight}_s{seed}_{}", &key[..8])), key }
        };
        seeds.iter().map(name).collect()
    }

    /// Probability that a goal is flagged for the agent in training: below the oversight level by
    /// what is set aside for a holdout.
    pub fn training_oversight(&self) -> f64 {
        self.oversight * (1.0 - self.settings.early_stopping.share_set_aside())
    }

    /// What people read, and enough of the key to be unique.
    pub fn id(&self) -> RunId {
        self.name().id
    }
}

impl RunId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The run that a file is named after.
    pub(crate) fn of_file(text: &str) -> Self {
        Self(text.into())
    }
}

impl FromStr for RunId {
    type Err = String;

    /// A name that stands in a file. It becomes part of other files' names, and must not lead elsewhere.
    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if !text.is_empty() && text.chars().all(is_plain) {
            Ok(Self(text.into()))
        } else {
            Err(format!("\"{text}\" is no name of a run: letters, digits, \"_\", \"-\" and \".\""))
        }
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{
        EarlyStoppingSettings, HoldoutSource, LabelBudget, OverseenCells, OverseenWeight, Patience,
        RewardChoice,
    };

    fn spec() -> RunSpec {
        RunSpec {
            method: "routing".into(),
            oversight: 0.01,
            seed: 3,
            settings: Settings::default(),
        }
    }

    #[test]
    fn key_depends_on_every_part_of_a_run() {
        let mut specs = vec![spec(); 5];
        specs[1].seed = 4;
        specs[2].method = "oracle".into();
        specs[3].oversight = 0.02;
        specs[4].settings.masks.both.gate = 0.5;
        let mut keys: Vec<String> = specs.iter().map(RunSpec::key).collect();
        assert_eq!(keys[0], spec().key());
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 5);
    }

    #[test]
    fn names_of_many_seeds_are_the_names_of_each() {
        let mut spec = spec();
        spec.settings.early_stopping.enabled = true;
        let names = spec.names_with_seeds(&[0, 3, 1 << 40, u64::MAX - 1]);
        for (name, seed) in names.iter().zip([0, 3, 1 << 40, u64::MAX - 1]) {
            let spec = RunSpec { seed, ..spec.clone() };
            let text = toml::to_string(&spec).unwrap();
            let hashed = hex(&Sha256::digest(format!("format = {RESULT_FORMAT}\n{text}")));
            assert_eq!((&name.key, &name.id), (&hashed, &spec.id()));
            assert_eq!(toml::from_str::<RunSpec>(&text).unwrap(), spec);
        }
    }

    #[test]
    fn runs_keep_their_names() {
        // Recorded once: another name here means that published runs are not found any more.
        let mut spec = RunSpec { method: "naive_outcomes".into(), seed: 0, ..spec() };
        spec.settings.updates.0 = 10_000;
        spec.settings.environment.first_observation = gr_grid::FirstObservation::Stale;
        assert_eq!(spec.id().as_str(), "naive_outcomes_p0.01_s0_8699beb2");
    }

    #[test]
    fn early_stopping_is_part_of_a_run_only_where_it_is_on() {
        let key = |change: fn(&mut EarlyStoppingSettings)| {
            let mut spec = spec();
            change(&mut spec.settings.early_stopping);
            spec.key()
        };
        let plain = spec().key();
        assert_eq!(key(|settings| settings.patience = Patience::Unlimited), plain);
        let on = key(|settings| settings.enabled = true);
        assert_ne!(on, plain);
        let other = |settings: &mut EarlyStoppingSettings| {
            (settings.enabled, settings.holdout_fraction) = (true, 0.4);
        };
        assert_ne!(key(other), on);
    }

    #[test]
    fn perfect_oversight_is_no_part_of_a_name_and_any_other_is() {
        let changes: [fn(&mut Settings); 7] = [
            |settings| settings.environment.flag_visibility = 0.5,
            |settings| settings.overseer.label_noise = 0.1,
            |settings| settings.overseer.label_budget = LabelBudget::Labels(100),
            |settings| settings.overseer.cells = OverseenCells::Listed(vec![0, 1]),
            |settings| settings.training.overseen_weight = OverseenWeight::Times(10.0),
            |settings| settings.training.reward = RewardChoice::Named("naive".into()),
            |settings| settings.training.reward_scale = 2.0,
        ];
        let text = toml::to_string(&spec()).unwrap();
        for word in ["visibility", "overseer", "overseen", "reward"] {
            assert!(!text.contains(word), "{word}");
        }
        for change in changes {
            let mut other = spec();
            change(&mut other.settings);
            assert_ne!(other.key(), spec().key());
            let text = toml::to_string(&other).unwrap();
            assert_eq!(toml::from_str::<RunSpec>(&text).unwrap(), other);
        }
    }

    #[test]
    fn a_paid_holdout_comes_out_of_the_oversight_of_training() {
        let mut spec = spec();
        assert_eq!(spec.training_oversight(), 0.01);
        let settings = &mut spec.settings.early_stopping;
        (settings.enabled, settings.holdout_fraction) = (true, 0.4);
        assert!((spec.training_oversight() - 0.006).abs() < 1e-12);
        spec.settings.early_stopping.holdout_source = HoldoutSource::Privileged;
        assert_eq!(spec.training_oversight(), 0.01);
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let id = spec().id();
        assert_eq!(id.as_str().parse(), Ok(id));
        for text in ["", "/etc/passwd", "../../x", "a/b", "a\\b", "a\0b", "a b", "é"] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
    }

    #[test]
    fn id_is_readable() {
        let id = spec().id();
        assert!(id.as_str().starts_with("routing_p0.01_s3_"), "{id}");
    }
}
