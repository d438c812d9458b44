"""Checks of 07_gpt/03_sampling, on top-p and min-p. Oracles: sums over sorted lists, row by row.

Thresholds keep away from the probabilities by far more than rounding, except where equality is the question.
"""

from __future__ import annotations

import math
import random
from typing import Any

import torch

from fasttrack.check import check, expect, require
from fasttrack.check.inputs import distinct_sizes, integers
from fasttrack.check.sampling.oracle import apart, kept, other_fills, probs, tables
from fasttrack.check.values import describe

MARGIN = 1e-3


def rows_of(logits: torch.Tensor) -> list[list[float]]:
    """The probabilities of each row, by plain arithmetic."""
    return [probs(row) for row in logits.reshape(-1, logits.shape[-1]).double().tolist()]


def sums(row: list[float]) -> list[float]:
    """The running sums of a row's probabilities, largest first."""
    largest = sorted(row, reverse=True)
    return [math.fsum(largest[: i + 1]) for i in range(len(row))]


def share(draw: random.Random, rows: list[list[float]], low: float, high: float) -> float:
    """A share that no running sum of any row is near."""
    for _ in range(1000):
        p = draw.uniform(low, high)
        if all(abs(total - p) > MARGIN for row in rows for total in sums(row)):
            return p
    raise RuntimeError("no share is far from every sum: a bug in the check")


def nucleus(row: list[float], p: float, more: int = 0) -> list[bool]:
    """Which tokens of a row stay: the most probable until they have p together, and `more` of the next."""
    order = sorted(range(len(row)), key=lambda i: -row[i])
    count = next((i + 1 for i, total in enumerate(sums(row)) if total >= p), len(row))
    return [i in order[: max(count + more, 0)] for i in range(len(row))]


@check
def top_p(learner: Any, seed: int) -> None:
    """The fewest tokens that have p together. Oracle: running sums of each sorted row."""
    a, b, c = distinct_sizes(seed, 3)
    draw = random.Random(seed)
    for n, (shape, dtype, scale) in enumerate(
        (
            ((a, b + 4), torch.float64, 1.5),
            ((c + 3,), torch.float64, 1.0),
            ((2, c, 9), torch.float64, 2.0),
            ((1, a + 2), torch.float32, 0.5),
            ((b, a + 3), torch.float32, 3.0),
        )
    ):
        logits = tables(seed + n, *shape, scale=scale, dtype=dtype)
        if n == 2:
            logits[:, :, 3] = -math.inf  # cut before
        rows = rows_of(logits)
        for low, high in ((0.6, 0.95), (0.3, 0.6), (1e-4, 0.01)):
            p = share(draw, rows, low, high)
            expect(learner, logits, p).equals(
                nuclei(logits, rows, p), mistakes=top_p_mistakes(logits, rows, p)
            )
        if n != 2:
            everything = {
                "p = 1 cuts nothing": nuclei(logits, rows, 1.0, -1),
                **other_fills(logits, torch.ones(shape, dtype=torch.bool)),
            }
            expect(learner, logits, 1.0).equals(logits, mistakes=apart(everything, logits))
    equals(learner)
    long_tail(learner, seed)
    for p in (0.0, -0.1, 1.5):
        expect(learner, logits, p).raises(
            ValueError, mistakes={"raise ValueError: an assert vanishes under python -O": AssertionError}
        )


def nuclei(logits: torch.Tensor, rows: list[list[float]], p: float, more: int = 0) -> torch.Tensor:
    mask = torch.tensor([nucleus(row, p, more) for row in rows]).reshape(logits.shape)
    return kept(logits, mask)


def top_p_mistakes(logits: torch.Tensor, rows: list[list[float]], p: float) -> dict[str, torch.Tensor]:
    size = logits.shape[-1]
    masks = torch.tensor([nucleus(row, p) for row in rows]).reshape(logits.shape)
    ranked = logits.sort(dim=-1, descending=True, stable=True)
    count = masks.sum(-1, keepdim=True)  # (..., 1)
    by_rank = torch.arange(size) < count
    table = logits.softmax(-1)
    unsorted = (table.cumsum(-1) - table) < p
    tail = torch.tensor([nucleus([-one for one in row], -p) for row in rows]).reshape(logits.shape)
    least = [sorted(row) for row in rows]
    ascending = torch.tensor(
        [
            [math.fsum(ordered[: ordered.index(one)]) < p for one in row]
            for row, ordered in zip(rows, least, strict=True)
        ]
    ).reshape(logits.shape)
    wrong = {
        "the token that reaches p stays, too: without it the kept ones have less than p": nuclei(
            logits, rows, p, -1
        ),
        "one too many stays: those before it have p already": nuclei(logits, rows, p, 1),
        "the mask is in sorted order: put it back in the order of the tokens": kept(logits, by_rank),
        "the order of the tokens is kept: put them back where they were": ranked.values.masked_fill(
            ~by_rank, -math.inf
        ),
        "sort first: sums in the order of the vocabulary say nothing": kept(logits, unsorted),
        "the most probable tokens stay: you sort upwards": kept(logits, ascending),
        "p is a share of all probability, not a least probability of each token": kept(logits, table >= p),
        "p cuts nothing in yours": logits,
        "the least probable token is cut, whatever p": kept(logits, tail),
    } | other_fills(logits, masks)
    return apart(wrong, kept(logits, masks))


