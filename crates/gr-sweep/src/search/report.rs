//! What a search came to. Two claims that are kept apart: what a random setting does, and what the
//! setting that the holdout chose does on seeds that the search never saw.

use std::collections::BTreeMap;

use gr_runs::{HoldoutReturn, Seed};
use gr_stats::{crossed_mean_interval, mean_interval, quartiles};
use serde::Serialize;

use super::outcome::GroupOutcome;
use super::select::{Selected, select};
use super::trial::SearchGroup;
use crate::results::group::Group;
use crate::results::summary::FailedRun;

/// Confidence of the intervals.
const CONFIDENCE: f64 = 0.95;

/// All that is said of a search.
#[derive(Debug, Serialize)]
pub struct SearchReport {
    /// [`gr_runs::REPORT_VERSION`].
    pub schema_version: u32,
    /// Where the files are.
    pub folder: String,
    /// Seed of the draws.
    pub seed: u64,
    /// Trials of each method at each oversight level.
    pub trials: u64,
    /// What should be known of the search as a whole.
    pub notices: Vec<String>,
    /// Methods × oversight levels.
    pub groups: Vec<GroupReport>,
    /// Runs of trials and re-runs that have failed.
    pub failed: Vec<FailedRun>,
    /// Runs of trials and re-runs that are not over.
    pub missing: usize,
}

/// One method at one oversight level.
#[derive(Debug, Serialize)]
pub struct GroupReport {
    /// Method label.
    #[serde(rename = "run_label")]
    pub method: String,
    /// What it sets apart from other groups of the method, as `key=value;..`.
    pub variant: String,
    /// Oversight level p.
    #[serde(rename = "oversight_prob")]
    pub oversight: f64,
    /// Which policy the returns are of.
    pub policy_type: String,
    /// What a holdout was; none without early stopping.
    pub holdout_sources: Vec<&'static str>,
    /// The first claim.
    pub random_setting: Distribution,
    /// The second claim.
    pub chosen_setting: ChosenSetting,
}

/// The true return over random settings, nothing selected but each run's own checkpoint.
#[derive(Debug, PartialEq, Serialize)]
pub struct Distribution {
    /// Finished trials, which all of this is over.
    pub n: usize,
    /// Trials left out because a run has failed.
    pub failed: usize,
    /// Trials left out because a run is not over.
    pub missing: usize,
    /// Mean true return of the kept checkpoints; absent without trials.
    #[serde(rename = "mean_selected_return")]
    pub mean_return: Option<f64>,
    /// 95 % interval of the mean; absent for fewer than two trials, for trials that all agree, and where
    /// trials share their only seed.
    pub interval: Option<[f64; 2]>,
    /// What the interval is over and how it was made, or why there is none.
    pub interval_over: String,
    /// First quartile, median and third quartile over trials; absent for fewer than two trials and for
    /// trials that all agree.
    pub quartiles: Option<[f64; 3]>,
    /// Mean number of true labels that a run used in training.
    pub mean_labels_training: Option<f64>,
    /// Mean number that it used in validation; absent where they are unlimited.
    pub mean_labels_holdout: Option<f64>,
}

/// The setting chosen by the holdout.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ChosenSetting {
    /// There is none.
    None {
        /// Why.
        reason: String,
    },
    /// There is one.
    Chosen(Box<Chosen>),
}

/// A chosen setting and what it does.
#[derive(Debug, Serialize)]
pub struct Chosen {
    /// Number of the trial.
    pub trial: u64,
    /// What the trial drew, by searched key.
    pub settings: BTreeMap<String, toml::Value>,
    /// The holdout return that it was chosen by, which is biased upwards: the highest of the checks that were
    /// compared, as a mean over the trial's runs, and the highest of all candidates'.
    pub holdout_return: HoldoutReturn,
    /// Checks of every run that were compared: the fewest that a run of any candidate has, evenly spread over
    /// each run. The highest of more checks would be higher by luck alone.
    pub checks_compared: usize,
    /// Trials that it was chosen from.
    pub candidates: usize,
    /// Labels that all finished runs of the search used in training.
    pub search_labels_training: u64,
    /// Labels that they used in validation; absent where they are unlimited.
    pub search_labels_holdout: Option<u64>,
    /// Runs of the search that have failed, whose labels are not known and not among these.
    pub search_runs_not_counted: usize,
    /// The setting on seeds that the search never saw; absent if it was not run again.
    pub rerun: Option<Group>,
}

