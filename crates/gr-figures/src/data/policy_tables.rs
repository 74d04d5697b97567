//! What a policy does on the grid, from `policy_tables_<run>.csv`.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use gr_grid::{Cell, Grid};

use super::table::Table;
use super::{Run, Warnings};

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

impl PolicyTable {
    /// Reads the tables of `run`; `None` if none were kept.
    pub fn read(run: &Run, warnings: &Warnings) -> Result<Option<Self>> {
        let path = run.folder.join(format!("policy_tables_{}.csv", run.id));
        if !path.exists() {
            return Ok(None);
        }
        let Some(table) = Table::read(&path, warnings)? else { return Ok(None) };
        let column = |name| table.column(name);
        let (update, policy, id) =
            (column("update_idx")?, column("policy_type")?, column("run_id")?);
        let (rows, cols) = (column("rows")?, column("cols")?);
        let (ghost, diamond, agent) =
            (column("ghost_cell")?, column("diamond_cell")?, column("agent_cell")?);
        let (ghost_flag, diamond_flag) = (column("ghost_flag")?, column("diamond_flag")?);
        let actions = [column("up")?, column("right")?, column("down")?, column("left")?];
        let gate = column("gate")?;
        let mut grid = None;
        let mut cells: BTreeMap<TableKey, Vec<Option<CellPolicy>>> = BTreeMap::new();
        table.for_each(|row| {
            row.must_be(id, &run.id, "the file's name")?;
            let size = Grid::new(row.value(rows, "a number")?, row.value(cols, "a number")?);
            let size = size.map_err(|error| row.refuse(rows, &format!("a grid ({error})")))?;
            if *grid.get_or_insert(size) != size {
                bail!("{}, unlike the lines before; a table has one grid", row.place(rows));
            }
            let cell = |column| {
                let cell: Cell = row.value(column, "a cell")?;
                let inside = usize::from(cell) < size.num_cells();
                if inside { Ok(cell) } else { Err(row.refuse(column, "a cell of the grid")) }
            };
            let flag = |column| Ok::<_, anyhow::Error>(row.choice(column, &["0", "1"])? == 1);
            let key = TableKey {
                goals: (cell(ghost)?, cell(diamond)?),
                flags: (flag(ghost_flag)?, flag(diamond_flag)?),
                policy: row.text(policy).into(),
                update: row.value(update, "an update")?,
            };
            let mut probabilities = [0.0; 4];
            for (probability, column) in probabilities.iter_mut().zip(actions) {
                *probability = row.probability(column)?;
            }
            if (probabilities.iter().sum::<f64>() - 1.0).abs() > 1e-3 {
                return Err(row.refuse(actions[0], "part of probabilities that add up to 1"));
            }
            let gate = row.optional_number(gate)?;
            let at = cells.entry(key).or_insert_with(|| vec![None; size.num_cells()]);
            let place = &mut at[usize::from(cell(agent)?)];
            if place.replace(CellPolicy { actions: probabilities, gate }).is_some() {
                bail!("{}: the cell is there twice", row.place(agent));
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
        Ok(Some(Self { grid, tables }))
    }
}
