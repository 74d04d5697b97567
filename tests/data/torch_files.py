"""PyTorch's file format, written and read by hand, for `make_policies.py`.

A `.pt` file is an uncompressed zip archive: <prefix>/data.pkl (a pickle with the tensors' shapes),
<prefix>/byteorder, <prefix>/data/<key> (raw little-endian numbers, one entry for each tensor),
<prefix>/version and <prefix>/.data/serialization_id. PyTorch's writer leaves crc and sizes in the local
headers at 0 (they follow the data, and are in the central directory), pads each local header so that the
data begins at a multiple of 64 bytes, and always adds the zip64 end records. So does this one.
"""

import io
import pickle
import struct
import sys
import types
import zipfile
import zlib
from collections import OrderedDict

import numpy as np


class FloatStorage:
    """Stands for torch.FloatStorage, which the pickle names."""


class DoubleStorage:
    """Stands for torch.DoubleStorage."""


class HalfStorage:
    """Stands for torch.HalfStorage."""


STORAGES = {"<f4": FloatStorage, "<f8": DoubleStorage, "<f2": HalfStorage}


def _rebuild_tensor_v2(*_):
    """Stands for torch._utils._rebuild_tensor_v2, which the pickle names."""


def _stand_in_for_torch():
    """The pickler insists on finding what it names, so offer the two names under their modules."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for storage in STORAGES.values():
        storage.__module__ = "torch"
        setattr(torch, storage.__name__, storage)
    _rebuild_tensor_v2.__module__ = "torch._utils"
    torch._utils, utils._rebuild_tensor_v2 = utils, _rebuild_tensor_v2
    sys.modules["torch"], sys.modules["torch._utils"] = torch, utils


_stand_in_for_torch()


class Storage:
    def __init__(self, key, numel, kind="<f4"):
        self.key, self.numel, self.kind = key, numel, STORAGES[kind]


class Tensor:
    def __init__(self, key, shape, kind="<f4"):
        self.shape, self.storage = shape, Storage(key, int(np.prod(shape)), kind)

    def __reduce__(self):
        strides = tuple(int(np.prod(self.shape[i + 1 :])) for i in range(len(self.shape)))
        return _rebuild_tensor_v2, (self.storage, 0, self.shape, strides, False, OrderedDict())


class TorchPickler(pickle.Pickler):
    def __init__(self, out, cuda):
        super().__init__(out, protocol=2)
        self.cuda = cuda

    def persistent_id(self, obj):
        if isinstance(obj, Storage):
            place = "cpu" if self.cuda is None else f"cuda:{self.cuda}"
            return ("storage", obj.kind, obj.key, place, obj.numel)


class TorchUnpickler(pickle.Unpickler):
    """Reads data.pkl; `storage(key)` gives the numbers. Understands only what a state dict contains."""

    def __init__(self, raw, storage):
        super().__init__(io.BytesIO(raw))
        self.storage = storage

    def find_class(self, module, name):
        known = {
            "collections.OrderedDict": OrderedDict,
            "torch.FloatStorage": FloatStorage,
            "torch._utils._rebuild_tensor_v2": self.rebuild,
        }
        return known[f"{module}.{name}"]

    def persistent_load(self, pid):
        kind, storage_type, key, place, numel = pid
        assert kind == "storage" and storage_type is FloatStorage
        numbers = self.storage(key)
        assert numbers.size == numel
        return numbers, place

    def rebuild(self, storage, offset, shape, strides, _requires_grad, _hooks):
        numbers, _ = storage
        view = np.lib.stride_tricks.as_strided(numbers[offset:], shape, [4 * s for s in strides])
        return np.ascontiguousarray(view)


def zip_like_torch(entries):
    """The archive that PyTorch's writer makes of [(name, bytes), ...]."""
    out, directory = bytearray(), bytearray()
    for name, data in entries:
        name, crc, size, start = name.encode(), zlib.crc32(data), len(data), len(out)
        padding = -(start + 30 + len(name) + 4) % 64
        extra = b"FB" + struct.pack("<H", padding) + b"Z" * padding
        out += struct.pack("<4s5H3I2H", b"PK\3\4", 0, 0x0808, 0, 0, 0, 0, 0, 0, len(name), len(extra))
        out += name + extra + data
        out += struct.pack("<4s3I", b"PK\7\x08", crc, size, size)
        directory += struct.pack("<4s6H3I5H2I", b"PK\1\2", 0, 0, 0x0808, 0, 0, 0,
                                 crc, size, size, len(name), 0, 0, 0, 0, 0, start)  # fmt: skip
        directory += name
    n, size, start = len(entries), len(directory), len(out)
    out += directory
    end = len(out)
    out += struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 0x031E, 45, 0, 0, n, n, size, start)
    out += struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    out += struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, n, n, size, start, 0)
    return bytes(out)


def state_dict_bytes(weights, modules, prefix="archive", cuda=None, serialization_id=None):
    """A `.pt` file with the float32 arrays `weights`; `modules` are the names listed in `_metadata`."""
    state = OrderedDict((name, Tensor(str(key), w.shape)) for key, (name, w) in enumerate(weights.items()))
    state._metadata = OrderedDict((module, {"version": 1}) for module in modules)
    pickled = io.BytesIO()
    TorchPickler(pickled, cuda).dump(state)
    data = {str(key): w.astype("<f4").tobytes() for key, w in enumerate(weights.values())}
    entries = [("data.pkl", pickled.getvalue()), ("byteorder", b"little")]
    entries += [(f"data/{key}", data[key]) for key in sorted(data)]
    entries += [("version", b"3\n")]
    if serialization_id is None:  # forty digits that identify the content; nothing reads their value
        names, contents = (b"".join(part) for part in zip(*((n.encode(), d) for n, d in entries)))
        serialization_id = b"%020d%020d" % (zlib.crc32(names), zlib.crc32(contents))
    entries += [(".data/serialization_id", serialization_id)]
    return zip_like_torch([(f"{prefix}/{name}", content) for name, content in entries])


def checkpoint_bytes(contents, kind="<f4"):
    """What torch.save writes of nested dictionaries of arrays and plain values, its weights as `kind`."""
    arrays = []

    def stored(value):
        if isinstance(value, dict):
            return {name: stored(inner) for name, inner in value.items()}
        if not isinstance(value, np.ndarray):
            return value
        arrays.append(value.astype(kind).tobytes())
        return Tensor(str(len(arrays) - 1), value.shape, kind)

    out = io.BytesIO()
    TorchPickler(out, None).dump(stored(contents))
    entries = [("data.pkl", out.getvalue()), ("byteorder", b"little")]
    entries += [(f"data/{key}", array) for key, array in enumerate(arrays)]
    entries += [("version", b"3\n")]
    return zip_like_torch([(f"checkpoint/{name}", content) for name, content in entries])


def load_state_dict(path):
    """Returns (weights, the other things needed to write the same file again)."""
    with zipfile.ZipFile(path) as archive:
        prefix = archive.namelist()[0].split("/")[0]

        def read(name):
            return archive.read(f"{prefix}/{name}")

        unpickler = TorchUnpickler(read("data.pkl"), lambda key: np.frombuffer(read(f"data/{key}"), dtype="<f4"))
        weights = unpickler.load()
        cuda = 0 if b"cuda:0" in read("data.pkl") else None
        rest = dict(prefix=prefix, cuda=cuda, serialization_id=read(".data/serialization_id"))
        return weights, dict(rest, modules=list(weights._metadata))
