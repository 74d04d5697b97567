//! Settings of early stopping on a holdout (docs/experiment.md, section 8). The defaults are those
//! of the post's Figure 2.

use serde::{Deserialize, Serialize};

use super::{Cadence, NumberOrName};

/// `[early_stopping]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "documented in KEYS")]
pub struct EarlyStoppingSettings {
    pub enabled: bool,
    pub holdout_source: HoldoutSource,
    pub holdout_fraction: f64,
    pub holdout_episodes: usize,
    pub check_every: Cadence,
    pub patience: Patience,
    pub tolerance: f64,
    pub min_steps: u64,
}

impl Default for EarlyStoppingSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            holdout_source: HoldoutSource::Hidden,
            holdout_fraction: 0.5,
            holdout_episodes: 512,
            check_every: Cadence::Reference,
            patience: Patience::Intervals(500),
            tolerance: 0.04,
            min_steps: 1500,
        }
    }
}

impl EarlyStoppingSettings {
    /// Whether checks may use as many labels as they like.
    pub fn labels_are_unlimited(&self) -> bool {
        self.enabled && self.holdout_source == HoldoutSource::Privileged
    }

    /// Share of the overseen episodes that is set aside for the holdout: none where there is no
    /// holdout or its labels come for free.
    pub fn share_set_aside(&self) -> f64 {
        if self.enabled && !self.labels_are_unlimited() { self.holdout_fraction } else { 0.0 }
    }

    /// Whether nothing in here touches a run.
    pub(crate) fn is_off(&self) -> bool {
        !self.enabled
    }
}

/// What a run is checked against while it trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HoldoutSource {
    /// The true return itself, which no overseer has; the published code does this.
    Privileged,
    /// A fixed set of initial states on which the agent sees no flag.
    Hidden,
    /// The same set, on which it sees both goals flagged.
    Visible,
}

impl HoldoutSource {
    /// Name in configurations and CSV columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Hidden => "hidden",
            Self::Visible => "visible",
        }
    }
}

/// How long a run goes on without an improvement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "NumberOrName", into = "NumberOrName")]
pub enum Patience {
    /// So many evaluation intervals E of the published code, each of max(1, ⌈100 p⌉) updates.
    Intervals(u64),
    /// To the last update.
    Unlimited,
}

impl Patience {
    /// The same in updates at nominal oversight level `oversight`; `None` if it never ends.
    pub fn updates(self, oversight: f64) -> Option<u64> {
        match self {
            Self::Intervals(intervals) => {
                Some(intervals.saturating_mul(Cadence::Reference.interval(oversight)))
            }
            Self::Unlimited => None,
        }
    }
}

const UNLIMITED: &str = "unlimited";

impl TryFrom<NumberOrName> for Patience {
    type Error = String;

    fn try_from(value: NumberOrName) -> Result<Self, String> {
        value.read(Self::Intervals, "intervals", UNLIMITED, Self::Unlimited)
    }
}

impl From<Patience> for NumberOrName {
    fn from(patience: Patience) -> Self {
        match patience {
            Patience::Intervals(intervals) => Self::Number(intervals),
            Patience::Unlimited => Self::Name(UNLIMITED.into()),
        }
    }
}
