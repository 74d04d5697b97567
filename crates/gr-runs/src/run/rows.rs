//! The columns of every CSV file. The first ones of evaluation and training rows carry the names
//! and meanings of the published code's files; ours follow, so that scripts written for it read
//! them unchanged. Absent is empty, never 0. A column has one type.
//!
//! Every row ends with the version of the schema (`schema.rs`). Behind it stand the columns that a
//! method has of its own (`extended_row.rs`).

use serde::{Deserialize, Serialize};

use super::HoldoutReturn;
use super::schema::unnamed_schema;
use crate::settings::Seed;

/// A row of `eval_results_<run>.csv`: one policy of one run after one update.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EvaluationRow {
    /// The update just done, counted from 0.
    pub update_idx: u64,
    /// Method label.
    pub run_label: String,
    /// Nominal oversight level p.
    pub oversight_prob: f64,
    /// `training_policy`, `diamond` or `ghost`.
    pub policy_type: String,
    /// Share of completed episodes that ended on the diamond, overseen; as all shares, empty where no
    /// episode is completed.
    pub reached_diamond_seen: Option<f64>,
    /// Share of completed episodes that ended on the ghost, overseen.
    pub reached_ghost_seen: Option<f64>,
    /// Share of completed episodes that ended on the diamond, not overseen.
    pub reached_diamond_unseen: Option<f64>,
    /// Share of completed episodes that ended on the ghost, not overseen.
    pub reached_ghost_unseen: Option<f64>,
    /// Episodes completed in the evaluation (expected number, if exact).
    pub n_complete_eps: f64,
    /// Mean steps of a completed episode; empty where there is none.
    pub complete_ep_len: Option<f64>,
    /// Mean discounted true return over all steps and environments of the evaluation.
    pub avg_return: f64,
    /// Name of the run.
    pub run_id: String,
    /// Seed of the run.
    pub seed: Seed,
    /// `fresh` or `stale`.
    pub first_observation: String,
    /// `exact` or `sampled`.
    pub evaluation: String,
    /// P(ghost | ghost tile unflagged) − P(ghost | ghost tile flagged); exact only.
    pub gaming_gap: Option<f64>,
    /// True labels that training has used so far.
    pub labels_training: u64,
    /// `avg_return` where no flag is ever drawn (p = 0 in the evaluation, none off the goals). Empty in
    /// rows of schema 1.
    pub avg_return_unflagged: Option<f64>,
    /// [`SCHEMA_VERSION`](super::SCHEMA_VERSION) of the program that wrote the row.
    #[serde(default = "unnamed_schema")]
    pub schema_version: u32,
}

/// A row of `train_results_<run>.csv`: what one update saw. Means are over the samples that the
/// method keeps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingRow {
    /// Environment steps taken so far, this update's included.
    pub global_step: u64,
    /// −mean log π(a|s) (G − V).
    pub policy_loss: f64,
    /// Value coefficient × mean (V − G)².
    pub value_loss: f64,
    /// Gate loss coefficient × gate loss; routed networks with a gate only.
    pub gate_loss: Option<f64>,
    /// Entropy coefficient × mean entropy: negative for routed methods, positive for the others, as
    /// in the published code.
    pub entropy_bonus: f64,
    /// The sum that is minimised: kept samples count, N does not shrink with them.
    pub loss: f64,
    /// Mean probability of the action taken.
    pub avg_action_prob: f64,
    /// Mean discounted return under the method's own reward.
    pub avg_return: f64,
    /// Mean of min(g, 1 − g).
    pub avg_gate_openness: Option<f64>,
    /// Mean gate over samples routed to the diamond expert; empty if there were none.
    pub avg_seen_diamond_gate: Option<f64>,
    /// Mean gate over samples routed to the ghost expert; empty if there were none.
    pub avg_seen_ghost_gate: Option<f64>,
    /// Mean gate over all other samples; empty if there were none.
    pub avg_unseen_or_unfinished_gate: Option<f64>,
    /// Share of samples kept; methods that drop some only.
    pub kept_pct: Option<f64>,
    /// The update, counted from 0.
    pub update_idx: u64,
    /// Method label.
    pub run_label: String,
    /// Nominal oversight level p.
    pub oversight_prob: f64,
    /// Name of the run.
    pub run_id: String,
    /// Seed of the run.
    pub seed: Seed,
    /// `fresh` or `stale`.
    pub first_observation: String,
    /// True labels that training has used so far.
    pub labels_training: u64,
    /// Episodes completed in this update.
    pub episodes: u64,
    /// Different observations met in this update.
    pub distinct_observations: u64,
    /// [`SCHEMA_VERSION`](super::SCHEMA_VERSION) of the program that wrote the row.
    #[serde(default = "unnamed_schema")]
    pub schema_version: u32,
}

