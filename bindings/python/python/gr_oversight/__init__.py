"""The Diamond/Ghost GridWorld under partial oversight, from Python.

- Environments for Gymnasium: `DiamondGhostEnv`, `DiamondGhostVectorEnv`, registered as `ENV_ID` and `STALE_ENV_ID`.
- Exact evaluation of any policy: `evaluate`, `tabulate`, `optimal_policy`, `observations`.
- Results of sweeps: `read_sweep`, `load_policy`, `sweep`, and `statistics`.

docs/python.md is where to begin.
"""

from importlib import metadata as _metadata

from gr_oversight import statistics
from gr_oversight.environments import (
    ACTIONS,
    ENDINGS,
    ENV_ID,
    REWARDS,
    STALE_ENV_ID,
    DiamondGhostEnv,
    DiamondGhostVectorEnv,
    register,
)
from gr_oversight.evaluation import EndingProbabilities, Evaluation, evaluate, optimal_policy, tabulate
from gr_oversight.observations import Observations, observations
from gr_oversight.policies import Policy, load_policy
from gr_oversight.programs import SweepError, find_program, sweep
from gr_oversight.rules import FIRST_OBSERVATIONS, Rules
from gr_oversight.sweeps import SCORES, Comparison, Scores, Sweep, read_sweep

__version__ = _metadata.version("gr_oversight")

__all__ = [
    "ACTIONS",
    "ENDINGS",
    "ENV_ID",
    "FIRST_OBSERVATIONS",
    "REWARDS",
    "SCORES",
    "STALE_ENV_ID",
    "Comparison",
    "DiamondGhostEnv",
    "DiamondGhostVectorEnv",
    "EndingProbabilities",
    "Evaluation",
    "Observations",
    "Policy",
    "Rules",
    "Scores",
    "Sweep",
    "SweepError",
    "evaluate",
    "find_program",
    "load_policy",
    "observations",
    "optimal_policy",
    "read_sweep",
    "statistics",
    "sweep",
    "tabulate",
]

register()
