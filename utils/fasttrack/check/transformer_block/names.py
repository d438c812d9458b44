"""Check of 06_attention/04_transformer_block, on names as rows. Oracle: a loop over letters."""

from __future__ import annotations

import random
from typing import Any

import torch

from fasttrack.check import check, expect

NONE = -100  # what functional.cross_entropy leaves out


@check
def name_rows(learner: Any, seed: int) -> None:
    """A name in a row, and what comes after each of its places. Oracle: a loop over letters."""
    draw = random.Random(seed)
    letters = "abcdefghij"
    stoi = {letter: k for k, letter in enumerate("." + letters)}

    def some(count: int, longest: int) -> list[str]:
        return ["".join(draw.choices(letters, k=draw.randint(1, longest))) for _ in range(count)]

    for names, block_size in (
        (["ab", "c"], 4),
        (some(5, 6), 7),
        (some(3, 4), 9),
        (["".join(draw.choices(letters, k=5))], 6),
        (some(4, 3), 16),
        (["", "a"], 2),
    ):
        x = torch.zeros(len(names), block_size, dtype=torch.int64)
        y = torch.full((len(names), block_size), NONE)
        for row, name in enumerate(names):
            for k, letter in enumerate(name):
                x[row, k + 1] = y[row, k] = stoi[letter]
            y[row, len(name)] = 0
        padded = y.masked_fill(y == NONE, 0)
        longer = torch.cat([x[:, 1:], torch.zeros_like(x[:, :1])], 1)
        open_end = y.clone()
        for row, name in enumerate(names):
            open_end[row, len(name)] = NONE
        expect(learner, names, stoi, block_size).equals(
            (x, y),
            mistakes={
                "after a name there is nothing to predict: -100 there, not 0": (x, padded),
                "after a name there is nothing to predict: -100 there, not -1": (x, y.masked_fill(y == NONE, -1)),
                "-100 belongs to y only: x has dots, id 0, after a name": (
                    torch.where((y == NONE), NONE, x), y),
                "the last letter is followed by a dot: y is 0 there": (x, open_end),
                "x begins with a dot": (longer, y),
                "y is what comes next: yours is x itself": (x, x),
                "x first, then y": (y, x),
                "a tuple of two tensors": [x, y],
            },
        )  # fmt: skip
    for names, block_size in ((["abcd"], 4), (["a", "abcdefg", "b"], 7), (["a"], 1)):
        expect(learner, names, stoi, block_size).raises(
            ValueError,
            mistakes={
                "a name of block_size letters has block_size + 1 places to predict: raise ValueError": IndexError,
                "a name that does not fit raises ValueError, with a message": RuntimeError,
            },
        )
    columns = "an empty list still has block_size columns: reshape(len(names), block_size)"
    none, listed = torch.zeros(0, 5, dtype=torch.int64), torch.tensor([])
    expect(learner, [], stoi, 5).equals(
        (none, none),
        mistakes={
            columns: (listed.long(), listed.long()),
            f"{columns}, and dtype=torch.int64": (listed, listed),
            f"{columns}; torch.stack needs at least one row": RuntimeError("non-empty"),
        },
    )
