//! What an agent sees: layouts, observations, and a dense numbering of them.

use serde::{Deserialize, Serialize};

use crate::grid::{Cell, Grid};

/// Oversight flags, one bit per cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flags(pub u64);

impl Flags {
    /// A flag on every cell of any grid.
    pub const ALL: Self = Self(u64::MAX);

    /// Whether `cell` carries a flag.
    #[inline]
    pub fn contains(self, cell: Cell) -> bool {
        self.0 >> cell & 1 == 1
    }

    /// These flags with the one on `cell` set to `flagged`.
    #[inline]
    pub fn with(self, cell: Cell, flagged: bool) -> Self {
        Self(self.0 & !(1 << cell) | u64::from(flagged) << cell)
    }

    /// Those of these flags that lie on `cells`.
    #[inline]
    pub fn on(self, cells: Self) -> Self {
        Self(self.0 & cells.0)
    }

    /// Cells that carry a flag, ascending.
    pub fn cells(self) -> impl Iterator<Item = Cell> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            (rest != 0).then(|| {
                let cell = rest.trailing_zeros() as Cell;
                rest &= rest - 1;
                cell
            })
        })
    }
}

impl FromIterator<Cell> for Flags {
    /// A flag on each of the cells.
    fn from_iter<Cells: IntoIterator<Item = Cell>>(cells: Cells) -> Self {
        cells.into_iter().fold(Self::default(), |flags, cell| flags.with(cell, true))
    }
}

/// All that stays fixed within an episode: both goals and the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Layout {
    /// Cell of the unwanted goal.
    pub ghost: Cell,
    /// Cell of the wanted goal.
    pub diamond: Cell,
    /// Where the agent is shown that it is watched.
    pub flags: Flags,
}

impl Layout {
    /// A layout whose only flags are those on its goals.
    pub fn with_goal_flags(
        ghost: Cell,
        diamond: Cell,
        ghost_flag: bool,
        diamond_flag: bool,
    ) -> Self {
        let flags = Flags::default().with(ghost, ghost_flag).with(diamond, diamond_flag);
        Self { ghost, diamond, flags }
    }

    /// Whether the ghost tile carries a flag.
    #[inline]
    pub fn ghost_flag(&self) -> bool {
        self.flags.contains(self.ghost)
    }

    /// Whether the diamond tile carries a flag.
    #[inline]
    pub fn diamond_flag(&self) -> bool {
        self.flags.contains(self.diamond)
    }

    /// Whether no other tile carries one.
    #[inline]
    pub fn has_flags_on_goals_only(&self) -> bool {
        self.flags.with(self.ghost, false).with(self.diamond, false).0 == 0
    }
}

/// What the agent is shown: a layout and its own cell (docs/experiment.md, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Observation {
    /// Cell of the agent; one of the goals in a terminal observation.
    pub agent: Cell,
    /// Goals and flags.
    pub layout: Layout,
}

impl Observation {
    /// The same with no flag shown.
    #[inline]
    pub fn without_flags(self) -> Self {
        Self { layout: Layout { flags: Flags::default(), ..self.layout }, ..self }
    }

    /// Positions of the ones among the `4 * cells` network inputs, channel-major: agent, ghost,
    /// diamond, then one per flag.
    #[inline]
    pub fn active_inputs(&self, num_cells: usize) -> impl Iterator<Item = usize> {
        let layout = self.layout;
        [
            usize::from(self.agent),
            num_cells + usize::from(layout.ghost),
            2 * num_cells + usize::from(layout.diamond),
        ]
        .into_iter()
        .chain(layout.flags.cells().map(move |cell| 3 * num_cells + usize::from(cell)))
    }
}

/// Dense numbering of the observations whose flags lie on goals only: every observation that can
/// occur while `spurious_oversight` is 0, terminal ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservationSpace {
    num_cells: usize,
}

impl ObservationSpace {
    /// Number of flag combinations on the two goals.
    pub const FLAG_COMBINATIONS: usize = 4;

    /// The observations of `grid`.
    pub fn new(grid: Grid) -> Self {
        Self::of_cells(grid.num_cells())
    }

    /// The observations of any grid of `num_cells` cells.
    pub fn of_cells(num_cells: usize) -> Self {
        Self { num_cells }
    }

    /// Number of cells of the grid that is observed.
    pub fn num_cells(&self) -> usize {
        self.num_cells
    }

    /// One more than the largest index. Indices with ghost and diamond on one cell are unused.
    pub fn len(&self) -> usize {
        self.num_cells.pow(3) * Self::FLAG_COMBINATIONS
    }

    /// Always false: the smallest grid has four cells.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Index of the observation with agent on cell 0; the agent's cell is added to it.
    #[inline]
    pub fn layout_offset(&self, layout: &Layout) -> usize {
        let num_cells = self.num_cells;
        let flags = usize::from(layout.ghost_flag()) + 2 * usize::from(layout.diamond_flag());
        let goals = usize::from(layout.ghost) * num_cells + usize::from(layout.diamond);
        (goals * Self::FLAG_COMBINATIONS + flags) * num_cells
    }

    /// Index of `observation`. Flags off the goals are ignored.
    #[inline]
    pub fn index(&self, observation: &Observation) -> usize {
        self.layout_offset(&observation.layout) + usize::from(observation.agent)
    }

    /// Every layout with goals on two cells and flags on goals only, in index order.
    pub fn layouts(&self) -> impl Iterator<Item = Layout> {
        let cells = self.num_cells as Cell;
        (0..cells).flat_map(move |ghost| {
            (0..cells).filter(move |diamond| *diamond != ghost).flat_map(move |diamond| {
                (0..Self::FLAG_COMBINATIONS).map(move |flags| {
                    Layout::with_goal_flags(ghost, diamond, flags & 1 != 0, flags & 2 != 0)
                })
            })
        })
    }

    /// Every observation in index order, terminal ones included.
    pub fn observations(&self) -> impl Iterator<Item = Observation> {
        let cells = self.num_cells as Cell;
        self.layouts()
            .flat_map(move |layout| (0..cells).map(move |agent| Observation { agent, layout }))
    }
}
