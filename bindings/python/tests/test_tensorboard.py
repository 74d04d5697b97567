"""`gr-sweep export --tensorboard`, read back with TensorBoard's own reader."""

import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from gr_oversight import read_sweep

event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

SMALL = [
    "--oversight=0.3", "--updates=60", "--set=network.hidden=8", "--envs=32", "--evaluate-every=10",
    "--record-every=5", "--device=cpu",
]  # fmt: skip
STEPS_PER_UPDATE = 32 * 32


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Steps and values by tag, as TensorBoard has them. Every checksum is read."""
    from tensorboard.backend.event_processing import event_file_loader

    for file in folder.glob("*tfevents*"):
        assert list(event_file_loader.RawEventFileLoader(str(file)).Load())
    reader = event_accumulator.EventAccumulator(str(folder), size_guidance={"scalars": 0})
    reader.Reload()
    return {tag: [(event.step, event.value) for event in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]}


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_finished_folder_reads_back_as_it_was_recorded(run, tmp_path: Path):
    folder, out = tmp_path / "sweep", tmp_path / "events"
    run("gr-sweep", *SMALL, "--methods=routing,reward_model,naive_early_stopping", "--seeds=0..2",
        "--holdout-source=privileged", "--results", folder)  # fmt: skip
    run("gr-sweep", "export", "--tensorboard", out, folder)
    sweep = read_sweep(folder, frames="pandas")
    assert {path.name for path in out.iterdir()} == set(sweep.runs["run_id"])
    for run_id in sweep.runs["run_id"]:
        found = scalars(out / run_id)
        evaluations = sweep.evaluations[sweep.evaluations["run_id"] == run_id]
        for policy, rows in evaluations.groupby("policy_type"):
            for tag, column in (("true_return", "avg_return"), ("gaming_gap", "gaming_gap")):
                steps, values = zip(*found[f"eval/{policy}/{tag}"], strict=True)
                np.testing.assert_array_equal(steps, (rows["update_idx"] + 1) * STEPS_PER_UPDATE)
                np.testing.assert_array_equal(values, rows[column].astype(np.float32))
        training = sweep.training[sweep.training["run_id"] == run_id]
        for column in ("loss", "policy_loss", "avg_return"):
            steps, values = zip(*found[f"train/{column}"], strict=True)
            np.testing.assert_array_equal(steps, training["global_step"])
            np.testing.assert_array_equal(values, training[column].astype(np.float32))
        assert ("train/model_loss" in found) == run_id.startswith("reward_model")
        assert ("holdout/return" in found) == run_id.startswith("naive_early_stopping")
        assert ("train/gate_loss" in found) == run_id.startswith("routing")
    first = bytes_of(out)
    run("gr-sweep", "export", "--tensorboard", out, folder)
    run("gr-sweep", "export", "--tensorboard", tmp_path / "again", folder)
    assert bytes_of(out) == bytes_of(tmp_path / "again") == first


def test_a_running_folder_grows(program, run, tmp_path: Path):
    folder, out = tmp_path / "sweep", tmp_path / "events"
    arguments = [*SMALL, "--methods=naive_outcomes", "--seeds=0", "--save-every=20", "--set=updates=600"]
    with subprocess.Popen(
        [program("gr-sweep"), *arguments, "--results", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as training:
        killer = threading.Timer(120, training.kill)
        killer.start()
        while not list(folder.glob("checkpoints/eval_results_*.csv")) and training.poll() is None:
            time.sleep(0.05)
        run("gr-sweep", "export", "--tensorboard", out, folder)
        (file,) = out.rglob("*tfevents*")
        early, inode = file.read_bytes(), file.stat().st_ino
        assert training.wait() == 0
        killer.cancel()
    run("gr-sweep", "export", "--tensorboard", out, folder)
    late = file.read_bytes()
    assert late.startswith(early) and len(late) > len(early) and file.stat().st_ino == inode
    assert scalars(file.parent)["eval/training_policy/true_return"][-1][0] == 600 * STEPS_PER_UPDATE


def test_a_folder_without_rows_is_refused(program, tmp_path: Path):
    for folder in (tmp_path / "none", tmp_path):
        ended = subprocess.run(
            [program("gr-sweep"), "export", "--tensorboard", tmp_path / "out", folder], capture_output=True, text=True
        )
        assert ended.returncode == 2 and str(folder) in ended.stderr
    assert not (tmp_path / "out").exists()


def test_published_curves_are_exported_too(run, tmp_path: Path):
    from conftest import PUBLISHED

    run("gr-sweep", "export", "--tensorboard", tmp_path, PUBLISHED / "naive")
    assert len(list(tmp_path.iterdir())) == 8
