"""The world as Gymnasium environments: one, or any number that step together."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from gr_oversight import _arguments, _native
from gr_oversight.rules import Rules

#: Names of the actions, in the order of their numbers.
ACTIONS: tuple[str, ...] = tuple(_native.ACTIONS)

#: How an episode can end, in the order of the numbers in a vector environment's `info`.
ENDINGS = ("diamond", "ghost", "time_limit")

#: Rewards by name, with what they pay.
REWARDS: dict[str, str] = dict(_native.REWARDS)

#: Name under which the environment is registered with fresh first observations.
ENV_ID = "gr_oversight/DiamondGhost-v0"

#: Name under which the environment is registered with stale first observations, as in the published code.
STALE_ENV_ID = "gr_oversight/DiamondGhostStale-v0"

_MOST_ENVS = 1_000_000


class _World:
    """What both environments share: rules, spaces, and the native environments."""

    def __init__(self, reward: str, label_noise: float, num_envs: int, first_env: int, rules: dict[str, Any]):
        self.rules = Rules(**rules)
        _arguments.choice("reward", reward, REWARDS)
        accepted = "a probability of at least 0 and below 1/2"
        label_noise = _arguments.number("label_noise", label_noise, accepted, 0.0, np.nextafter(0.5, 0.0))
        first_env = _arguments.whole("env_index", first_env, 0, 2**63)
        self.native = _native.Environments(self.rules.native(), reward, label_noise, num_envs, first_env)
        self.observation_space = gym.spaces.Box(0.0, 1.0, self.rules.shape, np.float32)
        self.action_space = gym.spaces.Discrete(len(ACTIONS))
        self.was_reset = False

    def reset(self, seed: int) -> None:
        self.native.reset(seed)
        self.was_reset = True

    def grids(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Network inputs `[envs, 4 × cells]` as `[envs, 4, rows, cols]`; a view."""
        return inputs.reshape(-1, *self.rules.shape)

    def index(self, positions: NDArray[np.int64]) -> dict[str, Any]:
        """Numbers of observations, where flags lie on goals only, so that they have one."""
        return {} if self.rules.spurious_oversight > 0 else {"observation_index": positions}


