"""Checks of 07_gpt/03_sampling, on texts as they are: their perplexity and variety. Oracles: loops."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import torch

from fasttrack.check import check, expect
from fasttrack.check.fixtures import sampling as fixtures
from fasttrack.check.inputs import distinct_sizes, integers
from fasttrack.check.sampling.oracle import log_probs, next_logits, tables
from fasttrack.check.training.ask import ask


def costs(table: torch.Tensor, ids: list[int], shift: int = 1) -> list[float]:
    """The log-probability of each token after the first. With a `shift` of 0, of the one last seen instead."""
    steps = range(len(ids) - shift)
    return [log_probs(next_logits(table, ids[: t + 1]))[ids[t + shift]] for t in steps]


def told(mistakes: dict[str, float], right: float) -> dict[str, float]:
    """Without those that are the right value by chance."""
    return {
        words: wrong
        for words, wrong in mistakes.items()
        if not math.isclose(wrong, right, rel_tol=1e-6, abs_tol=1e-9)
    }


@check
def perplexity(learner: Any, seed: int) -> None:
    """exp of the mean nats over all predicted tokens. Oracle: a loop over texts and positions."""
    a, b, c = distinct_sizes(seed, 3)
    for n, (lengths, size) in enumerate((((a, b + 6, 2, c), 5), ((b,), 3), ((2, 9, 9), 4), ((c, 1, a), 6))):
        table = tables(seed + n, 7, size)
        texts = [integers(seed + 20 * n + i, size, length).tolist() for i, length in enumerate(lengths)]
        found = [costs(table, text) for text in texts]
        total, count = math.fsum(sum(row) for row in found), sum(map(len, found))
        right = math.exp(-total / count)
        unshifted = math.fsum(sum(costs(table, text, 0)[:-1]) for text in texts)
        raw = math.fsum(
            next_logits(table, text[: t + 1])[text[t + 1]] for text in texts for t in range(len(text) - 1)
        )
        means = [-math.fsum(row) / len(row) for row in found if row]
        mistakes = {
            "every token counts the same: yours is the mean over texts of their means": math.exp(
                sum(means) / len(means)
            ),
            "every token counts the same: yours is the mean over texts of their perplexities": math.fsum(
                map(math.exp, means)
            )
            / len(means),
            "the first token of each text is given: it is no prediction, divide by the others": math.exp(
                -total / (count + len(texts))
            ),
            "divide by the number of tokens, not of texts": math.exp(min(-total / len(texts), 700)),
            "the sign is turned: a perplexity is at least 1": 1 / right,
            "the exponential is missing: these are nats per token": -total / count,
            "e to the nats, as the logarithm was the natural one: not 2": 2 ** (-total / count),
            "targets are not shifted: position t predicts token t + 1": math.exp(-unshifted / count),
            "log_softmax: these are raw logits": math.exp(-raw / count),
        }
        called = f"perplexity(model, texts), texts of {', '.join(map(str, lengths))} tokens"
        ask(learner, fixtures.of_model, table, texts, called=called).close(
            right,
            mistakes={
                **told(mistakes, right),
                "a float, not a tensor: item()": torch.tensor(right, dtype=torch.float64),
                "texts have different lengths: take them one by one": ValueError,
            },
            rtol=1e-9,
            atol=0.0,
        )


@check
def distinct_n(learner: Any, seed: int) -> None:
    """The share of different n-grams among all. Oracle: pairs and windows collected in a loop."""
    a, b, c = distinct_sizes(seed, 3)
    cases: tuple[list[list[int]], ...] = (
        [integers(seed + i, 4, length).tolist() for i, length in enumerate((a + 5, b + 3, 2, c + 4))],
        [integers(seed, 3, 30).tolist()],
        [[1, 2, 3, 4], [1, 2, 3, 4], [4, 3]],
        [[5], [5, 5]],
        [],
    )
    for texts in cases:
        for n in (2, 1, 3):
            grams = [tuple(text[i : i + n]) for text in texts for i in range(len(text) - n + 1)]
            right = len(set(grams)) / len(grams) if grams else 0.0
            joined = [token for text in texts for token in text]
            across = [tuple(joined[i : i + n]) for i in range(len(joined) - n + 1)]
            apiece = [[tuple(text[i : i + n]) for i in range(len(text) - n + 1)] for text in texts]
            shares = [len(set(row)) / len(row) for row in apiece if row]
            cut = [tuple(text[i : i + n]) for text in texts for i in range(0, len(text) - n + 1, n)]
            short = [tuple(text[i : i + n]) for text in texts for i in range(len(text) - n)]
            tails = [tuple(text[i : i + n]) for text in texts for i in range(len(text))]
            mistakes = {
                "an n-gram lies within one text: yours run on from one text to the next": share(across),
                "a set over all texts: n-grams that two texts share count once": sum(shares)
                / max(len(shares), 1),
                "windows overlap: each begins one token after the one before": share(cut),
                "the last n-gram of each text is missing": share(short),
                "every n-gram has n tokens: yours at the end of a text are shorter": share(tails),
                "divide by the number of n-grams, not of tokens": len(set(grams)) / max(len(joined), 1),
                "divide by the number of n-grams, not of texts": len(set(grams)) / max(len(texts), 1),
                "the share, not the number": float(len(set(grams))),
                "pairs whatever n: n tokens in each": share(
                    [pair for text in texts for pair in pairwise(text)]
                ),
                "the share of different ones, and yours is that of repeated ones": 1 - right,
            }
            expect(learner, texts, n).close(
                right,
                mistakes={
                    **told(mistakes, right),
                    "where there is no n-gram, the share is 0.0": ZeroDivisionError,
                    "a float: 0.0": 0,
                    "a float, not a tensor: item()": torch.tensor(right),
                },
            )


def share(grams: list[Any]) -> float:
    return len(set(grams)) / len(grams) if grams else 0.0
