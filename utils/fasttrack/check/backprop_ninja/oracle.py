"""What the checks of this lesson share: autograd on the check's own copies, and tolerances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fasttrack.check.inputs import EXACT, normal

Function = Callable[..., torch.Tensor]


def pulled(function: Function, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The gradient of `function(*inputs)`, a scalar, in each input."""
    leaves = [value.detach().clone().requires_grad_() for value in inputs]
    return torch.autograd.grad(function(*leaves), leaves)


def double(seed: int, *shape: int) -> torch.Tensor:
    """Standard normal float64 numbers that depend on the seed and the shape only."""
    return normal(seed, *shape, dtype=torch.float64)


def tolerance(dtype: torch.dtype) -> dict[str, float]:
    """Much tighter than 1e-6 in float64: no two ways to sum are further apart."""
    return EXACT if dtype == torch.float64 else {}


def forms(grads: tuple[torch.Tensor, ...]) -> dict[str, Any]:
    """The right gradients in a wrong form."""
    return {
        "return a tuple, not a list": list(grads),
        "the tuple is in another order: see the signature": grads[::-1],
    }
