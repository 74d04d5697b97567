"""Exact evaluation and checkpoints against `gr-policy`, the harness's own program."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from gr_oversight import evaluate, load_policy, observations, tabulate

HIDDEN = 32


def whole_numbered_network(random: np.random.Generator, cells: int = 25) -> dict[str, np.ndarray]:
    """A policy whose logits are sums of whole numbers, exact in 32 bits whatever the order, and multiples of 256: its
    probabilities are 1, 1/2, 1/3, 1/4 or 0, to the last bit the same in every program.
    """
    shapes = {"expert.0": (4 * cells, HIDDEN), "expert.1": (HIDDEN, HIDDEN), "output": (HIDDEN, 4)}
    tensors = {}
    for layer, (rows, cols) in shapes.items():
        scale = 256 if layer == "output" else 1
        tensors[f"{layer}.weight"] = random.integers(-2, 3, (rows, cols)).astype(np.float32) * scale
        tensors[f"{layer}.bias"] = random.integers(-2, 3, (1, cols)).astype(np.float32) * scale
    return tensors


def said_by_gr_policy(run, path, *arguments: object) -> list[dict]:
    return json.loads(run("gr-policy", "evaluate", path, *arguments, "--json"))


def compare(found, said: dict, tolerance: float) -> None:
    mine = found.as_dict()
    for name, value in said.items():
        if name in ("file", "policy_type", "schema_version"):
            continue
        if isinstance(value, float):
            scale = 512 if name == "n_complete_eps" else 1
            assert mine[name] == pytest.approx(value, rel=0, abs=tolerance * scale), name
        else:
            assert (list(mine[name]) if isinstance(mine[name], tuple) else mine[name]) == value, name


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("first_observation", ["fresh", "stale"])
def test_the_same_table_is_worth_the_same_to_twelve_digits(run, tmp_path, seed, first_observation):
    tensors = whole_numbered_network(np.random.default_rng(seed))
    path = tmp_path / "policy.safetensors"
    save_file(tensors, path)
    hidden = observations().inputs
    for layer in ("expert.0", "expert.1"):
        hidden = np.maximum(hidden @ tensors[f"{layer}.weight"] + tensors[f"{layer}.bias"], 0)
    logits = hidden @ tensors["output.weight"] + tensors["output.bias"]
    assert np.abs(logits).max() / 256 < 2**24
    best = logits == logits.max(axis=1, keepdims=True)
    table = (best / best.sum(axis=1, keepdims=True)).astype(np.float32)
    assert len(np.unique(table, axis=0)) > 5
    for oversight in (0.01, 0.3, 1.0):
        (said,) = said_by_gr_policy(run, path, "--oversight", oversight, "--first-observation", first_observation)
        options = {"oversight": oversight, "first_observation": first_observation}
        compare(evaluate(table, **options), said, 1e-12)
        compare(evaluate(load_policy(path), **options), said, 1e-12)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--methods", "routing"],
        [
            "--methods",
            "no_gate",
            "--first-observation",
            "stale",
            "--set",
            "environment.rows=3",
            "--set",
            "environment.cols=4",
        ],
        ["--methods", "naive_outcomes", "--set", "environment.flag_visibility=0"],
        ["--methods", "filtering", "--set", "overseer.cells=[0,1,2,3,4,5]", "--set", "environment.max_step=9"],
    ],
)
def test_what_a_run_keeps_is_worth_what_the_harness_says(run, tmp_path, arguments):
    folder = tmp_path / "sweep"
    run("gr-sweep", *arguments, "--oversight=0.3", "--seeds=1", "--updates=40", "--set=network.hidden=16", "--envs=64",
        "--device=cpu", "--results", folder)  # fmt: skip
    (path,) = folder.glob("checkpoints/*.safetensors")
    policy = load_policy(path)
    said = {row["policy_type"]: row for row in said_by_gr_policy(run, path)}
    assert set(said) == set(policy.policy_types)
    for policy_type in policy.policy_types:
        compare(evaluate(policy.acting(policy_type)), said[policy_type], 2e-7)
    assert policy.policy_type == ("diamond" if policy.is_routed else "training_policy")
    other_level = evaluate(tabulate(policy), **policy.notes_as_rules() | {"oversight": 0.05}, discount=policy.discount)
    (at_other_level,) = [
        row for row in said_by_gr_policy(run, path, "--oversight", 0.05) if row["policy_type"] == policy.policy_type
    ]
    compare(other_level, at_other_level, 2e-7)
    if "routing" in arguments:
        gates = policy.gate(observations().inputs)
        assert gates.shape == (60_000,) and 0 < gates.min() < gates.max() < 1
