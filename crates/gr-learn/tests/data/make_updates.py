#!/usr/bin/env python3
"""Makes the small recorded updates in `golden_update/` from those recorded from the published code.

    python make_updates.py --check DIR    hold this script's gradients and losses against the recordings in DIR
    python make_updates.py DIR            write golden_update/ beside this script

Needs numpy. `DIR/golden_update` holds `<method>.safetensors` and `losses.json`.

A small update is what some environments of a recording saw, with some units of every layer of its networks, scaled so
that activations keep their size. Its gradients and losses are computed here, sample by sample, in float64 and with
derivatives written by hand: from the description of the experiment, not from the code that they test. `--check` shows
that the same computation, on the whole recording, gives what the published code computed.
"""

import argparse
import json
import struct
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
METHODS = ["routing", "no_routing_control", "naive_outcomes", "filtering"]
CELLS = 25
ENTROPY, VALUE, GATE = 0.1, 0.5, 0.01
BOTH, DIAMOND, GHOST = 0, 1, 2
# By how much routing multiplies gradients of a sample with that route, on their way to each part.
ROUTING = {"diamond": [1, 1, 0], "ghost": [1, 0, 1], "gate": [1, 0, 0]}
COLUMNS = ["agent_cell", "ghost_cell", "diamond_cell", "ghost_flag", "diamond_flag", "action", "done",
           "info_oversight", "info_reached_diamond", "info_reached_ghost"]  # fmt: skip

# The size of a small update. 24 is no multiple of the widest vectors, so that the ends of loops are met too.
ENVIRONMENTS, HIDDEN, VALUE_CHANNELS, VALUE_HIDDEN = 12, 24, 4, [20, 8]
# Of a tensor's largest gradient, and of a loss: float32 agrees with float64 no better.
GRADIENT_TOLERANCE, LOSS_TOLERANCE = 1e-4, 1e-5


# ------------------------------------------------------------------------------------------------
# One update
# ------------------------------------------------------------------------------------------------


class Layers:
    """The weights by their published names, and the gradients that have reached them."""

    def __init__(self, weights):
        self.weights = {name: array.astype(np.float64) for name, array in weights.items()}
        self.gradients = {name: np.zeros_like(array) for name, array in self.weights.items()}

    def linear(self, name, x):
        return x @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def linear_back(self, name, x, cotangent):
        self.gradients[name + ".weight"] += cotangent.T @ x
        self.gradients[name + ".bias"] += cotangent.sum(0)
        return cotangent @ self.weights[name + ".weight"]

    def convolution(self, name, observations):
        """A 1 x 1 convolution of images [samples, channels, cells], flattened."""
        mixing = self.weights[name + ".weight"][:, :, 0, 0]
        image = np.einsum("oi,nic->noc", mixing, observations) + self.weights[name + ".bias"][None, :, None]
        return image.reshape(len(observations), -1)

    def convolution_back(self, name, observations, cotangent):
        cotangent = cotangent.reshape(len(observations), -1, CELLS)
        self.gradients[name + ".weight"] += np.einsum("noc,nic->oi", cotangent, observations)[:, :, None, None]
        self.gradients[name + ".bias"] += cotangent.sum((0, 2))

    def expert(self, name, x):
        first = np.maximum(self.linear(name + ".layers.0", x), 0)
        return first, np.maximum(self.linear(name + ".layers.1", first), 0)

    def expert_back(self, name, x, first, second, cotangent):
        cotangent = self.linear_back(name + ".layers.1", first, cotangent * (second > 0))
        return self.linear_back(name + ".layers.0", x, cotangent * (first > 0))


def observations_of(columns):
    """[samples, channels, cells]: agent, ghost, diamond, flags."""
    images = np.zeros((columns["action"].size, 4, CELLS))
    every = np.arange(len(images))
    for channel, name in enumerate(["agent_cell", "ghost_cell", "diamond_cell"]):
        images[every, channel, columns[name].ravel()] = 1
    for goal in ["ghost", "diamond"]:
        flagged = columns[goal + "_flag"].ravel() == 1
        images[every[flagged], 3, columns[goal + "_cell"].ravel()[flagged]] = 1
    return images


