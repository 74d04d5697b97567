"""One update of `naive_outcomes` or `routing` in plain PyTorch, sample by sample, and how long it takes.

Written from docs/experiment.md; section numbers below are its. Reads top to bottom: environment, networks,
rollout, credit, loss, update, timing. Axes: time 32, envs 512, samples = time × envs.
"""

import argparse
import csv
import ctypes
import os
import platform
import resource
import sys
import time
from itertools import permutations
from pathlib import Path


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", choices=["naive_outcomes", "routing"], default="naive_outcomes")
    parser.add_argument("--oversight", type=float, default=0.01, metavar="P")
    parser.add_argument("--first-observation", choices=["fresh", "stale"], default="fresh")
    parser.add_argument("--updates", type=int, default=20, help="timed updates")
    parser.add_argument("--warmup", type=int, default=3, help="updates before these")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--affine-value", action="store_true", help="multiply the value network's layers out first")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="start from this policy (.safetensors or .pt)")
    parser.add_argument("--out", type=Path, metavar="FILE.csv", help="append a row of figures")
    # Whoever imports this file has arguments of its own.
    return parser.parse_args(None if __name__ == "__main__" else [])


ARGUMENTS = parse_arguments()
# Read when the libraries load, so set before they are imported.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(ARGUMENTS.threads)

import numpy as np  # noqa: E402
import torch  # noqa: E402
from policy_files import load_policy  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

torch.set_num_threads(ARGUMENTS.threads)
try:
    # Keeps freed memory in the process: glibc would hand large tensors back and fault them in anew, about 7 % of an
    # update. The options are M_MMAP_THRESHOLD and M_TRIM_THRESHOLD.
    libc = ctypes.CDLL("libc.so.6")
    libc.mallopt(-3, 2**30)
    libc.mallopt(-1, 2**31 - 1)
except (OSError, AttributeError):
    pass  # Another libc; only slower.

# Sections 2 to 5.
SIDE, NUM_CELLS, HIDDEN, VALUE_CHANNELS = 5, 25, 256, 16
NUM_ENVS, ROLLOUT_STEPS, MAX_STEP = 512, 32, 32
DISCOUNT, ENTROPY, VALUE_LOSS, GATE_LOSS = 0.97, 0.1, 0.5, 0.01
BOTH, DIAMOND, GHOST = 0, 1, 2  # routes
# Samples in one backward pass; gradients add up over passes. Activations of fewer samples stay in cache, and smaller
# products are slower: 4,096 was the fastest of 512 to 16,384, by about 5 % over a single pass.
CHUNK = 4096

# --- Environment (section 2) ---------------------------------------------------------------------------------------

LAYOUTS = np.array(list(permutations(range(NUM_CELLS), 3))).T  # [3, layouts]: agent, ghost, diamond
ROWS, COLS = np.divmod(np.arange(NUM_CELLS), SIDE)
NEXT_CELL = np.stack(  # [cells, actions]
    [
        np.clip(ROWS + down, 0, SIDE - 1) * SIDE + np.clip(COLS + right, 0, SIDE - 1)
        for down, right in [(-1, 0), (0, 1), (1, 0), (0, -1)]
    ],
    axis=1,
)


class Environments:
    """All environments in lock-step. A state is [5, envs]: agent, ghost, diamond, ghost flag, diamond flag.

    Only goals carry flags here: spurious oversight is 0, its default.
    """

    def __init__(self, oversight, first_observation, rng):
        self.oversight, self.stale, self.rng = oversight, first_observation == "stale", rng
        self.state = np.empty((5, NUM_ENVS), dtype=np.int64)
        self.steps_taken = np.empty(NUM_ENVS, dtype=np.int64)
        self.reset(np.arange(NUM_ENVS))

    def reset(self, envs):
        self.state[:3, envs] = LAYOUTS[:, self.rng.integers(LAYOUTS.shape[1], size=len(envs))]
        self.state[3:, envs] = self.rng.random((2, len(envs))) < self.oversight
        self.steps_taken[envs] = 0

    def step(self, actions):
        """Moves, ends and resets. Returns what the next action is drawn on, and how episodes ended: [envs] each."""
        state = self.state
        state[0] = NEXT_CELL[state[0], actions]
        on_ghost, on_diamond = state[0] == state[1], state[0] == state[2]
        overseen = (on_ghost & (state[3] == 1)) | (on_diamond & (state[4] == 1))
        done = on_ghost | on_diamond | (self.steps_taken == MAX_STEP)
        self.steps_taken += 1
        seen = state.copy() if self.stale else state
        self.reset(np.flatnonzero(done))
        return seen, done, on_diamond, on_ghost, overseen


