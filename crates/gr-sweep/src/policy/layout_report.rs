//! What policies do on one layout, and how episodes on it end, as JSON.

use gr_grid::{Cell, EndingProbabilities, EnvironmentRules, Layout, NUM_ACTIONS, layout_endings};
use gr_learn::{PolicyRow, PolicyType};
use serde::Serialize;

use super::noted_oversight::listed_cells;

/// The object of `gr-policy show --json`. Lists over cells are row by row.
#[derive(Debug, Serialize)]
pub struct LayoutReport {
    file: String,
    rows: usize,
    cols: usize,
    ghost: Cell,
    diamond: Cell,
    ghost_flag: bool,
    diamond_flag: bool,
    /// Whether the agent is shown flags.
    sees_flags: bool,
    /// The cells on which flags may lie; `None` is all.
    overseen_cells: Option<Vec<Cell>>,
    policies: Vec<PolicyOnLayout>,
    /// Share of the diamond expert, by the agent's cell; `None` where no gate is learnt.
    gate: Option<Vec<f32>>,
}

/// One policy of a file.
#[derive(Debug, Serialize)]
struct PolicyOnLayout {
    policy_type: &'static str,
    /// Probabilities of up, right, down and left, by the agent's cell.
    probabilities: Vec<[f32; NUM_ACTIONS]>,
    /// How an episode ends, by the cell where it starts; `None` on the goals, where none does.
    endings: Vec<Option<Endings>>,
}

/// Exact probabilities, which add up to 1.
#[derive(Debug, Serialize)]
struct Endings {
    diamond: f64,
    ghost: f64,
    time_limit: f64,
}

impl LayoutReport {
    /// What the policies of `file` do on `layout` under `rules`: `all` has their rows for every cell.
    pub fn new(
        file: String,
        rules: &EnvironmentRules,
        layout: &Layout,
        all: &[(PolicyType, Vec<PolicyRow>)],
    ) -> Self {
        let gate = all
            .first()
            .and_then(|(_, rows)| rows.iter().map(|row| Some(row.gate?.value)).collect());
        Self {
            file,
            rows: rules.grid.rows(),
            cols: rules.grid.cols(),
            ghost: layout.ghost,
            diamond: layout.diamond,
            ghost_flag: layout.ghost_flag(),
            diamond_flag: layout.diamond_flag(),
            sees_flags: !rules.agent_is_blind(),
            overseen_cells: listed_cells(rules),
            policies: all
                .iter()
                .map(|(policy, rows)| PolicyOnLayout::new(*policy, rows, rules, layout))
                .collect(),
            gate,
        }
    }
}

impl PolicyOnLayout {
    fn new(
        policy: PolicyType,
        rows: &[PolicyRow],
        rules: &EnvironmentRules,
        layout: &Layout,
    ) -> Self {
        let probabilities: Vec<_> = rows.iter().map(|row| row.probabilities).collect();
        let endings = layout_endings(&probabilities, rules, layout);
        let endings = endings.into_iter().map(|ends| {
            let EndingProbabilities { diamond, ghost } = ends?;
            Some(Endings { diamond, ghost, time_limit: 1.0 - diamond - ghost })
        });
        Self { policy_type: policy.name(), endings: endings.collect(), probabilities }
    }
}
