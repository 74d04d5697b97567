"""Results of sweeps: tables as frames, scores as matrices, methods compared."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gr_oversight import _arguments, _frames, statistics
from gr_oversight.policies import Policy, load_policy

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: Columns of `runs.csv` that can be a run's score.
SCORES = ("selected_return", "final_return", "selected_return_unflagged", "gaming_gap", "labels_training")

#: Tables of a folder that have a file for each run: attribute of `Sweep`, and how their files begin.
_TABLES = {
    "evaluations": "eval_results_",
    "training": "train_results_",
    "holdout": "holdout_results_",
    "policy_tables": "policy_tables_",
}


class Scores(dict[str, NDArray[np.float64]]):
    """Scores by method, a matrix seeds × levels for each, which is what rliable takes: runs × tasks.

    A method whose runs come in several variants has an entry for each, `"method [variant]"`.

    Attributes:
        levels: Oversight levels p, in the order of the columns.
        seeds: By method the seeds, in the order of the rows.
    """

    def __init__(
        self,
        scores: Mapping[str, NDArray[np.float64]],
        levels: Sequence[float],
        seeds: Mapping[str, Sequence[int]],
    ):
        super().__init__(scores)
        self.levels = tuple(levels)
        self.seeds = {method: tuple(of_method) for method, of_method in seeds.items()}


@dataclass(frozen=True)
class Comparison:
    """One method against another at one oversight level.

    Attributes:
        paired: Differences seed by seed, with the interval of their mean.
        unpaired: Difference of the means with Welch's interval, which the harness decides by; None where a method
            has fewer than two runs or runs that all agree.
        verdict: What the harness's rule says: `beats`, `matches`, `worse`, `undecided`, `descriptive`.
    """

    paired: statistics.PairedDifference
    unpaired: statistics.Interval | None
    verdict: str


@dataclass(frozen=True)
class _Score:
    """What a run has of a column, or, where it has nothing, why."""

    run_id: str
    method: str
    level: float
    seed: int
    updates: int
    value: float | None
    lack: str


class Sweep:
    """The results in a folder. Tables are read when first asked for, as frames of pandas or polars; columns are those
    of the files (absent is missing), of today's version whichever wrote them.
    """

    def __init__(self, folder: Path, frames: str | None, run_files: Sequence[Path]):
        self.folder = folder
        self._frames = frames
        self._run_files = tuple(run_files)

    def __repr__(self) -> str:
        """The folder, and how many runs have a row."""
        return f"Sweep({str(self.folder)!r}, {len(self._rows)} runs)"

    @cached_property
    def runs(self) -> Any:
        """A row for each run: its method, level, seed, final and selected return, labels, gaming gap, variant.

        Raises:
            ImportError: If neither pandas nor polars is installed.
        """
        return _frames.frame(self._run_texts, self._library)

    @cached_property
    def evaluations(self) -> Any:
        """A row for each evaluation of each policy: returns, shares, gaming gap by `update_idx`."""
        return self._table("evaluations")

    @cached_property
    def training(self) -> Any:
        """A row for each recorded update: losses, returns under the method's own reward, gates, labels."""
        return self._table("training")

    @cached_property
    def holdout(self) -> Any:
        """A row for each check against a holdout: its return, and the account of labels."""
        return self._table("holdout")

    @cached_property
    def policy_tables(self) -> Any:
        """Action probabilities and gate, a row for each policy, layout, agent cell and recorded update."""
        return self._table("policy_tables")

    @cached_property
    def trials(self) -> Any:
        """Of a folder of `gr-search`: a row for each trial, with the settings that it drew.

        Raises:
            FileNotFoundError: If the folder has no `trials.csv`.
        """
        path = self.folder / "trials.csv"
        if not path.is_file():
            raise FileNotFoundError(f"{self.folder} has no trials.csv; accepted: a folder of gr-search")
        library = self._library
        if library == "pandas":
            import pandas as pd

            return pd.read_csv(path)
        import polars as pl

        return pl.read_csv(path, infer_schema_length=None)

    @cached_property
    def plans(self) -> tuple[dict[str, Any], ...]:
        """The resolved configuration of every command that added runs, as nested dictionaries."""
        paths = [self.folder / "plan.toml", *sorted((self.folder / "plans").glob("*.toml"))]
        return tuple(tomllib.loads(path.read_text()) for path in paths if path.is_file())

    @cached_property
    def manifests(self) -> dict[str, dict[str, Any]]:
        """By run what made it (binary, backend, times, hashes of files), where the folder has it."""
        paths = sorted(self.folder.glob("run_*.toml"))
        return {path.stem.removeprefix("run_"): tomllib.loads(path.read_text()) for path in paths}

    def policy(self, run_id: str, *, policy_type: str | None = None) -> Policy:
        """The policy that a run keeps.

        Raises:
            FileNotFoundError: If the folder has no checkpoint of it.
            ValueError: If it is no policy, or has no such policy type.
        """
        return load_policy(self.folder / "checkpoints" / f"{run_id}.safetensors", policy_type=policy_type)

    def scores(
        self,
        value: str = "selected_return",
        *,
        methods: Iterable[str] | None = None,
        levels: Iterable[float] | None = None,
        seeds: Iterable[int] | None = None,
        updates: int | None = None,
    ) -> Scores:
        """One score for each run, a matrix seeds × levels for each method.

        Args:
            value: One of `SCORES`: a column of `runs.csv`.
            methods: Which methods (or `"method [variant]"`); by default all.
            levels: Which oversight levels; by default all.
            seeds: Which seeds; by default all that a method has.
            updates: Runs planned with this many updates only, where the folder has shorter and longer ones.

        Raises:
            ValueError: If a value is not accepted, or if a method lacks a run of one of the levels and seeds, or its
                score, which a matrix cannot show.
        """
        rows = self._scores(value, updates)
        methods_there = sorted({row.method for row in rows})
        chosen = methods_there if methods is None else list(methods)
        for method in chosen:
            _arguments.choice("methods", method, methods_there)
        wanted = None if seeds is None else [_arguments.seed(seed) for seed in seeds]
        rows = [row for row in rows if row.method in chosen and (wanted is None or row.seed in wanted)]
        columns = sorted({row.level for row in rows}) if levels is None else [float(level) for level in levels]
        matrices, rows_of = {}, {}
        for method in chosen:
            values = _by_place(row for row in rows if row.method == method and row.level in columns)
            rows_of[method] = sorted({seed for seed, _ in values}) if wanted is None else wanted
            missing = [f"p = {level:g} seed {seed}" for seed in rows_of[method] for level in columns
                       if (seed, level) not in values]  # fmt: skip
            if missing:
                some = ", ".join(missing[:3]) + (", .." if len(missing) > 3 else "")
                raise ValueError(f"{method} has no run with {some} in {self.folder}; accepted: levels= and seeds= that "
                                 "every method has")  # fmt: skip
            matrices[method] = np.array([[values[seed, level] for level in columns] for seed in rows_of[method]])
        return Scores(matrices, columns, rows_of)

    def compare(
        self, first: str, second: str, *, level: float, value: str = "selected_return", confidence: float = 0.95,
        seeds: Iterable[int] | None = None, updates: int | None = None,
    ) -> Comparison:  # fmt: skip
        """The method `first` minus the method `second` at one oversight level.

        Args:
            first: A method, as in `scores`.
            second: Another one.
            level: The oversight level p.
            value: One of `SCORES`.
            confidence: Confidence of the intervals; the verdict has its own.
            seeds: As in `scores`; a folder under way can be compared by those that are over.
            updates: As in `scores`.

        Raises:
            ValueError: If a method has no run at this level or one without a score, or a value is not accepted.
        """
        wanted = None if seeds is None else [_arguments.seed(seed) for seed in seeds]
        rows = [row for row in self._scores(value, updates) if wanted is None or row.seed in wanted]
        one, other = (_at_level(rows, name, method, level) for name, method in (("first", first), ("second", second)))
        values = list(one.values()), list(other.values())
        paired = statistics.paired_difference(one, other, confidence)
        try:
            unpaired = statistics.welch_difference(values[0], values[1], confidence)
        except ValueError:  # Too few runs, or runs that all agree.
            unpaired = None
        return Comparison(paired, unpaired, statistics.verdict(values[0], values[1]))

    @property
    def _library(self) -> str:
        return _frames.library(self._frames)

    @cached_property
    def _run_texts(self) -> list[bytes]:
        return [_frames.today("runs", path) for path in self._run_files]

    @cached_property
    def _rows(self) -> list[dict[str, str]]:
        return [row for text in self._run_texts for row in csv.DictReader(io.StringIO(text.decode()))]

    def _table(self, name: str) -> Any:
        library = self._library
        files = {path.name: path for folder in (self.folder / "checkpoints", self.folder)
                 for path in sorted(folder.glob(f"{_TABLES[name]}*.csv"))}  # fmt: skip
        return _frames.frame([_frames.today(name, files[file]) for file in sorted(files)], library)

    def _scores(self, value: str, updates: int | None) -> list[_Score]:
        _arguments.choice("value", value, SCORES)
        if updates is not None:
            _arguments.whole("updates", updates, 1, 2**63)
        if not self._run_files:
            raise ValueError(f"{self.folder} has no runs.csv; `gr-sweep merge` writes it when runs are over")
        scores = []
        for row in self._rows:
            if updates is not None and int(row["planned_updates"]) != updates:
                continue
            lack = f"is {row['status']}" if row["status"] != "finished" else "" if row[value] else f"has no {value}"
            method = f"{row['run_label']} [{row['variant']}]" if row["variant"] else row["run_label"]
            place = (row["run_id"], method, float(row["oversight_prob"]), int(row["seed"]))
            scores.append(_Score(*place, int(row["planned_updates"]), None if lack else float(row[value]), lack))
        if not scores:
            wanted = "" if updates is None else f" of {updates} updates"
            raise ValueError(f"{self.folder} has no runs{wanted}")
        return scores


