"""Checks of what one looks at while a network trains: saturation, dead units, sizes of updates. Oracle: NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import distinct_sizes, normal

DIFFERENCE = "the deviation of the difference, not the difference of the deviations"
SINGLE = {"rtol": 1e-5, "atol": 1e-6}  # a share or a ratio of float32 numbers


@check
def saturation(learner: Any, seed: int) -> None:
    """The share of elements beyond the limit, on both sides. Oracle: a count in a loop."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (shape, given, scale) in enumerate(
        (((9 * a, b), (), 2.0), ((a, b, c), (0.5,), 1.0), ((40,), (0.9,), 3.0), ((a, b), (), 0.1), ((1, c), (), 9.0))
    ):  # fmt: skip
        h = (scale * normal(seed + case, *shape)).tanh()
        limit = given[0] if given else 0.97
        if given == (0.5,):
            h.view(-1)[:3] = torch.tensor([0.5, -0.5, 0.75])  # at the limit is not beyond it
        flat = h.flatten().tolist()
        count = sum(abs(value) > limit for value in flat)
        upper = sum(value > limit for value in flat)
        want = count / len(flat)
        expect(learner, h, *given).close(
            want,
            mistakes={
                "a share, not a count": count,
                "a share, not a count: divide by the number of elements": float(count),
                "per cent: a share lies between 0 and 1": 100 * want,
                "a Python float: .item() makes one of a tensor": torch.tensor(want),
                "both sides: tanh saturates at -1, too": upper / len(flat),
                "both sides: tanh saturates at 1, too": want - upper / len(flat),
                "the share beyond the limit: yours is the share within": 1 - want,
                "beyond the limit: an element at the limit does not count": sum(abs(v) >= limit for v in flat)
                / len(flat),
                "limit is an argument": sum(abs(v) > 0.97 for v in flat) / len(flat),
                "the share of all elements: yours is one for each unit": (h.abs() > limit).float().mean(0),
            },
            **SINGLE,
        )


@check
def dead_units(learner: Any, seed: int) -> None:
    """Units whose slope is at most the limit in every example. Oracle: loops over units and examples."""
    a, b, c = distinct_sizes(seed, 3)
    shapes = ((9 + 2 * b, 2 * b), (a, b, 3 * c), (1, c), (b, b), (2, a, 2, b))
    for case, shape in enumerate(shapes):
        for limit in (None, 0.01):
            bound = limit or 0.0
            units = shape[-1]
            slope = normal(seed + case, *shape).clamp(min=0)  # as ReLU's: zero for half of the examples
            flat = slope.view(-1, units)
            flat[:, 0] = bound  # dead, at the limit
            flat[:, -1] = 0.0
            flat[-1, -1] = 0.02  # alive, in one example, if only just
            flat[0, 1] = -0.4  # slopes of GELU and Swish can be negative
            rows = [[abs(value) <= bound for value in row] for row in flat.tolist()]
            want = [all(row[k] for row in rows) for k in range(units)]
            expect(learner, slope, *(() if limit is None else (limit,))).equals(
                torch.tensor(want), mistakes=wrong_units(slope, bound)
            )


def wrong_units(slope: torch.Tensor, bound: float) -> dict[str, Any]:
    """What known mistakes make of the slopes."""
    units = slope.shape[-1]
    low = slope.abs().reshape(-1, units) <= bound
    mistakes: dict[str, Any] = {
        "dead means in every example: one is not enough": low.any(0),
        "True means dead: yours is turned round": ~low.all(0),
        "one answer for each unit, which is the last dimension: yours is one for each example": low.all(1),
        "a slope at the limit counts as dead": (slope.abs().reshape(-1, units) < bound).all(0),
        "the size of the slope: a negative one teaches, too": (slope.reshape(-1, units) <= bound).all(0),
        "in every example, not on average": slope.abs().reshape(-1, units).mean(0) <= bound,
        "limit is an argument": (slope.reshape(-1, units) == 0).all(0),
        "a bool for each unit, not their number": low.all(0).sum(),
        "all dimensions but the last are examples": (slope.abs() <= bound).all(0),
    }
    if slope.dim() > 2:
        mistakes["all dimensions but the last are examples: yours merged the units, too"] = low.all()
    return mistakes


@check
def update_to_data(learner: Any, seed: int) -> None:
    """log10 of std(change) / std(tensor), for each tensor. Oracle: NumPy in float64."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (shapes, size) in enumerate(
        ((((a, b), (c,), (b, c, a)), 1e-3), (((c, a),), 0.3), (((2,), (a, c)), 1e-6), ((), 1.0))
    ):
        dtype = torch.float64
        before = [
            (k + 1) * normal(seed + 10 * case + k, *shape, dtype=dtype) + 0.5
            for k, shape in enumerate(shapes)
        ]
        moves = [
            size * (normal(seed + 10 * case + k + 5, *shape, dtype=dtype) + 0.3)
            for k, shape in enumerate(shapes)
        ]
        after = [w + move for w, move in zip(before, moves, strict=True)]
        pairs = [(w.numpy(), v.numpy()) for w, v in zip(before, after, strict=True)]
        want = [math.log10(np.std(v - w) / np.std(w)) for w, v in pairs]
        expect(learner, before, after).close(
            want,
            mistakes={
                "the logarithm to base 10": [math.log(10) * value for value in want],
                "the logarithm of the ratio is missing": [10**value for value in want],
                "the update over the data, not the other way round": [-value for value in want],
                "compare the update with the tensor before it": [
                    math.log10(np.std(v - w) / np.std(v)) for w, v in pairs
                ],
                "the update is after - before": [math.log10(np.std(v) / np.std(w)) for w, v in pairs],
                DIFFERENCE: [math.log10(abs(np.std(v) - np.std(w)) / np.std(w)) for w, v in pairs],
                f"{DIFFERENCE}, which may be negative": [
                    signed_log10(np.std(v) / np.std(w) - 1) for w, v in pairs
                ],
                "standard deviations, not norms": [
                    math.log10(np.linalg.norm(v - w) / np.linalg.norm(w)) for w, v in pairs
                ],
                "standard deviations, not variances": [2 * value for value in want],
                "standard deviations, not mean sizes": [
                    math.log10(np.abs(v - w).mean() / np.abs(w).mean()) for w, v in pairs
                ],
                "the ratio of two standard deviations, not the deviation of a ratio": [
                    math.log10(np.std((v - w) / w)) for w, v in pairs
                ],
                "floats, not tensors: .item() makes one of a tensor": [
                    torch.tensor(value, dtype=dtype) for value in want
                ],
                "one number for each tensor, in a list": float(np.mean(want)) if want else 0.0,
            },
            rtol=1e-6,
            atol=1e-7,
        )


def signed_log10(ratio: float) -> float:
    """As torch's log10: nan for a negative number."""
    return math.log10(ratio) if ratio > 0 else math.nan
