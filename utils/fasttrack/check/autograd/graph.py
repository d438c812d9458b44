"""Checks of what is done to the graph. Oracles: torch.autograd.gradcheck, torch.nn.functional.silu."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check, expect, require
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import (
    applied,
    beside,
    cut_loss,
    gradcheck,
    gradient_beside_use,
    gradient_of_sum,
    gradient_through,
    leaf_names,
    lonely_loss,
    plain_loss,
    reusing_loss,
    saved_elements,
)
from fasttrack.check.inputs import EXACT, distinct_sizes, normal


@check
def leaves_of(learner: Any, seed: int) -> None:
    """Each leaf behind a loss, once. Oracle: the fixture that built the loss knows them."""
    n, _ = distinct_sizes(seed, 2)
    values = [normal(seed + k, n) for k in range(3)]
    for loss, want in (
        (plain_loss, ["a", "b", "c"]),
        (reusing_loss, ["a", "b"]),
        (cut_loss, ["a", "c"]),
        (lonely_loss, ["c"]),
    ):
        agree(
            f"the leaves found behind {loss.__name__}",
            beside(learner, leaf_names, loss, *values),
            want,
            {
                "a leaf that is reached on several paths is found several times: note where you have been": (
                    4 * ["a"] + 4 * ["b"]
                ),
                "nothing found: walk on through next_functions, down to the leaves": [],
                "follow every input of a node, not only the first": want[:1],
                "the leaves themselves, not copies": ["other"] * len(want),
            },
            None,
        )


@check
def straight_through_round(learner: Any, seed: int) -> None:
    """Rounded forward, the identity backward. Oracle: torch.round, and the upstream gradient itself."""
    n, m = distinct_sizes(seed, 2)
    for shape, dtype in (((n, m), torch.float64), ((m,), torch.float32), ((), torch.float64)):
        x = 3 * normal(seed, *shape, dtype=dtype)
        expect(learner, x).close(
            x.round(),
            mistakes={
                "it returns x itself: forward must round": x,
                "x + (round(x) - x): the brackets hold x's own part back": 2 * x - x.round(),
                "round, to the nearest: you cut off the fraction": x.trunc(),
                "round, to the nearest: yours always goes down": x.floor(),
                "x was added twice": x + x.round(),
            },
            **(EXACT if dtype == torch.float64 else {}),
        )
        upstream = normal(seed + 1, *shape, dtype=dtype)
        agree(
            "the gradient at x",
            beside(learner, gradient_through, x, upstream),
            upstream,
            {
                "nothing is left of x's history: keep one x outside detach": None,
                "round has gradient 0 nearly everywhere, and it came through: detach its part": 0 * upstream,
                "x counts twice in the gradient": 2 * upstream,
                "the sign is turned": -upstream,
            },
        )


@check
def scale_gradient(learner: Any, seed: int) -> None:
    """The identity, whose gradient is scaled. Oracle: factor times upstream, plus 1 for x's other use."""
    n, m = distinct_sizes(seed, 2)
    for shape, factor in (((n, m), 0.1), ((m,), -1.0), ((), 0.0), ((n,), 2.5)):
        x = normal(seed, *shape, dtype=torch.float64)
        upstream = normal(seed + 1, *shape, dtype=torch.float64)
        expect(learner, x, factor).close(
            x,
            mistakes={
                "forward must not change: only the gradient is scaled": factor * x,
                "a tensor that does not require grad takes no hook: ask requires_grad first": RuntimeError,
            },
            **EXACT,
        )
        agree(
            f"the gradient at x, factor {factor}",
            beside(learner, gradient_through, x, upstream, factor),
            factor * upstream,
            {
                "the gradient is not scaled: a hook must return the new gradient": upstream,
                "the gradient was scaled twice": factor**2 * upstream,
                "nothing is left of x's history: the new tensor must come from x itself": None,
            },
        )
        agree(
            f"the gradient at x, which the loss uses a second time on its own, factor {factor}",
            beside(learner, gradient_beside_use, x, upstream, factor),
            factor * upstream + 1,
            {
                "the hook sits on x itself, so x's other use is scaled too: hook a new tensor": factor
                * (upstream + 1),
                "x's other use is missing": factor * upstream,
            },
        )
        agree(
            f"the gradient at x of (scale_gradient(x, {factor}) + x).backward(upstream)",
            beside(learner, gradient_of_sum, x, upstream, factor),
            factor * upstream + upstream,
            {
                "the hook changed its argument in place, and x's other use got the same tensor: return a new one": (
                    2 * factor * upstream
                ),
            },
        )


