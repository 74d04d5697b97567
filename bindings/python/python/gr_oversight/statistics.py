"""Statistics over runs, of the harness's own library: a run (one seed) is the unit of replication."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gr_oversight import _arguments, _native


@dataclass(frozen=True)
class Interval:
    """A number and the two-sided interval around it, all in the unit of the values.

    Attributes:
        value: The number estimated from the values as they are.
        low: Lower bound; None where the values say nothing of how far others would lie (a single one, or all alike).
        high: Upper bound; likewise.
    """

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class PairedDifference:
    """Two methods compared seed by seed.

    Attributes:
        differences: First minus second, in ascending order of the seeds that both have.
        interval: Mean of the differences with the interval of the paired t test; None without a pair, or where
            the sum is more than 64 bits hold.
        only_first: Number of seeds that only the first method has.
        only_second: Number of seeds that only the second method has.
    """

    differences: tuple[float, ...]
    interval: Interval | None
    only_first: int
    only_second: int


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Mean of one value for each run, with its interval by Student's t.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If there is no value, one is not finite, or the confidence is not between 0 and 1.
    """
    return _interval(_native.mean_interval(_values("values", values), _arguments.confidence(confidence)))


def interquartile_mean(values: ArrayLike) -> float:
    """The mean without the lowest and the highest quarter of the values, as rliable takes it.

    Raises:
        TypeError: If the values are no numbers.
        ValueError: If there is no value, or one is not finite.
    """
    found = _native.interquartile_mean(_values("values", values))
    if found is None:
        raise ValueError("values sum to more than 64 bits hold; accepted: smaller ones")
    return found


def paired_difference(
    first: Mapping[int, float], second: Mapping[int, float], confidence: float = 0.95
) -> PairedDifference:
    """First minus second over the seeds that both have.

    Args:
        first: Value by seed.
        second: Value by seed.
        confidence: Confidence of the interval.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If a value is not finite, or the confidence is not between 0 and 1.
    """
    differences, interval, only_first, only_second = _native.paired_difference(
        _by_seed("first", first), _by_seed("second", second), _arguments.confidence(confidence)
    )
    found = None if interval is None else Interval(*interval)
    return PairedDifference(tuple(differences), found, only_first, only_second)


def welch_difference(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> Interval:
    """Mean of the first method's runs minus that of the second's, runs unpaired, with its interval by Welch's t.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If a method has fewer than two runs, runs that all agree, or a value that is not finite.
    """
    one, other = _values("first", first), _values("second", second)
    found = _native.welch_difference(one, other, _arguments.confidence(confidence))
    if found is None:
        accepted = "two values at least on either side, not all alike"
        raise ValueError(f"first has {len(one)} values and second {len(other)}; accepted: {accepted}")
    return Interval(*found)


def probability_of_improvement(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> Interval:
    """The probability that a run of the first method ends above one of the second, a tie counting half.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If a side has no value, or one that is not finite.
    """
    one, other = _values("first", first), _values("second", second)
    return _interval(_native.probability_of_improvement(one, other, _arguments.confidence(confidence)))


def share_below(values: ArrayLike, threshold: float = 0.1, confidence: float = 0.95) -> Interval:
    """The share of runs below `threshold`, with Wilson's interval.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If there is no value, or one is not finite.
    """
    largest = np.finfo(np.float64).max
    threshold = _arguments.number("threshold", threshold, "a finite number", -largest, largest)
    checked = _values("values", values)
    return _interval(_native.share_below(checked, threshold, _arguments.confidence(confidence)))


def verdict(first: ArrayLike, second: ArrayLike) -> str:
    """What the harness's rule says of the first method against the second: `beats`, `matches`, `worse`, `undecided`,
    or `descriptive` below eight runs on either side (docs/experiment.md, section 12).

    Raises:
        TypeError: If the values are no numbers.
        ValueError: If a side has no value, or one that is not finite.
    """
    return _native.verdict(_values("first", first), _values("second", second))


def _values(name: str, values: ArrayLike) -> list[float]:
    found = np.asarray(values)
    if found.dtype.kind not in "fiu":
        raise TypeError(f"{name} are of type {found.dtype}; accepted: numbers, one for each run")
    if found.ndim != 1 or found.size == 0:
        raise ValueError(f"{name} have shape {found.shape}; accepted: one axis with a value at least, one for each run")
    if not np.isfinite(found).all():
        index = int(np.flatnonzero(~np.isfinite(found))[0])
        raise ValueError(f"{name}[{index}] is {found[index]}; accepted: finite numbers")
    return found.astype(np.float64).tolist()


def _by_seed(name: str, values: Mapping[int, float]) -> list[tuple[int, float]]:
    if not isinstance(values, Mapping):
        raise TypeError(f"{name} is a {type(values).__name__}; accepted: a mapping from seeds to values")
    largest = np.finfo(np.float64).max
    return [
        (
            _arguments.seed(seed),
            _arguments.number(f"{name}[{seed}]", value, "a finite number", -largest, largest),
        )
        for seed, value in values.items()
    ]


def _interval(found: tuple[float, float | None, float | None] | None) -> Interval:
    if found is None:
        raise ValueError("values sum to more than 64 bits hold; accepted: smaller ones")
    return Interval(*found)
