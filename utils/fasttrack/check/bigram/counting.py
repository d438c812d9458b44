"""Checks of 04_makemore/01_bigram, on counts: from pairs to counts, to probabilities, to a loss.

Oracles: loops over pairs, NumPy in float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import EXACT, distinct_sizes, integers, normal

FLOAT32 = {"rtol": 2e-6, "atol": 1e-9}


@check
def count_bigrams(learner: Any, seed: int) -> None:
    """How often each pair occurs. Oracle: a loop that adds one."""
    a, b = distinct_sizes(seed, 2)
    for case, (vocab_size, n) in enumerate(((a, 40), (b, 7), (27, 500), (a + b, 1), (3, 0), (4, 3))):
        top = vocab_size - (case == 5)  # the last id never occurs
        x, y = integers(seed + case, top, n), integers(seed + case + 20, top, n)
        counts = np.zeros((vocab_size, vocab_size), dtype=np.int64)
        for i, j in zip(x.tolist(), y.tolist(), strict=True):
            counts[i, j] += 1
        want = torch.from_numpy(counts)
        expect(learner, x, y, vocab_size).equals(
            want,
            mistakes={
                "counts[x, y] += 1 adds one to a place once, however often it is listed": want.clamp(max=1),
                "x is the row, y the column: yours is turned": want.T,
                "counts are whole numbers, int64": want.float(),
                "counts are whole numbers, int64, not int32": want.int(),
                "counts are whole numbers, int64, not float64": want.double(),
                "counts, not shares": want / max(n, 1),
                "each pair counts once, in one direction": want + want.T,
                "shape (vocab_size, vocab_size), not flat": want.reshape(-1),
                "every id has a row and a column, also one that never occurs": want[:top, :top],
                "a tensor, not a list of lists": want.tolist(),
                "a tensor of shape (vocab_size, vocab_size), not an array": counts,
            },
        )


@check
def bigram_probs(learner: Any, seed: int) -> None:
    """(counts + smoothing) by rows. Oracle: NumPy in float64, row by row."""
    a, b = distinct_sizes(seed, 2)
    for case, (size, smoothing) in enumerate(
        ((a, 0.0), (b, 1.0), (a, 0.25), (27, 3), (b, 1e-3), (1, 0.0), (a, 1e4), (2, 0.5))
    ):
        counts = integers(seed + case, 9, size, size) + 1
        if smoothing:
            counts[:, 0] = 0
            counts[-1] = 0  # a character nothing is known about
        elif size > 1:
            counts[0, 1] = 0
        if case == 3:
            counts = counts * 100_000
        given = () if case == 0 else (smoothing,)
        expect(learner, counts, *given).close(
            rows(counts, smoothing), mistakes=wrong_probs(counts, smoothing), **FLOAT32
        )


def rows(counts: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Each row over its sum; nan where that is 0 / 0, as int(smoothing) among the mistakes may make it."""
    table = counts.numpy().astype(np.float64) + smoothing
    with np.errstate(invalid="ignore"):
        for row in table:
            row /= row.sum()
    return torch.from_numpy(table).float()


def wrong_probs(counts: torch.Tensor, smoothing: float) -> dict[str, Any]:
    c = counts.double()
    s = c + smoothing
    size = len(c)
    mistakes: dict[str, Any] = {
        "the sums lost their dimension: (vocab_size,) lines up with the columns, so column j was divided by the "
        "sum of row j; keepdim=True": (s / s.sum(1)).float(),
        "the columns sum to one: sum over dim 1, along each row": (s / s.sum(0)).float(),
        "the columns sum to one: the table is divided by column sums": (s / s.sum(0, keepdim=True)).float(),
        "each row sums to one, not the whole table": (s / s.sum()).float(),
        "float32: torch divides an int64 tensor by itself that way": rows(counts, smoothing).double(),
        "probabilities, not their logarithms": rows(counts, smoothing).log(),
        "counts are integers: += and /= in place cannot turn them into fractions": RuntimeError,
        "rows are divided by their sum: softmax would take exp of the counts": s.softmax(1).float(),
    }
    if smoothing:
        plain = c / c.sum(1, keepdim=True)
        mixed = plain + smoothing
        mistakes |= {
            "smoothing is an argument: yours adds nothing, and a row without counts becomes 0 / 0": plain.float(),
            "smoothing is an argument: yours adds nothing": plain.nan_to_num(0).float(),
            "the row sums must include what smoothing added: these rows sum to more than one": (
                s / c.sum(1, keepdim=True)
            ).float(),
            "every one of the vocab_size cells got `smoothing`: the row sum grows by vocab_size times that": (
                s / (c.sum(1, keepdim=True) + smoothing)
            ).float(),
            "smoothing is added to the counts, not to the probabilities": (
                mixed / mixed.sum(1, keepdim=True)
            ).float(),
            "smoothing is added to every count, not only to zeros": normalised(
                torch.where(c == 0, smoothing, c)
            ),
            "smoothing goes into the counts above the line as well as into the sum": (
                c / (c.sum(1, keepdim=True) + size * smoothing)
            ).float(),
        }
        if smoothing != 1:
            mistakes["smoothing is an argument: yours adds one"] = rows(counts, 1)
        if not float(smoothing).is_integer():
            mistakes["smoothing may be a fraction: yours is cut to a whole number"] = rows(
                counts, int(smoothing)
            )
    else:
        mistakes["without smoothing nothing is added to the counts"] = rows(counts, 1)
    return mistakes


