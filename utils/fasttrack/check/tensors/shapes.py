"""Checks of 01_tensors/01_tensors, on shapes: broadcasting and picking. Oracles: NumPy and plain loops."""

from __future__ import annotations

import random
from itertools import zip_longest
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import Shape, distinct_sizes, integers, normal


@check
def broadcast_shape(learner: Any, seed: int) -> None:
    """The shape two shapes broadcast to. Oracle: numpy.broadcast_shapes."""
    a, b, c, d = distinct_sizes(seed, 4)
    known: list[tuple[Shape, Shape]] = [
        ((a, 1), (b,)),
        ((a, b), (b,)),
        ((b,), (a, b)),
        ((c, 1, b), (a, 1)),
        ((1,), (c, a, b)),
        ((c, 1, a, 1), (b, 1, d)),
        ((a, b), ()),
        ((), ()),
        ((a, 1), (1, 0)),
        ((0,), (1,)),
        ((1, 1), (1,)),
    ]
    rng = random.Random(seed)
    for one, other in [*known, *(compatible(rng) for _ in range(12))]:
        want = tuple(np.broadcast_shapes(one, other))
        expect(learner, one, other).equals(
            want,
            mistakes={
                "line the shapes up from the right: a missing dimension is a leading 1": aligned_left(
                    one, other
                ),
                "1 stretches to 0 as well: the result is not the larger of the two": tuple(
                    max(p, q) for p, q in pairs(one, other)
                ),
                "the dimensions that only one shape has belong to the result": want[
                    len(want) - min(len(one), len(other)) :
                ],
                "you worked from the last dimension to the first: turn the result round": want[::-1],
            },
        )
    clashes: list[tuple[Shape, Shape]] = [
        ((a, b), (b, a)),
        ((a,), (b,)),
        ((a, b), (a,)),
        ((2 * a, b), (a, b)),
        ((c, a, b), (d, 1, 1)),
        ((a,), (0,)),
    ]
    for one, other in clashes:
        expect(learner, one, other).raises(
            ValueError,
            mistakes={
                "line the shapes up from the right: a missing dimension is a leading 1": aligned_left(
                    one, other
                ),
                "two sizes above 1 must be equal: neither repeats, not even a multiple": tuple(
                    max(p, q) for p, q in pairs(one, other)
                ),
                "raise a ValueError": Exception,
            },
        )


def pairs(one: Shape, other: Shape) -> list[tuple[int, int]]:
    """The sizes that meet when two shapes are lined up from the right, first dimension first."""
    return list(zip_longest(reversed(one), reversed(other), fillvalue=1))[::-1]


def aligned_left(one: Shape, other: Shape) -> Any:
    """What two shapes broadcast to if the shorter one is padded at its end, or the error's class."""
    dims = max(len(one), len(other))
    try:
        return tuple(np.broadcast_shapes(one + (1,) * (dims - len(one)), other + (1,) * (dims - len(other))))
    except ValueError:
        return ValueError


def compatible(rng: random.Random) -> tuple[Shape, Shape]:
    """Two shapes that broadcast: one shape with leading dimensions dropped and sizes set to 1."""
    full = [rng.choice([1, 2, 3, 5, 7]) for _ in range(rng.randrange(5))]
    one, other = (
        tuple(1 if rng.random() < 0.4 else n for n in full[rng.randrange(len(full) + 1) :]) for _ in range(2)
    )
    return one, other


@check
def outer_sum(learner: Any, seed: int) -> None:
    """Every element of `a` plus every element of `b`. Oracle: numpy.add.outer."""
    n, m = distinct_sizes(seed, 2)
    for rows, columns, dtype in [
        (n, m, torch.float32),
        (m, n, torch.int64),
        (n, n, torch.float32),
        (1, m, torch.float64),
        (n, 1, torch.float32),
        (1, 1, torch.float32),
    ]:
        a = (10 * normal(seed, rows, dtype=torch.float64)).to(dtype)
        b = (10 * normal(seed + 1, columns, dtype=torch.float64)).to(dtype)
        want = torch.from_numpy(np.add.outer(a.numpy(), b.numpy()))
        expect(learner, a, b).close(
            want,
            mistakes={
                "a runs down the rows, b along the columns: yours is transposed": want.T,
                "that is the outer product: add": torch.outer(a, b),
                "the difference, not the sum": a[:, None] - b,
                "a and b lie along the same dimension: give a a second dimension of size 1": want.diagonal(),
                "a needs a second dimension of size 1, and the sum a new tensor: += cannot widen a": RuntimeError,
            },
        )


