"""Checks of 07_gpt/01_gpt, on what a model is told: its sizes, and ids. Oracles: the rules, a loop over positions."""

from __future__ import annotations

import random
from typing import Any

import torch

from fasttrack.check import check, expect, require
from fasttrack.check.fixtures import gpt as fixtures
from fasttrack.check.inputs import distinct_sizes, integers, normal
from fasttrack.check.training.ask import ask

NAMES = ("vocab_size", "block_size", "n_layer", "n_head", "n_embd")


def spelled(sizes: tuple[int, ...]) -> str:
    return f"GPTConfig({', '.join(f'{name}={size}' for name, size in zip(NAMES, sizes, strict=True))})"


@check
def GPTConfig(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Five sizes, kept or refused. Oracle: the two rules."""
    draw = random.Random(seed)
    n_head = draw.randint(2, 6)
    good = (
        draw.randint(20, 90),
        draw.randint(5, 15),
        draw.randint(2, 9),
        n_head,
        n_head * draw.randint(2, 9),
    )
    fine: tuple[tuple[int, ...], ...] = ((50257, 1024, 12, 12, 768), good, (1, 1, 1, 1, 1), (7, 3, 1, 3, 3))
    for sizes in fine:
        for names in (None, NAMES):
            got = ask(learner, fixtures.fields, sizes, names, called=spelled(sizes))
            got.equals(
                dict(zip(NAMES, sizes, strict=True)),
                mistakes={
                    "these sizes are fine: refuse only what is smaller than 1, or does not divide": got.value
                    if "raised" in got.value
                    else {},
                },
            )
    for place, name in enumerate(NAMES):
        for wrong in (0, -1, -n_head):
            refused(
                learner,
                (*good[:place], wrong, *good[place + 1 :]),
                name,
                f"{name} must be at least 1: {wrong} is let through",
            )
    for n_embd in (n_head * 3 + 1, n_head * 8 - 1, 1):
        sizes = (*good[:3], n_head, n_embd)
        refused(
            learner, sizes, "n_embd", f"{n_head} heads do not divide {n_embd} columns, and it is let through"
        )


def refused(learner: Any, sizes: tuple[int, ...], name: str, mistake: str) -> None:
    """Fail unless a configuration is refused by a ValueError that says which size is meant."""
    told = ask(learner, fixtures.fields, sizes, None, called=spelled(sizes)).value
    kind, message = str(told.get("raised", "")), str(told.get("message", ""))
    asked = ("called", spelled(sizes))
    expected = ("expected", f"ValueError, and {name} in its message")
    got = ("got", f"{kind}: {message}" if kind else "no error")
    known = [("mistake", mistake)] if not kind else []
    if kind == "ZeroDivisionError":
        known = [("mistake", "look for sizes below 1 before you divide by n_head")]
    elif kind == "AssertionError":
        known = [("mistake", "raise ValueError: an assert vanishes under python -O")]
    elif kind == "ValueError":
        known = [("mistake", f"the message should name the size that is wrong, {name}")]
    require(kind == "ValueError" and name in message, asked, expected, got, *known)


@check
def embed(learner: Any, seed: int) -> None:
    """The row of each id plus the row of its place. Oracle: a loop over batch and positions."""
    a, b, c = distinct_sizes(seed, 3)
    for k, (batch, time, block_size, vocab_size, n_embd) in enumerate(
        ((a, b, b + 3, 9, c), (1, c, c, 5, b), (b, 1, a + 2, 11, a), (2, a, a + 1, 3, 1), (c, b, 30, 2, a))
    ):
        ids = integers(seed + k, vocab_size, batch, time)
        tokens = normal(seed + 10 + k, vocab_size, n_embd, dtype=torch.float64)
        positions = normal(seed + 20 + k, block_size, n_embd, dtype=torch.float64)
        rows = torch.stack([torch.stack([tokens[int(i)] for i in row]) for row in ids])

        def at(shift: int) -> torch.Tensor:
            """Rows with the table of positions read from `shift` on."""
            return torch.stack([rows[:, t] + positions[(t + shift) % block_size] for t in range(time)], 1)  # noqa: B023

        expect(learner, ids, tokens, positions).close(
            at(0),
            mistakes={
                "the position is missing: add its row": rows,
                "positions count from 0: yours are off by one": at(1),
                "positions count from 0: yours begin one too early": at(-1),
                "the first rows of positions, not the last": at(block_size - time),
                "the token is missing": at(0) - rows,
                "the row of a position belongs to the place, not to the id": rows
                + positions[ids % block_size]
                if vocab_size <= block_size
                else rows,
                "every position gets the row of position 0": rows + positions[0],
                "added, not multiplied": rows * positions[:time],
                "added, not put side by side": torch.cat([rows, positions[:time].expand(batch, -1, -1)], -1),
                "ids are (batch, time): the positions run along time, not batch": rows
                + positions[torch.arange(batch) % block_size][:, None],
                "the sum is not divided": at(0) / 2,
                "positions has block_size rows: only the first `time` of them take part": RuntimeError,
            },
        )
    for time, block_size in ((b + 1, b), (2, 1), (40, 7)):
        ids = integers(seed, 9, 2, time)
        tokens, positions = normal(seed, 9, 4), normal(seed + 1, block_size, 4)
        expect(learner, ids, tokens, positions).raises(
            ValueError,
            mistakes={
                "say so yourself, before adding: a ValueError": RuntimeError,
                "say so yourself, before looking up: a ValueError": IndexError,
            },
        )
