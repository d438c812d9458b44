"""A short name for a value's content: equal for equal data, different for data that differ."""

from __future__ import annotations

import hashlib
import marshal
from typing import Any

import numpy as np
import torch

PLAIN = (bool, int, float, str)


def digest(value: Any) -> bytes:
    """A hash of data of any nesting.

    A module counts by its weights, any other object by its type and its attributes that are numbers or text.
    """
    try:
        return hashlib.sha256(content(value)).digest()
    except (RuntimeError, AttributeError):
        # A tensor without elements to read (meta), a list that holds itself, a module not yet initialised.
        return hashlib.sha256(type(value).__name__.encode()).digest()


def content(value: Any) -> bytes:
    """The bytes that stand for a value."""
    if isinstance(value, torch.Tensor):
        dense = value.detach().resolve_conj().resolve_neg().to_dense().cpu().contiguous()
        data = dense.reshape(-1).view(torch.uint8).numpy().tobytes()
        return f"tensor {value.dtype} {tuple(value.shape)} ".encode() + data
    if isinstance(value, np.ndarray):
        data = repr(value.tolist()).encode() if value.dtype.hasobject else value.tobytes()
        return f"array {value.dtype} {value.shape} ".encode() + data
    if isinstance(value, torch.nn.Module):
        return type(value).__name__.encode() + content(value.state_dict())
    try:
        return marshal.dumps(value, 2)  # version 2 writes content only, never how often an object is shared
    except ValueError:
        pass
    if isinstance(value, dict):
        return b"dict " + b" ".join(digest(item) for pair in value.items() for item in pair)
    if isinstance(value, list | tuple | set | frozenset):
        parts = [digest(item) for item in value]
        ordered = parts if isinstance(value, list | tuple) else sorted(parts)
        return type(value).__name__.encode() + b" ".join(ordered)
    held = [(name, item) for name, item in getattr(value, "__dict__", {}).items() if type(item) in PLAIN]
    return type(value).__name__.encode() + (marshal.dumps(held, 2) if held else b"")
