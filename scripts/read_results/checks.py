"""Tests of what Python reads in results/: a function whose name begins with `check_` is one, and its name the claim."""

import re
from collections import defaultdict

import pandas as pd
import polars as pl
from read_results import COLUMNS, PANDAS, POLARS, ROOT, read, scan, types


def paths_by_file():
    """Every CSV file in results/, by the file of docs/columns.csv that it is; what nobody describes is an error."""
    names = {file: re.escape(file).replace(r"<\-\.\.>", "(-.*)?") for file in COLUMNS["file"].unique()}
    patterns = {file: re.compile(re.sub("<.*?>", ".*", name)) for file, name in names.items()}
    found = defaultdict(list)
    for path in sorted((ROOT / "results").rglob("*.csv")):
        header = path.read_text().partition("\n")[0].split(",")
        # One published folder has a table of runs for each holdout source, named by it.
        name = "runs.csv" if header[0] == "run_id" and "status" in header else path.name
        [file] = [file for file, pattern in patterns.items() if pattern.fullmatch(name)]
        found[file].append(path)
    return found


PATHS = paths_by_file()


def objects(frame):
    """The columns of a frame of pandas that have no type of their own."""
    return [column for column, kind in frame.dtypes.items() if pd.api.types.is_object_dtype(kind)]


def check_no_column_of_a_file_is_an_object_by_default():
    for path in sum(PATHS.values(), []):
        assert not objects(pd.read_csv(path)), f"{path}: {objects(pd.read_csv(path))}"


def check_every_file_is_scanned_by_default():
    for path in sum(PATHS.values(), []):
        pl.scan_csv(path).collect()


def check_files_of_a_kind_go_together_in_the_documented_types():
    for file, paths in PATHS.items():
        together, scanned = read(paths, file), scan(paths, file).collect()
        assert together.shape == scanned.shape, f"{file}: {together.shape} and {scanned.shape}"
        assert not objects(together), f"{file}: {objects(together)}"
        for column, kind in types(file, {name: name for name in PANDAS}).items():
            if column in together:
                assert together[column].dtype == PANDAS[kind], f"{file}: {column} is {together[column].dtype}"
                assert scanned[column].dtype == POLARS[kind], f"{file}: {column} is {scanned[column].dtype}"


def check_only_columns_that_may_be_empty_are():
    is_never = ~COLUMNS["may_be_empty"] & (COLUMNS["type"] != "text") & (COLUMNS["since_schema"].fillna(1) == 1)
    never_empty = COLUMNS[is_never]
    for file, paths in PATHS.items():
        columns = never_empty[never_empty["file"] == file]["column"]
        # One by one: what one method records, files of others lack.
        for path in paths:
            alone = read([path], file)
            for column in columns[columns.isin(alone.columns)]:
                assert alone[column].notna().all(), f"{path}: {column}"


def check_shares_and_probabilities_lie_between_their_ends():
    for file, paths in PATHS.items():
        together = read(paths, file)
        for row in COLUMNS[(COLUMNS["file"] == file) & COLUMNS["unit"].isin(["share", "probability"])].itertuples():
            if row.column in together:
                low = -1 if row.column == "gaming_gap" else 0
                assert together[row.column].dropna().between(low, 1).all(), f"{file}: {row.column}"


if __name__ == "__main__":
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            check()
            print(name.removeprefix("check_").replace("_", " "))
