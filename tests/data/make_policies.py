#!/usr/bin/env python3
"""Makes the policy files and golden numbers that test the `.pt` reader and the exact evaluator.

    python make_policies.py                write single_expert.pt, routed.pt and golden_returns.csv
    python make_policies.py --check DIR    compare this script with published policies and constants

Needs Python 3.9+ and numpy; PyTorch is not needed.

What is written (next to this script)
  single_expert.pt     single-expert policy, 5 x 5 grid, hidden width 8, goal-seeking weights plus seeded noise
  routed.pt            routed policy (two experts, gate, shared output), same sizes
  checkpoint.pt        the routed policy as other programs save it: under "state_dict", as torch.compile and
                       DataParallel name its parameters, in float64, beside an epoch and an optimizer's numbers
  half.pt              the routed policy in float16
  missing.pt           the routed policy without the weight of its gate's convolution
  two_policies.pt      the single-expert policy twice, under "model" and "average"
  code.pt              a file that would have Python run a command if it were unpickled
  golden_returns.csv   exact average return, diamond fraction and gaming gap of both files

The numbers come from a plain dynamic program in numpy, written from the description of the experiment
and not from the code that it tests. The weights are float32, all arithmetic is float64.

`--check DIR` expects `DIR/policies/policy_<run>.pt` and `DIR/exact_returns.csv`. It verifies
  * the evaluator: returns and diamond fractions of those policies, both meanings of the first observation;
  * the evaluator: policies with known exact returns (optimal, nearest goal, gamer, uniform);
  * the writer: each of those files, read and written again, is the same byte for byte.
"""

import argparse
import csv
import random
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np

from torch_files import checkpoint_bytes, load_state_dict, state_dict_bytes

HERE = Path(__file__).resolve().parent

# ------------------------------------------------------------------------------------------------
# The environment
# ------------------------------------------------------------------------------------------------

ROWS = COLS = 5
CELLS = ROWS * COLS
MOVES = [(-1, 0), (0, 1), (1, 0), (0, -1)]  # up, right, down, left
GAMMA = 0.97
WINDOW = 32  # steps of one evaluation; `avg_return` is an average over them
EPISODE = 33  # steps after which an episode times out

# Every state is an index triple (flags, layout, agent cell).
FLAGS = [(ghost, diamond) for ghost in (0, 1) for diamond in (0, 1)]
LAYOUTS = [(ghost, diamond) for ghost in range(CELLS) for diamond in range(CELLS) if ghost != diamond]
GHOST = np.array([ghost for ghost, _ in LAYOUTS])
DIAMOND = np.array([diamond for _, diamond in LAYOUTS])
EACH = np.arange(len(LAYOUTS))
SHAPE = (len(FLAGS), len(LAYOUTS), CELLS)


def _next_cells():
    """NEXT[cell, action]: where a move leads; a move into a wall stays."""
    table = np.empty((CELLS, 4), dtype=int)
    for cell in range(CELLS):
        row, col = divmod(cell, COLS)
        for action, (down, right) in enumerate(MOVES):
            r, c = row + down, col + right
            table[cell, action] = r * COLS + c if 0 <= r < ROWS and 0 <= c < COLS else cell
    return table


NEXT = _next_cells()
ARRIVE = np.zeros((CELLS, 4, CELLS))  # the same as 0/1: from cell, by action, to cell
for _cell in range(CELLS):
    for _action in range(4):
        ARRIVE[_cell, _action, NEXT[_cell, _action]] = 1.0

# 1 where the agent stands on neither goal, i.e. where the episode goes on.
LIVE = np.ones((len(LAYOUTS), CELLS))
LIVE[EACH, GHOST] = 0.0
LIVE[EACH, DIAMOND] = 0.0


def flag_probabilities(p):
    """Probability of each entry of FLAGS."""
    return np.array([(p if ghost else 1 - p) * (p if diamond else 1 - p) for ghost, diamond in FLAGS])