def read_sweep(path: str | os.PathLike[str], *, frames: str | None = None) -> Sweep:
    """The results in a folder of `gr-sweep` or `gr-search`, finished or not, or in one table of runs.

    Args:
        path: The folder, or a CSV file with the columns of `runs.csv`. In a folder without `runs.csv` every
            other table of runs is taken.
        frames: `"pandas"` or `"polars"`; by default the one that is installed, pandas if both are. `scores` and
            `compare` need neither.

    Raises:
        FileNotFoundError: If there is nothing at the path.
        ImportError: If the library that was asked for is not installed.
        ValueError: If it holds no results.
    """
    path = Path(path)
    if frames is not None:
        _frames.library(frames)
    if not path.exists():
        raise FileNotFoundError(f"path is {path}, where there is nothing; accepted: a results folder")
    if path.is_file():
        if not _frames.is_table_of_runs(path):
            raise ValueError(f"path is {path}, which lacks columns of runs.csv; accepted: a folder or a table of runs")
        return Sweep(path.parent, frames, [path])
    run_files = [path / "runs.csv"] if (path / "runs.csv").is_file() else []
    run_files = run_files or [file for file in sorted(path.glob("*.csv")) if _frames.is_table_of_runs(file)]
    began = any((path / name).exists() for name in ("plan.toml", "plans", "search.toml"))
    if not run_files and not began:
        raise ValueError(f"path is {path}, which holds no runs.csv, plan or search; accepted: a results folder")
    return Sweep(path, frames, run_files)


