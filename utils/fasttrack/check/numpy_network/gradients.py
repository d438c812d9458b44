"""Checks of what holds for any gradient: comparing it with quotients, and undoing a broadcast.

Oracles: a loop of quotients over NumPy's indices, torch.autograd of `expand`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, require
from fasttrack.check.fixtures import neighbours_and_sines, row_sums_to_the_fourth, sum_of_cubes
from fasttrack.check.inputs import EXACT, distinct_sizes
from fasttrack.check.numpy_network.arrays import array, plain, tolerance

Function = Callable[[np.ndarray], float]
BOTH, ONE = (1.0, 0.0, -1.0), (1.0, -1.0, 0.0)  # weights of f at x + h, x and x - h


def quotients(
    f: Function, x: np.ndarray, weights: tuple[float, float, float], over: float, h: float
) -> np.ndarray:
    """For each element of x, the weighted sum of f at x + h, x and x - h in that element, divided by `over`."""
    out = np.empty(x.shape)
    for place in np.ndindex(*x.shape):
        total = 0.0
        for weight, step in zip(weights, (h, 0.0, -h), strict=True):
            moved = x.astype(np.float64)
            moved[place] += step
            total += weight * f(moved)
        out[place] = total / over
    return out  # fmt: skip


def norm(a: np.ndarray) -> float:
    return math.sqrt(sum(float(value) ** 2 for value in a.reshape(-1)))


def apart(claimed: np.ndarray, found: np.ndarray) -> float:
    """How far two gradients are apart, relative to the sum of their lengths; 0 if both are zero."""
    size = norm(claimed) + norm(found)
    return norm(claimed - found) / size if size else 0.0


@check
def gradient_check(learner: Any, seed: int) -> None:
    """The relative distance of a claimed gradient from two-sided quotients. Oracle: loops."""
    n, m = distinct_sizes(seed, 2)
    for k, (f, x, h) in enumerate(
        (
            (sum_of_cubes, array(seed, n), 0.5),
            (row_sums_to_the_fourth, array(seed + 1, n, m), 0.25),
            (neighbours_and_sines, array(seed + 2, m, n).T, 0.3),
            (row_sums_to_the_fourth, array(seed + 3, 1, m, 2), 0.2),
        )
    ):
        found = quotients(f, x, BOTH, 2 * h, h)
        claimed = found * (1.2 + 0.3 * array(seed + 10 + k, *x.shape))
        off, g, q = norm(claimed - found), norm(claimed), norm(found)
        with np.errstate(divide="ignore", invalid="ignore"):
            each = np.abs(claimed - found) / (np.abs(claimed) + np.abs(found))
        at_once = (f(x + h) - f(x - h)) / (2 * h)
        plain(expect(learner, f, x, claimed, h)).close(
            off / (g + q),
            mistakes={
                "that is the absolute error: divide by the sum of both lengths": off,
                "divide by the sum of both lengths, not by that of the claim": off / g,
                "divide by the sum of both lengths, not by that of the quotients": off / q,
                "divide by the sum of both lengths, not by the larger of the two": off / max(g, q),
                "divide by the sum of both lengths, not by their mean": 2 * off / (g + q),
                "squared lengths: the root is missing": off**2 / (g**2 + q**2),
                "the difference of the lengths says nothing of directions: the length of the difference": abs(g - q)
                / (g + q),
                "one number for the whole array, not the largest error of an element": float(each.max()),
                "one number for the whole array, not the mean of the elements' errors": float(each.mean()),
                "a one-sided quotient: take a step of h to both sides": apart(
                    claimed, quotients(f, x, ONE, h, h)
                ),
                "the two points are 2h apart: divide by 2h": apart(claimed, 2 * found),
                "divide by (2 * h), in brackets: a / 2 * h multiplies by h": apart(claimed, found * h * h),
                "h is an argument: yours uses a step of its own": apart(
                    claimed, quotients(f, x, BOTH, 2e-5, 1e-5)
                ),
                "move one element at a time, not all at once": apart(claimed, np.full(x.shape, at_once)),
                "one quotient for each element: move one element at a time, not the whole array": norm(
                    claimed - at_once
                )
                / (g + abs(at_once)),
            },
            **EXACT,
        )  # fmt: skip
    x = array(seed + 4, n, m)
    right = 4 * np.repeat(x.sum(-1, keepdims=True) ** 3, m, 1)
    expect(learner, row_sums_to_the_fourth, x, right).close(0.0, rtol=0, atol=1e-7)
    expect(learner, row_sums_to_the_fourth, x, -right).close(1.0, rtol=0, atol=1e-7)
    expect(learner, row_sums_to_the_fourth, 0 * x, 0 * x).close(
        0.0,
        mistakes={
            "both gradients are zero, and 0/0 is nan: return 0.0 there": math.nan,
            "both gradients are zero: return 0.0 instead of dividing": ZeroDivisionError,
        },
    )
    steps = {h: (1e-10 - h * h) / (1e-10 + h * h) for h in (1e-4, 1e-6, 1e-7, 1e-3)}
    expect(learner, sum_of_cubes, np.zeros(n), np.full(n, 1e-10)).close(
        0.0,
        mistakes={"h is 1e-5 by default, as the signature says": abs(steps[1e-6])},
        rtol=0,
        atol=1e-6,
    )
    single = x.astype(np.float32)
    right = 4 * np.repeat(single.astype(np.float64).sum(-1, keepdims=True) ** 3, m, 1)
    got = plain(expect(learner, row_sums_to_the_fourth, single, right)).value
    require(
        type(got) is float and got < 1e-7,
        ("called", "gradient_check with a float32 x and a right gradient"),
        ("expected", "an error below 1e-7"),
        ("got", f"{got}"),
        ("mistake", "the quotients were taken in float32: make a float64 copy of x first"),
    )
    expect(learner, sum_of_cubes, x[0], 3 * x[:1] ** 2).raises(ValueError)
    expect(learner, sum_of_cubes, x[:, :1], 3 * x[:, 0] ** 2).raises(ValueError)


@check
def unbroadcast(learner: Any, seed: int) -> None:
    """The gradient of what was broadcast. Oracle: torch.autograd of `expand`."""
    a, b, c = distinct_sizes(seed, 3)
    for full, shape in (
        ((a, b), (b,)),
        ((a, b), (a, 1)),
        ((a, b), (1, b)),
        ((a, a), (a,)),
        ((a, a), (a, 1)),
        ((c, a, b), (a, b)),
        ((c, a, b), (a, 1)),
        ((c, a, b), (1, a, 1)),
        ((c, a, b), (1,)),
        ((c, a, b), (c, a, b)),
        ((1, a, 1), (1, a, 1)),
        ((1, b), (b,)),
        ((2, 1, b), (1, b)),
        ((a, b), (1, 1)),
    ):
        for dtype in (torch.float64, torch.float32):
            grad = array(seed + len(full), *full, dtype=dtype)
            small = torch.zeros(shape, dtype=dtype, requires_grad=True)
            small.expand(full).backward(torch.from_numpy(grad))  # type: ignore[no-untyped-call]
            assert small.grad is not None
            want = small.grad.numpy()
            lead = len(full) - len(shape)
            ones = tuple(lead + k for k, size in enumerate(shape) if size == 1)
            squeezed = grad.sum(tuple(range(lead)) + ones)
            left = tuple(k for k in range(len(full)) if k >= len(shape) or shape[k] == 1)
            mistakes: dict[str, Any] = {
                "the gradient still has its full shape: sum what broadcasting repeated": grad,
                "each copy adds its share: sum, not mean": want * (want.size / grad.size),
                "a dimension of 1 stays: the result has the shape asked for": squeezed,
                "a new dimension in front goes: the result has the shape asked for": want.reshape(
                    (1,) * lead + shape
                ),
                "the dimensions in front are left: sum over them, too": grad.sum(ones, keepdims=True),
                "a dimension of 1 was stretched: sum over it, too": grad.sum(tuple(range(lead))),
                "one copy is not the sum of all": grad[(0,) * lead].reshape(grad.shape[lead:])[
                    tuple(slice(0, 1) if size == 1 else slice(None) for size in shape)
                ],
                "summed over the wrong dimensions: NumPy aligns shapes from the right": ValueError,
                "yours aligns the shapes from the left: NumPy aligns them from the right": grad.sum(
                    left, keepdims=True
                ).reshape([1 if k in left else size for k, size in enumerate(full)][: len(shape)]),
            }
            if full == (a, a):
                mistakes["summed over the wrong dimension"] = grad.sum(1 if shape == (a,) else 0).reshape(
                    shape
                )
            expect(learner, grad, shape).close(want, mistakes=mistakes, **tolerance(dtype))
