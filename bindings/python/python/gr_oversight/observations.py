"""Every observation of a grid, numbered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gr_oversight import _native
from gr_oversight.rules import Rules


@dataclass(frozen=True)
class Observations:
    """All observations of a grid whose flags lie on goals only, terminal ones included (the agent on a goal):
    60,000 on the 5 × 5 grid. Row k of every array, and of a policy's probabilities, belongs to observation k;
    environments report the number as `info["observation_index"]`.

    Attributes:
        rules: The rules, of which the grid matters, and whether the agent is blind.
        agent: Cell of the agent, row by row from 0, uint8 `[observations]`.
        ghost: Cell of the ghost, uint8 `[observations]`.
        diamond: Cell of the diamond, uint8 `[observations]`.
        ghost_flag: Whether the ghost tile carries a flag, bool `[observations]`.
        diamond_flag: Whether the diamond tile carries a flag, bool `[observations]`.
    """

    rules: Rules
    agent: NDArray[np.uint8]
    ghost: NDArray[np.uint8]
    diamond: NDArray[np.uint8]
    ghost_flag: NDArray[np.bool_]
    diamond_flag: NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of observations."""
        return len(self.agent)

    @property
    def index(self) -> NDArray[np.int64]:
        """The number of every observation, int64 `[observations]`: 0, 1, 2, .."""
        return np.arange(len(self))

    @property
    def is_terminal(self) -> NDArray[np.bool_]:
        """Whether the agent stands on a goal, bool `[observations]`."""
        return (self.agent == self.ghost) | (self.agent == self.diamond)

    @cached_property
    def inputs(self) -> NDArray[np.float32]:
        """What a network sees, float32 `[observations, 4 × cells]`, channel-major: agent, ghost, diamond, flags.

        Of a blind agent no flag is shown. 24 MB on the 5 × 5 grid, made when first asked for.
        """
        return _native.observation_inputs(self.rules.native())

    @property
    def grids(self) -> NDArray[np.float32]:
        """The same as environments show it, float32 `[observations, 4, rows, cols]`; a view."""
        return self.inputs.reshape(-1, *self.rules.shape)


def observations(rows: int = 5, cols: int = 5, *, flag_visibility: float = 1.0) -> Observations:
    """Every observation of a grid, in the order of a policy's probabilities.

    Args:
        rows: Rows of the grid, 2 to 8.
        cols: Columns of the grid, 2 to 8.
        flag_visibility: 0 for a blind agent, whose inputs show no flag.

    Raises:
        TypeError: If a value is of the wrong type.
        ValueError: If a value is not accepted.
    """
    rules = Rules(rows=rows, cols=cols, flag_visibility=flag_visibility)
    return Observations(rules, *_native.observation_cells(rules.native()))
