"""Check of 07_gpt/02_pretraining, on batches. Oracle: every window there is, cut out by a loop."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check, expect, require
from fasttrack.check.fixtures import pretraining as fixtures
from fasttrack.check.inputs import distinct_sizes
from fasttrack.check.training.ask import ask, same
from fasttrack.check.values import describe

NONE_FITS = "a corpus without room for one window raises ValueError"


@check
def get_batch(learner: Any, seed: int) -> None:
    """Random windows and the tokens after them. Oracle: every window there is, cut out by a loop."""
    a, b, c = distinct_sizes(seed, 3)
    n = 4 * a + b
    cases: list[tuple[int, int, int, list[int] | None, torch.dtype]] = [
        (n, 120 * a, 3, None, torch.int64),
        (c + 3, 200, c, None, torch.int64),  # three windows, the last one to the end of the tokens
        (n, 200, b, [0, 2, 5, n - b - 1, n - b, n - 1], torch.int64),
        (a + 1, 1, a, None, torch.int64),  # one window
        (n, 2, 1, [a], torch.int64),
        (n, 100, 2, None, torch.int16),
    ]
    for size, batch, block_size, starts, dtype in cases:
        tokens = (100 + 3 * torch.randperm(size, generator=torch.Generator().manual_seed(seed))).to(dtype)
        examine(learner, tokens, batch, block_size, starts, seed)
    for size, block_size, starts in ((a, a, None), (a, a + 2, None), (n, b, [n - b, n - 1])):
        refused(learner, size, block_size, starts)


def examine(
    learner: Any, tokens: torch.Tensor, batch: int, block_size: int, starts: list[int] | None, seed: int
) -> None:
    places = range(len(tokens) - block_size) if starts is None else starts
    begins = [place for place in places if place + block_size < len(tokens)]
    given = None if starts is None else torch.tensor(starts)
    words = f"tokens {describe(tokens)}, batch {batch}, block_size {block_size}, starts {describe(given)}"
    called = ("called", f"get_batch({words})")
    answer = ask(
        learner, fixtures.drawn, tokens, batch, block_size, seed, given, called=f"get_batch({words})"
    )
    found = answer.value
    first = found["batches"][0]
    sizes = (batch, block_size)
    pair = isinstance(first, tuple) and len(first) == 2 and all(isinstance(t, torch.Tensor) for t in first)
    got = (describe(first[0]), describe(first[1])) if pair else describe(first)
    fits = pair and all(tuple(t.shape) == sizes and t.dtype == torch.int64 for t in first)
    turned = pair and all(tuple(t.shape) == sizes[::-1] for t in first) and batch != block_size
    narrow = pair and all(tuple(t.shape) == sizes for t in first)
    mistake = "one row for each window" if turned else "ids are int64: .long()" if narrow else ""
    require(
        bool(fits),
        called,
        ("expected", f"a pair x, y, both int64 {sizes}"),
        ("got", str(got)),
        *([("mistake", mistake)] if mistake else []),
    )
    x, y = first
    at = {int(token): place for place, token in enumerate(tokens)}
    rows = [[at.get(int(token), -1) for token in row] for row in x]
    told = wrong_windows(rows, [[at.get(int(token), -1) for token in row] for row in y], len(tokens))
    require(
        not told,
        called,
        ("expected", "each row of x is a window of tokens, y the same window one token later"),
        ("got", f"x[0] is {describe(x[0])} and y[0] is {describe(y[0])}"),
        *([("mistake", told)] if told else []),
    )
    counts = {place: [row[0] for row in rows].count(place) for place in range(len(tokens))}
    outside = [place for place, count in counts.items() if count and place not in begins]
    require(
        not outside,
        called,
        ("expected", f"windows that begin at one of {describe(begins)}"),
        ("got", f"one that begins at {outside[:1]}"),
    )
    missing = [place for place in begins if not counts[place]]
    even = all(abs(counts[p] - batch / len(begins)) < 6 * (batch / len(begins)) ** 0.5 for p in begins)
    lonely = "the last window is never drawn: randint leaves out its upper end, so n - block_size places"
    alike = "all windows of a batch are the same one: draw one beginning for each"
    told = (
        alike
        if len(missing) == len(begins) - 1
        else lonely
        if missing and begins[-1] in missing
        else "every window is equally likely"
    )
    few = batch < 12 * len(begins)  # too few draws to tell chance from a rule
    require(
        few or (not missing and even),
        called,
        ("expected", "every beginning that leaves room is drawn, each as often as any other"),
        ("got", ", ".join(f"{place}: {counts[place]} times" for place in begins[:12])),
        ("mistake", told),
    )
    one, two, again, repeated = found["batches"]
    require(
        same(one, again) and same(two, repeated) and found["torch's own generator is left alone"],
        called,
        ("mistake", "draw from the generator that is passed: the same seed must give the same batches"),
    )
    require(
        len(begins) == 1 or batch < 50 or not same(one, two),
        called,
        ("mistake", "two batches in a row are the same: do not seed or copy the generator inside"),
    )


def wrong_windows(rows: list[list[int]], after: list[list[int]], n: int) -> str:
    """What is wrong with windows given as places in the tokens; "" if nothing is."""
    if after == [[place + 1 for place in row] for row in rows] and all(
        row == list(range(row[0], row[0] + len(row))) for row in rows
    ):
        return ""
    if after == rows:
        return "y is x itself: the target is the token after"
    if after == [[place - 1 for place in row] for row in rows]:
        return "y is one token earlier: it must be one later"
    if after == [[(place + 1) % n for place in row] for row in rows] or any(
        row != sorted(row) and sorted(row)[0] == 0 and row[0] > row[-1] for row in rows
    ):
        return "a window runs over the end of tokens and goes on at its beginning"
    if after == [[*row[1:], row[0]] for row in rows]:
        return "the last target of a row is the token after the window, not the row's first"
    return "a row is one window: consecutive tokens"


def refused(learner: Any, size: int, block_size: int, starts: list[int] | None) -> None:
    """No window fits. A generator cannot be an argument here; None is as good, for there is nothing to draw."""
    given = () if starts is None else (torch.tensor(starts),)
    expect(learner, torch.arange(size), 2, block_size, None, *given).raises(
        ValueError,
        mistakes={
            NONE_FITS: RuntimeError,
            f"{NONE_FITS}: begin only where the whole window and its last target fit": IndexError,
            f"{NONE_FITS}, before anything is drawn": TypeError,
        },
    )
