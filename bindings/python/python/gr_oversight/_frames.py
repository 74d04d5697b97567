"""CSV files of a sweep as frames of pandas or polars, with one type for each column whichever version wrote them."""

from __future__ import annotations

import importlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gr_oversight import _arguments, _native

#: Libraries that make frames, in the order in which they are looked for.
LIBRARIES = ("pandas", "polars")

#: Columns of text; every other column that is not named below holds 64-bit floating-point numbers.
_TEXT = {
    "evaluation", "first_observation", "holdout_source", "policy_type", "run_id", "run_label", "status", "variant",
}  # fmt: skip

#: Columns of whole numbers that every row has.
_WHOLE = {
    "agent_cell", "cols", "diamond_cell", "diamond_flag", "distinct_observations", "ghost_cell", "ghost_flag",
    "global_step", "kept_update", "planned_updates", "rows", "schema_version", "seed", "stopped", "training_episodes",
    "update_idx",
}  # fmt: skip

#: Columns of whole numbers that may be empty.
_WHOLE_OR_EMPTY = {"labels_holdout", "labels_training", "selected_update", "stopped_update", "updates"}

#: What tells a table of runs from other CSV files.
_RUN_COLUMNS = {b"run_id", b"run_label", b"status", b"selected_return"}


def library(frames: str | None) -> str:
    """The library to make frames with: the one asked for, or the first that is installed.

    Raises:
        ImportError: If there is none, or not the one that was asked for.
        ValueError: If no library has this name.
    """
    asked = LIBRARIES if frames is None else (_arguments.choice("frames", frames, LIBRARIES),)
    for name in asked:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        return name
    raise ImportError(f"frames need {' or '.join(asked)}, which is not installed: pip install {asked[0]}")


def is_table_of_runs(path: Path) -> bool:
    """Whether a CSV file has a row for each run, by its header."""
    with path.open("rb") as file:
        header = file.readline().strip().split(b",")
    return set(header) >= _RUN_COLUMNS


def today(kind: str, path: Path) -> bytes:
    """The text of a CSV file with today's columns.

    Raises:
        ValueError: If it is no such table.
    """
    try:
        return _native.table_today(kind, path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def frame(texts: Sequence[bytes], frames: str) -> Any:
    """One frame of the rows of several CSV files, columns that some lack being empty there."""
    texts = [text for text in texts if text]
    if frames == "pandas":
        return _pandas_frame(texts)
    return _polars_frame(texts)


def _header(text: bytes) -> list[str]:
    return text.split(b"\n", 1)[0].decode().strip().split(",")


def _pandas_frame(texts: Sequence[bytes]) -> Any:
    import pandas as pd

    def types(text: bytes) -> dict[str, str]:
        return {column: _type(column, "Int64", "boolean", "float64") for column in _header(text)}

    parts = [pd.read_csv(io.BytesIO(text), dtype=types(text), keep_default_na=False, na_values=_nothing(text))
             for text in texts]  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _nothing(text: bytes) -> dict[str, list[str]]:
    """By column what stands for an absent value: of a variant, empty is a value."""
    return {column: [] if column == "variant" else [""] for column in _header(text)}


def _polars_frame(texts: Sequence[bytes]) -> Any:
    import polars as pl

    def types(text: bytes) -> dict[str, Any]:
        return {column: _type(column, pl.Int64, pl.Boolean, pl.Float64, pl.String, pl.UInt64)
                for column in _header(text)}  # fmt: skip

    parts = [pl.read_csv(text, schema_overrides=types(text)) for text in texts]
    if not parts:
        return pl.DataFrame()
    everything = pl.concat(parts, how="diagonal")
    variants = [pl.col("variant").fill_null("")] if "variant" in everything.columns else []
    return everything.with_columns(variants)


def _type(column: str, maybe_whole: Any, switch: Any, real: Any, text: Any = "str", seed: Any = "uint64") -> Any:
    if column == "seed":
        return seed
    if column in _TEXT:
        return text
    if column in _WHOLE:
        return "int64" if isinstance(maybe_whole, str) else maybe_whole
    if column in _WHOLE_OR_EMPTY or column == "episodes":
        return maybe_whole
    if column == "labels_holdout_unlimited":
        return switch
    return real
