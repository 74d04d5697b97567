//! The grid: cells, actions and moves. Knows nothing of goals, oversight or time.

use serde::{Deserialize, Serialize};

/// Position on the grid, row-major: `row * cols + col`.
pub type Cell = u8;

/// Number of actions an agent can take.
pub const NUM_ACTIONS: usize = 4;

/// Names of the actions in index order.
pub const ACTION_NAMES: [&str; NUM_ACTIONS] = ["up", "right", "down", "left"];

/// Smallest and largest side of a grid. 8 × 8 is where one flag per cell still fits a 64-bit word.
const SIDES: std::ops::RangeInclusive<usize> = 2..=8;

/// A move; a move into a wall leaves the agent where it is (docs/experiment.md, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Action {
    /// One row up.
    Up = 0,
    /// One column right.
    Right = 1,
    /// One row down.
    Down = 2,
    /// One column left.
    Left = 3,
}

impl Action {
    /// All actions in index order.
    pub const ALL: [Action; NUM_ACTIONS] = [Action::Up, Action::Right, Action::Down, Action::Left];

    /// The action with this index. Panics if `index` is not below [`NUM_ACTIONS`].
    pub fn from_index(index: usize) -> Self {
        Self::ALL[index]
    }

    /// Position of this action in [`Action::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

/// Why a grid was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum GridError {
    /// A side is outside 2 to 8.
    #[error("a grid of {rows} x {cols} is not supported; rows and cols must each be 2 to 8")]
    Size {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        cols: usize,
    },
}

/// A rectangle of cells, 2 × 2 to 8 × 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    rows: u8,
    cols: u8,
}

impl Grid {
    /// A grid of `rows` × `cols` cells.
    ///
    /// # Errors
    /// [`GridError::Size`] unless both are between 2 and 8.
    pub fn new(rows: usize, cols: usize) -> Result<Self, GridError> {
        if SIDES.contains(&rows) && SIDES.contains(&cols) {
            Ok(Self { rows: rows as u8, cols: cols as u8 })
        } else {
            Err(GridError::Size { rows, cols })
        }
    }

    /// Number of rows.
    pub fn rows(self) -> usize {
        usize::from(self.rows)
    }

    /// Number of columns.
    pub fn cols(self) -> usize {
        usize::from(self.cols)
    }

    /// Number of cells, at least 4 and at most 64.
    pub fn num_cells(self) -> usize {
        self.rows() * self.cols()
    }

    /// Every cell in row-major order.
    pub fn cells(self) -> impl Iterator<Item = Cell> {
        0..self.rows * self.cols
    }

    /// The cell at a row and a column, both counted from 0. `None` outside the grid.
    pub fn cell(self, row: usize, col: usize) -> Option<Cell> {
        (row < self.rows() && col < self.cols()).then(|| (row * self.cols() + col) as Cell)
    }

    /// Two cells on opposite sides, where goals are put if nobody says where.
    pub fn opposite_cells(self) -> [Cell; 2] {
        let first = self.rows / 4 * self.cols + self.cols / 4;
        [first, self.rows * self.cols - 1 - first]
    }

    /// Where `action` leads from `cell`.
    #[inline]
    pub fn neighbour(self, cell: Cell, action: Action) -> Cell {
        let (row, col) = (cell / self.cols, cell % self.cols);
        match action {
            Action::Up if row > 0 => cell - self.cols,
            Action::Right if col + 1 < self.cols => cell + 1,
            Action::Down if row + 1 < self.rows => cell + self.cols,
            Action::Left if col > 0 => cell - 1,
            _ => cell,
        }
    }
}
