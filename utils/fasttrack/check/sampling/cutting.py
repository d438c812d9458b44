"""Checks of 07_gpt/03_sampling, on temperature and top-k. Oracles: sorted lists, row by row."""

from __future__ import annotations

import math
import random
from typing import Any

import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import distinct_sizes, integers
from fasttrack.check.sampling.oracle import apart, kept, other_fills, tables


@check
def temperature(learner: Any, seed: int) -> None:
    """Logits over t; 0 leaves the first of the largest. Oracle: division, and a search for the largest."""
    a, b, c = distinct_sizes(seed, 3)
    draw = random.Random(seed)
    for k, (shape, dtype) in enumerate(
        (
            ((a, b), torch.float64),
            ((c,), torch.float64),
            ((2, a, c + 3), torch.float64),
            ((1, b), torch.float32),
        )
    ):
        logits = tables(seed + k, *shape, dtype=dtype)
        if k == 2:
            logits[0, 0, 1] = -math.inf  # cut before
        for t in (draw.uniform(0.3, 0.8), draw.uniform(1.3, 3.0), 1, 1e-3):
            wrong = {
                "divide by t: a small t makes the distribution sharper": logits * t,
                "logits, not probabilities: the softmax comes later": (logits / t).softmax(-1),
                "logits, not log-probabilities: the softmax comes later": (logits / t).log_softmax(-1),
                "the probabilities are divided, and that changes nothing: divide the logits": logits.softmax(-1) / t,
                "t makes no difference": logits,
                "add nothing to t: it is never 0 where you divide": logits / (t + 1e-8),
                "logits are divided by t, not by its square": logits / t**2,
                "no softmax of the logits first: it is their quotient that counts": logits.softmax(-1).log() / t,
            }  # fmt: skip
            expect(learner, logits, t).close(logits / t, mistakes=apart(wrong, logits / t))
        greedy(learner, logits)
    for k, vocab_size in enumerate((b, 9)):  # equal logits
        greedy(learner, integers(seed + k, 2, a, vocab_size).double())
    for t in (-1.0, -0.01):
        expect(learner, logits, t).raises(
            ValueError, mistakes={"raise ValueError: an assert vanishes under python -O": AssertionError}
        )


def greedy(learner: Any, logits: torch.Tensor) -> None:
    """Temperature 0 keeps the first of the largest of each row."""
    flat = logits.reshape(-1, logits.shape[-1]).tolist()
    rows = [[i == row.index(max(row)) for i in range(len(row))] for row in flat]
    mask = torch.tensor(rows).reshape(logits.shape)
    ties = logits == logits.amax(-1, keepdim=True)
    chosen = mask.to(logits.dtype)
    wrong = {
        "of equally large logits the first alone stays": kept(logits, ties),
        "of equally large logits the first stays, not the last": kept(
            logits, mask if bool((mask == ties).all()) else last_of(ties)
        ),
        "what stays keeps its logit, and the rest is -inf: yours are ids": logits.argmax(-1),
        "what stays keeps its logit, and the rest is -inf: yours are probabilities": chosen,
        "what stays keeps its logit": chosen.log(),
        "the largest of each row, not of all": kept(logits, first_of_all(logits)),
        "t = 0 divides by zero: treat it by itself": logits / 0,
        "t = 0 changes nothing in yours": logits,
        "a small t in the place of 0 overflows, or leaves two equals": logits / 1e-8,
    } | other_fills(logits, mask)
    expect(learner, logits, 0).equals(
        kept(logits, mask),
        mistakes={
            **apart(wrong, kept(logits, mask)),
            "t = 0 divides by zero, an error: treat it by itself": ZeroDivisionError,
        },
    )


def last_of(ties: torch.Tensor) -> torch.Tensor:
    """Of each row's True elements the last alone."""
    later = ties.flip(-1).cumsum(-1).flip(-1)
    return ties & (later == 1)


def first_of_all(logits: torch.Tensor) -> torch.Tensor:
    mask = torch.zeros(logits.numel(), dtype=torch.bool)
    mask[int(logits.argmax())] = True
    return mask.reshape(logits.shape)


@check
def top_k(learner: Any, seed: int) -> None:
    """The k largest and their equals. Oracle: each row sorted."""
    a, b, c = distinct_sizes(seed, 3)
    for n, (shape, dtype, tied) in enumerate(
        (
            ((a, b + 3), torch.float64, False),
            ((c + 2,), torch.float64, False),
            ((a, b + 4), torch.float64, True),
            ((2, c, 11), torch.float32, False),
            ((1, a + 2), torch.float32, True),
        )
    ):
        logits = tables(seed + n, *shape, dtype=dtype)
        if tied:
            logits = integers(seed + n, 3, *shape).to(dtype) - 1
        if n == 3:
            logits[:, :, 2] = -math.inf  # cut before
        size = shape[-1]
        for k in (2, 1, size - 1, size, size + 5, 3):
            flat = logits.reshape(-1, size).tolist()
            least = [sorted(row, reverse=True)[min(k, size) - 1] for row in flat]
            mask = torch.tensor(
                [[one >= last for one in row] for row, last in zip(flat, least, strict=True)]
            ).reshape(shape)
            right = kept(logits, mask)
            expect(learner, logits, k).equals(right, mistakes=top_k_mistakes(logits, k, mask))
    for k in (0, -2):
        expect(learner, logits, k).raises(
            ValueError,
            mistakes={
                "raise ValueError: an assert vanishes under python -O": AssertionError,
                "say so yourself, before looking for the largest: a ValueError": RuntimeError,
                "say so yourself, before looking for the k-th: a ValueError": IndexError,
            },
        )


def top_k_mistakes(logits: torch.Tensor, k: int, mask: torch.Tensor) -> dict[str, Any]:
    """What goes wrong with k, beside the fill."""
    size = logits.shape[-1]
    some = min(k, size)
    values, places = logits.sort(dim=-1, descending=True, stable=True)
    exactly = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, places[..., :some], True)
    overall = logits.flatten().sort(descending=True).values[min(k, logits.numel()) - 1]
    wrong = {
        "tokens that equal the last one kept stay, too": kept(logits, exactly),
        "tokens that equal the last one kept stay, too, and topk takes k of them": torch.full_like(
            logits, -math.inf
        ).scatter(-1, (best := logits.topk(some)).indices, best.values),
        "the k-th itself stays: cut what is smaller, not what is equal": kept(
            logits, logits > values[..., some - 1, None]
        ),
        "the k largest stay, and yours are the smallest": kept(
            logits, logits <= values.flip(-1)[..., some - 1, None]
        ),
        "one too many stays: the k-th largest is at index k - 1": kept(
            logits, logits >= values[..., min(some, size - 1), None]
        ),
        "each row has its own k largest: yours are those of all rows together": kept(
            logits, logits >= overall
        ),
        "the order of the tokens is kept: put them back where they were": values.masked_fill(
            torch.arange(size) >= some, -math.inf
        ),
        "the tokens are the vocabulary, and a cut one is -inf: keep the shape": values[..., :some],
        "k cuts nothing in yours": logits,
    } | other_fills(logits, mask)
    named: dict[str, Any] = dict(apart(wrong, kept(logits, mask)))
    named["with k beyond the vocabulary nothing is cut: topk cannot take more than there are"] = (
        RuntimeError if k > size else LookupError("k beyond the vocabulary")
    )
    if k > size:
        named["with k beyond the vocabulary nothing is cut: there is no such index"] = IndexError
        named["with k beyond the vocabulary nothing is cut: no error"] = ValueError
    return named