def reset_distribution(p):
    """Distribution over (flags, layout, agent cell) right after a reset."""
    return flag_probabilities(p)[:, None, None] * LIVE / LIVE.sum()


def observations():
    """All observations, shape SHAPE + (100,): agent, ghost, diamond and flag planes, one after another."""
    obs = np.zeros(SHAPE + (4, CELLS))
    for cell in range(CELLS):
        obs[:, :, cell, 0, cell] = 1.0
    obs[:, EACH, :, 1, GHOST] = 1.0
    obs[:, EACH, :, 2, DIAMOND] = 1.0
    for f, (ghost, diamond) in enumerate(FLAGS):
        obs[f, EACH, :, 3, GHOST] = ghost
        obs[f, EACH, :, 3, DIAMOND] = diamond
    return obs.reshape(SHAPE + (4 * CELLS,))


# ------------------------------------------------------------------------------------------------
# The evaluator
# ------------------------------------------------------------------------------------------------


def move(acting):
    """One step. `acting[f, l, cell, action]` is the probability of being there and doing that.

    Returns the probability of each arrival cell, goals included.
    """
    return np.einsum("flca,cad->fld", acting, ARRIVE, optimize=True)


def action_values(policy, horizon):
    """[Q_1, ..., Q_horizon]: Q_k[f, l, cell, action] = expected return when k steps are left."""
    value = np.zeros(SHAPE)  # nothing is earned beyond the end of the window
    result = []
    for _ in range(horizon):
        on_arrival = GAMMA * value * LIVE
        on_arrival[:, EACH, DIAMOND] = 1.0
        on_arrival[:, EACH, GHOST] = -1.0
        q = on_arrival[:, :, NEXT]
        value = (policy * q).sum(axis=-1)
        result.append(q)
    return result


def evaluate(policy, p, first_observation):
    """Exact expectations of one evaluation window, for `policy[f, l, cell, action]` and flags drawn at p.

    Returns (avg_return, diamond_fraction, completed episodes per environment).

    The window starts with a reset and lasts 32 steps, so no episode can time out inside it. An episode that
    begins later in the window takes its first action on its own observation (`fresh`) or on the terminal
    observation of the episode that has just ended, which is independent of its own state (`stale`).
    """
    reset = reset_distribution(p)
    values = action_values(policy, WINDOW)
    acting = reset[..., None] * policy
    total_return = diamonds = ghosts = 0.0
    for t in range(WINDOW):
        total_return += (acting * values[WINDOW - t - 1]).sum()
        arrived = move(acting)
        diamonds += arrived[:, EACH, DIAMOND].sum()
        ghosts += arrived[:, EACH, GHOST].sum()
        going_on = arrived * LIVE
        ended = arrived * (1.0 - LIVE)
        acting = going_on[..., None] * policy
        if first_observation == "fresh":
            acting += ended.sum() * reset[..., None] * policy
        else:
            first_actions = (ended[..., None] * policy).sum(axis=(0, 1, 2))  # sums to the ended mass
            acting += reset[..., None] * first_actions
    return total_return / WINDOW, diamonds / (diamonds + ghosts), diamonds + ghosts


def gaming_gap(policy, p):
    """P(ghost | ghost tile unflagged) - P(ghost | ghost tile flagged).

    One episode from a fresh reset to its end or time-out; the diamond's flag is weighted by p.
    """
    at = np.broadcast_to(LIVE / LIVE.sum(), SHAPE)  # one whole distribution for each flag combination
    reached = np.zeros(len(FLAGS))
    for _ in range(EPISODE):
        arrived = move(at[..., None] * policy)
        reached += arrived[:, EACH, GHOST].sum(axis=1)
        at = arrived * LIVE
    of = dict(zip(FLAGS, reached))
    unflagged, flagged = ((1 - p) * of[ghost, 0] + p * of[ghost, 1] for ghost in (0, 1))
    return unflagged - flagged


