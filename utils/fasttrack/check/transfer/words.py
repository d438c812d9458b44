"""Check of 09_finetuning/01_transfer, on rows for new words. Oracle: what a normal distribution promises."""

from __future__ import annotations

import math
from typing import Any

import torch

from fasttrack.check import check, require
from fasttrack.check.fixtures import transfer as fixtures
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.training.ask import ask
from fasttrack.check.values import describe


@check
def new_rows(learner: Any, seed: int) -> None:
    """Known rows as they are, the others drawn like them. Oracle: mean and spread of each column, 6 errors wide."""
    a, b = distinct_sizes(seed, 2)
    for case, (fresh, kept, columns, dtype) in enumerate(
        ((900, 40, a, torch.float32), (1200, 25, b, torch.float64), (3, 60, a, torch.float32))
    ):
        known = torch.arange(fresh + kept) % (fresh // kept + 2 if fresh > kept else 7) == 0
        known[-1] = True
        table = normal(seed + case, fresh + kept, columns, dtype=dtype)
        table = table * (torch.arange(columns) + 0.5) + 3 * torch.arange(columns).to(dtype)
        # far away and close together, as a pretrained model leaves them; in each column elsewhere
        table[~known] = 50 + 30 * torch.arange(columns).to(dtype) + 0.01 * table[~known]
        called = f"new_rows(table {tuple(table.shape)}, known, generator), {int((~known).sum())} rows unknown"
        told = ask(learner, fixtures.redrawn, table, known, seed, called=called).value
        got = told["table"]
        if isinstance(got, torch.Tensor) and got.shape[:1] == (int((~known).sum()),):
            named = [("mistake", "return the whole table, known rows included")]
        else:
            named = []
        right = isinstance(got, torch.Tensor) and got.shape == table.shape and got.dtype == dtype
        require(
            right,
            ("called", called),
            ("expected", f"a tensor {tuple(table.shape)} of dtype {dtype}"),
            ("got", describe(got)),
            *named,
        )
        require(
            torch.equal(got[known], table[known]),
            ("called", called),
            ("expected", "rows of known words as they are"),
            ("mistake", "True means known: those rows stay, the others are drawn")
            if torch.equal(got[~known], table[~known])
            else ("got", "other numbers in them"),
        )
        for fact, mistake in (
            ("the table is left as it was", "write to a clone: the table that came in stays as it is"),
            ("the same seed gives the same table", "draw from the generator that was given"),
            ("torch's own generator is left alone", "draw from the generator that was given, not from torch's own"),
        ):  # fmt: skip
            require(told[fact] is True, ("called", called), ("expected", fact), ("mistake", mistake))
        spread(called, got[~known].double(), table.double(), known)
        require(
            told["another call draws other rows"] is True,
            ("called", f"{called}, twice with one generator"),
            ("mistake", "the second call draws the same numbers: go on with the generator as it is"),
        )


def spread(called: str, drawn: torch.Tensor, table: torch.Tensor, known: torch.Tensor) -> None:
    """Each column of the new rows, `(n, columns)`, beside that of the known ones."""
    require(
        not torch.equal(drawn, table[~known]),
        ("called", called),
        ("mistake", "the unknown rows are what they were"),
    )
    require(
        not bool((drawn == drawn[0]).all()) and not bool((drawn == drawn[:, :1]).all()),
        ("called", called),
        ("got", "new rows that hold the same number again and again"),
        ("mistake", "draw a number for each row and column: equal rows are one word to the model"),
    )
    count, columns = drawn.shape
    if count < 100:
        return
    mean, std = table[known].mean(0), table[known].std(0)
    middle, width = drawn.mean(0), drawn.std(0)
    slack = 6 / math.sqrt(count)
    flat = table[known]
    mistakes = {
        "the mean of the known rows is missing": (torch.zeros(columns), std),
        "the standard deviation of the known rows is missing": (mean, torch.ones(columns)),
        "a standard normal row is not like the known ones: use their mean and standard deviation": (
            torch.zeros(columns),
            torch.ones(columns),
        ),
        "each column has its own mean and standard deviation: take them over the rows, dim 0": (
            flat.mean().expand(columns),
            flat.std().expand(columns),
        ),
        "of the known rows only, and for each column by itself: over the rows, dim 0": (
            table.mean().expand(columns),
            table.std().expand(columns),
        ),
        "each column has its own standard deviation: take it over the rows, dim 0": (
            mean,
            flat.std().expand(columns),
        ),
        "of the known rows only: the unknown ones are what you want to be rid of": (
            table.mean(0),
            table.std(0),
        ),
        "the mean and standard deviation are those of the unknown rows": (
            table[~known].mean(0),
            table[~known].std(0),
        ),
        "the standard deviation, not the variance": (mean, std**2),
        "the standard deviation is the root of the variance, and not its root": (mean, std.sqrt()),
    }

    def like(centre: torch.Tensor, size: torch.Tensor) -> bool:
        near = (middle - centre).abs() <= slack * size + 1e-9
        return bool(near.all()) and bool(((width / size - 1).abs() <= slack).all())

    named = [("mistake", words) for words, pair in mistakes.items() if like(*pair)]
    off = int(((middle - mean).abs() / std + (width / std - 1).abs()).argmax())
    require(
        like(mean, std),
        ("called", called),
        ("expected", f"in column {off} of the new rows mean {mean[off]:.3f}, standard deviation {std[off]:.3f}"),
        ("got", f"mean {middle[off]:.3f}, standard deviation {width[off]:.3f}"),
        *named[:1],
    )  # fmt: skip
    for one in range(columns):
        for other in range(one):
            related = torch.corrcoef(torch.stack([drawn[:, one], drawn[:, other]]))[0, 1].abs().item()
            require(
                related < slack,
                ("called", called),
                ("got", f"columns {other} and {one} of the new rows go together"),
                ("mistake", "draw a number for each row and column"),
            )
