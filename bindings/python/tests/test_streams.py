"""Steps of the environments against those of gr-grid itself, which a program of the harness prints."""

import csv
import io

import numpy as np
import pytest

from gr_oversight import ENDINGS, DiamondGhostEnv, DiamondGhostVectorEnv

ENDING_NAMES = {"Diamond": "diamond", "Ghost": "ghost", "TimeLimit": "time_limit"}


def observation(row: dict[str, str], rows: int, cols: int) -> np.ndarray:
    """The observation that a printed row describes."""
    channels = np.zeros((4, rows * cols), dtype=np.float32)
    for channel, name in enumerate(("agent", "ghost", "diamond")):
        channels[channel, int(row[name])] = 1
    flags = int(row["flags"])
    channels[3] = [flags >> cell & 1 for cell in range(rows * cols)]
    return channels.reshape(4, rows, cols)


def printed(run, envs: int, steps: int, **settings: object) -> tuple[list, list]:
    """First rows of every environment, then a list of rows for each step."""
    said = {"overseen_cells": "cells"}
    arguments = [
        f"{said.get(name, name)}={str(value).strip('[]').replace(' ', '')}" for name, value in settings.items()
    ]
    text = run("examples/environment_steps", f"envs={envs}", f"steps={steps}", *arguments)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == envs * (steps + 1)
    groups = [rows[first : first + envs] for first in range(0, len(rows), envs)]
    return groups[0], groups[1:]


def compare_vector(run, envs: int, steps: int, *, reward: str = "naive", **settings: object) -> int:
    """Compares a vector environment step by step; returns how many episodes have ended."""
    first, groups = printed(run, envs, steps, **settings)
    seed = settings.pop("seed")
    env = DiamondGhostVectorEnv(envs, reward=reward, **settings)
    rows, cols = env.rules.rows, env.rules.cols
    observations, _ = env.reset(seed=seed)
    ends = 0
    for index, group in enumerate([first, *groups]):
        if index > 0:
            actions = [int(row["action"]) for row in group]
            observations, rewards, terminated, truncated, info = env.step(actions)
            ended = np.array([row["ending"] != "" for row in group])
            assert ((terminated | truncated) == ended).all()
            assert (truncated == [row["ending"] == "TimeLimit" for row in group]).all()
            assert ("final_info" in info) == ended.any()
            assert env.episodes.tolist() == [int(row["episode"]) for row in group]
            for at, row in enumerate(group):
                if not row["ending"]:
                    assert rewards[at] == 0
                    continue
                ends += 1
                final = info["final_info"]
                assert ENDINGS[final["ending"][at]] == ENDING_NAMES[row["ending"]]
                assert final["overseen"][at] == (row["overseen"] == "true")
                assert final["true_reward"][at] == float(row["ground_truth"])
                if row["is_mislabelled"] == "false":
                    assert np.float32(rewards[at]) == np.float32(row[reward])
                expected = -1
                if row["overseen"] == "true" and row["ending"] != "TimeLimit":
                    expected = ENDINGS.index(ENDING_NAMES[row["ending"]])
                    expected = 1 - expected if row["is_mislabelled"] == "true" else expected
                    if reward == "naive":
                        assert rewards[at] == (1.0, -1.0)[expected]
                assert final["label"][at] == expected
        expected = np.stack([observation(row, rows, cols) for row in group])
        np.testing.assert_array_equal(observations, expected)
    return ends


@pytest.mark.parametrize("first_observation", ["fresh", "stale"])
@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1])
def test_ten_thousand_steps_are_those_of_gr_grid(run, seed, first_observation):
    ends = compare_vector(run, 8, 1250, seed=seed, oversight=0.3, first_observation=first_observation)
    assert ends > 500


@pytest.mark.parametrize("first_observation", ["fresh", "stale"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_ten_thousand_steps_of_a_single_environment_are_those_of_gr_grid(run, seed, first_observation):
    (first,), groups = printed(run, 1, 10_000, seed=seed, oversight=0.3, first_observation=first_observation)
    env = DiamondGhostEnv(oversight=0.3, first_observation=first_observation, reward="biased_terminal")
    seen, _ = env.reset(seed=seed)
    np.testing.assert_array_equal(seen, observation(first, 5, 5))
    for (row,) in groups:
        seen, reward, terminated, truncated, info = env.step(int(row["action"]))
        assert (terminated or truncated) == (row["ending"] != "")
        if row["ending"]:
            assert info["ending"] == ENDING_NAMES[row["ending"]]
            assert truncated == (row["ending"] == "TimeLimit")
            assert np.float32(reward) == np.float32(row["biased_terminal"])
            seen, _ = env.reset()
        np.testing.assert_array_equal(seen, observation(row, 5, 5))


@pytest.mark.parametrize(
    "settings",
    [
        {"flag_visibility": 0.5},
        {"flag_visibility": 0.0, "first_observation": "stale"},
        {"flag_visibility": 0.5, "first_observation": "stale", "overseen_cells": [0, 1, 2, 6, 12, 18, 24]},
        {"spurious_oversight": 0.2, "flag_visibility": 0.25},
        {"label_noise": 0.25},
        {"label_noise": 0.25, "reward": "ground_truth"},
        {"rows": 3, "cols": 7, "max_step": 4},
        {"rows": 2, "cols": 2, "reward": "terminal"},
    ],
)
def test_oversight_that_is_less_than_perfect_is_that_of_the_harness(run, settings):
    reward = settings.get("reward", "naive")
    settings = {name: value for name, value in settings.items() if name != "reward"}
    noise = settings.get("label_noise", 0.0)
    oversight = {"oversight": 0.6}
    assert compare_vector(run, 16, 200, reward=reward, seed=5, **oversight, **settings) > 100 or noise


def test_environment_i_of_a_seed_is_its_stream_and_not_seed_plus_i():
    vector = DiamondGhostVectorEnv(4, oversight=0.5)
    together, _ = vector.reset(seed=11)
    for index in range(4):
        alone, _ = DiamondGhostEnv(oversight=0.5, env_index=index).reset(seed=11)
        np.testing.assert_array_equal(alone, together[index])
    shifted = [DiamondGhostEnv(oversight=0.5).reset(seed=11 + index)[0] for index in range(4)]
    assert not np.array_equal(np.stack(shifted), together)