@check
def one_hot(learner: Any, seed: int) -> None:
    """A 1 at each target. Oracle: a loop over the targets."""
    n, time, vocab_size = distinct_sizes(seed, 3)
    for shape, classes in [
        ((n,), n + vocab_size),
        ((n, time), 2 * vocab_size),
        ((1,), 3),
        ((), 5),
        ((n, 1), 4),
        ((2, time, n), 27),
        ((n,), 1),
    ]:
        targets = integers(seed, (classes + 1) // 2, *shape)  # the upper classes do not occur
        want = one_hot_by_loop(targets, classes)
        short = one_hot_by_loop(targets, int(targets.max()) + 1)
        expect(learner, targets, classes).equals(
            want,
            mistakes={
                "float32, so that it can multiply parameters: yours is int64": want.long(),
                "float32, so that it can multiply parameters: yours is bool": want.bool(),
                "pair row i with target i: yours sets the columns of all targets in every row": (
                    want.reshape(-1, classes).amax(0).expand_as(want)
                ),
                "vocab_size says how many columns, even if the last classes do not occur": short,
                "targets count from 0: your ones stand one too far right": want.roll(1, -1),
                "the classes are the last dimension: yours is transposed": want.transpose(0, -1),
                "all classes but the target: yours is inverted": 1 - want,
                "the classes are a new last dimension: keep the shape of targets before it": want.flatten(
                    0, -2
                )
                if want.dim() > 1
                else want[None],
                **(
                    {}
                    if len(shape) == 1
                    else {
                        "targets may have any number of dimensions: ... in an index stands for all": Exception
                    }
                ),
            },
        )
    targets = torch.arange(vocab_size).flip(0)  # every class occurs, the last one too
    expect(learner, targets, vocab_size).equals(one_hot_by_loop(targets, vocab_size))


def one_hot_by_loop(targets: torch.Tensor, classes: int) -> torch.Tensor:
    want = torch.zeros(*targets.shape, classes)
    for index in np.ndindex(*targets.shape):
        want[(*index, int(targets[index]))] = 1
    return want


@check
def pick(learner: Any, seed: int) -> None:
    """The log-probability of each target. Oracle: a loop over the positions."""
    n, time, vocab_size = distinct_sizes(seed, 3)
    for shape, classes, dtype in [
        ((n,), n + vocab_size, torch.float32),
        ((n, time), n + time, torch.float32),
        ((1,), vocab_size, torch.float32),
        ((n, 1), vocab_size, torch.float64),
        ((1, n), vocab_size, torch.float32),
        ((), vocab_size, torch.float32),
        ((2, n, time), vocab_size, torch.float64),
        ((vocab_size,), vocab_size, torch.float32),
        ((n,), 1, torch.float32),
    ]:
        log_probs = normal(seed, *shape, classes, dtype=dtype).log_softmax(-1)
        targets = integers(seed + 1, classes, *shape)
        want = pick_by_loop(log_probs, targets)
        mistakes: dict[str, Any] = {
            "drop the dimension that gather leaves at the end: the result has the shape of targets": want[
                ..., None
            ],
            "only the last dimension goes: squeeze without a dim drops every size 1": want.squeeze(),
            "log-probabilities as they are: you changed the sign": -want,
            "log-probabilities as they are: you took exp": want.exp(),
            "every position has its own result: do not average": want.mean(),
        }
        if len(shape) != 1:
            mistakes["any number of dimensions may come before vocab_size: index them all"] = IndexError
        if len(shape) == 1:
            every = "pair position i with target i: yours takes all targets at every position"
            mistakes[every] = log_probs[:, targets]
        expect(learner, log_probs, targets).equals(want, mistakes)
    turned = normal(seed + 2, n, vocab_size, time).transpose(1, 2)  # (n, time, vocab_size), not contiguous
    targets = integers(seed + 3, vocab_size, n, time)
    expect(learner, turned, targets).equals(
        pick_by_loop(turned, targets),
        mistakes={"log_probs may be non-contiguous: reshape copies where view refuses": RuntimeError},
    )
    masked, targets = normal(seed + 4, n, vocab_size), integers(seed + 5, vocab_size, n)
    masked[:, 0], targets[:2] = -torch.inf, torch.tensor([0, 1])
    summed = (masked * one_hot_by_loop(targets, vocab_size)).sum(-1)
    expect(learner, masked, targets).equals(
        pick_by_loop(masked, targets),
        mistakes={"0 times -inf is nan: choose the entry, do not multiply by a one-hot and sum": summed},
    )


def pick_by_loop(log_probs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    want = torch.empty(targets.shape, dtype=log_probs.dtype)
    for index in np.ndindex(*targets.shape):
        want[index] = log_probs[(*index, int(targets[index]))]
    return want


@check
def batched_trace(learner: Any, seed: int) -> None:
    """The sum of each matrix's diagonal. Oracle: numpy.trace."""
    batch, n = distinct_sizes(seed, 2)
    for matrices, size, dtype in [
        (batch, n, torch.float32),
        (n, batch, torch.float64),
        (n, n, torch.float32),
        (1, n, torch.float32),
        (batch, 1, torch.int64),
        (batch, n, torch.int64),
    ]:
        x = (10 * normal(seed, matrices, size, size, dtype=torch.float64)).to(dtype)
        want = torch.from_numpy(np.trace(x.numpy(), axis1=1, axis2=2))
        expect(learner, x).close(
            want,
            mistakes={
                "that sums whole matrices: use the same letter twice": x.sum((1, 2)),
                "that is the diagonal itself: leave its letter out on the right": torch.einsum("bii->bi", x),
                "one number for each matrix: keep b on the right": want.sum(),
                "the batch is the first dimension: trace the last two": torch.from_numpy(np.trace(x.numpy())),
            },
        )
    x = normal(seed + 1, n, n, batch).permute(2, 1, 0)
    expect(learner, x).close(torch.from_numpy(np.trace(x.numpy(), axis1=1, axis2=2)))
