"""What checks draw their inputs with: everything depends on the seed, and on nothing else."""

from __future__ import annotations

import random

import torch

Shape = tuple[int, ...]

# For `close`: a float64 answer may differ from the oracle by the order of its sums, not by an added 1e-8.
EXACT = {"rtol": 1e-11, "atol": 1e-12}


def normal(seed: int, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Standard normal numbers that depend on the seed and the shape only."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def integers(seed: int, high: int, *shape: int) -> torch.Tensor:
    """int64 numbers from 0 up to, not including, `high`."""
    return torch.randint(high, shape, generator=torch.Generator().manual_seed(seed))


def distinct_sizes(seed: int, count: int) -> Shape:
    """`count` different sizes from 2 to 7, so that no two dimensions can be mistaken for each other."""
    return tuple(random.Random(seed).sample(range(2, 8), count))
