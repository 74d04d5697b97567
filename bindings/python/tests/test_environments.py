"""What Gymnasium expects of environments, and what this world promises beyond."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import RecordEpisodeStatistics

import gr_oversight
from gr_oversight import ENV_ID, REWARDS, STALE_ENV_ID, DiamondGhostEnv, DiamondGhostVectorEnv

IDS = {ENV_ID: "fresh", STALE_ENV_ID: "stale"}


def play_to_an_end(env: DiamondGhostEnv, random: np.random.Generator) -> tuple[np.ndarray, float, dict]:
    while True:
        seen, reward, terminated, truncated, info = env.step(random.integers(4))
        if terminated or truncated:
            return seen, reward, info


@pytest.mark.parametrize("env_id", IDS)
def test_the_checker_of_gymnasium_has_no_word_to_say(env_id):
    # Every warning is an error here.
    env = gym.make(env_id, render_mode="ansi")
    check_env(env.unwrapped)
    assert env.unwrapped.rules.first_observation == IDS[env_id]


@pytest.mark.parametrize("env_id", IDS)
def test_registered_ids_make_vector_environments_that_reset_in_the_same_step(env_id):
    env = gym.make_vec(env_id, num_envs=6, vectorization_mode="vector_entry_point", oversight=0.3)
    assert env.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP
    assert env.unwrapped.rules.first_observation == IDS[env_id]
    observations, _ = env.reset(seed=3)
    assert observations.shape == (6, 4, 5, 5) and observations.dtype == np.float32
    assert env.observation_space.contains(observations)
    observations, rewards, terminated, truncated, _ = env.step(env.action_space.sample())
    assert env.observation_space.contains(observations)
    assert (rewards.dtype, terminated.dtype, truncated.dtype) == (np.float64, np.bool_, np.bool_)


def test_wrappers_of_gymnasium_count_episodes_of_the_vector_environment(random):
    env = RecordEpisodeStatistics(DiamondGhostVectorEnv(64, oversight=0.3), buffer_length=10_000)
    env.reset(seed=0)
    ends = lengths = 0
    for _ in range(200):
        *_, info = env.step(random.integers(0, 4, 64))
        if "final_info" in info:
            ends += int(info["_final_info"].sum())
            lengths += int(info["final_info"]["length"].sum())
    assert ends == env.episode_count == len(env.length_queue) > 500
    assert sum(env.length_queue) == lengths


@pytest.mark.parametrize("first_observation", ["fresh", "stale"])
def test_the_vector_environment_and_single_ones_take_the_same_steps(random, first_observation):
    rules = {"oversight": 0.4, "first_observation": first_observation, "flag_visibility": 0.5, "max_step": 6}
    vector = DiamondGhostVectorEnv(3, **rules)
    singles = [DiamondGhostEnv(env_index=index, **rules) for index in range(3)]
    together, _ = vector.reset(seed=4)
    for index, env in enumerate(singles):
        np.testing.assert_array_equal(env.reset(seed=4)[0], together[index])
    for _ in range(500):
        actions = random.integers(0, 4, 3)
        together, rewards, terminated, truncated, info = vector.step(actions)
        for index, env in enumerate(singles):
            seen, reward, *ended, single_info = env.step(actions[index])
            assert (reward, *ended) == (rewards[index], terminated[index], truncated[index])
            if any(ended):
                np.testing.assert_array_equal(seen, info["final_obs"][index])
                final = info["final_info"]
                assert single_info["observation_index"] == final["observation_index"][index]
                assert single_info["length"] == final["length"][index]
                seen, single_info = env.reset()
            np.testing.assert_array_equal(seen, together[index])
            assert single_info["observation_index"] == info["observation_index"][index]


def test_a_stale_reset_returns_the_ended_observation_and_one_with_a_seed_a_fresh_one(random):
    env = gym.make(STALE_ENV_ID, oversight=0.5)
    first, _ = env.reset(seed=8)
    last, _, info = play_to_an_end(env, random)
    seen, stale_info = env.reset()
    np.testing.assert_array_equal(seen, last)
    assert stale_info["observation_index"] == info["observation_index"]
    # The agent moves in the new episode all the same.
    moved, *_ = env.step(0)
    assert not np.array_equal(moved[1:3], last[1:3])
    again, _ = env.reset(seed=8)
    np.testing.assert_array_equal(again, first)


def test_a_fresh_reset_never_returns_the_ended_observation(random):
    env = DiamondGhostEnv(oversight=0.5)
    env.reset(seed=8)
    for _ in range(50):
        play_to_an_end(env, random)
        seen, _ = env.reset()
        assert seen[0].argmax() not in (seen[1].argmax(), seen[2].argmax())


def test_observe_is_fresh_where_the_last_step_was_stale(random):
    env = DiamondGhostVectorEnv(256, first_observation="stale")
    env.reset(seed=0)
    seen, _, terminated, truncated, info = env.step(random.integers(0, 4, 256))
    ended = terminated | truncated
    assert ended.any() and (info["_final_obs"] == ended).all()
    fresh, _ = env.observe()
    np.testing.assert_array_equal(seen[ended], info["final_obs"][ended])
    assert (seen[ended] != fresh[ended]).any(axis=(1, 2, 3)).all()
    np.testing.assert_array_equal(seen[~ended], fresh[~ended])


def test_goals_terminate_and_the_time_limit_truncates():
    env = DiamondGhostEnv(max_step=7)
    endings = set()
    for seed in range(60):
        env.reset(seed=seed)
        steps, terminated, truncated = 0, False, False
        while not (terminated or truncated):
            _, reward, terminated, truncated, info = env.step(1)
            steps += 1
        assert info["length"] == steps
        endings.add(info["ending"])
        assert terminated == (info["ending"] in ("diamond", "ghost")) != truncated
        assert reward == info["true_reward"] == {"diamond": 1, "ghost": -1, "time_limit": 0}[info["ending"]]
        assert not truncated or steps == 8
    assert endings == {"diamond", "ghost", "time_limit"}


@pytest.mark.parametrize("reward", REWARDS)
def test_rewards_by_name_pay_what_they_say(random, reward):
    pays = {
        "ground_truth": {("diamond", False): 1, ("diamond", True): 1, ("ghost", False): -1, ("ghost", True): -1},
        "naive": {("diamond", False): 1, ("diamond", True): 1, ("ghost", False): 1, ("ghost", True): -1},
        "terminal": {("diamond", False): 1, ("diamond", True): 1, ("ghost", False): 1, ("ghost", True): 1},
        "biased_terminal": {("diamond", False): 1, ("diamond", True): 1.03, ("ghost", False): 1, ("ghost", True): 1},
    }[reward]
    env = DiamondGhostEnv(reward=reward, oversight=0.5)
    met = set()
    for seed in range(120):
        env.reset(seed=seed)
        _, paid, info = play_to_an_end(env, random)
        case = (info["ending"], info["overseen"])
        met.add(case)
        assert paid == pytest.approx(pays.get(case, 0), abs=1e-7)
        seen_goal = info["overseen"] and info["ending"] != "time_limit"
        assert info["label"] == (info["ending"] if seen_goal else None)
    assert met >= set(pays)


def test_observation_numbers_are_those_of_all_observations(random):
    everything = gr_oversight.observations()
    env = DiamondGhostVectorEnv(512, oversight=0.3)
    _, info = env.reset(seed=0)
    met = set()
    for _ in range(40):
        seen, *_, info = env.step(random.integers(0, 4, 512))
        np.testing.assert_array_equal(seen, everything.grids[info["observation_index"]])
        met.update(info["observation_index"].tolist())
    assert len(met) > 5000
    with_spurious = DiamondGhostVectorEnv(8, spurious_oversight=0.1)
    assert "observation_index" not in with_spurious.reset(seed=0)[1]


def test_a_reset_without_a_seed_goes_on_and_a_mask_begins_some_only():
    env = DiamondGhostVectorEnv(4)
    first, _ = env.reset(seed=1)
    second, _ = env.reset()
    assert not np.array_equal(first, second) and env.episodes.tolist() == [1] * 4
    mask = np.array([True, False, False, True])
    third, _ = env.reset(options={"reset_mask": mask})
    assert env.episodes.tolist() == [2, 1, 1, 2]
    np.testing.assert_array_equal(third[~mask], second[~mask])
    again, _ = env.reset(seed=1)
    np.testing.assert_array_equal(again, first)
    unseeded = [DiamondGhostVectorEnv(4).reset()[0] for _ in range(2)]
    assert not np.array_equal(*unseeded)


def test_steps_need_a_reset(random):
    env, vector = DiamondGhostEnv(render_mode="ansi"), DiamondGhostVectorEnv(2)
    for call in (lambda: env.step(0), env.render, lambda: vector.step([0, 0]), vector.observe):
        with pytest.raises(ResetNeeded):
            call()
    env.reset(seed=0)
    play_to_an_end(env, random)
    with pytest.raises(ResetNeeded):
        env.step(0)


def test_environments_are_drawn_as_text():
    env = DiamondGhostEnv(render_mode="ansi", oversight=1.0)
    env.reset(seed=0)
    drawn = env.render()
    assert drawn.count("\n") == 5 and all(sign in drawn for sign in ("A", "G!", "D!"))
    vector = DiamondGhostVectorEnv(2, render_mode="ansi", oversight=1.0)
    vector.reset(seed=0)
    assert vector.render()[0] == drawn
