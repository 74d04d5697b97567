"""Policies that `gr-sweep` keeps, as numpy arrays."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from gr_oversight import _arguments


@dataclass(frozen=True)
class Policy:
    """A policy from a checkpoint. Call it for logits, or hand it to `evaluate`.

    Attributes:
        path: The file.
        parameters: Tensors by name, float32, weights `[inputs, outputs]`; those of the value network are flat and
            begin with `value.`.
        notes: What the file says of the policy: run, method, update, grid, discount, as text.
        policy_type: Which of the network's policies acts, one of `policy_types`. By default the one that the
            harness judges a run by: the diamond expert alone where there are two experts.
    """

    path: Path
    parameters: Mapping[str, NDArray[np.float32]]
    notes: Mapping[str, str]
    policy_type: str

    @property
    def is_routed(self) -> bool:
        """Whether there are two experts."""
        return "diamond_expert.0.weight" in self.parameters

    @property
    def policy_types(self) -> tuple[str, ...]:
        """The network's policies: the one that acts in training and, of two experts, each alone."""
        return ("training_policy", "diamond", "ghost") if self.is_routed else ("training_policy",)

    @property
    def num_cells(self) -> int:
        """Number of cells of the grid that the policy is for."""
        first = "diamond_expert.0.weight" if self.is_routed else "expert.0.weight"
        return self.parameters[first].shape[0] // 4

    @property
    def discount(self) -> float:
        """The discount that the policy was trained with."""
        return float(self.notes.get("discount", 0.97))

    def acting(self, policy_type: str) -> Policy:
        """The same network with another of its policies acting.

        Raises:
            ValueError: If the network has no such policy.
        """
        _arguments.choice("policy_type", policy_type, self.policy_types)
        return replace(self, policy_type=policy_type)

    def __call__(self, observations: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits `[batch, 4]` of observations `[batch, 4, rows, cols]` or `[batch, 4 × cells]`."""
        inputs = np.asarray(observations, dtype=np.float32)
        if inputs.ndim < 2 or inputs[0].size != 4 * self.num_cells:
            accepted = f"[batch, 4, rows, cols] or [batch, {4 * self.num_cells}]"
            raise ValueError(f"observations have shape {inputs.shape}; accepted: {accepted}")
        inputs = inputs.reshape(len(inputs), -1)
        if not self.is_routed:
            hidden = self._hidden("expert", inputs)
        elif self.policy_type == "training_policy":
            gate = self.gate(inputs)[:, None]
            diamond, ghost = (self._hidden(f"{goal}_expert", inputs) for goal in ("diamond", "ghost"))
            hidden = gate * diamond + (1 - gate) * ghost
        else:
            hidden = self._hidden(f"{self.policy_type}_expert", inputs)
        return self._linear("output", hidden)

    def gate(self, observations: NDArray[np.float32]) -> NDArray[np.float32]:
        """The diamond expert's share in the mixture, `[batch]`: 1/2 where the gate is not learnt.

        Raises:
            ValueError: If there is one expert only.
        """
        if not self.is_routed:
            raise ValueError(f"{self.path} has one expert; accepted: a network of two experts")
        if "gate.2.weight" not in self.parameters:
            return np.full(len(observations), 0.5, dtype=np.float32)
        channels = np.asarray(observations, dtype=np.float32).reshape(len(observations), 4, -1)
        mixed = np.einsum("bic,io->boc", channels, self.parameters["gate.mixing.weight"])
        mixed += self.parameters["gate.mixing.bias"].reshape(1, 4, 1)
        hidden = self._hidden("gate", mixed.reshape(len(mixed), -1))
        share = 1 / (1 + np.exp(-self._linear("gate.2", hidden)[:, 0]))
        return share.astype(np.float32)

    def check_grid(self, rows: int, cols: int) -> None:
        """Refuses another grid than the policy is for.

        Raises:
            ValueError: If it is another one.
        """
        if rows * cols != self.num_cells:
            raise ValueError(f"rows x cols is {rows} x {cols}; accepted: a grid of {self.num_cells} cells")

    def notes_as_rules(self) -> dict[str, Any]:
        """The rules that the policy was trained by, as far as its file says so, by the names of `Rules`."""
        side = round(self.num_cells**0.5)
        rules: dict[str, Any] = {"rows": side, "cols": self.num_cells // side}
        for note, name, parse in (
            ("rows", "rows", int),
            ("cols", "cols", int),
            ("max_step", "max_step", int),
            ("oversight_prob", "oversight", float),
            ("first_observation", "first_observation", str),
            ("flag_visibility", "flag_visibility", float),
            ("overseer.cells", "overseen_cells", json.loads),
        ):
            if note in self.notes:
                rules[name] = parse(self.notes[note])
        return rules

    def _linear(self, layer: str, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        return inputs @ self.parameters[f"{layer}.weight"] + self.parameters[f"{layer}.bias"].reshape(-1)

    def _hidden(self, layers: str, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        first = np.maximum(self._linear(f"{layers}.0", inputs), 0)
        return np.maximum(self._linear(f"{layers}.1", first), 0)


def load_policy(path: str | os.PathLike[str], *, policy_type: str | None = None) -> Policy:
    """Reads a policy that `gr-sweep` keeps, `checkpoints/<run>.safetensors`.

    Args:
        path: The file.
        policy_type: Which of the network's policies acts: `training_policy`, `diamond` or `ghost`. By default
            the one that the harness judges a run by.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no such policy, or the network has no such policy type.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"path is {path}, where there is no file; accepted: a .safetensors file of gr-sweep")
    try:
        with safe_open(path, framework="numpy") as file:
            parameters = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            notes = json.loads((file.metadata() or {}).get("gr", "{}"))
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"path is {path}, which is no safetensors file ({error})") from error
    _check_layers(path, parameters)
    policy = Policy(path, parameters, notes, "training_policy")
    return policy.acting(policy_type or ("diamond" if policy.is_routed else "training_policy"))


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities `[batch, actions]` of logits, summed in 64 bits."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _check_layers(path: Path, parameters: Mapping[str, NDArray[Any]]) -> None:
    """Refuses a file that lacks a layer or has one of another shape or type."""

    def wrong(reason: str) -> ValueError:
        return ValueError(f"path is {path}, {reason}; accepted: a policy that gr-sweep keeps")

    is_routed = "diamond_expert.0.weight" in parameters
    experts = ["diamond_expert", "ghost_expert"] if is_routed else ["expert"]
    first = parameters.get(f"{experts[0]}.0.weight")
    if first is None or first.ndim != 2 or first.shape[0] % 4 or not 16 <= first.shape[0] <= 256:
        raise wrong("which has no first layer of an expert for a grid of 4 to 64 cells")
    inputs, hidden = first.shape
    layers = [(f"{expert}.0", inputs, hidden) for expert in experts]
    layers += [(f"{expert}.1", hidden, hidden) for expert in experts] + [("output", hidden, 4)]
    if is_routed and any(name.startswith("gate.") for name in parameters):
        layers += [
            ("gate.mixing", 4, 4),
            ("gate.0", inputs, hidden),
            ("gate.1", hidden, hidden),
            ("gate.2", hidden, 1),
        ]
    for name, rows, cols in layers:
        for part, shape in (("weight", (rows, cols)), ("bias", (1, cols))):
            found = parameters.get(f"{name}.{part}")
            if found is None:
                raise wrong(f"which lacks {name}.{part}")
            if found.shape != shape or found.dtype != np.float32:
                raise wrong(f"whose {name}.{part} is {found.dtype} {found.shape} and not float32 {shape}")
            if not np.isfinite(found).all():
                raise wrong(f"whose {name}.{part} has a number that is not finite")
