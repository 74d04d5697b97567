//! What validation on a holdout yields and costs, as types: a return that was paid for with labels
//! is not a true return, and a count of labels may be unlimited.

use serde::{Deserialize, Serialize};

use crate::settings::{NumberOrName, UNLIMITED, stands_as_number_or_name};

/// Return on a holdout whose labels were paid for: what checkpoints and settings may be chosen by.
///
/// Nothing turns a [`gr_grid::TrueReturn`] into one:
///
/// ```compile_fail
/// let cheating: gr_runs::HoldoutReturn = gr_grid::TrueReturn::new(0.5).into();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HoldoutReturn(f64);

impl HoldoutReturn {
    /// Wraps what a check came to.
    pub fn new(value: f64) -> Self {
        Self(value)
    }

    /// The number.
    pub fn value(self) -> f64 {
        self.0
    }

    /// Mean of several; `None` of none.
    pub fn mean(returns: &[Self]) -> Option<Self> {
        let sum: f64 = returns.iter().map(|value| value.0).sum();
        (!returns.is_empty()).then(|| Self(sum / returns.len() as f64))
    }
}

/// True labels used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "NumberOrName", into = "NumberOrName")]
pub enum LabelCount {
    /// So many.
    Counted(u64),
    /// As many as it likes: the true return itself was watched.
    Unlimited,
}

impl LabelCount {
    /// The count; `None` where it is unlimited.
    pub fn counted(self) -> Option<u64> {
        match self {
            Self::Counted(labels) => Some(labels),
            Self::Unlimited => None,
        }
    }
}

stands_as_number_or_name!(LabelCount { Counted: "labels", Unlimited: UNLIMITED });

impl std::str::FromStr for LabelCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse().map(NumberOrName::Number);
        number.unwrap_or_else(|_| NumberOrName::Name(text.into())).try_into()
    }
}
