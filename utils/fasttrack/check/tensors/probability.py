"""Checks of 01_tensors/01_tensors, from scores to a loss. Oracles: NumPy's logaddexp and torch.nn.functional."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from fasttrack.check import check, expect
from fasttrack.check.inputs import EXACT, Shape, distinct_sizes, integers, normal
from fasttrack.check.tensors.shapes import pick_by_loop


@check
def logsumexp(learner: Any, seed: int) -> None:
    """log(sum(exp(x))) without overflow. Oracle: numpy.logaddexp, two numbers at a time."""
    for x, dim in reductions(seed):
        want = logsumexp_by_pairs(x, dim)
        top = x.amax(dim, keepdim=True)
        shifted = x.double() - top.double()
        expect(learner, x, dim).close(
            want,
            mistakes={
                "take the log of the sum": x.exp().sum(dim),
                "the sum of logs of exps is the plain sum: sum first, then log": x.sum(dim),
                "add the maximum again, after the log": shifted.exp().sum(dim).log().to(x.dtype),
                "the maximum is only the start: add the log of the sum": top.squeeze(dim),
                "keep the sign: x minus the maximum": -want,
                "dim disappears from the result": want.unsqueeze(dim),
                "reduce over the dim that is asked for": logsumexp_by_pairs(x, -1),
                "only dim goes: squeeze without a dim drops every size 1": want.squeeze(),
                "reduce one dim, not the whole tensor": logsumexp_by_pairs(x.flatten(), 0),
                "averaged, not summed": want - np.log(x.shape[dim]),
                "the maximum has lost its dimension: keepdim=True keeps it broadcastable": RuntimeError,
                "x.max(dim) gives two things, values and indices: x.amax(dim) gives the values": TypeError,
                **(
                    {"(n, 1) + (n,) gives (n, n), as in part 1: squeeze the maximum": top + want - top[:, 0]}
                    if x.dim() == 2 and dim == 1
                    else {}
                ),
            },
            **(EXACT if x.dtype == torch.float64 else {}),
        )
    for x, dim in extremes(seed):
        expect(learner, x, dim).close(
            logsumexp_by_pairs(x, dim),
            mistakes={
                "exp overflowed to inf: subtract the maximum first": naive_logsumexp(x, dim),
                "each slice along dim needs its own maximum, not one for the whole tensor": naive_logsumexp(
                    x - x.max(), dim
                )
                + x.max(),
                "nan: inf minus inf, or 0 times inf": torch.full_like(x.sum(dim), torch.nan),
            },
            **(EXACT if x.dtype == torch.float64 else {"rtol": 1e-6}),
        )


def reductions(seed: int) -> Iterator[tuple[torch.Tensor, int]]:
    """Tensors of ordinary numbers and a dim to reduce: no two sizes alike first, then the odd ones."""
    a, b, c = distinct_sizes(seed, 3)
    yield normal(seed, a, b), 1
    yield normal(seed, a, b), 0
    yield normal(seed, a, b, c, dtype=torch.float64), 1
    yield normal(seed, a, b, c), -1
    yield normal(seed, a, b, c, dtype=torch.float64), 0
    yield normal(seed, a, b, c), -2
    yield normal(seed, a, a), 1  # square: a lost dimension broadcasts along the wrong one
    yield normal(seed, a, a, dtype=torch.float64), 0
    yield normal(seed, b, dtype=torch.float64), 0
    yield normal(seed, 1, b), -1
    yield normal(seed, a, 1), 1
    yield normal(seed, c, 1, b), 2
    yield normal(seed, b, a).T, 1


def extremes(seed: int) -> Iterator[tuple[torch.Tensor, int]]:
    """Numbers whose exp leaves the range of a float: large, small, rows far apart, and -inf."""
    a, b = distinct_sizes(seed, 2)
    x = normal(seed + 1, a, b)
    level = torch.linspace(-1e4, 1e4, a)[:, None]
    yield x + 1e4, 1
    yield x - 1e4, 1
    yield x + level, 1
    yield (x.double() + level).T, 0
    yield (x.double() + level), 0
    yield 1e4 * x, -1
    yield torch.tensor([[0.0, 1e4], [-1e4, 0.0], [1e4, 1e4]]), 1
    masked = x.double().clone()
    masked[:, 0] = -torch.inf  # as a mask does: probability zero
    yield masked, 1


def logsumexp_by_pairs(x: torch.Tensor, dim: int) -> torch.Tensor:
    total = np.logaddexp.reduce(x.double().numpy(), axis=dim)
    return torch.from_numpy(np.asarray(total)).to(x.dtype)


def naive_logsumexp(x: torch.Tensor, dim: int) -> torch.Tensor:
    return x.exp().sum(dim).log()


@check
def softmax(learner: Any, seed: int) -> None:
    """Positive numbers that sum to one along `dim`. Oracle: exp(x - numpy's logaddexp) in float64."""
    for x, dim in reductions(seed):
        want = softmax_by_pairs(x, dim)
        exps = x.exp()
        shifted = (x - x.amax(dim, keepdim=True)).exp()
        expect(learner, x, dim).close(
            want,
            mistakes={
                "a sum, maximum or logsumexp has lost its dimension: keep it with keepdim=True, or "
                "put it back with unsqueeze(dim)": RuntimeError,
                "normalise along the dim that is asked for": softmax_by_pairs(x, -1),
                "normalise along dim, not over the whole tensor": softmax_by_pairs(x.flatten(), 0).view(
                    x.shape
                ),
                "it sums to one along another dimension": softmax_by_pairs(x, (dim + 1) % x.dim()),
                "divide by the sum: these are the bare exponentials": exps,
                "divide by the sum: these are the exponentials after the shift": shifted,
                "the maximum goes along dim, but the sum along the last dimension": shifted
                / shifted.sum(-1, keepdim=True),
                "exp makes them positive: you divided x by its sum": x / x.sum(dim, keepdim=True),
                "those are log-probabilities: take exp": want.log(),
            },
            **(EXACT if x.dtype == torch.float64 else {}),
        )
    for x, dim in extremes(seed):
        overflow = x.exp() / x.exp().sum(dim, keepdim=True)
        shifted = (x - x.max()).exp()
        expect(learner, x, dim).close(
            softmax_by_pairs(x, dim),
            mistakes={
                "exp left the range of a float (inf / inf or 0 / 0): subtract the maximum first": overflow,
                "each slice along dim needs its own maximum, not one for the whole tensor": shifted
                / shifted.sum(dim, keepdim=True),
                "near 1e4 float32 numbers are 0.001 apart, too coarse for exp: subtract the maximum before "
                "logsumexp": (x - logsumexp_by_pairs(x, dim).unsqueeze(dim)).exp(),
            },
            **(EXACT if x.dtype == torch.float64 else {"rtol": 1e-4}),
        )


def softmax_by_pairs(x: torch.Tensor, dim: int) -> torch.Tensor:
    x64 = x.double()
    return (x64 - logsumexp_by_pairs(x64, dim).unsqueeze(dim)).exp().to(x.dtype)


@check
def cross_entropy(learner: Any, seed: int) -> None:
    """The mean of -log softmax at the targets. Oracle: torch.nn.functional.cross_entropy."""
    n, time, vocab_size = distinct_sizes(seed, 3)
    for shape, classes, dtype in [
        ((n,), n + vocab_size, torch.float32),
        ((n, time), n + time, torch.float64),
        ((1,), vocab_size, torch.float32),
        ((2, n, time), vocab_size, torch.float32),
        ((vocab_size,), vocab_size, torch.float64),
        ((n, 1), 27, torch.float32),
        ((), vocab_size, torch.float64),
    ]:
        logits = 2 * normal(seed, *shape, classes, dtype=dtype)
        targets = integers(seed + 1, classes, *shape)
        flat, flat_targets = logits.reshape(-1, classes), targets.reshape(-1)
        want = functional.cross_entropy(flat, flat_targets)
        each = functional.cross_entropy(flat, flat_targets, reduction="none").view(shape)
        chosen = pick_by_loop(logits, targets)
        expect(learner, logits, targets).close(
            want,
            mistakes={
                "the mean over all positions, not the sum": each.sum(),
                "one number: take the mean over all positions": each,
                "a loss is positive: minus the log-probability": -want,
                "normalise first: subtract each position's logsumexp from its logits": -chosen.mean(),
                "the log-probability, not the probability": -softmax_at(logits, targets).mean(),
                "the mean of the logs, not the log of the mean": -softmax_at(logits, targets).mean().log(),
                "normalise over vocab_size, the last dimension": normalised_over_first(logits, targets),
                "pair position i with target i: yours takes all targets at every position": (
                    -flat.log_softmax(-1)[:, flat_targets].mean()
                ),
                "natural log: yours is in bits": want / np.log(2),
                "softmax once: logits are normalised inside the loss": functional.cross_entropy(
                    flat.softmax(-1), flat_targets
                ),
                "the mean over all positions: yours averages over the batch only": each.sum()
                / (shape[0] if shape else 1),
                "divide by the number of positions, not by len(targets)": (
                    flat.logsumexp(-1).mean() - chosen.sum() / (shape[0] if shape else 1)
                ),
                **(
                    {
                        "one number: yours averages over the last dimension of positions only": each.mean(-1),
                        "the classes are the last dimension, -1: 1 is that only in a matrix": RuntimeError,
                    }
                    if len(shape) > 1
                    else {}
                ),
            },
            **(EXACT if dtype == torch.float64 else {}),
        )
        if len(shape) == 1:
            sure_and_wrong(learner, seed + 2, (*shape, classes))
    turned = normal(seed + 3, n, vocab_size, time).transpose(1, 2)  # (n, time, vocab_size), not contiguous
    targets = integers(seed + 4, vocab_size, n, time)
    expect(learner, turned, targets).close(
        functional.cross_entropy(turned.reshape(-1, vocab_size), targets.reshape(-1)),
        mistakes={"logits may be non-contiguous: reshape copies where view refuses": RuntimeError},
    )
    flat = torch.zeros(time, 27)
    expect(learner, flat, integers(seed, 27, time)).close(torch.tensor(27.0).log())


def sure_and_wrong(learner: Any, seed: int, shape: Shape) -> None:
    """Logits that lie thousands apart, the lowest at the target: first all at most 0, then on both sides."""
    wild = 1e4 * normal(seed, *shape, dtype=torch.float64)
    targets = wild.argmin(-1)
    low = wild - wild.amax(-1, keepdim=True)
    probs = low.softmax(-1)
    expect(learner, low, targets).close(
        functional.cross_entropy(low, targets),
        mistakes={
            "log(0): softmax rounded a probability to zero; stay in logs, with logsumexp": torch.full_like(
                low.sum(), torch.inf
            ),
            **{
                f"an epsilon of {epsilon} inside the log hides how wrong the model is: stay in logs": -(
                    (probs + epsilon).log().gather(-1, targets[:, None]).mean()
                )
                for epsilon in (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5)
            },
        },
        **EXACT,
    )
    expect(learner, wild, targets).close(
        functional.cross_entropy(wild, targets),
        mistakes={
            f"exp overflowed, which ends in {end}: use your logsumexp": torch.full_like(wild.sum(), end)
            for end in (torch.inf, torch.nan)
        },
        **EXACT,
    )


def softmax_at(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The probability of each target."""
    return pick_by_loop(logits.softmax(-1), targets)


def normalised_over_first(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return -pick_by_loop(logits.log_softmax(0), targets).mean()
