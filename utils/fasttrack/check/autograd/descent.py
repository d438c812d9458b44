"""Checks of steps along gradients. Oracles: torch.optim.SGD, loops of the formula, torch.nn.utils."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check, expect, require
from fasttrack.check.autograd.derivatives import Function, exact
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import (
    after_steps,
    beside,
    bowl,
    events_of_batches,
    neighbours,
    parameters_after,
    place_from_leaf,
    squared_error,
    waves,
)
from fasttrack.check.inputs import EXACT, distinct_sizes, normal


@check
def sgd_step(learner: Any, seed: int) -> None:
    """parameter -= lr * grad, then no gradient. Oracle: torch.optim.SGD on the check's own copies."""
    n, m = distinct_sizes(seed, 2)
    shapes = ((n, m), (m,), (), (1, n))
    for dtype, lr in ((torch.float64, 0.1), (torch.float64, 1.5)):
        values = [normal(seed + k, *shape, dtype=dtype) for k, shape in enumerate(shapes)]
        grads: list[torch.Tensor | None] = [
            normal(seed + 10 + k, *v.shape, dtype=dtype) for k, v in enumerate(values)
        ]
        grads[1] = None
        _, after = beside(learner, parameters_after, values, grads, lr)
        stepped = by_optimizer(values, grads, lr)
        for k, (value, grad, want) in enumerate(zip(values, grads, stepped, strict=True)):
            got, left, is_parameter = after[k]
            name = f"parameter {k}"
            mistakes = (
                {}
                if grad is None
                else {
                    "the parameter has not changed: write into it, in place": value,
                    "uphill: subtract lr times the gradient": 2 * value - want,
                    "lr is missing": value - grad,
                    "divide by nothing: the step is lr times the gradient": value - grad / lr,
                }
            )
            agree(f"{name} after the step", got, want, mistakes)
            agree(
                f"{name}: whether it is a leaf that requires grad",
                is_parameter,
                True,
                {"it is not a parameter any more: under no_grad nothing has to be switched off": False},
            )
            empty = None if left is None or (grad is not None and not left.any()) else left
            agree(
                f"the .grad of {name} after the step",
                empty,
                None,
                {"the gradient is still there, and the next backward will add to it": grad},
            )
    x = normal(seed + 20, n, dtype=torch.float64)
    want, _ = descended(bowl, x, 0.1, 3)
    piled, total = x, torch.zeros_like(x)
    for _ in range(3):
        total = total + exact(bowl, piled)
        piled = piled - 0.1 * total
    agree(
        "a parameter after three times backward and step",
        beside(learner, after_steps, bowl, x, 0.1, 3),
        want,
        {"gradients pile up from step to step: clear them": piled},
    )


def by_optimizer(
    values: list[torch.Tensor], grads: list[torch.Tensor | None], lr: float
) -> list[torch.Tensor]:
    parameters = [torch.nn.Parameter(value.clone()) for value in values]
    for parameter, grad in zip(parameters, grads, strict=True):
        parameter.grad = grad
    torch.optim.SGD(parameters, lr=lr).step()
    return [parameter.detach() for parameter in parameters]


def descended(
    f: Function, x: torch.Tensor, lr: float, steps: int, sign: int = -1
) -> tuple[torch.Tensor, list[float]]:
    """Where `steps` steps lead from x, and the losses before each."""
    losses = []
    for _ in range(steps):
        losses.append(f(x).item())
        x = x + sign * lr * exact(f, x)
    return x, losses


def piled_up(f: Function, x: torch.Tensor, lr: float, steps: int) -> tuple[torch.Tensor, list[float]]:
    """As `descended`, with gradients that are never cleared."""
    losses, total = [], torch.zeros_like(x)
    for _ in range(steps):
        losses.append(f(x).item())
        total = total + exact(f, x)
        x = x - lr * total
    return x, losses


