"""Checks what a person typed: every error names the argument, the value and what is accepted."""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Iterable, Sequence
from typing import Any

_LARGEST_SEED = 2**64 - 1


def whole(name: str, value: Any, least: int, most: int) -> int:
    """The whole number `value`, from `least` to `most`."""
    accepted = f"a whole number from {least} to {most}"
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} is {value!r} of type {type(value).__name__}; accepted: {accepted}")
    found = int(value)
    if not least <= found <= most:
        raise ValueError(f"{name} is {found}; accepted: {accepted}")
    return found


def number(name: str, value: Any, accepted: str, low: float, high: float, *, open_ends: bool = False) -> float:
    """The real number `value`, from `low` to `high`, or between them with `open_ends`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} is {value!r} of type {type(value).__name__}; accepted: {accepted}")
    found = float(value)
    inside = low < found < high if open_ends else low <= found <= high
    if math.isnan(found) or not inside:
        raise ValueError(f"{name} is {value}; accepted: {accepted}")
    return found


def probability(name: str, value: Any) -> float:
    """The probability `value`."""
    return number(name, value, "a probability from 0 to 1", 0.0, 1.0)


def confidence(value: Any) -> float:
    """The confidence of an interval."""
    accepted = "a confidence between 0 and 1, as in 0.95"
    return number("confidence", value, accepted, 0.0, 1.0, open_ends=True)


def seed(value: Any) -> int:
    """A seed of the harness."""
    return whole("seed", value, 0, _LARGEST_SEED)


def choice(name: str, value: Any, accepted: Iterable[str]) -> str:
    """One of the names in `accepted`."""
    names = list(accepted)
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r} of type {type(value).__name__}; accepted: {', '.join(names)}")
    if value not in names:
        near = difflib.get_close_matches(value, names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{name} is {value!r}; accepted: {', '.join(names)}{hint}")
    return value


def cells(name: str, value: Any, num_cells: int) -> list[int] | None:
    """Cells of a grid, each below `num_cells`; None is all of them."""
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, (Sequence, Iterable)):
        accepted = f"None for all cells, or a sequence of cells from 0 to {num_cells - 1}"
        raise TypeError(f"{name} is {value!r} of type {type(value).__name__}; accepted: {accepted}")
    return [whole(f"{name}[{index}]", cell, 0, num_cells - 1) for index, cell in enumerate(value)]
