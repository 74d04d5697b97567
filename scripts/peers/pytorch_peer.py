"""One update of `naive_outcomes` or `routing` in plain PyTorch, sample by sample, and how long it takes.

Written from docs/experiment.md; section numbers below are its. Reads top to bottom: environment, networks,
rollout, credit, loss, update, timing, checks. Axes: time 32, envs 512, samples = time × envs.
"""

import argparse
import csv
import json
import os
import platform
import resource
import struct
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
    parser.add_argument("--policy", type=Path, metavar="FILE", help="start from this policy (.safetensors or .pt)")
    parser.add_argument("--out", type=Path, metavar="FILE.csv", help="append a row of figures")
    parser.add_argument("--check", action="store_true", help="test this script instead")
    parser.add_argument("--golden", type=Path, metavar="DIR", help="compare with recorded updates instead")
    return parser.parse_args()


ARGUMENTS = parse_arguments()
# Read when the libraries load, so set before they are imported.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(ARGUMENTS.threads)

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

torch.set_num_threads(ARGUMENTS.threads)

# Sections 2 to 5.
SIDE, NUM_CELLS, HIDDEN, VALUE_CHANNELS = 5, 25, 256, 16
NUM_ENVS, ROLLOUT_STEPS, MAX_STEP = 512, 32, 32
DISCOUNT, ENTROPY, VALUE_LOSS, GATE_LOSS = 0.97, 0.1, 0.5, 0.01
BOTH, DIAMOND, GHOST = 0, 1, 2  # routes

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
        self.state = np.zeros((5, NUM_ENVS), dtype=np.int64)
        self.steps_taken = np.zeros(NUM_ENVS, dtype=np.int64)
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

    def forward(self, observations):
        mixed = self["mixing"](observations.view(-1, 4, SIDE, SIDE)).flatten(1)
        return self["2"](self["1"](self["0"](mixed))).squeeze(1)


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
        actions.append(torch.multinomial(torch.softmax(logits, 1), 1).squeeze(1))
        seen, *outcome = environments.step(actions[-1].numpy())
        outcomes.append(outcome)
    done, on_diamond, on_ghost, overseen = np.array(outcomes).swapaxes(0, 1)
    rewards = pay(method, on_diamond, on_ghost, overseen)
    endings = np.select([overseen & on_diamond, overseen & on_ghost], [DIAMOND, GHOST], BOTH)
    return observations, np.stack(states), torch.stack(actions), done, rewards, endings


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


def losses(policy, value_network, observations, actions, returns, routes):
    """The terms of the loss, with their factors, over samples."""
    logits, gate_logits = policy(observations, routes)
    log_probs = torch.log_softmax(logits, 1)
    values = value_network(observations)
    advantages = returns - values.detach()
    taken = log_probs.gather(1, actions[:, None]).squeeze(1)
    terms = {
        "policy_loss": -(taken * advantages).mean(),
        "entropy_bonus": ENTROPY * (log_probs.exp() * log_probs).sum(1).mean(),
        "value_loss": VALUE_LOSS * F.mse_loss(values, returns),
    }
    overseen = routes != BOTH
    if gate_logits is not None and overseen.any():
        targets = (routes[overseen] == DIAMOND).float()
        terms["gate_loss"] = GATE_LOSS * F.binary_cross_entropy_with_logits(gate_logits[overseen, 0], targets)
    return terms


def update(method, policy, value_network, optimizer, environments):
    """One update; returns the states that were met."""
    observations, states, actions, *outcome = roll_out(method, policy, environments)
    returns, routes = assign_credit(*outcome)
    samples = observations.flatten(0, 1), actions.flatten(), returns.flatten(), routes.flatten()
    optimizer.zero_grad(set_to_none=True)
    sum(losses(policy, value_network, *samples).values()).backward()
    optimizer.step()
    return states


def make_optimizer(*networks):
    parameters = [parameter for network in networks for parameter in network.parameters()]
    return torch.optim.Adam(parameters, lr=5e-5, betas=(0.9, 0.999), eps=1e-8, fused=True)


# --- Policy files --------------------------------------------------------------------------------------------------


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    types = {"F32": np.float32, "I32": np.int32}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            array = np.frombuffer(data[start:end], types[entry["dtype"]])
            tensors[name] = torch.from_numpy(array.reshape(entry["shape"]).copy())
    return tensors


def published_name(method, name):
    """What the published code calls a parameter of the policy."""
    network, _, rest = name.partition(".")
    if network == "gate":
        return f"gating.0.{rest[7:]}" if rest.startswith("mixing") else f"gating.2.layers.{rest}"
    if method == "naive_outcomes":
        return f"neural_net.2.{rest}" if network == "output" else f"neural_net.1.1.layers.{rest}"
    return f"shared_output.{rest}" if network == "output" else f"{network}.1.layers.{rest}"


def load_policy(method, policy, path):
    ours = path.suffix == ".safetensors"
    tensors = read_safetensors(path) if ours else torch.load(path, weights_only=True)
    with torch.no_grad():
        for name, parameter in policy.named_parameters():
            stored = tensors.get(name if ours else published_name(method, name))
            if stored is None or stored.numel() != parameter.numel():
                sys.exit(f"{path}: not a policy of {method} on a 5 x 5 grid: {name} is missing or of another size")
            # gr keeps weights [inputs, outputs], PyTorch [outputs, inputs].
            parameter.copy_((stored.T if ours else stored).reshape(parameter.shape))


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
    print(f"different observations per update: {distinct / arguments.updates:.0f} of {ROLLOUT_STEPS * NUM_ENVS}")
    return {
        "method": method,
        "oversight": arguments.oversight,
        "threads": arguments.threads,
        "updates": arguments.updates,
        "wall_ms_per_update": round(1000 * wall / arguments.updates, 2),
        "cpu_ms_per_update": round(1000 * cpu / arguments.updates, 2),
        "peak_memory_mb": round(peak),
        "torch_version": torch.__version__,
        "python_version": platform.python_version(),
        "cpu": cpu_model(),
    }


if __name__ == "__main__":
    row = measure(ARGUMENTS)
    for column, figure in row.items():
        print(f"{column}: {figure}")
