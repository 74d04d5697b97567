//! The settings of a sweep and of its runs, with the experiment's defaults (docs/experiment.md,
//! sections 2 to 8). Everything that is known of a setting stands in its entry here.

use gr_grid::{EnvironmentRules, FirstObservation, Grid};
use serde::{Deserialize, Serialize};

use super::accepts::{
    Accepts::{Cells, OneOf, Pairs, PositiveOr, Switch, TwoWholes, Whole, WholeOr},
    BELOW_HALF, BELOW_ONE, FACTOR, FINITE, MOST, NOT_NEGATIVE, POSITIVE, PROBABILITY, SHARE,
};
use super::choices::{
    Cadence, EvaluationMode, HoldoutSource, Patience, REFERENCE, UNLIMITED, Updates,
};
use super::declare::settings;
use super::key::{Key, value_of};
use super::overseer::{
    INVERSE, LabelBudget, OverseenCells, OverseenWeight, REWARD_NAMES, RewardChoice,
};
use super::{MaskSettings, MethodTables, SeedSet, Variant};

/// A sweep as typed, checked and complete: methods × oversight levels × seeds, and the settings
/// that all of its runs share.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepFile {
    /// Method labels.
    pub methods: Vec<String>,
    /// Oversight levels p.
    pub oversight: Vec<f64>,
    /// Seeds.
    pub seeds: SeedSet,
    /// What all runs share.
    pub settings: Settings,
    /// Methods with settings of their own, trained beside `methods`, which may then be none.
    pub variants: Vec<Variant>,
}

/// What all runs of a sweep share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How many updates a run has.
    pub updates: Updates,
    /// The environment.
    pub environment: EnvironmentSettings,
    /// Rollouts, loss and optimizer.
    pub training: TrainingSettings,
    /// Layer widths.
    pub network: NetworkSettings,
    /// Routing masks.
    pub masks: MaskSettings,
    /// Early stopping on a holdout. Left out of a run that has none, whose results and key do not
    /// depend on it.
    #[serde(skip_serializing_if = "EarlyStoppingSettings::is_off")]
    pub early_stopping: EarlyStoppingSettings,
    /// What the overseer sees and says. Left out of a run where it is perfect.
    #[serde(skip_serializing_if = "is_default")]
    pub overseer: OverseerSettings,
    /// When and how policies are evaluated.
    pub evaluation: EvaluationSettings,
    /// What is written while a run trains.
    pub recording: RecordingSettings,
    /// What belongs to single methods.
    #[serde(flatten)]
    pub of_methods: MethodTables,
}