def straight_on(f: Function, x: torch.Tensor, lr: float, steps: int) -> tuple[torch.Tensor, list[float]]:
    """As `descended`, with the gradient at the start for every step."""
    slopes = exact(f, x)
    return x - lr * steps * slopes, [f(x - lr * k * slopes).item() for k in range(steps)]


@check
def gradient_descent(learner: Any, seed: int) -> None:
    """Steps downhill, and the loss before each. Oracle: the formula with torch.autograd.functional's gradient."""
    n, m = distinct_sizes(seed, 2)
    for f, shape, lr, steps in (
        (bowl, (n,), 0.1, 4),
        (waves, (n, m), 0.05, 7),
        (neighbours, (m,), 0.03, 5),
        (bowl, (), 0.3, 1),
        (bowl, (m,), 0.2, 0),
    ):
        x = normal(seed, *shape, dtype=torch.float64)
        want, losses = descended(f, x, lr, steps)
        up = descended(f, x, lr, steps, sign=1)
        mistakes: dict[str, Any] = {
            "gradients pile up: each step needs a fresh one": piled_up(f, x, lr, steps),
            "uphill: subtract lr times the gradient": up,
            "one step too many": descended(f, x, lr, steps + 1),
            "one step too few": descended(f, x, lr, steps - 1),
            "one loss too many: one before each step": (want, [*losses, f(want).item()]),
            "the loss before each step, not after it": (want, [*losses, f(want).item()][1:]),
            "x has not moved": (x, steps * [f(x).item()]),
            "one gradient for all steps: it is taken at the new place each time": straight_on(
                f, x, lr, steps
            ),
            "lr is missing": descended(f, x, 1.0, steps),
            "return the place and the list of losses": want,
            "first the place, then the losses": (losses, want),
            "losses as floats: a tensor keeps its whole graph alive (item)": (
                want,
                [torch.tensor(loss, dtype=x.dtype) for loss in losses],
            ),
            "in-place arithmetic on a leaf that requires grad needs torch.no_grad()": RuntimeError,
            ".grad is None: only leaves get one, and x - lr * grad is no leaf": TypeError,
        }
        expect(learner, f, x, lr, steps).close((want, losses), mistakes=mistakes, **EXACT)
    x = normal(seed, n, dtype=torch.float64)
    place, attached = beside(learner, place_from_leaf, bowl, x, 0.1, 2)
    agree(
        "the place it returns, from an x that requires grad",
        place,
        descended(bowl, x, 0.1, 2)[0],
        {"x has not moved: a clone of what requires grad is no leaf, detach it first": x},
    )
    agree(
        "whether the place it returns requires grad",
        attached,
        False,
        {"it still hangs on autograd: return it detached": True},
    )


@check
def batched_gradient(learner: Any, seed: int) -> None:
    """The full gradient in batches. Oracle: one backward pass over all rows."""
    d, _ = distinct_sizes(seed, 2)
    for n, batch_size in ((7, 3), (6, 2), (5, 5), (4, 9), (8, 1), (11, 4)):
        w = normal(seed, d, dtype=torch.float64)
        x, y = normal(seed + 1, n, d, dtype=torch.float64), normal(seed + 2, n, dtype=torch.float64)
        batches = zip(torch.split(x, batch_size), torch.split(y, batch_size), strict=True)
        parts = [(len(rows), slope_of_error(w, rows, goals)) for rows, goals in batches]
        want = slope_of_error(w, x, y)
        total = sum((grad for _, grad in parts), torch.zeros_like(w))
        full = [(size, grad) for size, grad in parts if size == batch_size]
        answer, events, largest, switched = beside(
            learner, events_of_batches, squared_error, w, x, y, batch_size
        )
        agree(
            f"the gradient over {n} rows in batches of {batch_size}",
            answer,
            want,
            {
                "the sum of the batches' gradients, not their mean": total,
                "each batch counts by its number of rows: the last one is smaller": total / len(parts),
                "weighted by rows, but not divided by n": n * want,
                "the smaller last batch counts too": sum(
                    (size * grad for size, grad in full), torch.zeros_like(w)
                )
                / n,
                "each batch divided by batch_size: the last is smaller": batch_size * total / n,
                "only the last batch: gradients must add up": parts[-1][1],
                "only the last batch: gradients must add up, not be overwritten": parts[-1][1]
                * parts[-1][0]
                / n,
            },
        )
        agree(
            "the rows that f got at once, at most",
            largest,
            min(batch_size, n),
            {
                "all rows at once: that is what batches should avoid": n,
            },
        )
        agree("w.requires_grad afterwards", switched, False, {"work on a copy: you switched w itself": True})
        require(
            events == ["forward", "backward"] * len(parts),
            ("expected", f"forward, backward by turns, {len(parts)} times"),
            ("got", ", ".join(map(str, events)) if isinstance(events, list) else "something else"),
            ("mistake", "go back after each batch: else all their graphs are in memory at once"),
        )


