"""Checks of 06_attention/02_multi_head, on masks. Oracle: comparisons, element by element."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import distinct_sizes, integers


@check
def padding_mask(learner: Any, seed: int) -> None:
    """The first `length` positions are real. Oracle: a loop over rows."""
    a, b = distinct_sizes(seed, 2)
    drawn = integers(seed, b + 3, a)
    for lengths, time in (
        (torch.tensor([2, 4, 1]), 4),
        (torch.tensor([3, 0, 5, 2]), 5),
        (torch.tensor([1]), 1),
        (torch.tensor([3]), 7),
        (torch.tensor([2, 2]), 2),
        (drawn, b + 2),
        (drawn, max(int(drawn.max()), 1) + 4),
    ):
        rows = [[at < int(length) for at in range(time)] for length in lengths]
        want = torch.tensor(rows)
        expect(learner, lengths, time).equals(
            want,
            mistakes={
                "True is a real position: yours marks the padding": ~want,
                "positions count from 0: position `length` is the first of the padding": torch.tensor(
                    [[at <= int(length) for at in range(time)] for length in lengths]
                ),
                "the last real position, length - 1, is missing": torch.tensor(
                    [[at < int(length) - 1 for at in range(time)] for length in lengths]
                ),
                "real positions come first: yours stand at the end": want.flip(1),
                "the mask is bool": want.long(),
                "a mask is bool; yours holds floats": want.float(),
                "a row for each sequence, a column for each position: yours is turned": want.T,
                "as many columns as `time` says, not as the longest sequence has": want[
                    :, : int(lengths.max())
                ],
            },
        )


@check
def causal_padding_mask(learner: Any, seed: int) -> None:
    """A real position, and not ahead. Oracle: both conditions, element by element."""
    a, b = distinct_sizes(seed, 2)
    cases = [
        torch.tensor([[False, True, True], [True, True, True]]),
        torch.tensor([[True, True, False, False], [True, True, True, True], [False, False, False, True]]),
        torch.tensor([[True]]),
        torch.tensor([[False, False], [True, False]]),
        integers(seed, 2, a, b).bool(),
        integers(seed + 1, 2, b, b).bool(),
    ]
    for padding in cases:
        batch, time = padding.shape

        def table(allowed: Any, batch: int = batch, time: int = time) -> torch.Tensor:
            return torch.tensor(
                [
                    [[bool(allowed(row, i, j)) for j in range(time)] for i in range(time)]
                    for row in range(batch)
                ]
            )

        def real(row: int, j: int, padding: torch.Tensor = padding) -> bool:
            return bool(padding[row, j])

        want = table(lambda row, i, j: j <= i and real(row, j))
        expect(learner, padding).equals(
            want,
            mistakes={
                "the padding hides keys, that is columns: yours hides rows": table(
                    lambda row, i, j: j <= i and real(row, i)
                ),
                "only keys are hidden: rows of padding may look at real positions before them": table(
                    lambda row, i, j: j <= i and real(row, i) and real(row, j)
                ),
                "both must hold: that is `and`, not `or`": table(lambda row, i, j: j <= i or real(row, j)),
                "it looks ahead: only columns up to the row's own": table(
                    lambda row, i, j: j >= i and real(row, j)
                ),
                "a position sees itself: keep the diagonal": table(lambda row, i, j: j < i and real(row, j)),
                "no position sees itself any more but where it is real: only keys of padding are hidden": table(
                    lambda row, i, j: j <= i and (real(row, j) or i == j)
                ),
                "the padding makes no difference": table(lambda row, i, j: j <= i),
                "a position must not look ahead: the causal part is missing": table(
                    lambda row, i, j: real(row, j)
                ),
                "the causal part is missing, and the mask needs a row for each query": padding[:, None],
                "True means may attend: yours is inverted": ~want,
                "the mask is (batch, time, time): a matrix for each sequence": want[:, None],
                "row i of the mask got the padding of sequence i: give the padding a dimension for the queries": (
                    torch.ones(time, time, dtype=torch.bool).tril() & padding
                    if batch in (1, time)
                    else RuntimeError("must match the size of tensor")
                ),
            },
        )
