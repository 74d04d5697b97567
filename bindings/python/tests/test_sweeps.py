"""Results as frames, scores and comparisons: every published folder, by default pandas and polars."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import tomllib

from conftest import PUBLISHED, ROOT, published_folders
from gr_oversight import _native, read_sweep, statistics

FOLDERS = published_folders()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(PUBLISHED)))
def test_every_published_folder_is_read_by_pandas_and_polars(folder: Path):
    for path in sorted(folder.glob("*.csv")):
        by_default = pd.read_csv(path)
        assert pl.read_csv(path).shape == by_default.shape and len(by_default) > 0
    in_pandas, in_polars = (read_sweep(folder, frames=frames) for frames in ("pandas", "polars"))
    if (folder / "trials.csv").is_file():
        assert len(in_pandas.trials) == len(in_polars.trials) == len(pd.read_csv(folder / "trials.csv"))
        return
    for name, prefix in (("evaluations", "eval"), ("training", "train"), ("holdout", "holdout")):
        files = sorted(folder.glob(f"{prefix}_results_*.csv"))
        rows = sum(len(pd.read_csv(path)) for path in files)
        first, second = getattr(in_pandas, name), getattr(in_polars, name)
        assert len(first) == len(second) == rows
        assert list(first.columns) == second.columns
        if files:
            assert set(first["run_id"]) == {path.stem.removeprefix(f"{prefix}_results_") for path in files}
            np.testing.assert_array_equal(first["update_idx"], second["update_idx"])
    np.testing.assert_array_equal(in_pandas.runs["selected_return"], in_polars.runs["selected_return"])
    assert in_pandas.runs["variant"].notna().all() and in_polars.runs["variant"].is_not_null().all()


def test_a_column_has_one_type_whichever_version_wrote_it():
    first = read_sweep(PUBLISHED / "early-stopping-privileged", frames="pandas").runs
    assert first["labels_holdout"].isna().all() and first["labels_holdout_unlimited"].all()
    old, new = (read_sweep(PUBLISHED / name, frames="pandas").runs for name in ("naive", "masks"))
    assert dict(old.dtypes) == dict(new.dtypes) == dict(first.dtypes)
    old, new = (read_sweep(PUBLISHED / name, frames="polars").runs for name in ("naive", "masks"))
    assert old.schema == new.schema
    assert set(old["schema_version"]) == {1} and set(new["schema_version"]) == {_native.SCHEMA_VERSION}


def test_scores_are_seeds_by_levels():
    scores = read_sweep(PUBLISHED / "filtering-and-oracle").scores()
    assert set(scores) == {"filtering", "oracle"} and scores.levels == (0.01,)
    table = pd.read_csv(PUBLISHED / "filtering-and-oracle" / "runs.csv")
    for method, matrix in scores.items():
        rows = table[table.run_label == method].set_index("seed").sort_index()
        assert scores.seeds[method] == tuple(rows.index) and matrix.shape == (len(rows), 1)
        np.testing.assert_array_equal(matrix[:, 0], rows.selected_return)
    masks = read_sweep(PUBLISHED / "masks").scores("final_return")
    assert len(masks) == 5 and all(matrix.shape == (4, 1) for matrix in masks.values())


def test_several_levels_are_columns(tmp_path: Path):
    tables = [pd.read_csv(PUBLISHED / name / "runs.csv") for name in ("levels-p0.03", "levels-p0.1", "levels-p0.3")]
    together = pd.concat(tables).sample(frac=1, random_state=0)
    path = tmp_path / "levels.csv"
    together.to_csv(path, index=False)
    sweep = read_sweep(path)
    scores = sweep.scores(methods=["routing", "naive_outcomes"])
    assert scores.levels == (0.03, 0.1, 0.3) and scores["routing"].shape[1] == 3
    for column, table in enumerate(tables):
        rows = table[table.run_label == "routing"].set_index("seed").sort_index()
        np.testing.assert_array_equal(scores["routing"][:, column], rows.selected_return)
    chosen = sweep.scores(methods=["routing"], levels=[0.3, 0.03], seeds=[2, 0])
    np.testing.assert_array_equal(chosen["routing"], scores["routing"][[2, 0]][:, [2, 0]])
    together[together.seed != 1].to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"routing has no run with p = 0\.03 seed 1"):
        read_sweep(path).scores(methods=["routing"], seeds=[0, 1])


def test_tables_beside_one_another_are_read_one_by_one():
    sweep = read_sweep(PUBLISHED / "p0.05-fresh")
    assert len(sweep.runs) == 12
    with pytest.raises(ValueError, match=r"two runs with p = 0\.05 seed 0"):
        sweep.scores()
    assert read_sweep(PUBLISHED / "p0.05-fresh" / "hidden.csv").scores()["naive_early_stopping"].shape == (4, 1)


def test_two_published_methods_are_compared_as_the_harness_compares_them(tmp_path: Path):
    tables = [pd.read_csv(PUBLISHED / name / "runs.csv") for name in ("naive", "routing")]
    path = tmp_path / "both.csv"
    pd.concat(tables).to_csv(path, index=False)
    found = read_sweep(path).compare("routing", "naive_outcomes", level=0.01)
    naive, routing = (table.set_index("seed").sort_index().selected_return for table in tables)
    assert found.paired.differences == tuple(routing - naive)
    assert found.unpaired.value == pytest.approx(routing.mean() - naive.mean(), abs=1e-12)
    assert found.verdict == "beats" and found.unpaired.low > 0.1 and found.paired.only_first == 0
    half = found.paired.interval.high - found.paired.interval.value
    # The critical value of Student's t with 7 degrees of freedom.
    assert half == pytest.approx(2.364624251592784 * (routing - naive).std() / math.sqrt(8), abs=1e-6)


def test_of_a_folder_under_way_what_is_over_has_scores(tmp_path: Path):
    table = pd.concat([pd.read_csv(PUBLISHED / name / "runs.csv") for name in ("naive", "routing")])
    path = tmp_path / "begun.csv"
    whole = table.to_csv(index=False)
    missing = (table.run_label == "naive_outcomes") & (table.seed == 3)
    table.loc[missing, ["status", "selected_return"]] = ["missing", None]
    table.to_csv(path, index=False)
    begun = read_sweep(path)
    assert begun.scores(methods=["routing"])["routing"].shape == (8, 1)
    assert begun.scores(seeds=[0, 1])["naive_outcomes"].shape == (2, 1)
    for use in (begun.scores, lambda: begun.compare("naive_outcomes", "routing", level=0.01)):
        with pytest.raises(ValueError, match=r"naive_outcomes_p0\.01_s3_\w+ is missing; accepted: methods= and seeds="):
            use()
    with pytest.raises(ValueError, match="first is 'naive'"):
        begun.compare("naive", "routing", level=0.01)
    of_both = [seed for seed in range(8) if seed != 3]
    path.write_text(whole)
    assert begun.compare("naive_outcomes", "routing", level=0.01, seeds=of_both) == read_sweep(path).compare(
        "naive_outcomes", "routing", level=0.01, seeds=of_both
    )


def test_statistics_are_those_of_the_harness():
    known = json.loads((ROOT / "crates" / "gr-stats" / "tests" / "data" / "values.json").read_text())
    assert len(known["aggregates"]) > 5
    for case in known["aggregates"]:
        assert statistics.interquartile_mean(case["values"]) == pytest.approx(case["interquartile_mean"], abs=1e-12)
        interval = statistics.mean_interval(case["values"])
        assert interval.value == pytest.approx(case["mean"], abs=1e-12)
        assert (interval.low is None) == (len(case["values"]) == 1)
    assert statistics.share_below([0.0, 0.05, 0.5, 0.6]).value == 0.5
    assert statistics.probability_of_improvement([1.0, 2.0], [1.0, 1.0]).value == 0.75
    assert statistics.verdict([0.5, 0.6], [0.1, 0.2]) == "descriptive"
    paired = statistics.paired_difference({3: 5.0, 1: 2.0, 8: 100.0}, {1: 1.5, 3: 4.0, 7: 0.0, 9: 1.0})
    assert (paired.differences, paired.only_first, paired.only_second) == ((0.5, 1.0), 1, 2)


def test_plans_are_what_the_folder_holds():
    (plan,) = read_sweep(PUBLISHED / "routing").plans
    assert plan == tomllib.loads((PUBLISHED / "routing" / "plan.toml").read_text())
    assert len(read_sweep(PUBLISHED / "masks").plans) == len(list((PUBLISHED / "masks" / "plans").glob("*.toml")))
