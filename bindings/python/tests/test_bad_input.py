"""Bad input: an exception of the right class that names the argument, the value and what is accepted."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import gr_oversight as gr

UNIFORM = np.full((60_000, 4), 0.25)


def with_row(index: int, row: list[float]) -> np.ndarray:
    table = UNIFORM.copy()
    table[index] = row
    return table


def constant(value: float):
    return lambda batch: np.full((len(batch), 4), value)


def one_bad_row(batch):
    logits = np.zeros((len(batch), 4))
    logits[3, 1] = np.nan
    return logits


CASES = {
    # Policies as arrays.
    "too few rows": (lambda: gr.evaluate(UNIFORM[1:]), ValueError, ["policy", "(59999, 4)", "(60000, 4)"]),
    "too few columns": (lambda: gr.evaluate(UNIFORM[:, :3]), ValueError, ["policy", "(60000, 3)", "(60000, 4)"]),
    "one axis": (lambda: gr.evaluate(UNIFORM[:, 0]), ValueError, ["policy", "(60000,)", "(60000, 4)"]),
    "axes swapped": (lambda: gr.evaluate(UNIFORM.T), ValueError, ["policy", "(4, 60000)"]),
    "another grid": (lambda: gr.evaluate(UNIFORM, rows=4, cols=4), ValueError,
                     ["(60000, 4)", "that of a 5 x 5 grid", "4 x 4 grid: (15360, 4)"]),
    "no float": (lambda: gr.evaluate(UNIFORM.astype(int)), TypeError, ["policy", "int64", "floating-point"]),
    "objects": (lambda: gr.evaluate(UNIFORM.astype(object)), TypeError, ["policy", "object", "floating-point"]),
    "complex": (lambda: gr.evaluate(UNIFORM.astype(complex)), TypeError, ["policy", "complex128"]),
    "no array": (lambda: gr.evaluate("uniform"), TypeError, ["policy is a str", "callable", "load_policy"]),
    "nothing": (lambda: gr.evaluate(None), TypeError, ["policy is a NoneType"]),
    "sum": (lambda: gr.evaluate(with_row(17, [0.25, 0.25, 0.25, 0.2499])), ValueError,
            ["row 17 of policy", "0.2499", "0.9999", "1e-5"]),
    "negative": (lambda: gr.evaluate(with_row(5, [-0.5, 0.5, 0.5, 0.5])), ValueError, ["row 5 of policy", "-0.5"]),
    "nan": (lambda: gr.evaluate(with_row(9, [np.nan, 0.5, 0.25, 0.25])), ValueError, ["row 9 of policy", "nan"]),
    "infinite": (lambda: gr.evaluate(with_row(9, [np.inf, 0.5, 0, 0])), ValueError, ["row 9 of policy", "inf"]),
    # Policies as callables.
    "logits shape": (lambda: gr.evaluate(lambda batch: np.zeros((len(batch), 5))), ValueError,
                     ["logits have shape (8192, 5)", "(8192, 4)"]),
    "logits rows": (lambda: gr.evaluate(lambda _: np.zeros((7, 4))), ValueError, ["(7, 4)", "(8192, 4)"]),
    "logits nan": (lambda: gr.evaluate(one_bad_row), ValueError, ["logits of observation 3", "nan"]),
    "logits infinite": (lambda: gr.evaluate(constant(np.inf)), ValueError, ["logits of observation 0", "inf"]),
    "no action": (lambda: gr.evaluate(constant(-np.inf)), ValueError, ["observation 0", "but not all"]),
    "logits no float": (lambda: gr.evaluate(lambda batch: np.zeros((len(batch), 4), int)), TypeError,
                        ["logits", "int64"]),
    "logits no array": (lambda: gr.evaluate(lambda _: {}), TypeError, ["logits is a dict", "__dlpack__"]),
    "convert": (lambda: gr.evaluate(constant(0), convert=3), TypeError, ["convert is a int", "callable"]),
    "batch size": (lambda: gr.evaluate(constant(0), batch_size=0), ValueError, ["batch_size is 0", "1 to"]),
    # Rules.
    "level": (lambda: gr.evaluate(UNIFORM, oversight=1.5), ValueError, ["oversight is 1.5", "from 0 to 1"]),
    "level nan": (lambda: gr.evaluate(UNIFORM, oversight=float("nan")), ValueError, ["oversight is nan"]),
    "level text": (lambda: gr.evaluate(UNIFORM, oversight="0.3"), TypeError, ["oversight is '0.3' of type str"]),
    "first": (lambda: gr.evaluate(UNIFORM, first_observation="stael"), ValueError,
              ["first_observation is 'stael'", "fresh, stale", "did you mean 'stale'"]),
    "discount": (lambda: gr.evaluate(UNIFORM, discount=0), ValueError, ["discount is 0", "above 0"]),
    "envs": (lambda: gr.evaluate(UNIFORM, envs=0), ValueError, ["envs is 0"]),
    "spurious": (lambda: gr.evaluate(UNIFORM, spurious_oversight=0.1), ValueError, ["spurious_oversight is 0.1"]),
    "cells": (lambda: gr.evaluate(UNIFORM, overseen_cells=[0, 25]), ValueError, ["overseen_cells[1] is 25", "24"]),
    "cells text": (lambda: gr.evaluate(UNIFORM, overseen_cells="all"), TypeError, ["overseen_cells is 'all'"]),
    "rule": (lambda: gr.evaluate(UNIFORM, oversigth=0.1), TypeError, ["oversigth"]),
    "rows": (lambda: gr.observations(9, 5), ValueError, ["rows is 9", "2 to 8"]),
    "rows text": (lambda: gr.observations("5"), TypeError, ["rows is '5' of type str"]),
    "pay": (lambda: gr.optimal_policy(ghost=float("inf")), ValueError, ["ghost is inf", "finite"]),
    "no discount": (lambda: gr.optimal_policy(discount=1), ValueError, ["discount is 1", "between 0 and 1"]),
    # Environments.
    "reward": (lambda: gr.DiamondGhostEnv(reward="terminl"), ValueError,
               ["reward is 'terminl'", "biased_terminal", "did you mean 'terminal'"]),
    "noise": (lambda: gr.DiamondGhostEnv(label_noise=0.5), ValueError, ["label_noise is 0.5", "below 1/2"]),
    "render": (lambda: gr.DiamondGhostEnv(render_mode="human"), ValueError, ["render_mode is 'human'", "ansi"]),
    "num envs": (lambda: gr.DiamondGhostVectorEnv(0), ValueError, ["num_envs is 0"]),
    "num envs float": (lambda: gr.DiamondGhostVectorEnv(2.0), TypeError, ["num_envs is 2.0 of type float"]),
    "env index": (lambda: gr.DiamondGhostEnv(env_index=-1), ValueError, ["env_index is -1"]),
    # Statistics.
    "confidence": (lambda: gr.statistics.mean_interval([1.0, 2.0], 95), ValueError, ["confidence is 95", "0.95"]),
    "no values": (lambda: gr.statistics.mean_interval([]), ValueError, ["values have shape (0,)"]),
    "value nan": (lambda: gr.statistics.mean_interval([1.0, np.nan]), ValueError, ["values[1] is nan"]),
    "value text": (lambda: gr.statistics.mean_interval(["a"]), TypeError, ["values are of type <U1"]),
    "huge": (lambda: gr.statistics.mean_interval([1.7e308, 1.7e308]), ValueError, ["more than 64 bits hold"]),
    "welch": (lambda: gr.statistics.welch_difference([1.0], [1.0, 2.0]), ValueError, ["first has 1 values"]),
    "pairs": (lambda: gr.statistics.paired_difference([1.0], {}), TypeError, ["first is a list", "mapping"]),
    "threshold": (lambda: gr.statistics.share_below([1.0], np.nan), ValueError, ["threshold is nan"]),
    # Results.
    "no folder": (lambda: gr.read_sweep("no/such"), FileNotFoundError, ["path is no/such"]),
    "frames": (lambda: gr.read_sweep(".", frames="pandsa"), ValueError, ["frames is 'pandsa'", "mean 'pandas'"]),
    "no policy": (lambda: gr.load_policy("no/such"), FileNotFoundError, ["path is no/such"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_named(case):
    call, error, fragments = CASES[case]
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error
    for fragment in fragments:
        assert fragment in str(caught.value), str(caught.value)


def test_rows_may_miss_1_by_rounding():
    found = gr.evaluate(with_row(17, [0.25, 0.25, 0.25, 0.250009]))
    assert found.avg_return == pytest.approx(0, abs=1e-6)


def test_the_order_of_an_array_in_memory_does_not_matter(random):
    table = random.dirichlet(np.ones(4), 60_000).astype(np.float32)
    expected = gr.evaluate(table)
    for same in (np.asfortranarray(table), table.astype(">f4"), np.repeat(table, 2, axis=0)[::2], table.tolist()):
        assert gr.evaluate(same) == expected
    table.flags.writeable = False
    assert gr.evaluate(table) == expected


@pytest.mark.parametrize(
    ("actions", "error", "fragments"),
    [
        ([0, 1], ValueError, ["shape (2,)", "(3,)"]),
        ([[0, 1, 2]], ValueError, ["shape (1, 3)"]),
        ([0, 1, 4], ValueError, ["action 4 of environment 2", "0 up"]),
        ([0, -1, 0], ValueError, ["action -1 of environment 1"]),
        (np.array([0, 2**63, 0], dtype=np.uint64), ValueError, ["environment 1"]),
        ([0.0, 1.0, 2.0], TypeError, ["float64"]),
        ([True, False, True], TypeError, ["bool"]),
    ],
)
def test_bad_actions_are_named_and_none_is_taken(actions, error, fragments):
    env = gr.DiamondGhostVectorEnv(3)
    before, _ = env.reset(seed=0)
    with pytest.raises(error) as caught:
        env.step(actions)
    assert all(fragment in str(caught.value) for fragment in fragments), caught.value
    np.testing.assert_array_equal(env.observe()[0], before)


def test_bad_resets_are_named():
    env, vector = gr.DiamondGhostEnv(), gr.DiamondGhostVectorEnv(3)
    for bad, error in ((-1, ValueError), (2**64, ValueError), (1.5, TypeError), ("a", TypeError)):
        for resettable in (env, vector):
            with pytest.raises(error, match="seed is"):
                resettable.reset(seed=bad)
    with pytest.raises(TypeError, match="seed is a list"):
        vector.reset(seed=[1, 2, 3])
    vector.reset(seed=0)
    with pytest.raises(TypeError, match="reset_mask is of type int64"):
        vector.reset(options={"reset_mask": [1, 0, 1]})
    with pytest.raises(ValueError, match=re.escape("reset_mask has shape (2,)")):
        vector.reset(options={"reset_mask": [True, False]})
    env.reset(seed=0)
    for bad, error in ((4, ValueError), (-1, ValueError), (1.0, TypeError), (None, TypeError)):
        with pytest.raises(error, match="action is"):
            env.step(bad)


def test_files_that_are_no_results_are_named(tmp_path: Path):
    with pytest.raises(ValueError, match="accepted: a results folder"):
        gr.read_sweep(tmp_path)
    table = tmp_path / "runs.csv"
    table.write_text("run_id,seed\na,1\n")
    with pytest.raises(ValueError, match="lacks columns"):
        gr.read_sweep(table)
    with pytest.raises(ValueError, match=r"runs\.csv: .*cannot parse float"):
        gr.read_sweep(tmp_path).scores()
    table.write_bytes(b"run_id,run_label,status,selected_return\n\xff,\n")
    with pytest.raises(ValueError, match=r"runs\.csv"):
        gr.read_sweep(tmp_path).scores()


def test_files_that_are_no_policies_are_named(tmp_path: Path):
    path = tmp_path / "policy.safetensors"
    path.write_bytes(b"not a policy")
    with pytest.raises(ValueError, match="no safetensors file"):
        gr.load_policy(path)
    save_file({"expert.0.weight": np.zeros((100, 8), np.float32)}, path)
    with pytest.raises(ValueError, match=r"lacks expert\.0\.bias"):
        gr.load_policy(path)
    layers = {"expert.0": (100, 8), "expert.1": (8, 8), "output": (8, 4)}
    parts = {f"{name}.weight": np.zeros(shape, np.float32) for name, shape in layers.items()}
    parts |= {f"{name}.bias": np.zeros((1, shape[1]), np.float32) for name, shape in layers.items()}
    save_file(parts | {"output.bias": np.full((1, 4), np.nan, np.float32)}, path)
    with pytest.raises(ValueError, match="not finite"):
        gr.load_policy(path)
    save_file(parts | {"output.weight": np.zeros((8, 5), np.float32)}, path)
    with pytest.raises(ValueError, match="float32"):
        gr.load_policy(path)
    save_file(parts, path)
    with pytest.raises(ValueError, match="policy_type is 'diamond'"):
        gr.load_policy(path, policy_type="diamond")
    with pytest.raises(ValueError, match="grid of 25 cells"):
        gr.evaluate(gr.load_policy(path), rows=4, cols=4)
    assert gr.evaluate(gr.load_policy(path)).avg_return == pytest.approx(0, abs=1e-12)


def test_frames_without_a_library_say_what_to_install(monkeypatch):
    from conftest import PUBLISHED

    for name in ("pandas", "polars"):
        monkeypatch.setitem(sys.modules, name, None)
    sweep = gr.read_sweep(PUBLISHED / "routing")
    assert sweep.scores()["routing"].shape == (8, 1)
    with pytest.raises(ImportError, match="pip install pandas"):
        _ = sweep.runs
