"""Environment steps per CPU second, beside Gymnasium's own toy environments, in one run.

python benchmarks/steps_per_second.py
"""

import time

import gymnasium as gym
import numpy as np

import gr_oversight

#: What is measured: name, id, and how Gymnasium makes many of it. `sync` is a loop over single environments,
#: `vector_entry_point` an environment written for arrays.
MEASURED = [
    ("Diamond/Ghost", gr_oversight.ENV_ID, "vector_entry_point"),
    ("Diamond/Ghost, stale", gr_oversight.STALE_ENV_ID, "vector_entry_point"),
    ("CartPole, array code", "CartPole-v1", "vector_entry_point"),
    ("Diamond/Ghost, one by one", gr_oversight.ENV_ID, "sync"),
    ("FrozenLake, one by one", "FrozenLake-v1", "sync"),
    ("Taxi, one by one", "Taxi-v4" if "Taxi-v4" in gym.registry else "Taxi-v3", "sync"),
]

NUM_ENVS = 512
SECONDS = 3.0


def steps_per_second(env_id: str, mode: str) -> float:
    """Steps of all environments per CPU second, with actions drawn beforehand; the best of three tries."""
    env = gym.make_vec(env_id, num_envs=NUM_ENVS, vectorization_mode=mode)
    env.reset(seed=0)
    actions = np.random.default_rng(0).integers(0, env.single_action_space.n, (64, NUM_ENVS))
    best = 0.0
    for _ in range(3):
        calls, start = 0, time.process_time()
        while time.process_time() - start < SECONDS / 3:
            env.step(actions[calls % 64])
            calls += 1
        best = max(best, calls * NUM_ENVS / (time.process_time() - start))
    env.close()
    return best


def main() -> None:
    """A row for each environment."""
    print(f"{NUM_ENVS} environments, steps per CPU second")
    for name, env_id, mode in MEASURED:
        print(f"{name:<28} {steps_per_second(env_id, mode):>12,.0f}")


if __name__ == "__main__":
    main()
