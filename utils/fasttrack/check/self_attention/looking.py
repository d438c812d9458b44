"""Checks of 06_attention/01_self_attention, on looking inside. Oracles: PyTorch's Jacobian, a loop over pairs."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check, expect
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import self_attention as fixtures
from fasttrack.check.inputs import distinct_sizes, integers, normal

TRACE = "it leaves traces in x: work on x.detach()"


@check
def influences(learner: Any, seed: int) -> None:
    """Which input rows reach which output rows. Oracle: the whole Jacobian by torch.autograd.functional."""
    a, b = distinct_sizes(seed, 2)
    for f, time, n_embd in (
        (fixtures.sums_so_far, a, b),
        (fixtures.squares, b, a),
        (fixtures.neighbours_to_come, a, b),
        (fixtures.shares, a, b),
        (fixtures.swings, b, a + 1),
        (fixtures.one_of_many, a + 2, b + 1),
        (fixtures.sums_to_come, a, 1),
        (fixtures.masked_too_late, b, a),
        (fixtures.sums_so_far, 1, 2),
    ):
        x = normal(seed + 1, time, n_embd, dtype=torch.float64)
        jacobian: torch.Tensor = torch.autograd.functional.jacobian(f, x)  # type: ignore[no-untyped-call]
        want = (jacobian != 0).any(3).any(1)  # (time, m, time, n_embd) -> (time, time)
        rows = jacobian.sum(1)
        near = 1e-12  # slopes that cancel leave rounding behind
        expect(learner, f, x).equals(
            want,
            mistakes={
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


@check
def induction_score(learner: Any, seed: int) -> None:
    """The weight on what came after the same token. Oracle: a loop over all pairs of places."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (batch, time, vocab_size) in enumerate(
        ((a, 9, 4), (1, 12, 3), (b, 2, 2), (c, 7, 30), (2, 1, 3))
    ):
        weights = normal(seed + case, batch, time, time, dtype=torch.float64).softmax(-1)  # some of it ahead
        ids = integers(seed + 10 + case, vocab_size, batch, time)
        tolerance = {"rtol": 1e-9, "atol": 1e-12}
        want, queries = scored(weights, ids)
        total = want * queries
        expect(learner, weights, ids).close(
            want,
            mistakes={
                "one step too early: the key after the earlier token, not the token itself": scored(
                    weights, ids, offset=0
                )[0],
                "two steps too early: the key after the earlier token": scored(weights, ids, offset=-1)[0],
                "keys after the query do not count: a position looks back": scored(weights, ids, ahead=True)[
                    0
                ],
                "the mean over queries whose token occurred before, not over all": total / (batch * time),
                "the mean over queries: these are sums": total,
                "all earlier occurrences count, not the last alone": scored(weights, ids, only=-1)[0],
                "all earlier occurrences count, not the first alone": scored(weights, ids, only=0)[0],
                "the mean for each sequence, and then of these: take all queries together": by_sequence(
                    weights, ids
                ),
                "the weights of a query add up: yours takes the mean over its keys": averaged(weights, ids),
                "no token occurs twice: that is 0.0, not nan": float("nan"),
                "a float: .item() makes one": torch.tensor(want, dtype=torch.float64),
            },
            **tolerance,
        )
    ids = torch.arange(6)[None] % 3
    expect(learner, torch.eye(6)[None], ids).equals(0.0)


def after(
    ids: list[int], t: int, offset: int = 1, only: int | None = None, *, ahead: bool = False
) -> list[int]:
    """The keys that stand after earlier occurrences of the token at t."""
    last = len(ids) if ahead else t
    keys = [s + offset for s in range(last) if s != t and ids[s] == ids[t] and 0 <= s + offset < len(ids)]
    return keys if only is None else keys[only:][:1]


def scored(weights: torch.Tensor, ids: torch.Tensor, **wrong: Any) -> tuple[float, int]:
    """The score, and how many queries counted."""
    sums = [
        sum(float(weights[i, t, s]) for s in keys)
        for i, row in enumerate(ids.tolist())
        for t in range(len(row))
        if (keys := after(row, t, **wrong))
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