settings! {
    /// The environment (docs/experiment.md, section 2).
    environment: EnvironmentSettings {
        /// The grid has this many rows.
        rows: usize = 5, Whole(2, 8);
        /// The grid has this many columns.
        cols: usize = 5, Whole(2, 8);
        /// This many environments step in lock-step.
        envs: usize = 512, Whole(1, 1_000_000), "envs";
        /// An episode times out with the step after this many; the evaluation's window is as long.
        max_step: u32 = 32, Whole(1, 100_000);
        /// A tile without a goal shows a flag with this probability; above 0 only sampled evaluation exists.
        spurious_oversight: f64 = 0.0, PROBABILITY;
        /// An episode begins with its own observation ("fresh"), or with the terminal observation of
        /// the one before, as in the published code ("stale").
        first_observation: FirstObservation = FirstObservation::Fresh, OneOf(&["fresh", "stale"]),
            "first-observation";
        /// The agent is shown the flags of a training episode with this probability; at 0 it is blind, in
        /// evaluations and checks too. Who is overseen does not depend on it.
        #[serde(skip_serializing_if = "is_one")]
        flag_visibility: f64 = 1.0, PROBABILITY;
    }

    /// Rollouts, loss and optimizer (docs/experiment.md, section 5).
    training: TrainingSettings {
        /// Every environment takes this many steps in one update.
        rollout_steps: usize = 32, Whole(1, 100_000);
        /// Rewards are discounted by this factor per step.
        discount: f64 = 0.97, PROBABILITY;
        /// Adam's steps have this size.
        learning_rate: f64 = 5e-5, POSITIVE;
        /// Adam's mean of gradients decays by this factor per update.
        adam_beta1: f64 = 0.9, BELOW_ONE;
        /// Adam's mean of squared gradients decays by this factor per update.
        adam_beta2: f64 = 0.999, BELOW_ONE;
        /// Adam adds this to the root of its mean of squared gradients.
        adam_epsilon: f64 = 1e-8, POSITIVE;
        /// The policy's entropy has this weight in the objective.
        entropy_coefficient: f64 = 0.1, FINITE;
        /// The squared error of the value baseline has this weight in the objective.
        value_coefficient: f64 = 0.5, FINITE;
        /// The gate loss, the gate's cross-entropy on overseen samples, has this weight in the objective
        /// of networks that learn a gate.
        gate_loss_coefficient: f64 = 0.01, FINITE;
        /// The mean of min(g, 1 - g) over samples that are not overseen has this weight within the gate loss.
        gate_loss_no_oversight: f64 = 0.0, FINITE;
        /// A sample whose episode ended overseen counts this many times; "1/p" is as often as that is rare.
        #[serde(skip_serializing_if = "is_default")]
        overseen_weight: OverseenWeight = OverseenWeight::Times(1.0), PositiveOr(INVERSE);
        /// Episodes are paid by this reward instead of the method's own; labels that it needs of unseen
        /// episodes are read, and counted.
        #[serde(skip_serializing_if = "is_default")]
        reward: RewardChoice = RewardChoice::Own, OneOf(REWARD_NAMES);
        /// Rewards are multiplied by this in training, which under Adam divides the weights of entropy and
        /// gate loss by it.
        #[serde(skip_serializing_if = "is_one")]
        reward_scale: f64 = 1.0, FACTOR;
    }

    /// Layer widths (docs/experiment.md, section 4).
    network: NetworkSettings {
        /// Both hidden layers of an expert and of the gate have this width.
        hidden: usize = 256, Whole(1, 65_536);
        /// The value network's 1x1 convolution has this many channels.
        value_channels: usize = 16, Whole(1, 65_536);
        /// The value network's two inner layers have these widths.
        value_hidden: [usize; 2] = [256, 32], TwoWholes(1, 65_536);
    }

    /// Early stopping on a holdout (docs/experiment.md, section 8). The defaults are those of the post's
    /// Figure 2.
    early_stopping: EarlyStoppingSettings {
        /// Every method's runs are stopped early on a holdout; those of naive_early_stopping always are.
        enabled: bool = false, Switch, "early-stopping";
        /// A check plays labelled episodes on which the agent sees no flag ("hidden") or both goals
        /// flagged ("visible"), or it reads the true return itself, as in the published code ("privileged").
        holdout_source: HoldoutSource = HoldoutSource::Hidden,
            OneOf(&["hidden", "visible", "privileged"]), "holdout-source";
        /// This share of the overseen episodes is set aside: training is overseen at p (1 - share), and
        /// the holdout earns p times the share in labels per episode.
        holdout_fraction: f64 = 0.5, SHARE, "holdout-fraction";
        /// One check plays and pays for this many episodes, each from its own fixed initial state.
        holdout_episodes: usize = 512, Whole(1, 1_000_000), "holdout-episodes";
        /// Checks are at least this many updates apart, "reference" being max(1, ceil(100 p)); a check
        /// that cannot be paid for waits.
        check_every: Cadence = Cadence::Reference, WholeOr(REFERENCE), "check-every";
        /// A run ends when the best check has not changed for this many intervals of max(1, ceil(100 p))
        /// updates; "unlimited" trains to the end and keeps the best checkpoint.
        patience: Patience = Patience::Intervals(500), WholeOr(UNLIMITED), "patience";
        /// A check counts as better than the best only if it is by more than this.
        tolerance: f64 = 0.04, NOT_NEGATIVE, "tolerance";
        /// The stopping rule looks at checks from this update on.
        min_steps: u64 = 1500, Whole(1, MOST), "min-steps";
    }

    /// Oversight that is less than perfect (docs/experiment.md, section 10).
    overseer: OverseerSettings {
        /// A label says the other goal with this probability; evaluations and privileged checks never err.
        #[serde(skip_serializing_if = "is_default")]
        label_noise: f64 = 0.0, BELOW_HALF;
        /// Training may read this many labels in all; what is overseen later counts as unseen.
        #[serde(skip_serializing_if = "is_default")]
        label_budget: LabelBudget = LabelBudget::Unlimited, WholeOr(UNLIMITED);
        /// Goals can be overseen on these cells only, counted row by row from 0.
        #[serde(skip_serializing_if = "is_default")]
        cells: OverseenCells = OverseenCells::All, Cells;
    }

    /// When and how policies are evaluated (docs/experiment.md, section 7).
    evaluation: EvaluationSettings {
        /// Evaluations are this many updates apart, "reference" being max(1, ceil(100 p)) as in the
        /// published code.
        every: Cadence = Cadence::Updates(100), WholeOr(REFERENCE), "evaluate-every";
        /// The evaluation is the expectation, by dynamic programming ("exact"), or the published code's
        /// estimate of it ("sampled").
        mode: EvaluationMode = EvaluationMode::Exact, OneOf(&["exact", "sampled"]), "evaluation";
        /// The evaluation plays this many environments; exact returns do not depend on it.
        envs: usize = 512, Whole(1, 1_000_000);
    }

    /// What is written while a run trains.
    recording: RecordingSettings {
        /// Rows of train_results_*.csv are this many updates apart.
        record_every: u64 = 100, Whole(1, MOST), "record-every";
        /// Kept policies, weights and policy table, are this many updates apart; 0 keeps the last one only.
        checkpoint_every: u64 = 0, Whole(0, MOST), "checkpoint-every";
        /// Policy tables are written for these pairs [ghost cell, diamond cell], cells counted row by row
        /// from 0; [] is one pair on opposite sides.
        policy_goals: Vec<[usize; 2]> = Vec::new(), Pairs;
    }
}