def slope_of_error(w: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The gradient of squared_error in w, worked out by hand."""
    return 2 * x.T @ (x @ w - y) / len(x)


@check
def clip_gradient(learner: Any, seed: int) -> None:
    """All gradients scaled to a common norm. Oracle: the norm of all numbers in one vector, by NumPy's rule."""
    n, m = distinct_sizes(seed, 2)
    shapes = ((n, m), (m,), (1,), (n,))
    values = [normal(seed + k, *shape, dtype=torch.float64) for k, shape in enumerate(shapes)]
    grads: list[torch.Tensor | None] = [
        normal(seed + 10 + k, *shape, dtype=torch.float64) for k, shape in enumerate(shapes)
    ]
    grads[3] = None
    flat = torch.cat([grad.reshape(-1) for grad in grads if grad is not None])
    norm = float((flat**2).sum() ** 0.5)
    zero: list[torch.Tensor | None] = [None if grad is None else torch.zeros_like(grad) for grad in grads]
    for given, size, max_norm in (
        (grads, norm, 0.3),
        (grads, norm, norm / 2),
        (grads, norm, norm / 7),
        (grads, norm, 2 * norm),
        (grads, norm, float(max(g.norm() for g in grads if g is not None)) + 1e-3),
        (zero, 0.0, 1.0),
    ):
        scale = min(1.0, max_norm / size) if size else 1.0
        answer, after = beside(learner, parameters_after, values, given, max_norm)
        for k, (value, grad) in enumerate(zip(values, given, strict=True)):
            got, left, _ = after[k]
            agree(f"parameter {k} itself", got, value)
            if grad is None:
                agree(f"the .grad of parameter {k}, which had none", left, None)
                continue
            own = float(grad.norm())
            agree(
                f"the .grad of parameter {k}, with max_norm {max_norm:.4g} and norm {size:.4g}",
                left,
                scale * grad,
                {
                    "it is not clipped: write to .grad": grad,
                    "one norm over all parameters, not one for each": grad * min(1.0, max_norm / own)
                    if own
                    else grad,
                    "a small gradient stays as it is: scale only what is longer than max_norm": grad
                    * (max_norm / size if size else 1.0),
                    "each number was clamped: the direction has changed": grad.clamp(-max_norm, max_norm),
                    "no epsilon: you only divide where the norm is larger than max_norm": grad
                    * min(1.0, max_norm / (size + 1e-6)),
                    "0 / 0: with a norm of 0 there is nothing to scale": torch.full_like(grad, torch.nan),
                    "divided by the norm: multiply by max_norm too": grad / size if size else grad,
                    "the norm is the root of the sum of squares": grad
                    * min(1.0, max_norm / max(size**2, 1e-9)),
                },
            )
        agree(
            "the norm it returns",
            answer,
            size,
            {
                "the norm before clipping, not after": min(size, max_norm),
                "the norm is the root of the sum of squares": size**2,
                "a float: .item() makes one": torch.tensor(size, dtype=torch.float64),
                "return the norm": None,
            },
        )
