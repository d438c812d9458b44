"""Checks of 06_attention/03_positions, on order. Oracles: loops over places, attention computed anew."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import torch

from fasttrack.check import check, expect
from fasttrack.check.fixtures import positions as fixtures
from fasttrack.check.inputs import EXACT, distinct_sizes, normal


def shuffled(seed: int, time: int) -> list[int]:
    """A permutation of `time` places that is not its own inverse, where there is one."""
    draw = random.Random(seed)
    while True:
        order = draw.sample(range(time), time)
        if time < 3 or order != inverse(order):
            return order


def inverse(order: Sequence[int]) -> list[int]:
    return [order.index(place) for place in range(len(order))]


@check
def order_gap(learner: Any, seed: int) -> None:
    """How far f is from commuting with a permutation. Oracle: a loop over places and differences."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (f, batch, time, n_embd) in enumerate(
        (
            (fixtures.running_sums, a, b + 2, c),
            (fixtures.less_the_next, 1, 6, a),
            (fixtures.from_the_mean, b, 5, b),
            (fixtures.running_sums, 5, 5, 5),
            (fixtures.each_alone, c, 4, a),
            (fixtures.less_the_next, 2, 3, 1),
        )
    ):
        x = normal(seed + case, batch, time, n_embd, dtype=torch.float64)
        order = shuffled(seed + case, time)
        permutation = torch.tensor(order)
        before, after = f(x), f(torch.stack([x[:, place] for place in order], 1))
        gaps = torch.stack([after[:, i] - before[:, place] for i, place in enumerate(order)])
        unmoved = (after - before).abs().max().item()
        want = gaps.abs().max().item()
        back = inverse(order)
        wrong: dict[str, Any] = {
            "f(x) has to be permuted, too, before the two are compared": unmoved,
            "the largest difference in size: take abs before max": gaps.max().item(),
            "the largest difference, not the mean of all": gaps.abs().mean().item(),
            "the largest difference, not the sum of all": gaps.abs().sum().item(),
            "a Python float, not a tensor: item()": torch.tensor(want, dtype=torch.float64),
            "f(x) is permuted the other way round: rows i and permutation[i] belong together": (
                (after - before[:, back]).abs().max().item()
            ),
            "dim 1 is time: you permuted another": IndexError,
        }
        if batch == time == n_embd:
            along_batch = (f(x[permutation]) - f(x)[permutation]).abs().max().item()
            along_features = (f(x[..., permutation]) - f(x)[..., permutation]).abs().max().item()
            wrong["permute positions, dim 1: yours permutes the batch"] = along_batch
            wrong["permute positions, dim 1: yours permutes the features"] = along_features
        expect(learner, f, x, permutation).close(want, mistakes=wrong, **EXACT)


@check
def shuffled_weights(learner: Any, seed: int) -> None:
    """The weights of a shuffled sequence. Oracle: softmax of the scores of shuffled queries and keys."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (lead, time, head_size) in enumerate(
        (((), 5, a), ((b,), a + 2, c), ((2, c), b + 1, a), ((1,), 1, b), ((4,), 4, 3))
    ):
        q, k = (normal(seed + 10 * case + i, *lead, time, head_size, dtype=torch.float64) for i in (0, 1))
        order = shuffled(seed + case, time)
        back = inverse(order)
        weights = (q @ k.mT / head_size**0.5).softmax(-1)
        want = (q[..., order, :] @ k[..., order, :].mT / head_size**0.5).softmax(-1)
        from_left: dict[str, Any] = {}
        if len(lead) == 1 and lead[0] >= time:
            from_left["rows and columns are the last two dimensions, `...`: yours are the first two"] = (
                weights[order][:, order]
            )
        expect(learner, weights, torch.tensor(order)).close(
            want,
            mistakes={
                "the keys are shuffled, too: the columns move as the rows do": weights[..., order, :],
                "the queries are shuffled, too: the rows move as the columns do": weights[..., order],
                "the other way round: place i of the answer comes from place permutation[i]": (
                    weights[..., back, :][..., back]
                ),
                "rows go one way and columns the other": weights[..., order, :][..., back],
                "columns go one way and rows the other": weights[..., back, :][..., order],
                "rows and columns are exchanged": want.mT,
                "two index tensors side by side pick single elements: index rows, then columns": (
                    weights[..., order, order]
                ),
                "rows and columns are the last two dimensions: count them from the right, `...`": (
                    IndexError("index")
                ),
                "there may be no dimension in front, or several: `...` stands for all of them": (
                    IndexError("too many indices")
                ),
                **from_left,
            },
            **EXACT,
        )
