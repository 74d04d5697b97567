"""Sweeps that are trained from Python by the harness's program."""

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import polars as pl
import pytest

from conftest import PUBLISHED
from gr_oversight import SweepError, evaluate, find_program, programs, read_sweep, sweep

SMALL = [
    "--oversight=0.3",
    "--updates=30",
    "--set=network.hidden=8",
    "--envs=32",
    "--evaluate-every=10",
    "--device=cpu",
]


@pytest.fixture(autouse=True)
def installed(program, monkeypatch):
    """The programs on the path, as an installation puts them."""
    monkeypatch.setenv("PATH", str(program("gr-sweep").parent), prepend=os.pathsep)


def test_a_sweep_returns_its_results_and_shows_progress(tmp_path: Path, capfd):
    found = sweep([*SMALL, "--methods=routing,naive_outcomes", "--seeds=0..2", "--results", tmp_path / "a"])
    assert found.folder == tmp_path / "a"
    assert found.scores().levels == (0.3,) and set(found.scores()) == {"routing", "naive_outcomes"}
    assert "4 runs to train" in capfd.readouterr().err
    assert set(found.evaluations["update_idx"]) == {0, 10, 20, 29}
    assert len(found.manifests) == 4 and len(found.plans) == 1
    for _, row in found.runs.iterrows():
        worth = evaluate(found.policy(row["run_id"]))
        assert worth.avg_return == pytest.approx(row["selected_return"], abs=1e-6)
        assert worth.gaming_gap == pytest.approx(row["gaming_gap"], abs=1e-6)
    tables = found.policy_tables
    assert tables[["up", "right", "down", "left"]].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    # The same command finds nothing to do, and more seeds are added.
    more = sweep([*SMALL, "--methods=routing", "--seeds=0..3", "--results", tmp_path / "a"], progress=False)
    assert len(more.runs) == 5 and capfd.readouterr().err == ""
    with pytest.raises(ValueError, match=r"routing has no run|naive_outcomes has no run"):
        more.scores(seeds=[0, 1, 2])
    assert more.scores(seeds=[0, 1])["routing"].shape == (2, 1)


def test_columns_of_a_method_are_read_too(tmp_path: Path):
    arguments = [
        *SMALL,
        "--methods=reward_model,naive_early_stopping",
        "--holdout-source=privileged",
        "--seeds=0",
        "--results",
        tmp_path,
    ]
    found = sweep(arguments, frames="polars", progress=False)
    own = set(found.training.columns) - set(
        read_sweep(PUBLISHED / "early-stopping-h0.4", frames="polars").training.columns
    )
    assert own and all(found.training.schema[column] == pl.Float64 for column in own)
    learnt = found.training.filter(pl.col("run_label") == "reward_model").select(own)
    assert found.runs.height == 2 and learnt.height == 2 and learnt.tail(1).null_count().sum_horizontal().item() == 0
    assert found.holdout.height > 0


def test_bad_arguments_say_what_the_program_says(tmp_path: Path):
    with pytest.raises(SweepError, match="routng") as caught:
        sweep(["--methods", "routng", "--results", tmp_path / "none"], progress=False)
    assert caught.value.exit_code == 2 and caught.value.sweep is None
    for wrong in (["status", str(tmp_path)], ["--dry-run"], ["--seeds=0", "--json"]):
        with pytest.raises(ValueError, match="arguments"):
            sweep(wrong)
    with pytest.raises(TypeError, match="arguments"):
        sweep("--seeds 0")


def test_a_missing_program_is_named(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(FileNotFoundError, match="gr-sweep is not on the path"):
        sweep(SMALL)
    with pytest.raises(FileNotFoundError, match="gr-figures"):
        find_program("gr-figures")


def test_an_interrupt_lets_the_program_save(tmp_path: Path, request):
    folder = tmp_path / "interrupted"
    arguments = [*SMALL, "--set=updates=100000", "--methods=naive_outcomes", "--seeds=0", "--save-every=50"]

    def interrupt_when_saved() -> None:
        while not list(folder.glob("checkpoints/*.state")):
            time.sleep(0.05)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    # Where tests run in the background of a shell, interrupts are ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    threading.Thread(target=interrupt_when_saved, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        sweep([*arguments, "--results", folder], progress=False)
    assert list(folder.glob("checkpoints/*.state")) and not list(folder.glob("run_*.toml"))
    unfinished = read_sweep(folder)
    assert len(unfinished.evaluations) > 0
    with pytest.raises(ValueError, match=r"no runs\.csv"):
        unfinished.scores()


def test_only_the_last_lines_of_an_error_are_kept():
    output, said, code = programs._run(["sh", "-c", "seq 100 >&2; echo out; exit 3"], False)
    assert (output, code) == ("out\n", 3) and said.splitlines() == [str(line) for line in range(81, 101)]
