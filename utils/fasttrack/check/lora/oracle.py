"""What the checks of 09_finetuning/02_lora draw and compare with: a model of ours, adapters, and both in functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from fasttrack.check.fixtures.lora import Parts
from fasttrack.check.inputs import normal

State = dict[str, torch.Tensor]
LAYERS = {"fc": (6, 4), "inner.fc": (3, 6), "inner.proj": (6, 3), "outproj": (6, 6), "fc2": (5, 6)}
SETATTR = "a name with dots is a path: setattr put the layer beside it, under a name with a dot"
FAR: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-10}


def drawn(seed: int, dtype: torch.dtype = torch.float64) -> State:
    """Parameters of `fixtures.lora.Parts`."""
    shapes = {name: tuple(value.shape) for name, value in Parts().state_dict().items()}
    return {name: normal(seed + k, *shape, dtype=dtype) for k, (name, shape) in enumerate(shapes.items())}


def adapter(seed: int, names: Sequence[str], rank: int, dtype: torch.dtype = torch.float64) -> State:
    """An adapter of that rank for these of its layers."""
    state = {}
    for k, name in enumerate(names):
        rows, columns = LAYERS[name]
        state[f"{name}.lora_a"] = normal(seed + 100 + k, rank, columns, dtype=dtype)
        state[f"{name}.lora_b"] = normal(seed + 200 + k, rows, rank, dtype=dtype)
    return state


def with_adapter(values: State, state: State, scaling: float) -> State:
    """The parameters with the adapter's products added."""
    new = dict(values)
    for name in LAYERS:
        if f"{name}.lora_a" in state:
            weight = values[f"{name}.weight"]
            new[f"{name}.weight"] = weight + scaling * state[f"{name}.lora_b"] @ state[f"{name}.lora_a"]
    return new


def outputs(values: State, x: torch.Tensor) -> torch.Tensor:
    """What `Parts` computes with these parameters, in PyTorch's functions."""
    x = functional.linear(x, values["fc.weight"], values["fc.bias"])
    x = functional.layer_norm(x, (6,), values["norm.weight"], values["norm.bias"])
    inner = torch.tanh(functional.linear(x, values["inner.fc.weight"], values["inner.fc.bias"]))
    x = x + functional.linear(inner, values["inner.proj.weight"])
    x = functional.linear(x, values["outproj.weight"], values["outproj.bias"])
    return functional.linear(x, values["fc2.weight"], values["fc2.bias"])