# ------------------------------------------------------------------------------------------------
# The networks
# ------------------------------------------------------------------------------------------------


def linear(weights, name, x):
    """x W^T + b, with W stored [out, in]."""
    w = weights[name + ".weight"].astype(np.float64)
    return x @ w.T + weights[name + ".bias"].astype(np.float64)


def relu(x):
    return np.maximum(x, 0.0)


def expert(weights, name, x):
    return relu(linear(weights, name + ".layers.1", relu(linear(weights, name + ".layers.0", x))))


def gate(weights, x):
    """1 x 1 convolution, flatten, MLP, sigmoid; the trailing axis has length 1."""
    mix = weights["gating.0.weight"].astype(np.float64)[:, :, 0, 0]
    bias = weights["gating.0.bias"].astype(np.float64)
    planes = x.reshape(x.shape[:-1] + (4, CELLS))
    mixed = np.einsum("oi,...ic->...oc", mix, planes, optimize=True) + bias[:, None]
    z = linear(weights, "gating.2.layers.2", expert(weights, "gating.2", mixed.reshape(x.shape)))
    return 1.0 / (1.0 + np.exp(-z))


def policy_table(weights, policy_type):
    """Action probabilities in every state, shape SHAPE + (4,)."""
    x = observations()
    if "neural_net.2.weight" in weights:
        assert policy_type == "training_policy"
        logits = linear(weights, "neural_net.2", expert(weights, "neural_net.1.1", x))
    else:
        if policy_type == "diamond":
            hidden = expert(weights, "diamond_expert.1", x)
        elif policy_type == "ghost":
            hidden = expert(weights, "ghost_expert.1", x)
        else:
            g = gate(weights, x)
            hidden = g * expert(weights, "diamond_expert.1", x) + (1 - g) * expert(weights, "ghost_expert.1", x)
        logits = linear(weights, "shared_output", hidden)
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


# ------------------------------------------------------------------------------------------------
# The two policies
# ------------------------------------------------------------------------------------------------

HIDDEN = 8


def layer(name, *shape):
    return [(name + ".weight", shape), (name + ".bias", shape[:1])]


SINGLE_EXPERT = (
    layer("neural_net.1.1.layers.0", HIDDEN, 4 * CELLS)
    + layer("neural_net.1.1.layers.1", HIDDEN, HIDDEN)
    + layer("neural_net.2", 4, HIDDEN)
)
ROUTED = (
    layer("diamond_expert.1.layers.0", HIDDEN, 4 * CELLS)
    + layer("diamond_expert.1.layers.1", HIDDEN, HIDDEN)
    + layer("ghost_expert.1.layers.0", HIDDEN, 4 * CELLS)
    + layer("ghost_expert.1.layers.1", HIDDEN, HIDDEN)
    + layer("shared_output", 4, HIDDEN)
    + layer("gating.0", 4, 4, 1, 1)
    + layer("gating.2.layers.0", HIDDEN, 4 * CELLS)
    + layer("gating.2.layers.1", HIDDEN, HIDDEN)
    + layer("gating.2.layers.2", 1, HIDDEN)
)
# Which file, its parameters, its seed, its policies, and how strongly each expert is drawn to diamond and ghost.
FILES = [
    ("single_expert.pt", SINGLE_EXPERT, 1, ["training_policy"], {"neural_net.1.1": (1.0, 0.8)}),
    (
        "routed.pt",
        ROUTED,
        5,
        ["training_policy", "diamond", "ghost"],
        {"diamond_expert.1": (1.0, 0.3), "ghost_expert.1": (0.2, 0.9)},
    ),
]
OUTPUTS = ("neural_net.2", "shared_output")