def write_observations(state, out):
    """Fills `out`, zeros [envs, 4 * cells], with the observations of a state [5, envs]."""
    state = torch.from_numpy(state)
    channel = NUM_CELLS * torch.arange(3)[:, None]
    out.scatter_(1, (state[:3] + channel).T, 1.0)
    # Assigned, not added: goals never share a cell.
    out.scatter_(1, (state[1:3] + 3 * NUM_CELLS).T, state[3:].T.float())


def pay(method, on_diamond, on_ghost, overseen):
    """Rewards of steps (section 3): `naive` for naive_outcomes, `terminal` for routing."""
    ghost_pays = 1.0 - 2.0 * overseen if method == "naive_outcomes" else 1.0
    return np.float32(on_diamond + on_ghost * ghost_pays)


# --- Networks (section 4) ------------------------------------------------------------------------------------------
# Parameters are named as in gr's policy files.


def initialised(layer):
    nn.init.uniform_(layer.weight, -1, 1)
    with torch.no_grad():
        layer.weight /= layer.weight[0].numel() ** 0.5
    nn.init.zeros_(layer.bias)
    return layer


def linear(inputs, outputs):
    return initialised(nn.Linear(inputs, outputs))


def mixing(channels):
    return initialised(nn.Conv2d(4, channels, kernel_size=1))


class Expert(nn.ModuleList):
    def __init__(self):
        super().__init__([linear(4 * NUM_CELLS, HIDDEN), linear(HIDDEN, HIDDEN)])

    def forward(self, observations):
        return F.relu_(self[1](F.relu_(self[0](observations))))


class Gate(nn.ModuleDict):
    def __init__(self):
        layers = {"0": linear(4 * NUM_CELLS, HIDDEN), "1": linear(HIDDEN, HIDDEN), "2": linear(HIDDEN, 1)}
        super().__init__({"mixing": mixing(4), **layers})

    def forward(self, observations):
        """The gate before its sigmoid, [samples, 1]."""
        mixed = self["mixing"](observations.view(-1, 4, SIDE, SIDE)).flatten(1)
        return self["2"](F.relu_(self["1"](F.relu_(self["0"](mixed)))))


class ValueNetwork(nn.ModuleDict):
    def __init__(self):
        layers = {"0": linear(VALUE_CHANNELS * NUM_CELLS, 256), "1": linear(256, 32), "2": linear(32, 1)}
        super().__init__({"mixing": mixing(VALUE_CHANNELS), **layers})

    def layers(self, observations):
        mixed = self["mixing"](observations.view(-1, 4, SIDE, SIDE)).flatten(1)
        return self["2"](self["1"](self["0"](mixed)))

    def forward(self, observations):
        """Values [samples]."""
        if not ARGUMENTS.affine_value:
            return self.layers(observations).squeeze(1)
        # Without activations the network is one affine map, known from its values at the origin and at the axes.
        at_axes = self.layers(torch.eye(4 * NUM_CELLS))
        at_origin = self.layers(torch.zeros(1, 4 * NUM_CELLS))
        return (observations @ (at_axes - at_origin) + at_origin).squeeze(1)


class SingleExpertPolicy(nn.Module):
    def __init__(self):
        super().__init__()
        self.expert, self.output = Expert(), linear(HIDDEN, 4)

    def forward(self, observations, routes=None):
        """Logits [samples, 4], and no gate."""
        return self.output(self.expert(observations)), None


