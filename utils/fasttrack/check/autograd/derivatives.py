"""Checks of derivatives. Oracles: a loop of quotients in NumPy, torch.autograd.functional, known formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, require
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import (
    beside,
    bowl,
    cubes,
    gradient_and_rest,
    lifted,
    neighbours,
    passes,
    products,
    row_sums_squared,
    turned,
    waves,
)
from fasttrack.check.inputs import EXACT, distinct_sizes, normal

Function = Callable[[torch.Tensor], torch.Tensor]
LOOSE = {"rtol": 1e-7, "atol": 1e-9}  # the rounding of quotients, far below the error of a wrong formula


@check
def numerical_gradient(learner: Any, seed: int) -> None:
    """(f(x + h) - f(x - h)) / 2h for each element. Oracle: that quotient in a loop over NumPy's indices."""
    n, m = distinct_sizes(seed, 2)
    inputs = [
        normal(seed, n, dtype=torch.float64),
        normal(seed, n, m, dtype=torch.float64),
        normal(seed, dtype=torch.float64),
        normal(seed, m, n, dtype=torch.float64).T,
        normal(seed, 1, m, 2, dtype=torch.float64),
    ]
    functions, steps = (
        (cubes, row_sums_squared, waves, neighbours, row_sums_squared),
        (0.5, 0.25, 0.3, 0.1, 1e-3),
    )
    for f, x, h in zip(functions, inputs, steps, strict=True):
        want = quotients(f, x, (0.5, 0.0, -0.5), h)
        expect(learner, f, x, h).close(
            want,
            mistakes={
                "a one-sided quotient: take a step of h to both sides": quotients(f, x, (1.0, -1.0, 0.0), h),
                "a one-sided quotient, backwards: take a step of h to both sides": quotients(
                    f, x, (0.0, 1.0, -1.0), h
                ),
                "the two points are 2h apart: divide by 2h": 2 * want,
                "divide by (2 * h), in brackets: a / 2 * h multiplies by h": want * h * h,
                "divide by 2h: these are the bare differences": 2 * h * want,
                "divide by 2h: yours divides by 2": h * want,
                "the sign is turned: f(x + h) minus f(x - h)": -want,
                "h is an argument: yours uses a step of its own": exact(f, x),
                "the gradient has the shape of x": want.reshape(-1),
                "move one element at a time, not all at once": all_at_once(f, x, h),
                "f never saw the step: you wrote to a copy, or both sides are the same tensor": 0 * want,
                "x.view(-1) refuses what is not contiguous: flatten once with reshape, clone, and write to that": (
                    RuntimeError
                ),
            },
            **LOOSE,
        )
    x = inputs[1]
    expect(learner, cubes, x).close(
        3 * x**2,
        mistakes={"a step of 1e-6 by default, as the signature says": torch.full_like(x, torch.nan)},
        rtol=1e-6,
        atol=1e-7,
    )


def quotients(f: Function, x: torch.Tensor, weights: tuple[float, float, float], h: float) -> torch.Tensor:
    """For each element of x, f at x + h, x and x - h, weighted, over h."""
    array = x.numpy()
    out = torch.empty(x.shape, dtype=x.dtype)
    for place in np.ndindex(*x.shape):
        total = 0.0
        for weight, step in zip(weights, (h, 0.0, -h), strict=True):
            moved = array.copy()
            moved[place] += step
            total += weight * f(torch.from_numpy(moved)).item()
        out[place] = total / h
    return out


def all_at_once(f: Function, x: torch.Tensor, h: float) -> torch.Tensor:
    return torch.full_like(x, ((f(x + h) - f(x - h)) / (2 * h)).item())


def exact(f: Function, x: torch.Tensor) -> torch.Tensor:
    """The gradient, by PyTorch."""
    found: torch.Tensor = torch.autograd.functional.jacobian(f, x)  # type: ignore[no-untyped-call]
    return found