def long_tail(learner: Any, seed: int) -> None:
    """p = 1 cuts nothing, even where a running sum in float32 is 1 long before the last token."""
    order = torch.randperm(200, generator=torch.Generator().manual_seed(seed))
    logits = torch.linspace(0, -60, 200)[order][None]
    answer = expect(learner, logits, 1.0)
    got = answer.value
    rounded = (
        isinstance(got, torch.Tensor)
        and got.shape == logits.shape
        and torch.equal(torch.where(got == -math.inf, logits, got), logits)
    )
    told = "p = 1 cuts nothing: in float32 a sum is 1 before the end of a long tail, so treat p = 1 by itself"
    answer.equals(logits, mistakes={told: got} if rounded else {})


def equals(learner: Any) -> None:
    """Of equally probable tokens as many stay as it takes, whichever."""
    for size, p, count in ((8, 0.55, 5), (5, 0.5, 3), (4, 0.3, 2), (4, 0.5, 2), (2, 0.5, 1)):
        logits = torch.zeros(1, size, dtype=torch.float64)
        got = expect(learner, logits, p).value
        fine = isinstance(got, torch.Tensor) and got.shape == logits.shape and got.dtype == logits.dtype
        stay = int((got == 0).sum()) if fine else -1
        require(
            fine and stay == count and int((got == -math.inf).sum()) == size - count,
            ("called", f"top_p({size} equal logits, {p})"),
            ("expected", f"{count} of them stay, the fewest that have {p} together"),
            ("got", f"{stay} stay" if fine else describe(got)),
            *(
                [("mistake", "all equals of the last one stay: here only as many as it takes")]
                if stay == size
                else []
            ),
        )


@check
def min_p(learner: Any, seed: int) -> None:
    """The tokens at least p times as probable as the most probable. Oracle: each row's quotients."""
    a, b, c = distinct_sizes(seed, 3)
    draw = random.Random(seed)
    for n, (shape, dtype, scale) in enumerate(
        (
            ((a, b + 4), torch.float64, 1.5),
            ((c + 3,), torch.float64, 1.0),
            ((2, c, 9), torch.float64, 3.0),
            ((1, a + 2), torch.float32, 0.5),
            ((b, 12), torch.float32, 2.0),
        )
    ):
        logits = tables(seed + n, *shape, scale=scale, dtype=dtype)
        if n == 2:
            logits[:, :, 3] = -math.inf  # cut before
        rows = rows_of(logits)
        quotients = torch.tensor([[one / max(row) for one in row] for row in rows]).reshape(shape)
        for low, high in ((0.2, 0.5), (0.02, 0.2), (0.5, 0.9)):
            p = draw.uniform(low, high)
            while bool(((quotients / p).log().abs() < MARGIN).any()):
                p = draw.uniform(low, high)
            least(learner, logits, quotients >= p, p)
        least(learner, logits, quotients == 1.0, 1.0)
        if n != 2:
            least(learner, logits, torch.ones(shape, dtype=torch.bool), 0.0)
    tied = integers(seed, 2, a, 8).double()
    least(learner, tied, tied == tied.amax(-1, keepdim=True), 1.0)
    for p in (-0.1, 1.01):
        expect(learner, tied, p).raises(
            ValueError, mistakes={"raise ValueError: an assert vanishes under python -O": AssertionError}
        )


def least(learner: Any, logits: torch.Tensor, mask: torch.Tensor, p: float) -> None:
    table = logits.softmax(-1)
    log = math.log(p) if p else -math.inf
    wrong = {
        "p is a share of the largest probability, not a probability itself": kept(logits, table >= p),
        "p times the largest probability, not p times the largest logit": kept(
            logits, logits >= p * logits.amax(-1, keepdim=True)
        ),
        "each row has its own largest probability: yours is that of all rows": kept(
            logits, table >= p * table.max()
        ),
        "the logarithm of p is added to the largest logit, not subtracted": kept(
            logits, logits >= logits.amax(-1, keepdim=True) - log
        ),
        "the largest probability, not the sum of them": kept(logits, table > 1 - p),
        "the largest itself, and its equals, stay: cut what is smaller": kept(
            logits, table > p * table.amax(-1, keepdim=True)
        ),
        "p cuts nothing in yours": logits,
    } | other_fills(logits, mask)
    right = kept(logits, mask)
    expect(learner, logits, p).equals(
        right,
        mistakes={
            **apart(wrong, right),
            "p may be 0, which cuts nothing, and math.log(0) is an error": ValueError("math domain"),
            "p may be 0, which cuts nothing: math.log(0) is an error": ValueError("expected a positive"),
        },
    )