def normalised(table: torch.Tensor) -> torch.Tensor:
    return (table / table.sum(1, keepdim=True)).float()


@check
def negative_log_likelihood(learner: Any, seed: int) -> None:
    """The mean of -ln probs[x, y]. Oracle: a loop, in NumPy."""
    impossible(learner)
    a, b = distinct_sizes(seed, 2)
    for case, (size, n, dtype) in enumerate(
        ((a, b + 8, torch.float64), (b, 3, torch.float32), (27, 60, torch.float64), (a, a, torch.float64),
         (b, 1, torch.float64), (a, 50, torch.float32))
    ):  # fmt: skip
        probs = (2 * normal(seed + case, size, size, dtype=torch.float64)).softmax(1)
        probs = probs.to(dtype)
        x, y = integers(seed + case, size, n), integers(seed + case + 10, size, n)
        expect(learner, probs, x, y).close(
            surprise(probs, x, y).to(dtype),
            mistakes=wrong_losses(probs, x, y),
            **(EXACT if dtype == torch.float64 else {}),
        )


def impossible(learner: Any) -> None:
    """A pair of probability 0 makes the loss infinite; without it the same table has a finite one."""
    probs = torch.tensor([[0.25, 0.75, 0.0], [0.5, 0.25, 0.25], [0.0, 0.0, 1.0]], dtype=torch.float64)
    x, y = torch.tensor([0, 1, 0, 2]), torch.tensor([1, 0, 2, 2])
    likely = probs[x, y]
    positive = likely[likely > 0].log()
    infinite = torch.tensor(torch.inf, dtype=torch.float64)
    mistakes: dict[str, Any] = {
        "a pair of probability 0 costs infinitely much: leaving it out flatters the model": -positive.mean(),
        "a pair of probability 0 costs infinitely much: yours counts it as free": -positive.sum() / 4,
        "0 times inf is nan: pick the probabilities first, then take logs": infinite * 0,
    }
    for epsilon in (torch.finfo(torch.float32).eps, *(10.0**-k for k in range(2, 46))):
        words = (
            f"something was added inside the logarithm, or {epsilon:g} put under it: the answer here is inf"
        )
        mistakes[words] = -(likely + epsilon).log().mean()
        mistakes[f"a floor of {epsilon:g} inside the logarithm: the answer here is inf"] = (
            -likely.clamp(min=epsilon).log().mean()
        )
    mistakes |= wrong_losses(probs, x, y)
    expect(learner, probs, x, y).close(infinite, mistakes=mistakes, **EXACT)
    expect(learner, probs, x[:2], y[:2]).close(
        surprise(probs, x[:2], y[:2]), mistakes=wrong_losses(probs, x[:2], y[:2]), **EXACT
    )


def surprise(probs: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    table = probs.double().numpy()
    with np.errstate(divide="ignore"):  # -ln 0 is inf, which is meant
        total = sum(-np.log(table[i, j]) for i, j in zip(x.tolist(), y.tolist(), strict=True))
    return torch.tensor(total / len(x), dtype=torch.float64)


def wrong_losses(probs: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> dict[str, Any]:
    want = surprise(probs, x, y).to(probs.dtype)
    each = probs[x, y]
    return {
        "the mean over all pairs, not the sum": want * len(x),
        "a loss is positive: minus the logarithm": -want,
        "the mean, not one number for each pair": -each.log(),
        "the mean of the logarithms, not the logarithm of the mean": -each.mean().log(),
        "the logarithm of the probability, not the probability": -each.mean(),
        "x is the row, y the column": -probs[y, x].log().mean(),
        "pair x[i] with y[i]: yours takes every y after every x": -probs[x][:, y].log().mean(),
        "natural logarithm: yours is in bits": want / np.log(2),
        "natural logarithm: yours is to base 10": want / np.log(10),
        "probs are normalised already: softmax would flatten them": -(probs.softmax(1)[x, y].log().mean()),
        "the mean over pairs, not over the cells of the table": want * len(x) / probs.numel(),
        "a tensor of shape (), not a float": float(want),
    }
