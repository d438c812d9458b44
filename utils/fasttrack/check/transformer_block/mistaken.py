"""What known mistakes make of a vector, or of each vector of the last dimension: layer norm and RMSNorm gone wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

Mistakes = Mapping[str, Callable[[torch.Tensor, float], torch.Tensor]]


def spread(x: torch.Tensor, correction: int = 0, dim: Any = -1) -> torch.Tensor:
    return x.var(dim, correction=correction, keepdim=True)


def centred(x: torch.Tensor) -> torch.Tensor:
    return x - x.mean(-1, keepdim=True)


OFF: Mistakes = {
    "is your epsilon inside the root? yours is added to the standard deviation":
        lambda x, eps: centred(x) / (spread(x).sqrt() + eps),
    "the variance divides by n: yours divides by n - 1": lambda x, eps: centred(x) / (spread(x, 1) + eps).sqrt(),
    "the variance divides by n, and eps is inside the root: yours divides by n - 1 and adds eps outside":
        lambda x, eps: centred(x) / (spread(x, 1).sqrt() + eps),
    "eps is missing, or not the one that is passed": lambda x, eps: centred(x) / spread(x).sqrt(),
    "eps is an argument: yours is always 1e-5": lambda x, eps: centred(x) / (spread(x) + 1e-5).sqrt(),
    "the variance divides, and not its root": lambda x, eps: centred(x) / (spread(x) + eps),
    "multiply by 1 / root, or divide by the root: yours multiplies by the root":
        lambda x, eps: centred(x) * (spread(x) + eps).sqrt(),
    "the mean is still there: subtract it": lambda x, eps: x / (spread(x) + eps).sqrt(),
    "the mean is gone, the scale is not: divide": lambda x, eps: centred(x),
    "the variance is the mean of the squared distances: yours is their sum":
        lambda x, eps: centred(x) / (spread(x) * x.shape[-1] + eps).sqrt(),
    "the variance is taken about the mean: yours is the mean of x²":
        lambda x, eps: centred(x) / ((x**2).mean(-1, keepdim=True) + eps).sqrt(),
}  # fmt: skip

# Over other dimensions, of a tensor of three.
ACROSS: Mistakes = {
    "over the features of each position: yours is over the batch (that is BatchNorm)":
        lambda x, eps: (x - x.mean(0)) / (x.var(0, correction=0) + eps).sqrt(),
    "over the features of each position: yours is over time":
        lambda x, eps: (x - x.mean(-2, keepdim=True)) / (spread(x, dim=-2) + eps).sqrt(),
    "over the features of each position: yours takes batch and time together (that is BatchNorm)":
        lambda x, eps: (x - x.mean((0, 1))) / (x.var((0, 1), correction=0) + eps).sqrt(),
    "over the features of each position: yours takes time and features together, so positions are mixed":
        lambda x, eps: (x - x.mean((-2, -1), keepdim=True)) / (spread(x, dim=(-2, -1)) + eps).sqrt(),
    "one mean for each position, not one for the whole tensor":
        lambda x, eps: (x - x.mean()) / (x.var(correction=0) + eps).sqrt(),
}  # fmt: skip


def square(x: torch.Tensor) -> torch.Tensor:
    """The mean square of each vector."""
    return (x**2).mean(-1, keepdim=True)


OFF_RMS: Mistakes = {
    "is your epsilon inside the root? yours is added to the root": lambda x, eps: x / (square(x).sqrt() + eps),
    "no mean is subtracted: that is LayerNorm": OFF["the mean is gone, the scale is not: divide"],
    "no mean is subtracted: yours is a LayerNorm": lambda x, eps: centred(x) / (spread(x) + eps).sqrt(),
    "the mean square, not the variance": lambda x, eps: x / (spread(x) + eps).sqrt(),
    "the mean square of x divides, not of x minus its mean; and x stays as it is":
        lambda x, eps: centred(x) / (square(x) + eps).sqrt(),
    "the mean of the squares: yours is their sum": lambda x, eps: x / (square(x) * x.shape[-1] + eps).sqrt(),
    "eps is missing, or not the one that is passed": lambda x, eps: x / square(x).sqrt(),
    "eps is 1e-6 unless another is passed: yours is 1e-5": lambda x, eps: x / (square(x) + 1e-5).sqrt(),
    "eps is an argument: yours is always 1e-6": lambda x, eps: x / (square(x) + 1e-6).sqrt(),
    "the root is missing": lambda x, eps: x / (square(x) + eps),
    "divide by the root: yours multiplies by it": lambda x, eps: x * (square(x) + eps).sqrt(),
    "the root of the mean square: yours is the mean of the sizes":
        lambda x, eps: x / (x.abs().mean(-1, keepdim=True) + eps),
}  # fmt: skip

ACROSS_RMS: Mistakes = {
    "over the features of each position: yours is over the batch":
        lambda x, eps: x / ((x**2).mean(0) + eps).sqrt(),
    "over the features of each position: yours is over time":
        lambda x, eps: x / ((x**2).mean(-2, keepdim=True) + eps).sqrt(),
    "one mean square for each position, not one for the whole tensor":
        lambda x, eps: x / ((x**2).mean() + eps).sqrt(),
}  # fmt: skip
