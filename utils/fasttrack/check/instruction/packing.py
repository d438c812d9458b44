"""Checks of 09_finetuning/03_instruction, on packing. Oracles: a walk through the rows; loops over pairs of places."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import distinct_sizes


@check
def pack(learner: Any, seed: int) -> None:
    """First fit. Oracle: for each sequence, the rows so far are tried one after the other."""
    draw = random.Random(seed)
    for lengths, room in (
        ([5, 4, 3, 2, 2], 8),
        ([2, 7, 6, 3, 1, 4], 9),
        ([3, 3, 3], 3),
        ([4], 10),
        ([1, 1, 1, 1, 1], 3),
        ([], 5),
        ([draw.randint(1, 9) for _ in range(30)], 20),
        ([draw.randint(4, 12) for _ in range(20)], 12),
    ):
        want = fitted(lengths, room)
        order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
        largest = [
            [order[k] for k in row] for row in fitted([lengths[k] for k in order], room)
        ]  # sorted first
        mistakes = {
            "a sequence may go into any earlier row that has room, not into the last one only": fitted(
                lengths, room, last_only=True
            ),
            "a sequence that fills a row to the brim fits": fitted(lengths, room, strict=True),
            "the first row that has room, not the fullest": fitted(lengths, room, best=True),
            "the first row that has room, not the emptiest": fitted(lengths, room, worst=True),
            "each in turn, in the order given: do not sort": largest,
            "rows hold places, not lengths": [[lengths[place] for place in row] for row in want],
            "places count from 0": [[place + 1 for place in row] for row in want],
            "one row for all: open a new one where there is no room": [list(range(len(lengths)))],
            "several sequences fit into a row": [[place] for place in range(len(lengths))],
            "no row is empty": [[], *want],
        }
        expect(learner, lengths, room).equals(
            want, mistakes={words: wrong for words, wrong in mistakes.items() if wrong != want}
        )
    for lengths, room in (([3, 9, 2], 8), ([6], 5), ([1, 1, 2], 1)):
        expect(learner, lengths, room).raises(
            ValueError,
            mistakes={"a sequence longer than a row is a ValueError": IndexError},
        )


def fitted(
    lengths: Sequence[int],
    room: int,
    last_only: bool = False,
    strict: bool = False,
    best: bool = False,
    worst: bool = False,
) -> list[list[int]]:
    """First fit, or what a known slip makes of it."""
    rows: list[list[int]] = []
    for place, length in enumerate(lengths):
        used = [sum(lengths[k] for k in row) for row in rows]
        fits = [
            k for k, full in enumerate(used) if (full + length < room if strict else full + length <= room)
        ]
        if last_only:
            fits = [k for k in fits if k == len(rows) - 1]
        if best or worst:
            fits.sort(key=lambda k: -used[k] if best else used[k])
        if fits:
            rows[fits[0]].append(place)
        else:
            rows.append([place])
    return rows


def numbered(seed: int) -> list[torch.Tensor]:
    """Rows of documents, counted from 1 in each row, with padding, 0, behind them or not: `(batch, time)`."""
    draw = random.Random(seed)
    _, b = distinct_sizes(seed, 2)
    tables = [
        [[1, 1, 2, 2, 2, 0]],
        [[1, 1, 1, 1, 2], [1, 2, 2, 3, 0]],
        [[1]],
        [[0, 0], [1, 1]],
        [[1, 1, 1]],
    ]
    for _ in range(2):
        rows = []
        for _ in range(b):
            row: list[int] = []
            while len(row) < 9:
                row += [1 + max(row, default=0)] * draw.randint(1, 4)
            rows.append((row[: draw.randint(5, 9)] + [0] * 9)[:9])
        tables.append(rows)
    return [torch.tensor(rows) for rows in tables]


def allowed_where(documents: torch.Tensor, allowed: Callable[[list[int], int, int], bool]) -> torch.Tensor:
    """A mask by a condition on a row's numbers, the query's place and the key's."""
    places = range(documents.shape[1])
    return torch.tensor(
        [[[allowed(row, i, j) for j in places] for i in places] for row in documents.tolist()]
    )


def counted_along(documents: torch.Tensor, position: Callable[[int, int, int], int]) -> torch.Tensor:
    """Positions made of the place in the document, the place in the row, and the document's number."""
    found = []
    for row in documents.tolist():
        at, line = -1, []
        for i, number in enumerate(row):
            at = 0 if i == 0 or number != row[i - 1] else at + 1
            line.append(position(at, i, number))
        found.append(line)
    return torch.tensor(found)


@check
def document_mask(learner: Any, seed: int) -> None:
    """The same document, and not ahead. Oracle: both conditions for each pair of places."""
    for documents in numbered(seed):
        table = partial(allowed_where, documents)
        want = table(lambda row, i, j: j <= i and row[i] == row[j])
        mistakes = {
            "a position must not look ahead: the causal part is missing": table(
                lambda row, i, j: row[i] == row[j]
            ),
            "other documents are hidden, too: yours is the causal mask alone": table(
                lambda row, i, j: j <= i
            ),
            "earlier documents are other documents: equal, not less or equal": table(
                lambda row, i, j: j <= i and row[i] >= row[j]
            ),
            "rows are queries, columns keys: j <= i": table(lambda row, i, j: j >= i and row[i] == row[j]),
            "a position sees itself: keep the diagonal": table(lambda row, i, j: j < i and row[i] == row[j]),
            "True means may attend: yours is inverted": ~want,
            "padding sees its own kind, as any other number: a query without a key has no softmax": table(
                lambda row, i, j: j <= i and row[i] == row[j] and row[i] > 0
            ),
            "the mask is bool": want.long(),
            "a mask is bool; yours holds floats": want.float(),
            "a matrix for each row, (batch, time, time)": want[:, None],
        }
        expect(learner, documents).equals(want, mistakes=unlike(want, mistakes))


@check
def document_positions(learner: Any, seed: int) -> None:
    """Positions from 0 in each document. Oracle: a counter that goes along the row."""
    for documents in numbered(seed):
        counted = partial(counted_along, documents)
        want = counted(lambda at, i, number: at)
        mistakes = {
            "each document begins at 0 again: yours counts along the whole row": counted(
                lambda at, i, number: i
            ),
            "positions count from 0": want + 1,
            "padding counts anew, too, as any other number: it is read by nobody": counted(
                lambda at, i, number: at if number else 0
            ),
            "these are numbers of documents, not positions": documents,
            "the first token of a document is at 0, the second at 1": (want - 1).clamp(min=0),
            "positions are int64": want.float(),
            "a position for each token, (batch, time)": want[0],
        }
        expect(learner, documents).equals(want, mistakes=unlike(want, mistakes))


def unlike(want: torch.Tensor, mistakes: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Mistakes that give something else than what is wanted."""
    return {
        words: wrong
        for words, wrong in mistakes.items()
        if wrong.shape != want.shape or wrong.dtype != want.dtype or not torch.equal(wrong, want)
    }
