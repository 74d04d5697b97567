//! What a policy's file notes of oversight that is less than perfect (docs/experiment.md, section 10), and what
//! is said of it. Files of other runs do not mention it.

use std::collections::BTreeMap;

use gr_grid::{Cell, EnvironmentRules, Flags, Grid};

/// The setting that a blind agent's file notes: how often the agent is shown flags.
pub const FLAG_VISIBILITY: &str = "flag_visibility";

/// The setting that is noted where flags lie on some cells only: a list of them.
const CELLS: &str = "overseer.cells";

/// Adds to the notes of a policy's file what is not the default in the rules that its run is evaluated by.
pub fn note(rules: &EnvironmentRules, notes: &mut BTreeMap<String, String>) {
    if rules.agent_is_blind() {
        notes.insert(FLAG_VISIBILITY.into(), rules.flag_visibility.to_string());
    }
    if let Some(cells) = listed_cells(rules) {
        notes.insert(CELLS.into(), format!("{cells:?}"));
    }
}

/// The cells of `grid` on which flags lie, from the notes of a file.
///
/// # Errors
/// If they are no list of cells of the grid; says so.
pub fn noted_cells(notes: &BTreeMap<String, String>, grid: Grid) -> Result<Flags, String> {
    let Some(text) = notes.get(CELLS) else { return Ok(Flags::ALL) };
    let num_cells = grid.num_cells();
    match serde_json::from_str::<Vec<Cell>>(text) {
        Ok(cells) if cells.iter().all(|cell| usize::from(*cell) < num_cells) => {
            Ok(cells.into_iter().collect())
        }
        _ => Err(format!("{CELLS} = {text}, which is no list of cells below {num_cells}")),
    }
}

/// The cells on which flags may lie, ascending; `None` where they are all of the grid's.
pub fn listed_cells(rules: &EnvironmentRules) -> Option<Vec<Cell>> {
    let may_be_flagged = |cell: &Cell| rules.overseen_cells.contains(*cell);
    let cells: Vec<Cell> = rules.grid.cells().filter(may_be_flagged).collect();
    (cells.len() < rules.grid.num_cells()).then_some(cells)
}

/// What a reader must know of numbers and episodes under `rules`: one sentence for each thing that is not
/// the default.
pub fn remarks(rules: &EnvironmentRules) -> Vec<String> {
    let mut remarks = Vec::new();
    if rules.agent_is_blind() {
        remarks.push("the agent was trained blind: it is shown no flag".to_string());
    }
    if let Some(cells) = listed_cells(rules) {
        remarks.push(format!("goals are overseen on cells {cells:?} only"));
    }
    remarks
}
