"""Data on the wire: values to JSON and raw bytes and back, strictly. Used on both sides of the pipe.

A value becomes a node of JSON: None, bool, int, finite float, str and list stand for themselves; everything
else is an object with one key, its tag:

    f  a float that JSON has no word for        t  tuple          d  dict, as pairs
    b  bytes, by length                         n  NumPy array    T  tensor: [dtype, shape, strides]
    s  str that UTF-8 cannot hold, by length    y  torch.dtype
    others: by agreement of the two sides (handles, names)

The bytes of b, s, n and T follow in the payload, in the order of the nodes. A decoder takes exact types only and
never executes anything; what it cannot take raises WireError.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

DEPTH = 64  # levels of nesting
NODES = 500_000  # values in one message, an array counting as one
INT_BITS = 4096
DIMS = 16
DICT_KEY = 1 << 60  # a larger int as a key may collide in hash with others, by design of whoever sent it
KEYS = 100_000  # of a dict
FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
SIZES = {
    "bool": 1,
    **{f"{sign}int{8 * size}": size for sign in ("", "u") for size in (1, 2, 4, 8)},
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
    "complex64": 8,
    "complex128": 16,
}
Node = Any
Bytes = bytes | bytearray | memoryview


class WireError(Exception):
    """What came over the wire, or was to go, is not data, or breaks a limit."""


class Encoder:
    """Values to nodes; the raw bytes gather in `chunks`.

    `other(value)` gives the node of what is not data, or raises WireError.
    """

    def __init__(self, other: Callable[[Any], Node]) -> None:
        self.other = other
        self.chunks: list[Bytes] = []
        self.nodes = 0

    def node(self, value: Any, depth: int = 0) -> Node:
        self.nodes += 1
        if depth > DEPTH or self.nodes > NODES:
            raise WireError("nested too deeply" if depth > DEPTH else f"more than {NODES} values")
        if value is None or value is True or value is False:
            return value
        kind = type(value)
        if kind is int and value.bit_length() <= INT_BITS:
            return value
        if kind is float:
            return value if math.isfinite(value) else {"f": str(value)}
        if kind is str:
            return value if encodable(value) else self.surrogates(value)
        if kind is list:
            return [self.node(item, depth + 1) for item in value]
        if isinstance(value, tuple):  # named tuples and torch.Size too: a check sees plain tuples
            return {"t": [self.node(item, depth + 1) for item in tuple.__iter__(value)]}
        if kind is dict and len(value) <= KEYS and all(map(is_key, value)):
            return {"d": [[self.node(k, depth + 1), self.node(v, depth + 1)] for k, v in value.items()]}
        if kind is bytes:
            self.chunks.append(value)
            return {"b": len(value)}
        return self.array(value)

    def surrogates(self, value: str) -> Node:
        """The node of a string with lone surrogates in it."""
        self.chunks.append(value.encode("utf-8", "surrogatepass"))
        return {"s": len(self.chunks[-1])}

    def array(self, value: Any) -> Node:
        """The node of an array, a tensor or a dtype; for anything else, that of `other`."""
        numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
        if numpy and type(value) is numpy.ndarray and value.dtype.name in SIZES and value.dtype.isnative:
            value = value.copy(order="K")
            size = value.itemsize or 1
            strides = [stride // size for stride in value.strides]
            flat = value.transpose(order(value.shape, strides)).reshape(-1)
            self.chunks.append(flat.tobytes())
            return {"n": [value.dtype.name, list(value.shape), strides]}
        if torch and type(value) in (torch.Tensor, torch.nn.Parameter) and self.is_plain(value):
            value = value.detach().resolve_conj().resolve_neg().clone()
            strides = list(value.stride())
            flat = value.permute(order(value.shape, strides)).reshape(-1)
            self.chunks.append(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
            return {"T": [name_of(value.dtype), list(value.shape), strides]}
        if torch and type(value) is torch.dtype and name_of(value) in SIZES:
            return {"y": name_of(value)}
        return self.other(value)

    @staticmethod
    def is_plain(tensor: Any) -> bool:
        """Whether a tensor's elements lie in this machine's memory, one after the other."""
        return (
            tensor.device.type == "cpu"
            and str(tensor.layout) == "torch.strided"
            and name_of(tensor.dtype) in SIZES
            and tensor.dim() <= DIMS
        )


class Decoder:
    """Nodes to values. `other(tag, body)` gives the value of a tag that is not data, or raises WireError."""

    def __init__(self, payload: bytearray, other: Callable[[str, Node], Any]) -> None:
        self.payload, self.at = payload, 0
        self.other = other
        self.nodes = 0

    def value(self, node: Node, depth: int = 0) -> Any:
        self.nodes += 1
        if depth > DEPTH or self.nodes > NODES:
            raise WireError("nested too deeply" if depth > DEPTH else f"more than {NODES} values")
        kind = type(node)
        if node is None or kind is bool or kind is int or kind is float:
            return node
        if kind is str:
            if not encodable(node):
                raise WireError("lone surrogates in a string of the header")
            return node
        if kind is list:
            return [self.value(item, depth + 1) for item in node]
        if kind is not dict or len(node) != 1:
            raise WireError("an object without one tag")
        [(tag, body)] = node.items()
        return self.tagged(tag, body, depth)

    def tagged(self, tag: str, body: Node, depth: int) -> Any:
        if tag == "t" and type(body) is list:
            return tuple([self.value(item, depth + 1) for item in body])
        if tag == "d" and type(body) is list:
            return self.mapping(body, depth)
        if tag == "b" and is_size(body):
            return bytes(self.take(body))
        if tag == "s" and is_size(body):
            return self.surrogates(body)
        if tag == "f" and type(body) is str and body in FLOATS:
            return FLOATS[body]
        if tag in ("n", "T"):
            return self.array(tag, body)
        if tag == "y" and type(body) is str and body in SIZES:
            import torch

            return getattr(torch, body)
        return self.other(tag, body)

    def surrogates(self, size: int) -> str:
        try:
            text = str(self.take(size), "utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise WireError("a string that is no UTF-8, not even with surrogates") from None
        if encodable(text):
            raise WireError("a string sent as one with surrogates, and without any")
        return text

    def mapping(self, pairs: list[Node], depth: int) -> dict[Any, Any]:
        if len(pairs) > KEYS:
            raise WireError(f"a dict of more than {KEYS} keys")
        result: dict[Any, Any] = {}
        for pair in pairs:
            if type(pair) is not list or len(pair) != 2:
                raise WireError("a dict entry that is no pair")
            key = self.value(pair[0], depth + 1)
            if not is_key(key) or key in result:
                raise WireError("a dict key that is no key, or occurs twice")
            result[key] = self.value(pair[1], depth + 1)
        return result

    def array(self, tag: str, body: Node) -> Any:
        if type(body) is not list or len(body) != 3 or type(body[0]) is not str or body[0] not in SIZES:
            raise WireError("an array without dtype, shape and strides")
        dtype, shape, strides = body
        if not (is_sizes(shape) and is_sizes(strides) and len(shape) == len(strides) <= DIMS):
            raise WireError("an array of impossible shape")
        if not is_size(math.prod(filter(None, shape))):
            raise WireError("an array of impossible size")
        count = math.prod(shape)
        perm = order(shape, strides)
        step = 1
        for dim in reversed(perm):
            if count and shape[dim] > 1 and strides[dim] != step:
                raise WireError("strides that skip or repeat elements")
            step *= shape[dim]
        raw = bytearray(self.take(count * SIZES[dtype]))
        if dtype == "bool" and raw.strip(b"\x00\x01"):
            raise WireError("a bool that is neither true nor false")
        return as_array(dtype, shape, perm, raw) if tag == "n" else as_tensor(dtype, shape, strides, raw)

    def take(self, size: int) -> memoryview:
        """The next `size` bytes of the payload."""
        if size > len(self.payload) - self.at:
            raise WireError("a payload shorter than it says")
        self.at += size
        return memoryview(self.payload)[self.at - size : self.at]

    def end(self) -> None:
        """Every byte of the payload must have been asked for."""
        if self.at != len(self.payload):
            raise WireError("a payload longer than it says")


def as_array(dtype: str, shape: list[int], perm: list[int], raw: bytearray) -> Any:
    import numpy as np

    if dtype == "bfloat16":
        raise WireError("NumPy has no bfloat16")
    dense = np.frombuffer(raw, dtype=dtype).reshape([shape[dim] for dim in perm])
    return dense.transpose(inverse(perm)).copy(order="K")


def as_tensor(dtype: str, shape: list[int], strides: list[int], raw: bytearray) -> Any:
    import torch

    kind = getattr(torch, dtype)
    if not raw:
        return torch.empty_strided(shape, strides, dtype=kind)
    return torch.frombuffer(raw, dtype=kind).clone().as_strided(shape, strides)


def order(shape: Sequence[int], strides: Sequence[int]) -> list[int]:
    """Dimensions from the outermost in memory to the innermost; those of size 1 lie anywhere."""
    return sorted(range(len(shape)), key=lambda dim: (-strides[dim], shape[dim] == 1))


def inverse(perm: list[int]) -> list[int]:
    return sorted(range(len(perm)), key=perm.__getitem__)


def name_of(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def encodable(text: str) -> bool:
    """Whether UTF-8 can hold it: no lone surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_key(value: Any) -> bool:
    """Whether a value may be a dict's key: a scalar, or a tuple of them, that hashes like no other by design."""
    if type(value) is tuple:
        return len(value) <= 8 and all(type(item) is not tuple and is_key(item) for item in value)
    if type(value) is int:
        return -DICT_KEY < value < DICT_KEY
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, bytes) or (type(value) is str and encodable(value))


def is_size(value: Node) -> bool:
    return type(value) is int and 0 <= value < 1 << 40


def is_sizes(values: Node) -> bool:
    return type(values) is list and all(map(is_size, values))
