"""The examples, executed."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@pytest.mark.filterwarnings("default")
def test_the_tour_ends_at_a_gamer():
    pytest.importorskip("marimo")
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    spec = importlib.util.spec_from_file_location("tour", EXAMPLES / "tour.py")
    tour = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tour)
    _, found = tour.app.run()
    assert found["gamer"].avg_return == pytest.approx(0.30162, abs=5e-6)
    assert found["last"].avg_return == pytest.approx(found["gamer"].avg_return, abs=0.01)
    assert found["last"].gaming_gap > 0.4
    assert found["curves"].iloc[-1].mean() > found["last"].avg_return + 0.2


def test_a_policy_of_pytorch_learns():
    pytest.importorskip("torch")
    command = [sys.executable, EXAMPLES / "pytorch_policy.py", "--updates", "150"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    last = ended.stdout.split("\n")[-2].split()
    assert last[0] == "150" and float(last[1]) > 0.1