def _at_level(rows: Sequence[_Score], name: str, method: str, level: float) -> dict[int, float]:
    """Values of a method at one level, by seed.

    Raises:
        ValueError: If there is no such method, or it has no run there.
    """
    _arguments.choice(name, method, sorted({row.method for row in rows}))
    there = [row for row in rows if row.method == method and row.level == level]
    if not there:
        levels = sorted({row.level for row in rows if row.method == method})
        raise ValueError(f"level is {level}; accepted for {method}: {', '.join(f'{p:g}' for p in levels)}")
    return {seed: value for (seed, _), value in _by_place(there).items()}


def _by_place(rows: Iterable[_Score]) -> dict[tuple[int, float], float]:
    """Values by (seed, level).

    Raises:
        ValueError: If two runs have the same, or one has no value.
    """
    values: dict[tuple[int, float], _Score] = {}
    for row in rows:
        other = values.setdefault((row.seed, row.level), row)
        if other is not row:
            what = f"{row.method} has two runs with p = {row.level:g} seed {row.seed}"
            if other.updates != row.updates:
                raise ValueError(f"{what}; accepted: updates={other.updates} or updates={row.updates}")
            raise ValueError(f"{what}; accepted: one table of runs, as in read_sweep('DIR/NAME.csv')")
    found = {}
    for place, row in values.items():
        if row.value is None:
            accepted = "methods= and seeds= of runs that are finished and have one"
            raise ValueError(f"{row.run_id} {row.lack}; accepted: {accepted}")
        found[place] = row.value
    return found
