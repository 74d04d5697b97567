//! Settings that are a word, or a number or a word: how often, how long, how, and what of.

use serde::{Deserialize, Serialize};

use super::number_or_name::{NumberOrName, stands_as_number_or_name};

/// How many updates a run has; a type of its own for its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Updates(pub u64);

impl Default for Updates {
    fn default() -> Self {
        Self(20_000)
    }
}

/// How often something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "NumberOrName", into = "NumberOrName")]
pub enum Cadence {
    /// Every so many updates.
    Updates(u64),
    /// As in the published code: every max(1, ⌈100 p⌉) updates.
    Reference,
}

/// The word for [`Cadence::Reference`].
pub(super) const REFERENCE: &str = "reference";

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

stands_as_number_or_name!(Cadence { Updates: "updates", Reference: REFERENCE });

/// How long a run goes on without an improvement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "NumberOrName", into = "NumberOrName")]
pub enum Patience {
    /// So many evaluation intervals E of the published code, each of max(1, ⌈100 p⌉) updates.
    Intervals(u64),
    /// To the last update.
    Unlimited,
}

/// The word for what has no end.
pub(crate) const UNLIMITED: &str = "unlimited";

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

stands_as_number_or_name!(Patience { Intervals: "intervals", Unlimited: UNLIMITED });

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
    /// The name of the mode in configurations and CSV columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Sampled => "sampled",
        }
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
    /// The name of the source in configurations and CSV columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Hidden => "hidden",
            Self::Visible => "visible",
        }
    }
}