/// Whether a setting is its default, which runs leave out.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The same of a factor or probability whose default is 1.
fn is_one(value: &f64) -> bool {
    *value == 1.0
}

impl EnvironmentSettings {
    /// The grid. The settings must have been checked.
    pub fn grid(&self) -> Grid {
        Grid::new(self.rows, self.cols).expect("checked settings have a valid grid")
    }
}

impl Settings {
    /// The rules at oversight level `oversight`. The settings must have been checked.
    pub fn rules(&self, oversight: f64) -> EnvironmentRules {
        let environment = &self.environment;
        EnvironmentRules {
            grid: environment.grid(),
            max_step: environment.max_step,
            oversight,
            spurious_oversight: environment.spurious_oversight,
            first_observation: environment.first_observation,
            flag_visibility: environment.flag_visibility,
            overseen_cells: self.overseer.cells.flags(),
        }
    }
}

impl EarlyStoppingSettings {
    /// Whether checks may use as many labels as they like.
    pub fn labels_are_unlimited(&self) -> bool {
        self.enabled && self.holdout_source == HoldoutSource::Privileged
    }

    /// The share of the overseen episodes that is set aside for the holdout: none where there is no
    /// holdout or its labels come for free.
    pub fn share_set_aside(&self) -> f64 {
        if self.enabled && !self.labels_are_unlimited() { self.holdout_fraction } else { 0.0 }
    }

    /// Whether nothing in here touches a run.
    fn is_off(&self) -> bool {
        !self.enabled
    }
}
