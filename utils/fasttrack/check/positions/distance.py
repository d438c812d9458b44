"""Checks of 06_attention/03_positions, on distances: ALiBi, and the task of the measurement. Oracles: plain loops."""

from __future__ import annotations

import math
from typing import Any

import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import distinct_sizes, integers

IGNORED = -100  # what cross_entropy leaves out


def slopes(n_head: int, first: int = 1) -> list[float]:
    """A geometric sequence, its first term equal to its ratio."""
    return [2.0 ** (-8 * h / n_head) for h in range(first, first + n_head)]


@check
def alibi_slopes(learner: Any, seed: int) -> None:
    """2 to the power of -8h / n_head. Oracle: a loop over heads."""
    for n_head in (4, 8, 1, 2, 16, distinct_sizes(seed, 1)[0] + 8):
        want = torch.tensor(slopes(n_head))
        expect(learner, n_head).close(
            want,
            mistakes={
                "heads count from 1: the first slope is 2 ** (-8 / n_head), not 1": torch.tensor(
                    slopes(n_head, 0)
                ),
                "1/2, 1/4, 1/8 are the slopes of 8 heads: the exponent is -8h / n_head": torch.tensor(
                    [0.5**h for h in range(1, n_head + 1)]
                ),
                "slopes are positive: the minus sign of the penalty belongs to the bias": -want,
                "the exponent is negative: slopes are below 1": 1 / want,
                "the steepest head comes first": want.flip(0),
                "e in place of 2": torch.tensor([math.exp(-8 * h / n_head) for h in range(1, n_head + 1)]),
                "these are the exponents: 2 to the power of them": want.log2(),
                "return float32": want.double(),
                "return a tensor": want.tolist(),
                "2.0, not 2: an integer has no negative powers": RuntimeError,
            },
        )


@check
def alibi_bias(learner: Any, seed: int) -> None:
    """Minus slope times distance. Oracle: a loop over heads, queries and keys."""
    a, b = distinct_sizes(seed, 2)
    for n_head, time in ((2, 3), (4, a + 4), (8, 1), (1, b + 2), (a, a)):
        want = torch.tensor(
            [[[-slope * abs(i - j) for j in range(time)] for i in range(time)] for slope in slopes(n_head)]
        )
        at = torch.arange(time)
        steps = at[:, None] - at  # query minus key
        slope = torch.tensor(slopes(n_head))[:, None, None]
        expect(learner, n_head, time).close(
            want,
            mistakes={
                "the sign is turned: what is far away loses": -want,
                "a distance is not negative: keys after the query lose, too": -slope * steps,
                "a distance is not negative: keys before the query lose, too": slope * steps,
                "keys after the query get their distance, too: the mask is a matter of its own": (
                    want.masked_fill(steps < 0, -math.inf)
                ),
                "keys after the query get their distance, too: yours get 0": want * (steps >= 0),
                "the slopes are missing": (-steps.abs()).expand(n_head, -1, -1).float(),
                "the distance is not squared": want * steps.abs(),
                "the heads come first: (n_head, time, time)": want.permute(1, 2, 0),
                "a bias is added before softmax: no exponential here": want.exp(),
                "one slope for all heads": want[:1].expand(n_head, -1, -1),
                "return float32": want.double(),
            },
        )


@check
def targets_back(learner: Any, seed: int) -> None:
    """What stood k places before. Oracle: a loop over rows and places."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (batch, time, k) in enumerate(((a, 7, 2), (1, b + 2, 1), (b, 3, c + 2), (c, 5, 5), (2, 9, 8))):
        ids = 1 + integers(seed + case, 20, batch, time)
        rows = ids.tolist()
        want = [[row[t - k] if t >= k else IGNORED for t in range(time)] for row in rows]
        ahead = [[row[t + k] if t + k < time else IGNORED for t in range(time)] for row in rows]
        late = [[row[t - k - 1] if t > k else IGNORED for t in range(time)] for row in rows]
        early = [[row[t - k + 1] if t >= k - 1 else IGNORED for t in range(time)] for row in rows]
        expect(learner, ids, k).equals(
            torch.tensor(want),
            mistakes={
                "k places back, not ahead": torch.tensor(ahead),
                "one place too far back": torch.tensor(late),
                "one place too few back": torch.tensor(early),
                "the first k have no target: -100, not what comes round from the end": ids.roll(k, 1),
                "the first k have no target: -100, not 0": torch.tensor(want).clamp(min=0),
                "the first k have no target: -100, not their own id": torch.where(
                    torch.tensor(want) == IGNORED, ids, torch.tensor(want)
                ),
                "as many targets as ids: the first k are -100": ids[:, : max(time - k, 0)],
                "return int64, as ids": torch.tensor(want).float(),
                "that is along the batch: time is dim 1": torch.cat(
                    [torch.full_like(ids[:k], IGNORED), ids[: max(batch - k, 0)]]
                ),
            },
        )
