"""What the checks of this lesson share: seeded arrays, layers, and a loss that must be a Python float."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from fasttrack.check import Expectation, require
from fasttrack.check.inputs import EXACT, integers, normal
from fasttrack.check.values import describe, kind

Layers = list[tuple[np.ndarray, np.ndarray]]


def array(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> np.ndarray:
    """Standard normal numbers that depend on the seed and the shape only."""
    return normal(seed, *shape, dtype=dtype).numpy()


def labels(seed: int, classes: int, n: int) -> np.ndarray:
    """int64 labels, `(n,)`."""
    return integers(seed, classes, n).numpy()


def tolerance(dtype: torch.dtype) -> dict[str, float]:
    return EXACT if dtype == torch.float64 else {}


def layers_of(seed: int, sizes: tuple[int, ...]) -> Layers:
    """A pair `(w, b)` for each layer: `(d_in, d_out)` and `(d_out,)`. No bias is zero."""
    return [
        (array(seed + 2 * k, d_in, d_out) / np.sqrt(d_in), 0.3 * array(seed + 2 * k + 1, d_out))
        for k, (d_in, d_out) in enumerate(pairwise(sizes))
    ]


def plain(expectation: Expectation) -> Expectation:
    """The same expectation, once its numbers are known to be Python floats and its arrays not float32."""
    for part in parts(expectation.value):
        name = kind(part).removesuffix(" object")
        if name.startswith("float") and name != "float":
            require(
                False,
                ("expected", "a Python float"),
                ("got", f"{describe(part)}: a NumPy {name}"),
                ("mistake", "float(...) makes a Python float of NumPy's"),
            )
        if name == "array" and part.dtype == np.float32:
            require(
                False,
                ("expected", "arrays of dtype float64, as those given"),
                ("got", describe(part)),
                ("mistake", "float32 on the way: torch.tensor(a) keeps the dtype of a, torch.Tensor(a) does not"),
            )  # fmt: skip
    return expectation


def parts(value: Any) -> Iterator[Any]:
    """What lies in nested lists and tuples."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from parts(item)
    else:
        yield value


def as_lists(pairs: Any) -> Any:
    """Pairs as lists instead of tuples: what `[grad_w, grad_b]` gives."""
    return [list(pair) for pair in pairs]
