//! A row of `trials.csv`: what the trials of a hyperparameter search drew and what came of it.

use super::HoldoutReturn;
use super::schema::unnamed_schema;

csv_rows! {
    /// A row of `trials.csv`: one trial, in order. Behind `schema_version` the file has one more column for
    /// every searched key, with what the trial drew.
    ///
    /// Numbers are means over the trial's seeds, and empty unless all of its runs are finished.
    "trials.csv": TrialRow {
        /// Number of the trial, from 0 for each method and oversight level.
        trial: u64;
        /// Method label.
        run_label: String;
        /// Nominal oversight level p.
        oversight_prob: f64, "probability";
        /// Seeds of its runs, with spaces between.
        seeds: String;
        /// Finished runs.
        n: usize, "runs";
        /// `finished` if all runs are, `failed` if one has failed, else `missing`.
        status: String;
        /// `fresh` or `stale`.
        first_observation: String;
        /// Updates that each run trains, all being well.
        planned_updates: u64, "updates";
        /// Holdout return of the kept checkpoints; empty unless every run has one that was paid for.
        holdout_return: Option<HoldoutReturn>, "holdout return";
        /// True return of the kept checkpoints.
        selected_return: Option<f64>, "return";
        /// True return after the last update.
        final_return: Option<f64>, "return";
        /// The update after which the kept checkpoints were.
        selected_update: Option<f64>, "update";
        /// The update at which training was stopped early; empty unless every run was.
        stopped_update: Option<f64>, "update";
        /// True labels that training used, summed over the finished runs; empty without one.
        labels_training: Option<u64>, "labels";
        /// True labels that validation used, summed likewise; empty where they are unlimited.
        labels_holdout: Option<u64>, "labels";
        /// `hidden`, `visible` or `privileged`; empty without early stopping.
        holdout_source: Option<String>;
        /// Whether validation may use as many labels as it likes: `privileged` alone.
        #[serde(default)]
        labels_holdout_unlimited: bool;
        /// `key=value;..` of what varies beside the searched keys; empty where nothing does.
        #[serde(default)]
        variant: String;
        /// Version of the columns that the program had which wrote the row.
        #[serde(default = "unnamed_schema")]
        schema_version: u32;
    }
}