@check
def gradient(learner: Any, seed: int) -> None:
    """The gradient of f at x, with x as it was. Oracle: torch.autograd.functional.jacobian."""
    n, m = distinct_sizes(seed, 2)
    for f, x in (
        (cubes, normal(seed, n, dtype=torch.float64)),
        (neighbours, normal(seed, n, m, dtype=torch.float64)),
        (waves, normal(seed, m)),
        (bowl, normal(seed, dtype=torch.float64)),
    ):
        want = exact(f, x)
        expect(learner, f, x).close(
            want,
            mistakes={
                "that is f(x): its gradient lies in .grad, after backward": f(x),
                "nothing is returned: backward writes to .grad and returns None": None,
                "x does not require grad, so no graph is built": RuntimeError,
            },
            **(EXACT if x.dtype == torch.float64 else {}),
        )
    x = normal(seed + 1, n, dtype=torch.float64)
    want = exact(cubes, x)
    answer, requires_grad, grad = beside(learner, gradient_and_rest, cubes, x, None)
    agree("the gradient returned", answer, want)
    agree("x.requires_grad afterwards", requires_grad, False, {"work on a copy: you switched x itself": True})
    agree("x.grad afterwards", grad, None, {"work on a copy: the gradient was left in x.grad": want})
    earlier = normal(seed + 2, n, dtype=torch.float64)
    answer, requires_grad, grad = beside(learner, gradient_and_rest, cubes, x, earlier)
    agree(
        "the gradient returned, for an x that has a .grad already",
        answer,
        want,
        {
            "backward added to what x.grad held before: work on a copy of x": want + earlier,
            "a clone of a tensor that requires grad is not a start of its own: detach first": None,
        },
    )
    agree(
        "x.grad afterwards, where it held something before",
        grad,
        earlier,
        {
            "you added to the caller's x.grad: work on a copy of x": earlier + want,
            "you cleared the caller's x.grad: work on a copy of x": None,
            "you overwrote the caller's x.grad: work on a copy of x": want,
        },
    )
    agree("x.requires_grad afterwards, where it was set", requires_grad, True)


@check
def jacobian_vector_product(learner: Any, seed: int) -> None:
    """J v in at most two passes. Oracle: the whole Jacobian by torch.autograd.functional, times v."""
    n = 4 + seed % 3
    for f, size in ((turned, n), (products, n), (lifted, n), (torch.sin, n + 1), (products, 2)):
        x = normal(seed, size, dtype=torch.float64)
        v = normal(seed + 1, size, dtype=torch.float64)
        jacobian = exact(f, x)
        want = jacobian @ v
        mistakes: dict[str, Any] = {
            "u is float32 and f(x) is not: torch.zeros_like(y) takes the dtype of y, too": want.float(),
            "v is missing: these are the sums of the Jacobian's rows": jacobian.sum(1),
            "that is f(x + v) - f(x): the derivative takes an infinitely small step": f(x + v) - f(x),
        }
        if len(want) == size:
            mistakes["that is u J, the other product: v times each column"] = v @ jacobian
            mistakes["the first pass must be recorded: create_graph=True, and u requires grad"] = RuntimeError
        else:
            mistakes["u J takes a u of the shape of f(x), v has that of x: turn it round"] = RuntimeError
        expect(learner, f, x, v).close(want, mistakes=mistakes, **EXACT)
    x, v = normal(seed + 2, n, dtype=torch.float64), normal(seed + 3, n, dtype=torch.float64)
    forward, backward, switched = beside(learner, passes, lifted, x, v)
    agree("x.requires_grad afterwards", switched, False, {"work on a copy: you switched x itself": True})
    require(
        type(forward) is int and type(backward) is int and forward <= 2 and backward <= 2,
        ("expected", "at most two calls of f and two passes back through it"),
        ("got", f"calls of f: {forward}, passes back: {backward}, outputs: {n + 1}"),
        ("mistake", "one pass for each row of the Jacobian: differentiate u J with respect to u instead"),
    )
