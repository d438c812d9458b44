"""Checks of 06_attention/01_self_attention, on looking inside. Oracles: PyTorch's Jacobian, a loop over pairs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch

from fasttrack.check import check, expect
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import self_attention as fixtures
from fasttrack.check.inputs import distinct_sizes, integers, normal

TRACE = "it leaves traces in x: work on x.detach()"


@cache  # a class is graded with the same seeds
def slopes(
    f: Callable[[torch.Tensor], torch.Tensor], seed: int, *sizes: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """An input, and the Jacobian there by torch.autograd.functional."""
    x = normal(seed, *sizes, dtype=torch.float64)
    return x, torch.autograd.functional.jacobian(f, x)  # type: ignore[no-untyped-call]


@check
def influences(learner: Any, seed: int) -> None:
    """Which input rows reach which output rows. Oracle: the whole Jacobian by torch.autograd.functional."""
    a, b = distinct_sizes(seed, 2)
    for f, time, n_embd in (
        (fixtures.sums_so_far, a, b),
        (fixtures.opposites, b, a),
        (fixtures.squares, b, a),
        (fixtures.neighbours_to_come, a, b),
        (fixtures.shares, a, b),
        (fixtures.swings, b, a + 1),
        (fixtures.one_of_many, a + 2, b + 1),
        (fixtures.sums_to_come, a, 1),
        (fixtures.whispers, a, b),
        (fixtures.masked_too_late, b, a),
        (fixtures.sums_so_far, 1, 2),
    ):
        x, jacobian = slopes(f, seed + 1, time, n_embd)
        want = (jacobian != 0).any(3).any(1)  # (time, m, time, n_embd) -> (time, time)
        rows = jacobian.sum(1)
        near = 1e-12  # slopes that cancel leave rounding behind
        expect(learner, f, x).equals(
            want,
            mistakes={
                "a small slope is an influence, too: compare with 0": (jacobian.abs() > near).any(3).any(1),
                "rows are outputs, columns are inputs: yours is turned": want.T,
                "slopes of a row's numbers cancel in their sum: ask for each number of the output": (
                    rows.abs() > near
                ).any(2),
                "a sum over an input's numbers cancels: any of them counts": (
                    jacobian.sum(3).abs() > near
                ).any(1),
                "slopes cancel in a sum: any number of the output, any of the input": rows.sum(2).abs()
                > near,
                "slopes cancel in sums, and what is left by rounding is not an influence": rows.sum(2) != 0,
                "a negative slope is an influence, too": (jacobian > 0).any(3).any(1),
                "all numbers of both rows need not matter: one pair is enough": (jacobian != 0).all(3).all(1),
                "one number of the input is enough": (jacobian != 0).all(3).any(1),
                "one number of the output is enough": (jacobian != 0).any(3).all(1),
                "bool: compare the slopes with 0": want.double(),
            },
        )
    x = normal(seed + 2, a, b, dtype=torch.float64)
    left, requires_grad, holds = beside(learner, fixtures.traces_left, x)
    agree("x after the call", left, x)
    agree("x.requires_grad after the call", requires_grad, False, {TRACE: True})
    agree("whether x.grad holds a gradient after the call", holds, False, {TRACE: True})


Rule = Callable[[list[int], int], list[int]]


@check
def induction_score(learner: Any, seed: int) -> None:
    """The weight on what came after the same token. Oracle: a loop over all pairs of places."""
    a, b, c = distinct_sizes(seed, 3)
    sizes = ((a, 9, 4), (1, 12, 3), (b, 2, 2), (c, 7, 30), (2, 1, 3))
    pairs = normal(seed + 20, 2, 2, 2, dtype=torch.float64).softmax(-1)
    for weights, ids in (
        (pairs, torch.tensor([[5, 5], [5, 8]])),  # small enough to be printed: one query counts
        *(
            (
                normal(seed + case, batch, time, time, dtype=torch.float64).softmax(-1),  # some of it ahead
                integers(seed + 10 + case, vocab_size, batch, time),
            )
            for case, (batch, time, vocab_size) in enumerate(sizes)
        ),
    ):
        want, _ = scored(weights, ids)
        expect(learner, weights, ids).close(
            want, mistakes=partial(misscored, weights, ids), rtol=1e-9, atol=1e-12
        )
    ids = torch.arange(6)[None] % 3
    expect(learner, torch.eye(6)[None], ids).equals(0.0)


def misscored(weights: torch.Tensor, ids: torch.Tensor) -> dict[str, Any]:
    """What comes of known mistakes."""
    want, queries = scored(weights, ids)
    total = want * queries
    return {name: scored(weights, ids, rule)[0] for name, rule in SLIPS.items()} | {
        "the mean over queries whose token occurred before, not over all": total / ids.numel(),
        "the mean over queries: these are sums": total,
        "the mean for each sequence, and then of these: take all queries together": by_sequence(weights, ids),
        "the weights of a query add up: yours takes the mean over its keys": averaged(weights, ids),
        (
            "yours finds no key: in aa the query itself is one, s = t"
            if queries
            else "no token occurs twice: that is 0.0, not nan"
        ): float("nan"),
        "a float: .item() makes one": torch.tensor(want, dtype=torch.float64),
    }


def after(row: list[int], t: int) -> list[int]:
    """The keys that stand after earlier occurrences of the token at t."""
    return [s + 1 for s in range(t) if row[s] == row[t]]


def elsewhere(offset: int, *, ahead: bool = False, itself: bool = False) -> Rule:
    """Keys `offset` places from the token's other occurrences; `itself` counts the query as one of them."""

    def keys(row: list[int], t: int) -> list[int]:
        hits = [s for s in range(len(row)) if row[s] == row[t] and (itself or s != t) and (ahead or s <= t)]
        return [s + offset for s in hits if 0 <= s + offset < len(row) and (ahead or s + offset <= t)]

    return keys


