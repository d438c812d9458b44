"""Check of 11_rag/02_dense_retrieval, on InfoNCE. Oracle: a loop over questions, in plain Python."""

from __future__ import annotations

import math
from typing import Any

import torch

from fasttrack.check import check, expect, fixtures
from fasttrack.check.inputs import EXACT, integers, normal
from fasttrack.check.training.ask import Told, ask


def surprise(scores: list[float], right: int, counted: list[bool]) -> float:
    """-ln of the right one's share among those that count."""
    top = max(s for s, c in zip(scores, counted, strict=True) if c)
    total = sum(math.exp(s - top) for s, c in zip(scores, counted, strict=True) if c)
    return math.log(total) + top - scores[right]


def losses(
    q: torch.Tensor, p: torch.Tensor, groups: torch.Tensor, temperature: float, *, leave: bool = True
) -> list[float]:
    """The surprise of each question's own passage among the passages that count."""
    n, marks = len(q), groups.tolist()
    found = []
    for i in range(n):
        scores = [
            sum(x * y for x, y in zip(q[i].tolist(), row, strict=True)) / temperature for row in p.tolist()
        ]
        found.append(surprise(scores, i, [j == i or not leave or marks[j] != marks[i] for j in range(n)]))
    return found


def mean(found: list[float]) -> torch.Tensor:
    return torch.tensor(math.fsum(found) / len(found), dtype=torch.float64)


@check
def info_nce(learner: Any, seed: int) -> None:
    """The mean surprise of the right passage, and its gradient. Oracle: loops, and a difference quotient."""
    for k, (batch, size, temperature, kinds) in enumerate(
        ((5, 3, 0.5, 3), (2, 4, 0.1, 90), (7, 2, 0.05, 4), (1, 3, 0.2, 1), (6, 5, 0.001, 2), (4, 3, 2.0, 1))
    ):
        q, p = (
            torch.nn.functional.normalize(
                normal(seed + 7 * k + side, batch, size, dtype=torch.float64), dim=1
            )
            for side in (0, 3)
        )
        groups = torch.arange(batch) % kinds if k else integers(seed, 9, 1) + torch.tensor([0, 1, 0, 2, 1])
        want = losses(q, p, groups, temperature)
        every = losses(q, p, groups, temperature, leave=False)
        turned = losses(p, q, groups, temperature)
        named = {
            "other pairs of the same group are counted as wrong: leave them out": mean(every),
            "the mean, not the sum": mean(want) * batch,
            "each question chooses among the passages, not each passage among the questions": mean(turned),
            "one direction is enough: questions choose among passages": (mean(want) + mean(turned)) / 2,
            "divide by the temperature: it is missing": mean(losses(q, p, groups, 1.0)),
            "divide by the temperature, do not multiply": mean(losses(q, p, groups, 1 / temperature)),
            "the sign is turned": -mean(want),
            "a score of 0 still counts in the softmax: fill with -inf": mean(
                filled(q, p, groups, temperature, 0.0)
            ),
            "the mean over pairs, a scalar: yours has one for each": torch.tensor(want, dtype=torch.float64),
        }
        if not k:  # later, inf may be an overflow
            named["each pair is in the group of itself: its own passage always counts"] = torch.tensor(
                math.inf, dtype=torch.float64
            )
        expect(learner, q, p, groups, temperature).close(mean(want), mistakes=named, **EXACT)
        if k in (0, 2):
            slope = quotient(q, p, groups, temperature)
            got = ask(learner, fixtures.gradient, q, p, groups, temperature).value
            Told(got, f"the gradient of info_nce(q ({batch}, {size}), p, groups, {temperature})").close(
                slope, rtol=1e-6, atol=1e-7
            )
    q = torch.nn.functional.normalize(normal(seed, 4, 3), dim=1)
    answer = expect(learner, q, q.flip(0).contiguous(), torch.arange(4), 0.1)
    answer.close(mean(losses(q, q.flip(0), torch.arange(4), 0.1)).float())


def filled(
    q: torch.Tensor, p: torch.Tensor, groups: torch.Tensor, temperature: float, fill: float
) -> list[float]:
    """As `losses`, with the scores of the same group set to `fill` in the place of being left out."""
    table = q @ p.T / temperature
    return [
        surprise(
            [fill if j != i and groups[i] == groups[j] else float(table[i, j]) for j in range(len(q))],
            i,
            [True] * len(q),
        )
        for i in range(len(q))
    ]


def quotient(q: torch.Tensor, p: torch.Tensor, groups: torch.Tensor, temperature: float) -> torch.Tensor:
    """The gradient with respect to q by central differences."""
    slope, step = torch.zeros_like(q), 1e-6
    for place in range(q.numel()):
        moved = []
        for sign in (1, -1):
            near = q.clone()
            near.view(-1)[place] += sign * step
            moved.append(math.fsum(losses(near, p, groups, temperature)) / len(q))
        slope.view(-1)[place] = (moved[0] - moved[1]) / (2 * step)
    return slope
