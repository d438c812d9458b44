"""Checks of 09_finetuning/03_instruction, on what counts in the loss. Oracles: loops over places, and NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, require
from fasttrack.check.fixtures import beside, gradient
from fasttrack.check.inputs import distinct_sizes, integers, normal
from fasttrack.check.instruction.packing import numbered, unlike
from fasttrack.check.values import describe


@check
def sft_loss(learner: Any, seed: int) -> None:
    """A weighted mean over predictions. Oracle: in NumPy, one prediction after the other."""
    a, b, c = distinct_sizes(seed, 3)
    for k, (batch, time, vocab_size, scale) in enumerate(
        ((a, b, c + 2, 1.0), (1, 2, 3, 1.0), (b, c, a, 3.0), (2, a + 1, 5, 300.0))
    ):
        logits = normal(seed + k, batch, time, vocab_size, dtype=torch.float64) * scale
        ids = integers(seed + 10 + k, vocab_size, batch, time)
        weights = integers(seed + 20 + k, 3, batch, time - 1).float() / 2  # 0, 0.5 or 1
        weights[0, 0] = 1.0
        weights[-1, -1] = 0.5 if weights.numel() > 1 else 1.0
        want = weighted(logits, ids, weights)
        counted = (weights > 0).double()
        plain = float((losses(logits, ids) * counted.numpy()).sum() / counted.sum())
        mistakes = {
            "divide by the sum of the weights, not by the number of predictions": want
            * float(weights.sum())
            / weights.numel(),
            "divide by the sum of the weights, not by the number of those above 0": want
            * float(weights.sum() / counted.sum()),
            "a mean, not a sum: divide by the sum of the weights": want * float(weights.sum()),
            "a weight counts by its size, not only whether it is above 0": plain,
            "every prediction counts the same in yours: use the weights": float(losses(logits, ids).mean()),
            "position t predicts token t + 1: shift before you weigh": weighted(
                logits, ids, weights, shift=0
            ),
            "a mean of rows is another mean: longer answers count for more": row_means(logits, ids, weights),
            "minus the log of the probability: the sign": -want,
        }
        expect(learner, logits, ids, weights).close(
            torch.tensor(want, dtype=torch.float64),
            mistakes={
                words: torch.tensor(wrong, dtype=torch.float64)
                for words, wrong in mistakes.items()
                if abs(wrong - want) > 1e-6
            },
            rtol=1e-6,  # weights are float32
            atol=1e-7,
        )
    slopes(learner, seed, (a, b, c))


def losses(logits: torch.Tensor, ids: torch.Tensor, shift: int = 1) -> np.ndarray:
    """The loss of each prediction, (batch, time - 1)."""
    batch, time = ids.shape
    found = np.zeros((batch, time - 1))
    for row in range(batch):
        for at in range(time - 1):
            scores = logits[row, at].double().numpy()
            top = scores.max()
            total = top + np.log(np.exp(scores - top).sum())
            found[row, at] = total - scores[int(ids[row, at + shift])]
    return found


def weighted(logits: torch.Tensor, ids: torch.Tensor, weights: torch.Tensor, shift: int = 1) -> float:
    return float((losses(logits, ids, shift) * weights.numpy()).sum() / float(weights.sum()))


def row_means(logits: torch.Tensor, ids: torch.Tensor, weights: torch.Tensor) -> float:
    sums = (losses(logits, ids) * weights.numpy()).sum(1)
    totals = weights.double().sum(1).numpy()
    kept = totals > 0
    return float((sums[kept] / totals[kept]).mean())


def slopes(learner: Any, seed: int, sizes: tuple[int, ...]) -> None:
    """Its gradient: probabilities minus the truth, weighted."""
    batch, time, vocab_size = sizes
    logits = normal(seed + 5, batch, time, vocab_size, dtype=torch.float64)
    ids = integers(seed + 6, vocab_size, batch, time)
    weights = integers(seed + 7, 2, batch, time - 1).double()
    weights[0, 0] = 1.0
    want = torch.zeros_like(logits)
    truth = torch.nn.functional.one_hot(ids[:, 1:], vocab_size)
    want[:, :-1] = (logits.softmax(-1)[:, :-1] - truth) * weights[..., None] / weights.sum()
    got = beside(learner, gradient, logits.clone(), ids, weights)
    right = isinstance(got, torch.Tensor) and got.shape == want.shape and torch.allclose(got, want, atol=1e-9)
    require(
        bool(right),
        ("looked at", "the gradient of the loss with respect to the logits"),
        ("expected", describe(want)),
        ("got", describe(got)),
        (
            "mistake",
            "the loss must be differentiable, and a prediction with weight 0 must leave no trace in the gradient",
        ),
    )


@check
def loss_weights(learner: Any, seed: int) -> None:
    """What each prediction counts. Oracle: the conditions, one prediction after the other."""
    for k, documents in enumerate(numbered(seed)):
        if documents.shape[1] < 2:
            continue
        said = integers(seed + k, 2, *documents.shape).bool() & (documents > 0)
        for prompt in (None, 0.0, 0.25, 1.0):
            more = () if prompt is None else (prompt,)
            share = prompt or 0.0
            want = weighed(said, documents, share)
            mistakes = {
                "the prediction at t is of token t + 1: it is that token's owner who counts": weighed(
                    said, documents, share, whose=0
                ),
                "the first token of a document is predicted from another document: weight 0": weighed(
                    said, documents, share, across=True
                ),
                "padding counts nothing: document 0": weighed(said, documents, share, padding=True),
                "what the assistant says counts 1, all else `prompt`": weighed(~said, documents, share),
                "what is not the assistant's counts `prompt`, 0 unless it is given": weighed(
                    said, documents, 1.0
                ),
                "`prompt` is what the rest counts: yours leaves it out": weighed(said, documents, 0.0),
                "weights are floats": want.bool() if share in (0.0, 1.0) else want.long(),
                "a row of T tokens has T - 1 predictions: the last position predicts nothing": torch.cat(
                    [want, want[:, :1] * 0], 1
                ),
            }
            expect(learner, said, documents, *more).close(want, mistakes=unlike(want, mistakes))


def weighed(
    said: torch.Tensor,
    documents: torch.Tensor,
    prompt: float,
    whose: int = 1,
    across: bool = False,
    padding: bool = False,
) -> torch.Tensor:
    """The weights, or what a known slip makes of them."""
    table = []
    for mine, row in zip(said.tolist(), documents.tolist(), strict=True):
        line = []
        for at in range(len(row) - 1):
            here, there = row[at], row[at + 1]
            counts = (across or here == there) and (padding or there > 0)
            line.append((1.0 if mine[at + whose] else prompt) if counts else 0.0)
        table.append(line)
    return torch.tensor(table)