SLIPS: dict[str, Rule] = {
    "s = t counts, too: in aa the key is the query itself": lambda row, t: [
        s for s in after(row, t) if s < t
    ],
    "one step too early: the key after the earlier token, not the token itself": elsewhere(0),
    "one step too early, and the query itself counts: the key stands after an earlier token": elsewhere(
        0, itself=True
    ),
    "keys after the query do not count: a position looks back": elsewhere(1, ahead=True),
    "keys after the query do not count, and t + 1 is one of them": elsewhere(1, ahead=True, itself=True),
    "no key after the query counts, and the key stands after the token, not at it": elsewhere(
        0, ahead=True, itself=True
    ),
    "nothing stands before place 0: the last token is not its neighbour": lambda row, t: (
        [0] * (row[-1] == row[t]) + after(row, t)
    ),
    "all earlier occurrences count, not the last alone": lambda row, t: after(row, t)[-1:],
    "all earlier occurrences count, not the first alone": lambda row, t: after(row, t)[:1],
}


def scored(weights: torch.Tensor, ids: torch.Tensor, rule: Rule = after) -> tuple[float, int]:
    """The score, and how many queries counted."""
    sums = [
        sum(float(weights[i, t, s]) for s in keys)
        for i, row in enumerate(ids.tolist())
        for t in range(len(row))
        if (keys := rule(row, t))
    ]
    return (sum(sums) / len(sums) if sums else 0.0), len(sums)


def by_sequence(weights: torch.Tensor, ids: torch.Tensor) -> float:
    each = [scored(weights[i : i + 1], ids[i : i + 1])[0] for i in range(len(ids))]
    return sum(each) / len(each)


def averaged(weights: torch.Tensor, ids: torch.Tensor) -> float:
    means = [
        sum(float(weights[i, t, s]) for s in keys) / len(keys)
        for i, row in enumerate(ids.tolist())
        for t in range(len(row))
        if (keys := after(row, t))
    ]
    return sum(means) / len(means) if means else 0.0
