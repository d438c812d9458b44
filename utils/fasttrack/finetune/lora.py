"""LoRA: a frozen model learns through products of two thin matrices added to its linear layers (Hu et al. 2021).

The classes and functions are those of lesson 09/02, typed and under the same checks. Left out: dropout on the
adapter's input, layers other than `nn.Linear`, and several adapters in one sum.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

State = dict[str, torch.Tensor]


def low_rank(matrix: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """`b` `(out, rank)` and `a` `(rank, in)` whose product is the nearest to `matrix` `(out, in)` of that rank.

    Nearest in the sum of squared errors (Eckart and Young 1936). Built in lesson 09/02.
    """
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    return u[:, :rank] * s[:rank], vh[:rank]


def rank_for(matrix: torch.Tensor, share: float) -> int:
    """The smallest number of singular values that hold at least `share` of the squared norm of `(out, in)`.

    Built in lesson 09/02.
    """
    squares = torch.linalg.svdvals(matrix) ** 2
    return int((squares.cumsum(0) < share * squares.sum()).sum()) + 1


class LoRALinear(nn.Module):
    """A frozen linear layer plus `alpha / rank` times a product of rank `rank`: the same shapes as `base`.

    Only `lora_a` `(rank, in)` and `lora_b` `(out, rank)` are trained. `lora_b` starts at 0, so at first this is
    `base`; `lora_a` starts as the weight of `nn.Linear(in, rank)`. Raises ValueError for a rank below 1.
    Built in lesson 09/02.
    """

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        if rank < 1:
            raise ValueError(f"LoRALinear: the rank is {rank}; it must be at least 1")
        self.base = base.requires_grad_(False)
        self.scaling = alpha / rank
        weight = base.weight
        bound = 1 / math.sqrt(base.in_features)
        self.lora_a = nn.Parameter(weight.new_empty(rank, base.in_features).uniform_(-bound, bound))
        self.lora_b = nn.Parameter(weight.new_zeros(base.out_features, rank))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`(..., in)` -> `(..., out)`."""
        out: torch.Tensor = self.base(x) + self.scaling * (x @ self.lora_a.T) @ self.lora_b.T
        return out

    def merged(self) -> nn.Linear:
        """One linear layer that computes the same; `base` is left as it is."""
        layer = copy.deepcopy(self.base)
        with torch.no_grad():
            layer.weight += self.scaling * self.lora_b @ self.lora_a
        return layer


def inject_lora(model: nn.Module, targets: Iterable[str], rank: int, alpha: float) -> list[str]:
    """Freeze `model` and put a `LoRALinear` in the place of each linear layer whose dotted name ends in a target.

    A target is the end of a name in whole parts, as in peft: "qkv", "attention.proj". Returns the names of the
    layers, in the order of `model.named_modules()`. Raises ValueError, with nothing changed, for a target that no
    linear layer has. Built in lesson 09/02.
    """
    targets = list(targets)
    linear = [name for name, layer in model.named_modules() if isinstance(layer, nn.Linear)]
    for target in targets:
        if not any(ends_in(name, target) for name in linear):
            raise ValueError(f"inject_lora: no linear layer is called {target}")
    names = [name for name in linear if any(ends_in(name, target) for target in targets)]
    model.requires_grad_(False)
    for name in names:
        base = model.get_submodule(name)
        assert isinstance(base, nn.Linear)
        model.set_submodule(name, LoRALinear(base, rank, alpha))
    return names


def ends_in(name: str, target: str) -> bool:
    """Whether a dotted name ends in the parts of `target`."""
    return name == target or name.endswith("." + target)


def trainable(model: nn.Module) -> tuple[int, int]:
    """How many parameters training changes, and how many there are in all; a shared one counts once.

    Built in lesson 09/02.
    """
    parameters = list(model.parameters())
    return sum(p.numel() for p in parameters if p.requires_grad), sum(p.numel() for p in parameters)


def merge(model: nn.Module) -> dict[str, LoRALinear]:
    """Put one plain linear layer in the place of each `LoRALinear`; returns those, by name, for `unmerge`.

    The logits stay the same up to rounding, and the model is one of its old architecture. Built in lesson 09/02.
    """
    taken_out = {name: layer for name, layer in model.named_modules() if isinstance(layer, LoRALinear)}
    for name, layer in taken_out.items():
        model.set_submodule(name, layer.merged())
    return taken_out


def unmerge(model: nn.Module, taken_out: Mapping[str, LoRALinear]) -> None:
    """Put the layers that `merge` took out back: the model before merging, bit for bit. Built in lesson 09/02."""
    for name, layer in taken_out.items():
        model.set_submodule(name, layer)


def adapter_of(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters called `lora_a` and `lora_b`."""
    return {
        name: parameter
        for name, parameter in model.named_parameters()
        if name.endswith((".lora_a", ".lora_b"))
    }


def lora_state(model: nn.Module) -> State:
    """A copy of the adapter: all `lora_a` and `lora_b`, by the names of the model's parameters.

    Built in lesson 09/02.
    """
    return {name: parameter.detach().clone() for name, parameter in adapter_of(model).items()}


def load_lora(model: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Give the model another adapter of the same layers and rank; the base is not touched.

    Raises ValueError, with nothing changed, if a name is missing or too many, or a shape differs.
    Built in lesson 09/02.
    """
    own = adapter_of(model)
    for name in sorted(own.keys() ^ state.keys()):
        raise ValueError(f"load_lora: the {'model' if name in state else 'adapter'} has no {name}")
    for name, parameter in own.items():
        if parameter.shape != state[name].shape:
            got, wanted = tuple(state[name].shape), tuple(parameter.shape)
            raise ValueError(f"load_lora: {name} is {got}, the model's is {wanted}")
    with torch.no_grad():
        for name, parameter in own.items():
            parameter.copy_(state[name])


def mixed_lora(
    x: torch.Tensor, which: torch.Tensor, a: torch.Tensor, b: torch.Tensor, scaling: float
) -> torch.Tensor:
    """What each row's own adapter adds to the base's output: `(batch, time, in)` -> `(batch, time, out)`.

    `which`, int64 `(batch,)`, picks from the stacks `a` `(n, rank, in)` and `b` `(n, out, rank)`; -1 adds nothing.
    Built in lesson 09/02.
    """
    inner = x @ a[which].mT  # (batch, time, rank)
    added: torch.Tensor = scaling * inner @ b[which].mT  # (batch, time, out)
    return added * (which >= 0)[:, None, None]


def save_lora(state: Mapping[str, torch.Tensor], alpha: float, path: Path) -> None:
    """Write an adapter as safetensors, with its alpha beside it; names, shapes and numbers, no code."""
    save_file(dict(state), path, metadata={"alpha": repr(alpha)})


def read_lora(path: Path) -> tuple[State, float]:
    """An adapter that `save_lora` wrote, and its alpha."""
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, float(file.metadata()["alpha"])  # noqa: SIM118
