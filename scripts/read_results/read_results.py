"""Tables and learning curves from the CSV files of sweeps, by pandas and by polars.

    python scripts/read_results/read_results.py [SWEEP_FOLDER ...]

Without folders, of the published runs. With the types of docs/columns.csv, files of all versions go together, and a
column without a single number is one of numbers all the same.
"""

import sys
from pathlib import Path

import pandas as pd
import polars as pl

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = pd.read_csv(ROOT / "docs" / "columns.csv")
PANDAS = {"integer": "Int64", "number": "float64", "boolean": "boolean", "text": "str"}
POLARS = {"integer": pl.Int64, "number": pl.Float64, "boolean": pl.Boolean, "text": pl.String}
# What files of schema 1 say in columns of numbers that are empty now, beside NaN.
ABSENT = ["", "unlimited"]

# What runs have in common that differ in their seed alone.
GROUP = ["oversight_prob", "run_label", "holdout_source", "holdout_fraction", "variant"]


def types(file, names):
    """The types of the columns of `file`, as `names` calls them."""
    of_file = COLUMNS[COLUMNS["file"] == file]
    return {column: names[kind] for column, kind in zip(of_file["column"], of_file["type"], strict=True)}


def read(paths, file):
    """Files of one kind as one data frame of pandas."""
    frames = [pd.read_csv(path, dtype=types(file, PANDAS), na_values=ABSENT) for path in paths]
    return pd.concat(frames, ignore_index=True)


def scan(paths, file):
    """The same as a lazy frame of polars: what one version lacks is null in its rows."""
    frames = [pl.scan_csv(path, schema_overrides=types(file, POLARS), null_values=ABSENT) for path in paths]
    return pl.concat(frames, how="diagonal")


def main(folders):
    tables = [folder / "runs.csv" for folder in folders if (folder / "runs.csv").exists()]
    runs = read(tables, "runs.csv").query("status == 'finished'")
    returns = runs.groupby(GROUP, dropna=False)["selected_return"].agg(["size", "mean", "std"]).reset_index()
    print(returns[["size", "mean", "std", *GROUP]].round(3).to_string(index=False, na_rep=""))

    # The policy that a method is judged by, of each run.
    judged = scan(tables, "runs.csv").select("run_id", "policy_type", *GROUP).unique()
    evaluations = scan([path for f in folders for path in f.glob("eval_results_*.csv")], "eval_results_<run>.csv")
    curves = evaluations.filter(pl.col("update_idx") % 1000 == 0).join(judged, on=["run_id", "policy_type"])
    means = curves.group_by(*GROUP, "update_idx").agg(pl.len().alias("runs"), pl.col("avg_return").mean())
    print(means.sort(*GROUP, "update_idx").collect())


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]] or sorted((ROOT / "results/published/runs").iterdir()))