@check
def Swish(learner: Any, seed: int) -> None:  # noqa: N802  (the name of the class it checks)
    """x sigmoid(beta x) as an autograd.Function. Oracles: torch.nn.functional.silu, autograd, gradcheck."""
    n, m = distinct_sizes(seed, 2)
    for shape, beta, dtype in (
        ((n, m), 1.0, torch.float64),
        ((m,), 1.7, torch.float64),
        ((), 0.5, torch.float64),
        ((n, 1, m), -1.3, torch.float32),
    ):
        x, upstream = 2 * normal(seed, *shape, dtype=dtype), normal(seed + 1, *shape, dtype=dtype)
        leaf = x.clone().requires_grad_()
        want = torch.nn.functional.silu(beta * leaf) / beta
        (slope,) = torch.autograd.grad(want, leaf, upstream)
        s = (beta * x).sigmoid()
        got, gradient = beside(learner, applied, x, upstream, beta)
        tolerance = (1e-11, 1e-12) if dtype == torch.float64 else (1e-5, 1e-6)
        agree(
            f"Swish.apply(x, {beta})",
            got,
            want.detach(),
            {
                "beta is missing in the sigmoid": x * x.sigmoid(),
                "x times the sigmoid: x is missing": s,
                "beta belongs inside the sigmoid only": beta * x * s,
            },
            tolerance,
        )
        agree(
            f"x.grad after Swish.apply(x, {beta}).backward(upstream)",
            gradient,
            slope,
            {
                "multiply by the gradient that comes from above": slope / upstream,
                "the product rule has two terms: x * beta * s * (1 - s) is missing": upstream * s,
                "the product rule has two terms: s alone is missing": upstream * x * beta * s * (1 - s),
                "the inner derivative is missing: sigmoid(beta x) changes beta times as fast": upstream
                * (s + x * s * (1 - s)),
                "the derivative of the sigmoid is s * (1 - s)": upstream * (s + x * beta * (1 - s)),
                "backward returns the value of forward": upstream * x * s,
                "backward hands on the gradient from above unchanged": upstream,
                "backward gave no gradient for x: the first of what it returns belongs to x": None,
            },
            tolerance,
        )
    x = torch.cat(
        [normal(seed + 2, n, dtype=torch.float64), torch.tensor([0.0, 1e4, -1e4, 700.0, -800.0]).double()]
    )
    got, gradient = beside(learner, applied, x, torch.ones_like(x), 1.0)
    nan = "e^x left the range of a float: torch.sigmoid does not"
    agree("Swish.apply for large numbers", got, torch.nn.functional.silu(x), {nan: with_nan(x)})
    s = x.sigmoid()
    agree("x.grad for large numbers", gradient, s + x * s * (1 - s), {nan: with_nan(x)})
    found = beside(learner, gradcheck, normal(seed + 3, m, dtype=torch.float64), 0.8)
    agree("what torch.autograd.gradcheck says", found, "", tolerance=None)
    x = normal(seed + 4, n, m)
    saved = beside(learner, saved_elements, x, 1.1)
    require(
        type(saved) is int and saved <= x.numel(),
        ("expected", f"at most {x.numel()} numbers kept for backward, those of x"),
        (
            "got",
            f"{saved} numbers, in save_for_backward and on ctx" if type(saved) is int else "something else",
        ),
        ("mistake", "save x alone: backward can compute the sigmoid again"),
    )


def with_nan(x: torch.Tensor) -> torch.Tensor:
    """What e^x / (1 + e^x) makes of it."""
    return x * x.exp() / (1 + x.exp())