class DiamondGhostEnv(gym.Env[NDArray[np.float32], np.int64]):
    """The Diamond/Ghost GridWorld under partial oversight, one environment at a time.

    An observation is float32 `[4, rows, cols]`, of zeros and ones: agent, ghost, diamond, flags. Actions are 0 up,
    1 right, 2 down, 3 left; a move into a wall leaves the agent where it is. A goal terminates the episode, the
    time limit truncates it. The reward is paid on the last step, 0 elsewhere and on a time-out.

    `reset(seed=s)` begins episode 0 of environment `env_index` of seed `s`, drawn from the stream from which
    `gr-sweep` draws it; every further `reset()` begins the next one. With `first_observation="stale"` a `reset()`
    after an episode's end returns that episode's last observation, which is what the agent acts on first, and
    `reset(seed=s)` a fresh one, as at the start of a rollout.

    `info["observation_index"]` is the number of the observation among `observations()` (absent with spurious
    flags). The last step of an episode adds `ending` (one of `ENDINGS`), `overseen` (whether the cell on which it
    ended carries a flag), `label` (what the overseer says of an overseen goal, errors included; else None),
    `true_reward` (+1 diamond, -1 ghost, 0 time-out) and `length` (steps).

    Args:
        reward: One of `REWARDS`: `ground_truth`, `naive`, `terminal`, `biased_terminal`.
        label_noise: Probability below 1/2 that a label, and so a reward that tells the goals apart by it, says
            the other goal; drawn once per episode.
        env_index: Which of the environments of a seed this is.
        render_mode: `"ansi"` or None.
        **rules: Any attribute of `Rules`: `oversight`, `first_observation`, `max_step`, ..

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If an argument is not accepted.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        *,
        reward: str = "ground_truth",
        label_noise: float = 0.0,
        env_index: int = 0,
        render_mode: str | None = None,
        **rules: Any,
    ):
        self._world = _World(reward, label_noise, 1, env_index, rules)
        self.rules = self._world.rules
        self.observation_space = self._world.observation_space
        self.action_space = self._world.action_space
        if render_mode is not None:
            _arguments.choice("render_mode", render_mode, self.metadata["render_modes"])
        self.render_mode = render_mode
        #: What the episode that is over was last seen as; None while an episode is running.
        self._ended: tuple[NDArray[np.float32], dict[str, Any]] | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begins an episode: the first of `seed`, or the next one.

        Args:
            seed: A seed of the harness, 0 to 2⁶⁴ - 1. None goes on, or draws one if there is none yet.
            options: Not used.

        Returns:
            The observation that the agent acts on first, float32 `[4, rows, cols]`, and `info`.
        """
        seed = None if seed is None else _arguments.seed(seed)
        super().reset(seed=seed, options=options)
        ended, self._ended = self._ended, None
        if seed is not None or not self._world.was_reset:
            self._world.reset(seed if seed is not None else int(self.np_random.integers(2**63)))
        else:
            self._world.native.begin_next(np.ones(1, dtype=bool))
            if ended is not None and self.rules.first_observation == "stale":
                return ended[0].copy(), dict(ended[1])
        inputs, positions = self._world.native.observe()
        return self._world.grids(inputs)[0], self._index(positions)

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Takes a step.

        Args:
            action: 0 up, 1 right, 2 down, 3 left.

        Returns:
            Observation, reward, whether a goal was reached, whether time ran out, and `info`.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset, and after an episode's end.
            TypeError: If the action is no whole number.
            ValueError: If it is not from 0 to 3.
        """
        if not self._world.was_reset or self._ended is not None:
            raise ResetNeeded("no episode is running; call reset() before step()")
        action = action.item() if isinstance(action, np.ndarray) and action.ndim == 0 else action
        action = _arguments.whole("action", action, 0, len(ACTIONS) - 1)
        (inputs, positions), rewards, (terminated, truncated), ends = self._world.native.step(
            np.array([action], dtype=np.int64), False
        )
        observation, info = self._world.grids(inputs)[0], self._index(positions)
        if ends is not None:
            self._ended = (observation.copy(), dict(info))
            label = int(ends["label"][0])
            info |= {
                "ending": ENDINGS[int(ends["ending"][0])],
                "overseen": bool(ends["overseen"][0]),
                "label": None if label < 0 else ENDINGS[label],
                "true_reward": float(ends["true_reward"][0]),
                "length": int(ends["length"][0]),
            }
        return observation, float(rewards[0]), bool(terminated[0]), bool(truncated[0]), info

    def render(self) -> str | None:
        """The grid as text: A agent, G ghost, D diamond, ! a flag. None without a render mode."""
        if self.render_mode is None:
            return None
        if not self._world.was_reset:
            raise ResetNeeded("there is nothing to draw; call reset() before render()")
        return self._world.native.draw(0)

    def _index(self, positions: NDArray[np.int64]) -> dict[str, Any]:
        return {name: int(value[0]) for name, value in self._world.index(positions).items()}


class DiamondGhostVectorEnv(VectorEnv[NDArray[np.float32], NDArray[np.int64], NDArray[Any]]):
    """Any number of Diamond/Ghost GridWorlds that step together in one native call.

    Environment i of seed s draws its episode e from stream (s, i, e), as environment i of a run of seed s of
    `gr-sweep` does. Observations are float32 `[num_envs, 4, rows, cols]`, rewards float64 `[num_envs]`.

    Autoreset is `AutoresetMode.SAME_STEP`: the step that ends an episode begins the next one and returns what the
    agent acts on first in it: its own observation, or with `first_observation="stale"` the last one of the episode
    that ended. At the start of a rollout the published code looks anew: `observe()`.

    `info["observation_index"]` is int64 `[num_envs]` (absent with spurious flags). Where an episode ended, `info`
    has `final_obs` float32 `[num_envs, 4, rows, cols]` and `final_info`, a dictionary of arrays `[num_envs]`:
    `ending` (position in `ENDINGS`), `overseen`, `label` (position in `ENDINGS` of what the overseer says; -1 where
    the end is not overseen or is a time-out), `true_reward`, `length`, `observation_index`. `_final_obs`,
    `_final_info` and `final_info["_ending"]` say where; elsewhere the values are 0, false or -1.

    Args:
        num_envs: Number of environments.
        reward: One of `REWARDS`.
        label_noise: Probability below 1/2 that a label says the other goal.
        render_mode: `"ansi"` or None.
        **rules: Any attribute of `Rules`.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If an argument is not accepted.
    """

    metadata = {  # noqa: RUF012
        "render_modes": ["ansi"],
        "render_fps": 4,
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        num_envs: int = 512,
        *,
        reward: str = "ground_truth",
        label_noise: float = 0.0,
        render_mode: str | None = None,
        **rules: Any,
    ):
        self.num_envs = _arguments.whole("num_envs", num_envs, 1, _MOST_ENVS)
        self._world = _World(reward, label_noise, self.num_envs, 0, rules)
        self.rules = self._world.rules
        self.single_observation_space = self._world.observation_space
        self.single_action_space = self._world.action_space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        if render_mode is not None:
            _arguments.choice("render_mode", render_mode, self.metadata["render_modes"])
        self.render_mode = render_mode

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begins an episode everywhere: the first of `seed`, or the next ones. Observations are fresh.

        Args:
            seed: A seed of the harness, 0 to 2⁶⁴ - 1, one for all environments: environment i draws from streams
                of its own. None goes on, or draws one if there is none yet.
            options: `{"reset_mask": mask}`, bool `[num_envs]`, begins the next episode of some only.

        Returns:
            Observations, float32 `[num_envs, 4, rows, cols]`, and `info`.
        """
        if isinstance(seed, (list, tuple, np.ndarray)):
            raise TypeError(
                f"seed is a {type(seed).__name__}; accepted: one whole number, of which every environment draws "
                "from streams of its own"
            )
        seed = None if seed is None else _arguments.seed(seed)
        super().reset(seed=seed, options=options)
        mask = self._reset_mask(options)
        if seed is not None or not self._world.was_reset:
            if not mask.all():
                raise ValueError("reset_mask leaves environments out in a reset that begins a seed; leave it out")
            self._world.reset(seed if seed is not None else int(self.np_random.integers(2**63)))
        else:
            self._world.native.begin_next(mask)
        return self.observe()

    def observe(self) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """What every environment shows now: fresh observations, which a rollout begins with.

        Returns:
            Observations, float32 `[num_envs, 4, rows, cols]`, and `info`.
        """
        if not self._world.was_reset:
            raise ResetNeeded("the environments have not begun; call reset() first")
        inputs, positions = self._world.native.observe()
        return self._world.grids(inputs), self._world.index(positions)

    @property
    def episodes(self) -> NDArray[np.uint64]:
        """Index of the episode that every environment is in, uint64 `[num_envs]`."""
        if not self._world.was_reset:
            raise ResetNeeded("the environments have not begun; call reset() first")
        return self._world.native.episodes()

    def step(
        self, actions: ArrayLike
    ) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Takes a step everywhere.

        Args:
            actions: Whole numbers `[num_envs]`: 0 up, 1 right, 2 down, 3 left.

        Returns:
            Observations float32 `[num_envs, 4, rows, cols]`, rewards float64 `[num_envs]`, terminations and
            truncations bool `[num_envs]`, and `info`.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
            TypeError: If the actions are no whole numbers.
            ValueError: If they are of another shape, or one is not from 0 to 3; no step is taken then.
        """
        if not self._world.was_reset:
            raise ResetNeeded("the environments have not begun; call reset() before step()")
        (inputs, positions), rewards, (terminated, truncated), ends = self._world.native.step(
            self._actions(actions), True
        )
        info = self._world.index(positions)
        if ends is not None:
            ended = terminated | truncated
            index = self._world.index(ends.pop("observation_index"))
            info["final_obs"] = self._world.grids(ends.pop("observation"))
            known = ends | index
            info["final_info"] = known | {f"_{name}": ended.copy() for name in known}
            info["_final_obs"], info["_final_info"] = ended, ended.copy()
        return self._world.grids(inputs), rewards, terminated, truncated, info

    def render(self) -> tuple[str, ...] | None:
        """Every grid as text. None without a render mode."""
        if self.render_mode is None:
            return None
        if not self._world.was_reset:
            raise ResetNeeded("there is nothing to draw; call reset() before render()")
        return tuple(self._world.native.draw(env) for env in range(self.num_envs))

    def _actions(self, actions: ArrayLike) -> NDArray[np.int64]:
        found = np.asarray(actions)
        if found.dtype.kind not in "iu":
            raise TypeError(f"actions are of type {found.dtype}; accepted: whole numbers from 0 to 3")
        if found.shape != (self.num_envs,):
            raise ValueError(f"actions have shape {found.shape}; accepted: ({self.num_envs},)")
        return found.astype(np.int64, copy=False)

    def _reset_mask(self, options: dict[str, Any] | None) -> NDArray[np.bool_]:
        mask = (options or {}).get("reset_mask")
        if mask is None:
            return np.ones(self.num_envs, dtype=bool)
        found = np.asarray(mask)
        if found.dtype != bool:
            raise TypeError(f"reset_mask is of type {found.dtype}; accepted: bool")
        if found.shape != (self.num_envs,):
            raise ValueError(f"reset_mask has shape {found.shape}; accepted: ({self.num_envs},)")
        return found


def register() -> None:
    """Registers the environments with Gymnasium, which importing the package does."""
    for env_id, first_observation in ((ENV_ID, "fresh"), (STALE_ENV_ID, "stale")):
        gym.register(
            id=env_id,
            entry_point="gr_oversight.environments:DiamondGhostEnv",
            vector_entry_point="gr_oversight.environments:DiamondGhostVectorEnv",
            kwargs={"first_observation": first_observation},
        )
