"""Reads trained policies and recorded updates: safetensors files, and PyTorch state dicts with the published code's
parameter names. Knows the networks by their parameters' names only."""

import json
import struct
import sys

import numpy as np
import torch


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
    tensors = read_safetensors(path) if ours else torch.load(path, map_location="cpu", weights_only=True)
    with torch.no_grad():
        for name, parameter in policy.named_parameters():
            stored = tensors.get(name if ours else published_name(method, name))
            if stored is None or stored.numel() != parameter.numel():
                sys.exit(f"{path}: not a policy of {method} on a 5 x 5 grid: {name} is missing or of another size")
            # gr keeps weights [inputs, outputs], PyTorch [outputs, inputs].
            parameter.copy_((stored.T if ours else stored).reshape(parameter.shape))