impl GroupReport {
    /// What `outcome` says of `group`.
    pub fn new(group: &SearchGroup, keys: &[&str], outcome: &GroupOutcome) -> Self {
        Self {
            method: group.method.label.into(),
            variant: group.settings(),
            oversight: group.oversight,
            policy_type: group.method.headline().name().into(),
            holdout_sources: group.holdout_sources(),
            random_setting: Distribution::new(group, outcome),
            chosen_setting: ChosenSetting::new(group, keys, outcome),
        }
    }

    /// The chosen setting, if there is one.
    pub fn chosen(&self) -> Option<&Chosen> {
        match &self.chosen_setting {
            ChosenSetting::Chosen(chosen) => Some(chosen),
            ChosenSetting::None { .. } => None,
        }
    }

    /// Takes in what the re-run came to.
    pub fn set_rerun(&mut self, rerun: Option<Group>) {
        if let ChosenSetting::Chosen(chosen) = &mut self.chosen_setting {
            chosen.rerun = rerun;
        }
    }
}

impl Distribution {
    fn new(group: &SearchGroup, outcome: &GroupOutcome) -> Self {
        let with =
            |status: &'static str| outcome.rows.iter().filter(move |(row, _)| row.status == status);
        let returns: Vec<f64> =
            with("finished").filter_map(|(row, _)| row.selected_return).collect();
        let seeds: Vec<&[Seed]> =
            group.trials.iter().map(|trial| trial.file.seeds.as_slice()).collect();
        let shared = seeds.len() > 1 && seeds.iter().all(|of_trial| *of_trial == seeds[0]);
        let (interval, interval_over) = match (shared, seeds.first().map_or(0, |s| s.len())) {
            (false, _) => {
                let over = "trials, each with a seed of its own (Student t)";
                (mean_interval(&returns, CONFIDENCE), over.into())
            }
            (true, 1) => {
                let over = "no interval: all trials share one seed, and what it does to their returns cannot be told";
                (crossed_mean_interval(&outcome.returns, CONFIDENCE), over.into())
            }
            (true, number) => {
                let over = format!(
                    "trials and the {number} seeds that they share (crossed variance components)"
                );
                (crossed_mean_interval(&outcome.returns, CONFIDENCE), over)
            }
        };
        let half_width = interval.and_then(|interval| interval.half_width);
        let mean = |labels: Vec<f64>| mean_interval(&labels, CONFIDENCE).map(|labels| labels.mean);
        let labels = outcome.labels.values();
        let training = labels.clone().map(|(training, _)| *training as f64).collect();
        let holdout: Option<Vec<f64>> =
            labels.map(|(_, holdout)| Some(holdout.counted()? as f64)).collect();
        Self {
            n: returns.len(),
            failed: with("failed").count(),
            missing: with("missing").count(),
            mean_return: interval.map(|interval| interval.mean),
            interval: interval.zip(half_width).map(|(i, half)| [i.mean - half, i.mean + half]),
            interval_over,
            quartiles: quartiles(&returns),
            mean_labels_training: mean(training),
            mean_labels_holdout: holdout.and_then(mean),
        }
    }
}

impl ChosenSetting {
    fn new(group: &SearchGroup, keys: &[&str], outcome: &GroupOutcome) -> Self {
        let none = |reason: &str| Self::None { reason: reason.into() };
        if let Some(reason) = group.why_no_selection() {
            return none(reason);
        }
        if outcome.missing > 0 {
            return none("the search is not finished");
        }
        let selected = select(&outcome.candidates);
        let Some(Selected { trial, holdout_return, checks_compared }) = selected else {
            return none("no trial could pay for a check against its holdout");
        };
        let drawn = group.trials[trial as usize].drawn.iter().cloned();
        let keys = keys.iter().map(|key| key.to_string());
        Self::Chosen(Box::new(Chosen {
            trial,
            settings: keys.zip(drawn).collect(),
            holdout_return,
            checks_compared,
            candidates: outcome.candidates.len(),
            search_labels_training: outcome.labels.values().map(|(training, _)| training).sum(),
            search_labels_holdout: outcome
                .labels
                .values()
                .map(|(_, holdout)| holdout.counted())
                .sum(),
            search_runs_not_counted: outcome.failed.len(),
            rerun: None,
        }))
    }
}
