"""Checks of 06_attention/01_self_attention, on averages. Oracles: NumPy's means, loops over places."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import EXACT, distinct_sizes, normal


@check
def mean_of_past(learner: Any, seed: int) -> None:
    """The mean of each position and those before it. Oracle: np.mean of each piece."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (batch, time, n_embd, dtype) in enumerate(
        (
            (a, b, c, torch.float64),
            (1, 6, a, torch.float32),
            (b, 1, c, torch.float64),
            (c, 9, 1, torch.float64),
        )
    ):
        x = normal(seed + case, batch, time, n_embd, dtype=dtype)
        array = x.numpy()
        want = torch.from_numpy(np.stack([array[:, : t + 1].mean(1) for t in range(time)], 1))
        sums = torch.from_numpy(np.cumsum(array, 1))
        mistakes: dict[str, Any] = {
            "it sees what comes after: position t may use positions 0 to t only": x.mean(
                1, keepdim=True
            ).expand(x.shape),
            "the mean has the shape of x: one row for each position": x.mean(1),
            "divide by the number of positions, t + 1: these are sums": sums,
            "divide by t + 1, the positions so far, not by the length of the sequence": sums / time,
            "position t itself belongs to its mean: x[:, : t + 1]": before(x),
            "t + 1 positions are averaged at position t, not t": sums / torch.arange(time)[:, None],
            "it averages what comes after, not what comes before": after(x),
            "it averages over the batch or the features: time is dim 1": torch.cumsum(x, 2)
            / torch.arange(1, n_embd + 1),
        }
        expect(learner, x).close(want, mistakes=mistakes, **(EXACT if dtype == torch.float64 else {}))


def before(x: torch.Tensor) -> torch.Tensor:
    """The mean of the positions before each one, nan at the first."""
    return torch.stack([x[:, :t].mean(1) for t in range(x.shape[1])], 1)


def after(x: torch.Tensor) -> torch.Tensor:
    """The mean of each position and those after it."""
    return torch.stack([x[:, t:].mean(1) for t in range(x.shape[1])], 1)


@check
def causal_mask(learner: Any, seed: int) -> None:
    """Each position sees itself and the past. Oracle: j <= i, place by place."""
    for time in (4, 1, 2, 5 + distinct_sizes(seed, 1)[0]):
        i, j = np.indices((time, time))
        want = torch.from_numpy(j <= i)
        expect(learner, time).equals(
            want,
            mistakes={
                "bool, not numbers: dtype=torch.bool, or a comparison": want.float(),
                "bool, not numbers: dtype torch.bool": want.long(),
                "it looks ahead: True belongs below the diagonal, not above": torch.from_numpy(j >= i),
                "a position must see itself: keep the diagonal": torch.from_numpy(j < i),
                "True means may attend: yours is inverted": torch.from_numpy(j > i),
                "everything may be seen: nothing is masked": torch.ones(time, time, dtype=torch.bool),
            },
        )


@check
def averaging_weights(learner: Any, seed: int) -> None:
    """Equal weights on what a mask allows. Oracle: a loop over the mask's places."""
    a, b, c = distinct_sizes(seed, 3)
    for case, shape in enumerate(((a, b), (c, c), (b, a, c), (1, 1), (2, a, b, c))):
        mask = normal(seed + case, *shape) > 0.2
        mask[..., 0, 0] = True
        if case != 1:
            mask[..., -1, :] = case == 3  # nothing may be seen there; in the smallest mask, everything
        else:
            mask = torch.from_numpy(np.tri(c, dtype=bool))
        allowed = mask.numpy()
        count = np.array([int(row.sum()) for row in allowed.reshape(-1, shape[-1])]).reshape(shape[:-1])
        want = torch.zeros(shape)
        for place in zip(*np.nonzero(allowed), strict=True):
            want[tuple(int(i) for i in place)] = 1 / int(count[tuple(place[:-1])])
        numbers = mask.float()
        expect(learner, mask).close(
            want,
            mistakes={
                "the weights of a query sum to 1: divide by the number of keys it may see": numbers,
                "a row belongs to a query: its sum is 1, not that of a column": numbers
                / numbers.sum(-2, keepdim=True),
                "the sum of each column, not of each row: sum over the last dim": numbers
                / numbers.sum(-2, keepdim=True).clamp(min=1),
                "divide by the number of keys a query may see, not by all of them": numbers / shape[-1],
                "a mask need not be a triangle: count the keys it allows, not the rows so far": numbers
                / torch.arange(1, shape[-2] + 1)[:, None],
                "0 / 0: a query that may see nothing has weights 0": numbers / numbers.sum(-1, keepdim=True),
                "masked keys get no weight at all": numbers.softmax(-1),
                "a query that may see nothing has weights 0, not equal ones": equal_if_nothing(want, mask),
                "one sum for each row: keepdim=True, or broadcasting pairs rows with columns": RuntimeError,
            },
        )


def equal_if_nothing(weights: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """What softmax makes of a row of equal scores."""
    return torch.where(mask.any(-1, keepdim=True), weights, torch.tensor(1 / mask.shape[-1]))