def credit(columns):
    """For every sample its route, and whether its episode ended on a goal unseen."""
    steps, environments = columns["done"].shape
    routes, unseen = np.zeros((steps, environments), int), np.zeros((steps, environments), bool)
    route_now, unseen_now = np.zeros(environments, int), np.zeros(environments, bool)
    for t in reversed(range(steps)):
        ended = columns["done"][t] == 1
        overseen, diamond, ghost = (
            columns["info_" + name][t] == 1 for name in ["oversight", "reached_diamond", "reached_ghost"]
        )
        route = np.select([overseen & diamond, overseen & ghost], [DIAMOND, GHOST], BOTH)
        route_now = np.where(ended, route, route_now)
        unseen_now = np.where(ended, ~overseen & (diamond | ghost), unseen_now)
        routes[t], unseen[t] = route_now, unseen_now
    return routes.ravel(), unseen.ravel()


def update(method, columns, weights):
    """The gradients of an update, and its losses by the names in the published code's log."""
    layers = Layers(weights)
    images = observations_of(columns)
    flat, actions = images.reshape(len(images), -1), columns["action"].ravel()
    returns = columns["return"].ravel().astype(np.float64)
    routes, unseen = credit(columns)
    kept = ~unseen if method == "filtering" else np.ones(len(images), bool)
    routed = "diamond_expert.1.layers.0.weight" in weights
    masks = {part: np.array(ROUTING[part] if method == "routing" else [1] * 3)[routes][:, None] for part in ROUTING}

    # Forward.
    if routed:
        mixing = layers.convolution("gating.0", images)
        gate_layers = layers.expert("gating.2", mixing)
        gate_logits = layers.linear("gating.2.layers.2", gate_layers[1])
        gate = 1 / (1 + np.exp(-gate_logits))
        diamond, ghost = layers.expert("diamond_expert.1", flat), layers.expert("ghost_expert.1", flat)
        hidden, output = gate * diamond[1] + (1 - gate) * ghost[1], "shared_output"
    else:
        expert = layers.expert("neural_net.1.1", flat)
        hidden, output = expert[1], "neural_net.2"
    logits = layers.linear(output, hidden)
    logits -= logits.max(1, keepdims=True)
    log_probabilities = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    probabilities = np.exp(log_probabilities)
    entropies = -(probabilities * log_probabilities).sum(1)
    chosen = np.eye(4)[actions]
    names = [f"value.neural_net.{layer}" for layer in [2, 3, 4]]
    value_inputs = [layers.convolution("value.neural_net.0", images)]
    for name in names:
        value_inputs.append(layers.linear(name, value_inputs[-1]))
    values = value_inputs.pop()[:, 0]
    advantages = returns - values

    # Losses, and their derivatives by what the networks put out.
    share = kept / len(images)
    log_of_chosen = (log_probabilities * chosen).sum(1)
    terms = {
        "policy_loss": -(share * log_of_chosen * advantages).sum(),
        "value_loss": VALUE * (share * advantages**2).sum(),
        "entropy_bonus": -ENTROPY * (share * entropies).sum(),
    }
    by_logits = -(share * advantages)[:, None] * (chosen - probabilities)
    by_logits += ENTROPY * share[:, None] * probabilities * (log_probabilities + entropies[:, None])
    loss = sum(terms.values())
    losses = {name: term / share.sum() for name, term in terms.items()}
    if routed:
        seen = routes != BOTH
        sign = np.where(routes == GHOST, -1, 1)[:, None]
        gate_share = GATE * seen[:, None] / max(seen.sum(), 1)
        losses["gate_loss"] = (gate_share * np.log1p(np.exp(-sign * gate_logits))).sum()
        by_gate_logits = -gate_share * sign / (1 + np.exp(sign * gate_logits))
        loss += losses["gate_loss"]
        losses["avg_gate_openness"] = np.minimum(gate, 1 - gate).mean()
        for route, name in [(BOTH, "unseen_or_unfinished"), (DIAMOND, "seen_diamond"), (GHOST, "seen_ghost")]:
            losses[f"avg_{name}_gate"] = gate[routes == route].mean()
    else:
        # The published code logs this term of a single expert with the other sign.
        losses["entropy_bonus"] *= -1
    losses |= {"loss": loss, "avg_action_prob": np.exp(log_of_chosen)[kept].mean(), "avg_return": returns[kept].mean()}
    if method == "filtering":
        losses["kept_pct"] = kept.mean()

    # Backward.
    by_hidden = layers.linear_back(output, hidden, by_logits)
    if routed:
        layers.expert_back("diamond_expert.1", flat, *diamond, by_hidden * gate * masks["diamond"])
        layers.expert_back("ghost_expert.1", flat, *ghost, by_hidden * (1 - gate) * masks["ghost"])
        by_gate = (by_hidden * (diamond[1] - ghost[1])).sum(1, keepdims=True) * masks["gate"]
        by_gate_logits += by_gate * gate * (1 - gate)
        cotangent = layers.linear_back("gating.2.layers.2", gate_layers[1], by_gate_logits)
        layers.convolution_back("gating.0", images, layers.expert_back("gating.2", mixing, *gate_layers, cotangent))
    else:
        layers.expert_back("neural_net.1.1", flat, *expert, by_hidden)
    cotangent = (-2 * VALUE * share * advantages)[:, None]
    for name, x in reversed(list(zip(names, value_inputs))):
        cotangent = layers.linear_back(name, x, cotangent)
    layers.convolution_back("value.neural_net.0", images, cotangent)
    return layers.gradients, losses


