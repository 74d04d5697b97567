//! Settings of oversight that is less than perfect, and of what training makes of what it sees
//! (docs/experiment.md, section 10).

use std::fmt;

use gr_grid::{Cell, Flags};
use serde::{Deserialize, Serialize};

use super::choices::UNLIMITED;
use super::number_or_name::{NumberOrName, stands_as_number_or_name};

/// How many labels training may read in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "NumberOrName", into = "NumberOrName")]
pub enum LabelBudget {
    /// So many.
    Labels(u64),
    /// As many as there are.
    #[default]
    Unlimited,
}

impl LabelBudget {
    /// The number; `None` if it is unlimited.
    pub fn labels(self) -> Option<u64> {
        match self {
            Self::Labels(labels) => Some(labels),
            Self::Unlimited => None,
        }
    }
}

stands_as_number_or_name!(LabelBudget { Labels: "labels", Unlimited: UNLIMITED });

/// The cells on which a goal can be overseen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CellsOrName", into = "CellsOrName")]
pub enum OverseenCells {
    /// Every one.
    #[default]
    All,
    /// These, counted row by row from 0, ascending.
    Listed(Vec<Cell>),
}

/// Cells as they stand in TOML.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum CellsOrName {
    Cells(Vec<Cell>),
    Name(String),
}

/// The word for [`OverseenCells::All`].
pub(super) const ALL: &str = "all";

impl OverseenCells {
    /// A flag on each of the cells.
    pub fn flags(&self) -> Flags {
        match self {
            Self::All => Flags::ALL,
            Self::Listed(cells) => cells.iter().copied().collect(),
        }
    }
}

impl TryFrom<CellsOrName> for OverseenCells {
    type Error = String;

    fn try_from(value: CellsOrName) -> Result<Self, String> {
        match value {
            CellsOrName::Cells(cells) if cells.iter().all(|cell| *cell < 64) => {
                Ok(Self::Listed(cells))
            }
            CellsOrName::Name(name) if name == ALL => Ok(Self::All),
            _ => Err(format!("neither a list of cells nor \"{ALL}\"")),
        }
    }
}

impl From<OverseenCells> for CellsOrName {
    fn from(cells: OverseenCells) -> Self {
        match cells {
            OverseenCells::All => Self::Name(ALL.into()),
            OverseenCells::Listed(cells) => Self::Cells(cells),
        }
    }
}

impl fmt::Display for OverseenCells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => write!(f, "\"{ALL}\""),
            Self::Listed(cells) => write!(f, "{cells:?}"),
        }
    }
}

/// How often a sample counts whose episode ended overseen inside the rollout.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WeightOrName", into = "WeightOrName")]
pub enum OverseenWeight {
    /// So often.
    Times(f64),
    /// As often as its kind is rare: 1/p, with training's flag probability.
    InverseOversight,
}

impl Default for OverseenWeight {
    fn default() -> Self {
        Self::Times(1.0)
    }
}

impl OverseenWeight {
    /// The weight where a goal is flagged with probability `training_oversight`.
    pub fn at(self, training_oversight: f64) -> f64 {
        match self {
            Self::Times(weight) => weight,
            Self::InverseOversight => 1.0 / training_oversight,
        }
    }
}

/// A weight as it stands in TOML.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WeightOrName {
    Weight(f64),
    Name(String),
}

/// The word for [`OverseenWeight::InverseOversight`].
pub(super) const INVERSE: &str = "1/p";

impl TryFrom<WeightOrName> for OverseenWeight {
    type Error = String;

    fn try_from(value: WeightOrName) -> Result<Self, String> {
        match value {
            WeightOrName::Weight(weight) => Ok(Self::Times(weight)),
            WeightOrName::Name(name) if name == INVERSE => Ok(Self::InverseOversight),
            WeightOrName::Name(name) => {
                Err(format!("\"{name}\" is neither a number nor \"{INVERSE}\""))
            }
        }
    }
}

impl From<OverseenWeight> for WeightOrName {
    fn from(weight: OverseenWeight) -> Self {
        match weight {
            OverseenWeight::Times(weight) => Self::Weight(weight),
            OverseenWeight::InverseOversight => Self::Name(INVERSE.into()),
        }
    }
}

/// The reward that a run trains on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum RewardChoice {
    /// The method's own.
    #[default]
    Own,
    /// The one of this name.
    Named(String),
}

/// The word for [`RewardChoice::Own`], and the names of all rewards.
pub(super) const REWARD_NAMES: &[&str] =
    &["own", "ground_truth", "naive", "terminal", "biased_terminal"];

impl RewardChoice {
    /// The name of the reward; `None` where it is the method's own.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Own => None,
            Self::Named(name) => Some(name),
        }
    }
}

impl From<String> for RewardChoice {
    fn from(name: String) -> Self {
        if name == REWARD_NAMES[0] { Self::Own } else { Self::Named(name) }
    }
}

impl From<RewardChoice> for String {
    fn from(choice: RewardChoice) -> Self {
        choice.name().unwrap_or(REWARD_NAMES[0]).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reward_can_be_trained_on() {
        let names = gr_grid::rewards::REWARDS.iter().map(|reward| reward.name);
        assert!(names.eq(REWARD_NAMES[1..].iter().copied()));
    }
}
