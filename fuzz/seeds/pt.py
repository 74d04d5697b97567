#!/usr/bin/env python3
"""Makes the PyTorch state dicts in `pt/`: policies as small as there are, and a pickle that calls a
program when Python reads it. Without PyTorch: a state dict is an archive of a pickle and of plain numbers."""

import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

HERE = Path(__file__).parent / "pt"
CELLS, HIDDEN = 4, 2


class Named:
    """Stands for what lies at `module.name`, which need not be there to be written."""

    def __init__(self, path):
        self.path = path


class Tensor:
    def __init__(self, key, shape):
        self.key, self.shape = key, shape
        self.length = 1
        for size in shape:
            self.length *= size

    def __reduce__(self):
        strides, stride = [], 1
        for size in reversed(self.shape):
            strides.insert(0, stride)
            stride *= size
        return Named("torch._utils _rebuild_tensor_v2"), (
            Storage(self), 0, tuple(self.shape), tuple(strides), False, OrderedDict())


class Storage:
    def __init__(self, tensor):
        self.tensor = tensor


class Pickler(pickle._Pickler):
    dispatch = dict(pickle._Pickler.dispatch)

    def save_named(self, named):
        self.write(pickle.GLOBAL + named.path.replace(" ", "\n").encode() + b"\n")

    dispatch[Named] = save_named

    def persistent_id(self, value):
        if isinstance(value, Storage):
            return "storage", Named("torch FloatStorage"), value.tensor.key, "cpu", value.tensor.length
        return None

    def save_reduce(self, func, args, *rest, obj=None, **more):
        if isinstance(func, Named):
            self.save(func)
            self.save(args)
            self.write(pickle.REDUCE)
        else:
            super().save_reduce(func, args, *rest, obj=obj, **more)


def expert(prefix):
    return {f"{prefix}.layers.0": (4 * CELLS, HIDDEN), f"{prefix}.layers.1": (HIDDEN, HIDDEN)}


def state_dict(layers):
    tensors = OrderedDict()
    for layer, (inputs, outputs) in layers.items():
        tensors[f"{layer}.weight"] = Tensor(str(len(tensors)), [outputs, inputs])
        tensors[f"{layer}.bias"] = Tensor(str(len(tensors)), [outputs])
    return tensors


def write(name, tensors, compression=zipfile.ZIP_STORED, value=0.25):
    body = Body()
    Pickler(body, protocol=2).dump(tensors)
    numbers = {tensor.key: tensor.length for tensor in tensors.values()}
    with zipfile.ZipFile(HERE / name, "w", compression) as archive:
        def add(path, data):
            archive.writestr(zipfile.ZipInfo(f"p/{path}"), data, compression)

        add("data.pkl", bytes(body))
        add("byteorder", b"little")
        for key, length in numbers.items():
            add(f"data/{key}", struct.pack(f"<{length}f", *[value] * length))
        add("version", b"3\n")


class Body(bytearray):
    write = bytearray.extend


class Call:
    def __reduce__(self):
        import os
        return os.system, ("touch executed",)


HERE.mkdir(exist_ok=True)
single = state_dict({**expert("neural_net.1.1"), "neural_net.2": (HIDDEN, 4)})
write("single.pt", single)
write("single_deflated.pt", single, zipfile.ZIP_DEFLATED)
write("routed.pt", state_dict({
    **expert("diamond_expert.1"), **expert("ghost_expert.1"), "shared_output": (HIDDEN, 4),
    "gating.0": (4, 4), **expert("gating.2"), "gating.2.layers.2": (HIDDEN, 1)}))
# A policy whose tensors are a megabyte each, all of them the same one of zeros, in a file of a few kilobytes.
shared = OrderedDict((name, Tensor("0", [1 << 18])) for name in single)
write("repeats.pt", shared, zipfile.ZIP_DEFLATED, value=0.0)
call = pickle.dumps(OrderedDict(weight=Call()), protocol=2)
(HERE / "calls_a_program.pt").write_bytes(call)
with zipfile.ZipFile(HERE / "calls_a_program_zip.pt", "w") as archive:
    archive.writestr(zipfile.ZipInfo("p/data.pkl"), call)