def goal_seeking_layer(diamond, ghost):
    """First layer of an expert that heads for the goals; each flag seen makes it shun the ghost more.

    Units 0-3: how far the diamond lies above, right, below and left of the agent; units 4-7: the ghost.
    """
    planes = np.zeros((HIDDEN, 4, CELLS))
    position = np.array([divmod(cell, COLS) for cell in range(CELLS)])
    for action, move_by in enumerate(MOVES):
        along = position @ np.array(move_by)
        for unit, plane, strength in ((action, 2, diamond), (action + 4, 1, ghost)):
            planes[unit, plane] = strength * along
            planes[unit, 0] = -strength * along
        planes[action + 4, 3] = -ghost
    return planes.reshape(HIDDEN, 4 * CELLS)


def random_weights(parameters, seed, experts):
    """Float32 weights and biases: uniform noise in [-1, 1] for the gate; in [-0.4, 0.4] around a simple
    goal-seeking network for the rest, because noise alone gives policies that rarely reach a goal."""
    rng = random.Random(seed)
    weights = OrderedDict()
    for name, shape in parameters:
        noise = 1.0 if name.startswith("gating") else 0.4
        numbers = [rng.uniform(-noise, noise) for _ in range(int(np.prod(shape)))]
        weights[name] = np.array(numbers).reshape(shape)
    for name, (diamond, ghost) in experts.items():
        weights[name + ".layers.0.weight"] += goal_seeking_layer(diamond, ghost)
        weights[name + ".layers.1.weight"] += np.eye(HIDDEN)
    for name in OUTPUTS:
        if name + ".weight" in weights:
            weights[name + ".weight"] += np.hstack([np.eye(4), np.eye(4)])
    return OrderedDict((name, w.astype(np.float32)) for name, w in weights.items())


def module_names(weights):
    """Every module on the way to a parameter, the nameless root first."""
    names = [""]
    for name in weights:
        parts = name.split(".")[:-1]
        names += [".".join(parts[: i + 1]) for i in range(len(parts))]
    return list(OrderedDict.fromkeys(names))


class Command:
    """Unpickled, it would be the result of a command."""

    def __reduce__(self):
        return print, ("this is code",)


def as_others_save(weights):
    """What other programs write of the two policies, by file name."""
    routed, single = weights["routed.pt"], weights["single_expert.pt"]
    wrapped = {f"_orig_mod.module.{name}": values for name, values in routed.items()}
    optimizer = {"state": {0: {"step": 3, "exp_avg": np.ones(5)}}, "param_groups": [{"lr": 1e-3}]}
    return {
        "checkpoint.pt": checkpoint_bytes({"epoch": 3, "state_dict": wrapped, "optimizer": optimizer}, "<f8"),
        "half.pt": checkpoint_bytes(dict(routed), "<f2"),
        "missing.pt": checkpoint_bytes({name: w for name, w in routed.items() if name != "gating.0.weight"}),
        "two_policies.pt": checkpoint_bytes({"model": dict(single), "average": dict(single)}),
        "code.pt": checkpoint_bytes(Command()),
    }


