//! A row of `trials.csv`: what the trials of a hyperparameter search drew and what came of it.

use serde::{Deserialize, Serialize};

use super::HoldoutReturn;
use super::schema::unnamed_schema;

/// A row of `trials.csv`: one trial, in order. Behind `schema_version` the file has one more column for
/// every searched key, with what the trial drew.
///
/// Figures are means over the trial's seeds, and empty unless all of its runs are finished.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialRow {
    /// Number of the trial, from 0 for each method and oversight level.
    pub trial: u64,
    /// Method label.
    pub run_label: String,
    /// Nominal oversight level p.
    pub oversight_prob: f64,
    /// Seeds of its runs, with spaces between.
    pub seeds: String,
    /// Finished runs.
    pub n: usize,
    /// `finished` if all runs are, `failed` if one has failed, else `missing`.
    pub status: String,
    /// `fresh` or `stale`.
    pub first_observation: String,
    /// Updates that each run trains, all being well.
    pub planned_updates: u64,
    /// Holdout return of the kept checkpoints; empty unless every run has one that was paid for.
    pub holdout_return: Option<HoldoutReturn>,
    /// True return of the kept checkpoints.
    pub selected_return: Option<f64>,
    /// True return after the last update.
    pub final_return: Option<f64>,
    /// The update after which the kept checkpoints were.
    pub selected_update: Option<f64>,
    /// The update at which training was stopped early; empty unless every run was.
    pub stopped_update: Option<f64>,
    /// True labels that training used, summed over the finished runs; empty without one.
    pub labels_training: Option<u64>,
    /// True labels that validation used, summed likewise; empty where they are unlimited.
    pub labels_holdout: Option<u64>,
    /// `hidden`, `visible` or `privileged`; empty without early stopping.
    pub holdout_source: Option<String>,
    /// Whether validation may use as many labels as it likes: `privileged` alone.
    #[serde(default)]
    pub labels_holdout_unlimited: bool,
    /// `key=value;..` of what varies beside the searched keys; empty where nothing does.
    #[serde(default)]
    pub variant: String,
    /// [`SCHEMA_VERSION`](super::SCHEMA_VERSION) of the program that wrote the row.
    #[serde(default = "unnamed_schema")]
    pub schema_version: u32,
}