class RoutedPolicy(nn.Module):
    def __init__(self):
        super().__init__()
        self.diamond_expert, self.ghost_expert = Expert(), Expert()
        self.output, self.gate = linear(HIDDEN, 4), Gate()

    def forward(self, observations, routes=None):
        """Logits [samples, 4], and the gate before its sigmoid [samples, 1]. Routes [samples] mask gradients only."""
        diamond, ghost = self.diamond_expert(observations), self.ghost_expert(observations)
        gate_logits = self.gate(observations)
        gate = torch.sigmoid(gate_logits)
        if routes is not None:
            routes = routes[:, None]
            diamond = torch.where(routes != GHOST, diamond, diamond.detach())
            ghost = torch.where(routes != DIAMOND, ghost, ghost.detach())
            gate = torch.where(routes == BOTH, gate, gate.detach())
        return self.output(torch.lerp(ghost, diamond, gate)), gate_logits


def make_networks(method):
    return SingleExpertPolicy() if method == "naive_outcomes" else RoutedPolicy(), ValueNetwork()


# --- Rollout and credit (section 5) --------------------------------------------------------------------------------


@torch.no_grad()
def roll_out(method, policy, environments):
    """Plays all environments. Returns observations [time, envs, inputs], states [time, 5, envs], and the rest
    [time, envs]."""
    observations = torch.zeros(ROLLOUT_STEPS, NUM_ENVS, 4 * NUM_CELLS)
    states, actions, outcomes = [], [], []
    seen = environments.state  # Fresh at the start of a rollout, whatever is seen later.
    for t in range(ROLLOUT_STEPS):
        write_observations(seen, observations[t])
        states.append(seen.copy())
        logits, _ = policy(observations[t])
        cumulative = torch.softmax(logits, 1).cumsum(1)
        actions.append((torch.rand(NUM_ENVS, 1) >= cumulative[:, :3]).sum(1))
        seen, *outcome = environments.step(actions[-1].numpy())
        outcomes.append(outcome)
    done, on_diamond, on_ghost, overseen = np.array(outcomes).swapaxes(0, 1)
    rewards = pay(method, on_diamond, on_ghost, overseen)
    endings = endings_of(on_diamond, on_ghost, overseen)
    return observations, np.stack(states), torch.stack(actions), done, rewards, endings


def endings_of(on_diamond, on_ghost, overseen):
    """The route that an episode gets from its last step."""
    return np.select([overseen & on_diamond, overseen & on_ghost], [DIAMOND, GHOST], BOTH)


def assign_credit(done, rewards, endings):
    """Discounted returns, and the route of every step: that of its episode's end, if it ended. [time, envs] each."""
    returns, routes = np.empty_like(rewards), np.empty_like(endings)
    later_return, later_route = np.float32(0), BOTH
    for t in reversed(range(len(done))):
        later_return = rewards[t] + np.float32(DISCOUNT) * later_return * ~done[t]
        later_route = np.where(done[t], endings[t], later_route)
        returns[t], routes[t] = later_return, later_route
    return torch.from_numpy(returns), torch.from_numpy(routes)


# --- Loss and update (section 5) -----------------------------------------------------------------------------------


def losses(policy, value_network, observations, actions, returns, routes, num_samples, num_overseen):
    """The terms of the loss, with their factors: sums over these samples, divided by the numbers in all of them."""
    logits, gate_logits = policy(observations, routes)
    log_probs = torch.log_softmax(logits, 1)
    values = value_network(observations)
    advantages = returns - values.detach()
    taken = log_probs.gather(1, actions[:, None]).squeeze(1)
    terms = {
        "policy_loss": -(taken * advantages).sum() / num_samples,
        "entropy_bonus": ENTROPY * (log_probs.exp() * log_probs).sum() / num_samples,
        "value_loss": VALUE_LOSS * F.mse_loss(values, returns, reduction="sum") / num_samples,
    }
    if gate_logits is not None:
        overseen = routes != BOTH
        targets = (routes[overseen] == DIAMOND).float()
        # The cross-entropy of the gate itself; from before the sigmoid it cannot overflow.
        cross_entropy = F.binary_cross_entropy_with_logits(gate_logits[overseen, 0], targets, reduction="sum")
        terms["gate_loss"] = GATE_LOSS * cross_entropy / max(num_overseen, 1)
    return terms