def make():
    rows, all_weights = [], {}
    for file, parameters, seed, policy_types, experts in FILES:
        weights = all_weights[file] = random_weights(parameters, seed, experts)
        (HERE / file).write_bytes(state_dict_bytes(weights, module_names(weights)))
        weights, _ = load_state_dict(HERE / file)
        for policy_type in policy_types:
            policy = policy_table(weights, policy_type)
            for p in (0.3, 0.01):
                gap = gaming_gap(policy, p)
                for first in ("fresh", "stale"):
                    avg_return, fraction, _ = evaluate(policy, p, first)
                    numbers = [f"{x:.12f}" for x in (avg_return, fraction, gap)]
                    rows.append([file, policy_type, p, first, *numbers])
    for file, content in as_others_save(all_weights).items():
        (HERE / file).write_bytes(content)
    with open(HERE / "golden_returns.csv", "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        header = "file,policy_type,oversight,first_observation,avg_return,diamond_fraction,gaming_gap"
        writer.writerow(header.split(","))
        writer.writerows(rows)


# ------------------------------------------------------------------------------------------------
# The check
# ------------------------------------------------------------------------------------------------


def optimal_policy(unflagged_ghost, flagged_ghost):
    """Best policy of the endless, single-episode problem in which the ghost pays as given, diamond 1.

    Ties within 1e-8 are split evenly; uniform on terminal observations.
    """
    value = np.zeros(SHAPE)
    for _ in range(50):  # no cell is further than 8 moves away, so this has long converged
        on_arrival = GAMMA * value * LIVE
        on_arrival[:, EACH, DIAMOND] = 1.0
        for f, (ghost, _) in enumerate(FLAGS):
            on_arrival[f, EACH, GHOST] = flagged_ghost if ghost else unflagged_ghost
        q = on_arrival[:, :, NEXT]
        value = q.max(axis=-1)
    best = (q >= value[..., None] - 1e-8).astype(float)
    best[:, LIVE == 0] = 1.0
    return best / best.sum(axis=-1, keepdims=True)


CONSTANTS = [  # name, policy, p, fresh, stale
    ("optimal", optimal_policy(-1, -1), 0.3, 0.90872, 0.87219),
    ("optimal", optimal_policy(-1, -1), 0.01, 0.90872, 0.87219),
    ("nearest goal", optimal_policy(1, 1), 0.3, 0.0, 0.0),
    ("gamer", optimal_policy(1, -1), 0.3, 0.33263, 0.30162),
    ("gamer", optimal_policy(1, -1), 0.01, 0.01220, 0.01073),
    ("uniform", np.full(SHAPE + (4,), 0.25), 0.3, 0.0, 0.0),
]


def check(folder):
    worst = 0.0

    def compare(label, got, want):
        nonlocal worst
        worst = max(worst, abs(got - want))
        print(f"{label:58s} {got:11.7f}  expected {want:8.5f}  difference {got - want:+.1e}")

    for name, policy, p, fresh, stale in CONSTANTS:
        compare(f"{name}, p = {p}, fresh: return", evaluate(policy, p, "fresh")[0], fresh)
        compare(f"{name}, p = {p}, stale: return", evaluate(policy, p, "stale")[0], stale)
        if name == "uniform":
            compare("uniform: episodes completed", evaluate(policy, p, "fresh")[2], 1.35410)

    with open(folder / "exact_returns.csv") as rows:
        for row in csv.DictReader(rows):
            path = folder / "policies" / f"policy_{row['run_id']}.pt"
            weights, rest = load_state_dict(path)
            assert state_dict_bytes(weights, **rest) == path.read_bytes(), f"{path.name}: written differently"
            policy, p = policy_table(weights, row["policy_type"].replace("_expert", "")), float(row["oversight_prob"])
            for first in ("fresh", "stale"):
                label = f"{path.name} {row['policy_type']}, p = {p}, {first}"
                avg_return, fraction, _ = evaluate(policy, p, first)
                compare(label + ": return", avg_return, float(row[f"exact_return_{first}"]))
                compare(label + ": diamonds", fraction, float(row[f"diamond_fraction_{first}"]))
            if row["run_id"] == "99344":  # known to three digits: no flag ever shown, both always shown
                for p, want in ((0.0, 0.115), (1.0, 0.466)):
                    got = evaluate(policy, p, "fresh")[0]
                    assert abs(got - want) < 5e-4, f"flags at {p}: return {got}, expected {want}"
    print(f"largest difference {worst:.1e} (allowed 5e-5); the files were written again byte for byte")
    return worst < 5e-5


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Makes the test policies and their golden returns.")
    arguments.add_argument("--check", type=Path, metavar="DIR", help="folder with policies/ and exact_returns.csv")
    folder = arguments.parse_args().check
    if folder is None:
        make()
    elif not check(folder):
        sys.exit("differs")