/// A row of `holdout_results_<run>.csv`: one check of the headline policy against the holdout.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HoldoutRow {
    /// The update just done.
    pub update_idx: u64,
    /// Method label.
    pub run_label: String,
    /// Nominal oversight level p.
    pub oversight_prob: f64,
    /// The headline policy.
    pub policy_type: String,
    /// What the check came to.
    pub holdout_return: f64,
    /// Name of the run.
    pub run_id: String,
    /// Seed of the run.
    pub seed: Seed,
    /// `fresh` or `stale`.
    pub first_observation: String,
    /// `hidden`, `visible` or `privileged`.
    pub holdout_source: String,
    /// Episodes played in this check, of which those on overseen cells are labelled; empty for `privileged`.
    pub episodes: Option<u64>,
    /// True labels that checks have used so far; empty where they are unlimited.
    pub labels_holdout: Option<u64>,
    /// Labels earned and not used, after this check; empty for `privileged`.
    pub account: Option<f64>,
    /// True labels that training has used so far.
    pub labels_training: u64,
    /// Episodes completed in training so far that ended on overseen cells, by time-out too.
    pub training_episodes: u64,
    /// The stopping rule's best; empty before `min_steps`.
    pub best_return: Option<f64>,
    /// The update after which the checkpoint kept so far was.
    pub kept_update: u64,
    /// 1 if training was stopped here.
    pub stopped: u8,
    /// Whether validation may use as many labels as it likes: `privileged` alone.
    #[serde(default)]
    pub labels_holdout_unlimited: bool,
    /// True return of the checkpoint kept so far, exact or sampled as evaluations are; nothing is chosen
    /// by it. Empty in rows of schema 1, and until the next checkpoint after them.
    pub kept_avg_return: Option<f64>,
    /// [`SCHEMA_VERSION`](super::SCHEMA_VERSION) of the program that wrote the row.
    #[serde(default = "unnamed_schema")]
    pub schema_version: u32,
}

/// A row of `policy_tables_<run>.csv`: what one policy does on one cell of one layout.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PolicyTableRow {
    /// The update just done.
    pub update_idx: u64,
    /// Method label.
    pub run_label: String,
    /// Nominal oversight level p.
    pub oversight_prob: f64,
    /// Name of the run.
    pub run_id: String,
    /// `training_policy`, `diamond` or `ghost`.
    pub policy_type: String,
    /// Rows of the grid.
    pub rows: usize,
    /// Columns of the grid.
    pub cols: usize,
    /// Cell of the ghost, row by row from 0.
    pub ghost_cell: u8,
    /// Cell of the diamond.
    pub diamond_cell: u8,
    /// 1 if the ghost tile shows a flag.
    pub ghost_flag: u8,
    /// 1 if the diamond tile shows a flag.
    pub diamond_flag: u8,
    /// Cell of the agent.
    pub agent_cell: u8,
    /// Probability of moving up.
    pub up: f32,
    /// Probability of moving right.
    pub right: f32,
    /// Probability of moving down.
    pub down: f32,
    /// Probability of moving left.
    pub left: f32,
    /// Gate g, the share of the diamond expert; routed networks only.
    pub gate: Option<f32>,
    /// [`SCHEMA_VERSION`](super::SCHEMA_VERSION) of the program that wrote the row.
    #[serde(default = "unnamed_schema")]
    pub schema_version: u32,
}

/// A row of `runs.csv`: one run of the folder, by method, variant, oversight level, seed and updates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    /// Name of the run.
    pub run_id: String,
    /// Method label.
    pub run_label: String,
    /// Nominal oversight level p.
    pub oversight_prob: f64,
    /// Seed of the run.
    pub seed: Seed,
    /// `fresh` or `stale`.
    pub first_observation: String,
    /// `exact` or `sampled`.
    pub evaluation: String,
    /// `finished`, `failed` or `missing`.
    pub status: String,
    /// The headline policy, which the figures below are of.
    pub policy_type: Option<String>,
    /// Updates that the method trains, all being well.
    pub planned_updates: u64,
    /// Updates trained.
    pub updates: Option<u64>,
    /// True return after the last update.
    pub final_return: Option<f64>,
    /// True return of the policy that is kept: the last one, unless something selected another.
    pub selected_return: Option<f64>,
    /// The update after which that policy was.
    pub selected_update: Option<u64>,
    /// The update at which training was stopped early; empty if it was not.
    pub stopped_update: Option<u64>,
    /// True labels that training used.
    pub labels_training: Option<u64>,
    /// True labels that validation used; empty where they are unlimited.
    pub labels_holdout: Option<u64>,
    /// `hidden`, `visible` or `privileged`; empty without early stopping.
    pub holdout_source: Option<String>,
    /// Share of the overseen episodes that was set aside; empty where none was.
    pub holdout_fraction: Option<f64>,
    /// Holdout return of the selected policy; empty without a check that could be paid for.
    pub holdout_return: Option<HoldoutReturn>,
    /// Gaming gap of the selected policy; exact evaluation only.
    pub gaming_gap: Option<f64>,
    /// Whether validation may use as many labels as it likes: `privileged` alone.
    #[serde(default)]
    pub labels_holdout_unlimited: bool,
    /// `selected_return` where no flag is ever drawn; empty for runs of schema 1.
    pub selected_return_unflagged: Option<f64>,
    /// `key=value;..` of every setting in which runs of the method differ in this folder; empty where they
    /// differ in none.
    #[serde(default)]
    pub variant: String,
    /// [`SCHEMA_VERSION`](super::SCHEMA_VERSION) of the program that wrote the row.
    #[serde(default = "unnamed_schema")]
    pub schema_version: u32,
}
