"""What a forward pass keeps for the way back. Used in lesson 07/01."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn


def activation_bytes(model: nn.Module, forward: Callable[[], object]) -> int:
    """The bytes that autograd keeps while `forward` runs, without the parameters of `model`.

    Tensors that share memory count once.
    """
    owned = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, torch.UntypedStorage] = {}  # holding a storage keeps its address from being used again

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in owned:
            kept[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        forward()
    return sum(storage.nbytes() for storage in kept.values())
