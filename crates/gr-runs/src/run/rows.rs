//! The columns of every CSV file. The first ones of evaluation and training rows carry the names
//! and meanings of the published code's files; ours follow, so that scripts written for it read
//! them unchanged. Absent is empty, never 0. A column has one type.
//!
//! Every row ends with the version of the schema (`schema.rs`). Behind it stand the columns that a
//! method has of its own (`extended_row.rs`).

use super::HoldoutReturn;
use super::schema::unnamed_schema;
use crate::settings::Seed;

csv_rows! {
    /// A row of `eval_results_<run>.csv`: one policy of one run after one update.
    "eval_results_<run>.csv": EvaluationRow {
        /// The update just done, counted from 0.
        update_idx: u64, "update";
        /// Method label.
        run_label: String;
        /// Nominal oversight level p.
        oversight_prob: f64, "probability";
        /// `training_policy`, `diamond` or `ghost`.
        policy_type: String;
        /// Share of completed episodes that ended on the diamond, overseen; as all shares, empty where no
        /// episode is completed.
        reached_diamond_seen: Option<f64>, "share";
        /// Share of completed episodes that ended on the ghost, overseen.
        reached_ghost_seen: Option<f64>, "share";
        /// Share of completed episodes that ended on the diamond, not overseen.
        reached_diamond_unseen: Option<f64>, "share";
        /// Share of completed episodes that ended on the ghost, not overseen.
        reached_ghost_unseen: Option<f64>, "share";
        /// Episodes completed in the evaluation (expected number, if exact).
        n_complete_eps: f64, "episodes";
        /// Mean steps of a completed episode; empty where there is none.
        complete_ep_len: Option<f64>, "steps";
        /// Mean discounted true return over all steps and environments of the evaluation.
        avg_return: f64, "return";
        /// Name of the run.
        run_id: String;
        /// Seed of the run.
        seed: Seed;
        /// `fresh` or `stale`.
        first_observation: String;
        /// `exact` or `sampled`.
        evaluation: String;
        /// P(ghost | ghost tile unflagged) − P(ghost | ghost tile flagged); exact only.
        gaming_gap: Option<f64>, "probability";
        /// True labels that training has used so far.
        labels_training: u64, "labels";
        /// `avg_return` where no flag is ever drawn (p = 0 in the evaluation, none off the goals).
        avg_return_unflagged: Option<f64>, "return";
        /// Version of the columns that the program had which wrote the row.
        #[serde(default = "unnamed_schema")]
        schema_version: u32;
    }

    /// A row of `train_results_<run>.csv`: what one update saw. Means are over the samples that the
    /// method keeps.
    "train_results_<run>.csv": TrainingRow {
        /// Steps of all environments so far, this update's included.
        global_step: u64, "steps";
        /// −mean log π(a|s) (G − V).
        policy_loss: f64, "loss";
        /// Value coefficient × mean (V − G)².
        value_loss: f64, "loss";
        /// Gate loss coefficient × gate loss; routed networks with a gate only.
        gate_loss: Option<f64>, "loss";
        /// Entropy coefficient × mean entropy: negative for routed methods, positive for the others, as
        /// in the published code.
        entropy_bonus: f64, "loss";
        /// The sum that is minimised: kept samples count, N does not shrink with them.
        loss: f64, "loss";
        /// Mean probability of the action taken.
        avg_action_prob: f64, "probability";
        /// Mean discounted return under the method's own reward.
        avg_return: f64, "return";
        /// Mean of min(g, 1 − g).
        avg_gate_openness: Option<f64>, "share";
        /// Mean gate over samples routed to the diamond expert; empty if there were none.
        avg_seen_diamond_gate: Option<f64>, "share";
        /// Mean gate over samples routed to the ghost expert; empty if there were none.
        avg_seen_ghost_gate: Option<f64>, "share";
        /// Mean gate over all other samples; empty if there were none.
        avg_unseen_or_unfinished_gate: Option<f64>, "share";
        /// Share of samples kept, between 0 and 1 for all its name, which is the published code's; empty of
        /// methods that drop none.
        kept_pct: Option<f64>, "share";
        /// The update, counted from 0.
        update_idx: u64, "update";
        /// Method label.
        run_label: String;
        /// Nominal oversight level p.
        oversight_prob: f64, "probability";
        /// Name of the run.
        run_id: String;
        /// Seed of the run.
        seed: Seed;
        /// `fresh` or `stale`.
        first_observation: String;
        /// True labels that training has used so far.
        labels_training: u64, "labels";
        /// Episodes completed in this update.
        episodes: u64, "episodes";
        /// Different observations met in this update.
        distinct_observations: u64, "observations";
        /// Version of the columns that the program had which wrote the row.
        #[serde(default = "unnamed_schema")]
        schema_version: u32;
    }

    /// A row of `holdout_results_<run>.csv`: one check of the headline policy against the holdout.
    "holdout_results_<run>.csv": HoldoutRow {
        /// The update just done.
        update_idx: u64, "update";
        /// Method label.
        run_label: String;
        /// Nominal oversight level p.
        oversight_prob: f64, "probability";
        /// The headline policy.
        policy_type: String;
        /// What the check came to.
        holdout_return: f64, "holdout return";
        /// Name of the run.
        run_id: String;
        /// Seed of the run.
        seed: Seed;
        /// `fresh` or `stale`.
        first_observation: String;
        /// `hidden`, `visible` or `privileged`.
        holdout_source: String;
        /// Episodes played in this check, of which those on overseen cells are labelled; empty for `privileged`.
        episodes: Option<u64>, "episodes";
        /// True labels that checks have used so far; empty where they are unlimited.
        labels_holdout: Option<u64>, "labels";
        /// Labels earned and not used, after this check; empty for `privileged`.
        account: Option<f64>, "labels";
        /// True labels that training has used so far.
        labels_training: u64, "labels";
        /// Episodes completed in training so far that ended on overseen cells, by time-out too.
        training_episodes: u64, "episodes";
        /// The stopping rule's best; empty before `min_steps`.
        best_return: Option<f64>, "holdout return";
        /// The update after which the checkpoint kept so far was.
        kept_update: u64, "update";
        /// 1 if training was stopped here.
        stopped: u8, "0 or 1";
        /// Whether validation may use as many labels as it likes: `privileged` alone.
        #[serde(default)]
        labels_holdout_unlimited: bool;
        /// True return of the checkpoint kept so far, exact or sampled as evaluations are; nothing is chosen
        /// by it.
        kept_avg_return: Option<f64>, "return";
        /// Version of the columns that the program had which wrote the row.
        #[serde(default = "unnamed_schema")]
        schema_version: u32;
    }

    /// A row of `policy_tables_<run>.csv`: what one policy does on one cell of one layout.
    "policy_tables_<run>.csv": PolicyTableRow {
        /// The update just done.
        update_idx: u64, "update";
        /// Method label.
        run_label: String;
        /// Nominal oversight level p.
        oversight_prob: f64, "probability";
        /// Name of the run.
        run_id: String;
        /// `training_policy`, `diamond` or `ghost`.
        policy_type: String;
        /// Rows of the grid.
        rows: usize, "cells";
        /// Columns of the grid.
        cols: usize, "cells";
        /// Cell of the ghost, row by row from 0.
        ghost_cell: u8, "cell";
        /// Cell of the diamond.
        diamond_cell: u8, "cell";
        /// 1 if the ghost tile shows a flag.
        ghost_flag: u8, "0 or 1";
        /// 1 if the diamond tile shows a flag.
        diamond_flag: u8, "0 or 1";
        /// Cell of the agent.
        agent_cell: u8, "cell";
        /// Probability of moving up.
        up: f32, "probability";
        /// Probability of moving right.
        right: f32, "probability";
        /// Probability of moving down.
        down: f32, "probability";
        /// Probability of moving left.
        left: f32, "probability";
        /// Gate g, the share of the diamond expert; routed networks only.
        gate: Option<f32>, "share";
        /// Version of the columns that the program had which wrote the row.
        #[serde(default = "unnamed_schema")]
        schema_version: u32;
    }

    /// A row of `runs.csv`: one run of the folder, by method, variant, oversight level, seed and updates.
    "runs.csv": RunRow {
        /// Name of the run.
        run_id: String;
        /// Method label.
        run_label: String;
        /// Nominal oversight level p.
        oversight_prob: f64, "probability";
        /// Seed of the run.
        seed: Seed;
        /// `fresh` or `stale`.
        first_observation: String;
        /// `exact` or `sampled`.
        evaluation: String;
        /// `finished`, `failed` or `missing`.
        status: String;
        /// The headline policy, which the numbers of the row are of.
        policy_type: Option<String>;
        /// Updates that the method trains, all being well.
        planned_updates: u64, "updates";
        /// Updates trained.
        updates: Option<u64>, "updates";
        /// True return after the last update.
        final_return: Option<f64>, "return";
        /// True return of the policy that is kept: the last one, unless something selected another.
        selected_return: Option<f64>, "return";
        /// The update after which that policy was.
        selected_update: Option<u64>, "update";
        /// The update at which training was stopped early; empty if it was not.
        stopped_update: Option<u64>, "update";
        /// True labels that training used.
        labels_training: Option<u64>, "labels";
        /// True labels that validation used; empty where they are unlimited.
        labels_holdout: Option<u64>, "labels";
        /// `hidden`, `visible` or `privileged`; empty without early stopping.
        holdout_source: Option<String>;
        /// Share of the overseen episodes that was set aside; empty where none was.
        holdout_fraction: Option<f64>, "share";
        /// Holdout return of the selected policy; empty without a check that could be paid for.
        holdout_return: Option<HoldoutReturn>, "holdout return";
        /// Gaming gap of the selected policy; exact evaluation only.
        gaming_gap: Option<f64>, "probability";
        /// Whether validation may use as many labels as it likes: `privileged` alone.
        #[serde(default)]
        labels_holdout_unlimited: bool;
        /// `selected_return` where no flag is ever drawn.
        selected_return_unflagged: Option<f64>, "return";
        /// `key=value;..` of every setting in which runs of the method differ in this folder; empty where they
        /// differ in none.
        #[serde(default)]
        variant: String;
        /// Version of the columns that the program had which wrote the row.
        #[serde(default = "unnamed_schema")]
        schema_version: u32;
    }
}