# ------------------------------------------------------------------------------------------------
# Smaller updates
# ------------------------------------------------------------------------------------------------


def some_units(name, array):
    """Some of a layer's units and of its inputs."""
    layer, _, kind = name.rpartition(".")
    outputs = {
        "value.neural_net.0": VALUE_CHANNELS,
        "value.neural_net.2": VALUE_HIDDEN[0],
        "value.neural_net.3": VALUE_HIDDEN[1],
    }.get(layer, min(HIDDEN, array.shape[0]))
    if kind == "bias":
        return array[:outputs]
    inputs = {
        "value.neural_net.2": VALUE_CHANNELS * CELLS,
        "value.neural_net.3": VALUE_HIDDEN[0],
        "value.neural_net.4": VALUE_HIDDEN[1],
    }.get(layer, HIDDEN if array.shape[1] == 256 else array.shape[1])
    return array[:outputs, :inputs] * np.float32((array.shape[1] / inputs) ** 0.5)


def smaller(columns, weights):
    columns = {name: np.ascontiguousarray(column[:, :ENVIRONMENTS]) for name, column in columns.items()}
    assert set(credit(columns)[0]) == {BOTH, DIAMOND, GHOST}, "a route is missing"
    return columns, {name: some_units(name, array) for name, array in weights.items()}


# ------------------------------------------------------------------------------------------------
# Files
# ------------------------------------------------------------------------------------------------

TYPES = {"F32": np.dtype("<f4"), "I32": np.dtype("<i4")}


def read(path):
    """The columns, weights and gradients in a recording."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[start:end], TYPES[entry["dtype"]]).reshape(entry["shape"])

    def those_of(prefix):
        return {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}

    return {name: tensors[name] for name in [*COLUMNS, "return"]}, those_of("weight."), those_of("grad.")


def write(path, columns, weights, gradients):
    tensors = columns | {"weight." + name: array for name, array in weights.items()}
    tensors |= {"grad." + name: array.astype(np.float32) for name, array in gradients.items()}
    header, data = {}, b""
    for name, array in tensors.items():
        kind = "I32" if array.dtype.kind == "i" else "F32"
        start, data = len(data), data + array.astype(TYPES[kind]).tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [start, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def check(folder, method, logged):
    columns, weights, recorded = read(folder / f"{method}.safetensors")
    gradients, losses = update(method, columns, weights)
    assert gradients.keys() == recorded.keys() and losses.keys() >= logged.keys()
    differences = {name: np.abs(gradients[name] - g).max() / np.abs(g).max() for name, g in recorded.items()}
    worst = max(differences, key=differences.get)
    worst_loss = max(logged, key=lambda name: abs(losses[name] - logged[name]))
    loss_difference = abs(losses[worst_loss] - logged[worst_loss])
    print(f"{method}: {len(recorded)} gradients within {differences[worst]:.1e} ({worst}),")
    print(f"    {len(logged)} losses within {loss_difference:.1e} ({worst_loss})")
    return differences[worst] < GRADIENT_TOLERANCE and loss_difference < LOSS_TOLERANCE


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="DIR", type=Path, help="has golden_update/, recorded from the published code")
    parser.add_argument("--check", action="store_true", help="compare with the recordings and write nothing")
    arguments = parser.parse_args()
    folder = arguments.folder / "golden_update"
    if arguments.check:
        logged = json.loads((folder / "losses.json").read_text())
        sys.exit(not all([check(folder, method, logged[method]) for method in METHODS]))
    all_losses = {}
    for method in METHODS:
        columns, weights, _ = read(folder / f"{method}.safetensors")
        columns, weights = smaller(columns, weights)
        gradients, all_losses[method] = update(method, columns, weights)
        write(HERE / "golden_update" / f"{method}.safetensors", columns, weights, gradients)
    (HERE / "golden_update" / "losses.json").write_text(json.dumps(all_losses, indent=1) + "\n")


if __name__ == "__main__":
    main()