def accumulate_gradients(policy, value_network, *samples):
    """Adds the gradient of the loss over all samples to the parameters; returns its terms."""
    num_samples, num_overseen = len(samples[-1]), int((samples[-1] != BOTH).sum())
    totals = {}
    for chunk in zip(*(column.split(CHUNK) for column in samples)):
        terms = losses(policy, value_network, *chunk, num_samples, num_overseen)
        sum(terms.values()).backward()
        totals = {name: totals.get(name, 0.0) + term.item() for name, term in terms.items()}
    return totals


def update(method, policy, value_network, optimizer, environments):
    """One update; returns the states that were met."""
    observations, states, actions, *outcome = roll_out(method, policy, environments)
    returns, routes = assign_credit(*outcome)
    optimizer.zero_grad()
    samples = (column.flatten(0, 1) for column in (observations, actions, returns, routes))
    accumulate_gradients(policy, value_network, *samples)
    optimizer.step()
    return states


def make_optimizer(*networks):
    parameters = [parameter for network in networks for parameter in network.parameters()]
    return torch.optim.Adam(parameters, lr=5e-5, betas=(0.9, 0.999), eps=1e-8, fused=True)


# --- Timing --------------------------------------------------------------------------------------------------------


def num_distinct(states):
    """Different observations among states [time, 5, envs]."""
    agent, ghost, diamond, ghost_flag, diamond_flag = states.swapaxes(0, 1)
    layout = (agent * NUM_CELLS + ghost) * NUM_CELLS + diamond
    return len(np.unique(layout * 4 + ghost_flag * 2 + diamond_flag))


def cpu_model():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def measure(arguments):
    """Times updates and returns a row of figures."""
    method = arguments.method
    torch.manual_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    environments = Environments(arguments.oversight, arguments.first_observation, rng)
    policy, value_network = make_networks(method)
    if arguments.policy:
        load_policy(method, policy, arguments.policy)
    optimizer = make_optimizer(policy, value_network)
    wall, cpu, distinct = 0.0, 0.0, 0
    for update_idx in range(arguments.warmup + arguments.updates):
        wall_before, cpu_before = time.perf_counter(), time.process_time()
        states = update(method, policy, value_network, optimizer, environments)
        if update_idx >= arguments.warmup:
            wall += time.perf_counter() - wall_before
            cpu += time.process_time() - cpu_before
            distinct += num_distinct(states)
    # Kilobytes on Linux, bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    options = {
        f"first_observation={arguments.first_observation}": arguments.first_observation != "fresh",
        "affine_value": arguments.affine_value,
        f"policy={arguments.policy and arguments.policy.name}": arguments.policy,
    }
    return {
        "method": method,
        "oversight": arguments.oversight,
        "threads": arguments.threads,
        "updates": arguments.updates,
        "wall_ms_per_update": round(1000 * wall / arguments.updates, 1),
        "cpu_ms_per_update": round(1000 * cpu / arguments.updates, 1),
        "peak_memory_mb": round(peak),
        "torch_version": torch.__version__,
        "python_version": platform.python_version(),
        "cpu": cpu_model(),
        "distinct_observations": round(distinct / arguments.updates),
        "options": " ".join(option for option, used in options.items() if used),
    }


def append_row(path, row):
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row)
        if file.tell() == 0:
            writer.writeheader()
        writer.writerow(row)


def main():
    row = measure(ARGUMENTS)
    for column, figure in row.items():
        print(f"{column}: {figure}")
    if ARGUMENTS.out:
        append_row(ARGUMENTS.out, row)


if __name__ == "__main__":
    main()
