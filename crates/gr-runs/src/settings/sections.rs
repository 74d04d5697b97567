//! The settings of a sweep and of its runs, with the experiment's defaults (docs/experiment.md,
//! sections 2 to 7). The meaning of every key stands in [`super::KEYS`], what it may be in `check.rs`.

use gr_grid::{EnvironmentRules, FirstObservation, Grid};
use serde::{Deserialize, Serialize};

use super::{EarlyStoppingSettings, NumberOrName, SeedSet};

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
}

/// What all runs of a sweep share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Updates of a run.
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
    /// When and how policies are evaluated.
    pub evaluation: EvaluationSettings,
    /// What is written while a run trains.
    pub recording: RecordingSettings,
}

/// Number of updates of a run; a type of its own for its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Updates(pub u64);

impl Default for Updates {
    fn default() -> Self {
        Self(20_000)
    }
}

/// docs/experiment.md, section 2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "documented in KEYS")]
pub struct EnvironmentSettings {
    pub rows: usize,
    pub cols: usize,
    pub envs: usize,
    pub max_step: u32,
    pub spurious_oversight: f64,
    pub first_observation: FirstObservation,
}

impl Default for EnvironmentSettings {
    fn default() -> Self {
        Self {
            rows: 5,
            cols: 5,
            envs: 512,
            max_step: 32,
            spurious_oversight: 0.0,
            first_observation: FirstObservation::Fresh,
        }
    }
}

impl EnvironmentSettings {
    /// The rules at oversight level `oversight`. The settings must have been checked.
    pub fn rules(&self, oversight: f64) -> EnvironmentRules {
        EnvironmentRules {
            grid: Grid::new(self.rows, self.cols).expect("checked settings have a valid grid"),
            max_step: self.max_step,
            oversight,
            spurious_oversight: self.spurious_oversight,
            first_observation: self.first_observation,
        }
    }
}

/// docs/experiment.md, section 5.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "documented in KEYS")]
pub struct TrainingSettings {
    pub rollout_steps: usize,
    pub discount: f64,
    pub learning_rate: f64,
    pub adam_beta1: f64,
    pub adam_beta2: f64,
    pub adam_epsilon: f64,
    pub entropy_coefficient: f64,
    pub value_coefficient: f64,
    pub gate_loss_coefficient: f64,
    pub gate_loss_no_oversight: f64,
}

impl Default for TrainingSettings {
    fn default() -> Self {
        Self {
            rollout_steps: 32,
            discount: 0.97,
            learning_rate: 5e-5,
            adam_beta1: 0.9,
            adam_beta2: 0.999,
            adam_epsilon: 1e-8,
            entropy_coefficient: 0.1,
            value_coefficient: 0.5,
            gate_loss_coefficient: 0.01,
            gate_loss_no_oversight: 0.0,
        }
    }
}

/// docs/experiment.md, section 4.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "documented in KEYS")]
pub struct NetworkSettings {
    pub hidden: usize,
    pub value_channels: usize,
    pub value_hidden: [usize; 2],
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self { hidden: 256, value_channels: 16, value_hidden: [256, 32] }
    }
}

/// Routing masks, one per route (docs/experiment.md, section 5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "documented in KEYS")]
pub struct MaskSettings {
    pub diamond: RouteMask,
    pub ghost: RouteMask,
    pub both: RouteMask,
}

/// What the gradient of one route's samples is multiplied by on each edge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "documented in KEYS")]
pub struct RouteMask {
    pub diamond_expert: f32,
    pub ghost_expert: f32,
    pub gate: f32,
    pub output: f32,
}

impl RouteMask {
    /// Lets every gradient pass unchanged.
    pub const ALL: Self = Self { diamond_expert: 1.0, ghost_expert: 1.0, gate: 1.0, output: 1.0 };

    /// The weights in the order diamond expert, ghost expert, gate, output.
    pub fn weights(&self) -> [f32; 4] {
        [self.diamond_expert, self.ghost_expert, self.gate, self.output]
    }
}

impl Default for MaskSettings {
    fn default() -> Self {
        let only_output =
            RouteMask { diamond_expert: 0.0, ghost_expert: 0.0, gate: 0.0, output: 1.0 };
        Self {
            diamond: RouteMask { diamond_expert: 1.0, ..only_output },
            ghost: RouteMask { ghost_expert: 1.0, ..only_output },
            both: RouteMask::ALL,
        }
    }
}

/// docs/experiment.md, section 7.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "documented in KEYS")]
pub struct EvaluationSettings {
    pub every: Cadence,
    pub mode: EvaluationMode,
    pub envs: usize,
}

impl Default for EvaluationSettings {
    fn default() -> Self {
        Self { every: Cadence::Updates(100), mode: EvaluationMode::Exact, envs: 512 }
    }
}

/// How often policies are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "NumberOrName", into = "NumberOrName")]
pub enum Cadence {
    /// Every so many updates.
    Updates(u64),
    /// As in the published code: every max(1, ⌈100 p⌉) updates.
    Reference,
}

impl Cadence {
    /// The interval in updates at oversight level `oversight`.
    pub fn interval(self, oversight: f64) -> u64 {
        match self {
            Self::Updates(updates) => updates,
            // The product is rounded first: 100 × 0.07 is 7.000000000000001 in floating point.
            Self::Reference => ((100.0 * oversight - 1e-9).ceil() as u64).max(1),
        }
    }
}

const REFERENCE: &str = "reference";

impl TryFrom<NumberOrName> for Cadence {
    type Error = String;

    fn try_from(value: NumberOrName) -> Result<Self, String> {
        value.read(Self::Updates, "updates", REFERENCE, Self::Reference)
    }
}

impl From<Cadence> for NumberOrName {
    fn from(cadence: Cadence) -> Self {
        match cadence {
            Cadence::Updates(updates) => Self::Number(updates),
            Cadence::Reference => Self::Name(REFERENCE.into()),
        }
    }
}

/// How the evaluation metric is obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EvaluationMode {
    /// Its expectation, by dynamic programming.
    Exact,
    /// The reference's estimate of it.
    Sampled,
}

impl EvaluationMode {
    /// Name in configurations and CSV columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Sampled => "sampled",
        }
    }
}

/// What is written while a run trains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "documented in KEYS")]
pub struct RecordingSettings {
    pub record_every: u64,
    pub checkpoint_every: u64,
    pub policy_goals: Vec<[usize; 2]>,
}

impl Default for RecordingSettings {
    fn default() -> Self {
        Self { record_every: 100, checkpoint_every: 0, policy_goals: Vec::new() }
    }
}
