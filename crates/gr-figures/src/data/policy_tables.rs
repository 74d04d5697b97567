//! What a policy does on the grid, from `policy_tables_<run>.csv`.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use gr_grid::{ACTION_NAMES, Cell, Grid};
use gr_runs::PolicyTableRow;

use super::table::{Columns, must_be, probability, read_rows};
use super::{Run, Warnings};

const COLUMNS: Columns = Columns {
    needed: "update_idx policy_type run_id rows cols ghost_cell diamond_cell agent_cell \
        ghost_flag diamond_flag up right down left gate",
    optional: "",
};

/// What a table is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableKey {
    /// Cells of ghost and diamond.
    pub goals: (Cell, Cell),
    /// Whether the tiles of ghost and diamond show flags.
    pub flags: (bool, bool),
    /// `training_policy`, `diamond` or `ghost`.
    pub policy: String,
    /// The update, counted from 0.
    pub update: u64,
}

/// What the policy does on one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellPolicy {
    /// Probabilities of up, right, down, left.
    pub actions: [f64; 4],
    /// Gate, the share of the diamond expert; routed networks only.
    pub gate: Option<f64>,
}

/// All tables of a run.
#[derive(Clone, Debug)]
pub struct PolicyTable {
    /// The grid.
    pub grid: Grid,
    /// A policy per cell for every table.
    pub tables: BTreeMap<TableKey, Vec<CellPolicy>>,
}

/// Reads the tables of `run`, whose plan has `planned` cells; `None` if none were kept.
///
/// # Errors
/// Names file, line, column and value of what is wrong.
pub fn read(run: &Run, planned: Option<Grid>, warnings: &Warnings) -> Result<Option<PolicyTable>> {
    let path = run.file("policy_tables", "csv");
    if !path.exists() {
        return Ok(None);
    }
    let mut grid = None;
    let mut cells: BTreeMap<TableKey, Vec<Option<CellPolicy>>> = BTreeMap::new();
    read_rows(&path, &COLUMNS, warnings, |line, row: PolicyTableRow| {
        must_be(line, "run_id", &row.run_id, &run.id, "the file's name")?;
        let size = Grid::new(row.rows, row.cols)
            .map_err(|error| line.refuse("rows", format!("a grid ({error})")))?;
        if *grid.get_or_insert(size) != size {
            bail!("{}, unlike the lines before; a table has one grid", line.place("rows"));
        }
        if planned.is_some_and(|planned| planned != size) {
            bail!(
                "{}: its cells are {} x {}, those of plan.toml are not; the files are not of the same \
                 sweep",
                line.place("rows"),
                size.rows(),
                size.cols()
            );
        }
        let cell = |column, cell: Cell| {
            let inside = usize::from(cell) < size.num_cells();
            if inside { Ok(cell) } else { Err(line.refuse(column, "a cell of the grid")) }
        };
        let flag = |column, flag: u8| match flag {
            0 | 1 => Ok(flag == 1),
            _ => Err(line.refuse(column, "one of 0, 1")),
        };
        let key = TableKey {
            goals: (cell("ghost_cell", row.ghost_cell)?, cell("diamond_cell", row.diamond_cell)?),
            flags: (flag("ghost_flag", row.ghost_flag)?, flag("diamond_flag", row.diamond_flag)?),
            policy: row.policy_type,
            update: row.update_idx,
        };
        let mut actions = [row.up, row.right, row.down, row.left].map(as_written);
        for (action, column) in actions.iter_mut().zip(ACTION_NAMES) {
            *action = probability(line, column, *action)?;
        }
        if (actions.iter().sum::<f64>() - 1.0).abs() > 1e-3 {
            return Err(line.refuse("up", "part of probabilities that add up to 1").into());
        }
        let policy = CellPolicy { actions, gate: row.gate.map(as_written) };
        let agent = cell("agent_cell", row.agent_cell)?;
        let at = cells.entry(key).or_insert_with(|| vec![None; size.num_cells()]);
        if at[usize::from(agent)].replace(policy).is_some() {
            bail!("{}: the cell is there twice", line.place("agent_cell"));
        }
        Ok(())
    })?;
    let Some(grid) = grid else { return Ok(None) };
    let mut tables = BTreeMap::new();
    for (key, cells) in cells {
        let update = key.update;
        match cells.into_iter().collect::<Option<Vec<_>>>() {
            Some(cells) => drop(tables.insert(key, cells)),
            None => warnings.add(format!(
                "{}: a table of update {update} lacks cells and is left out",
                path.display()
            )),
        }
    }
    Ok(Some(PolicyTable { grid, tables }))
}

/// The decimal number that was written for `value`, and not the one next to it that it stands for.
fn as_written(value: f32) -> f64 {
    value.to_string().parse().expect("a number prints as a number")
}
