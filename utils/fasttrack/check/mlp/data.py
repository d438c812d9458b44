"""Checks of 04_makemore/02_mlp, on data: contexts and targets, parts that share no name, contexts never seen.

Oracles: loops over the letters of each name, hashlib, a list that is searched.
"""

from __future__ import annotations

import hashlib
import random
from typing import Any

import torch

from fasttrack.check import check, expect
from fasttrack.check.bigram.names import made_up, numbered
from fasttrack.check.inputs import integers

Examples = tuple[torch.Tensor, torch.Tensor]


@check
def build_dataset(learner: Any, seed: int) -> None:
    """Each character with those before it, name by name. Oracle: a place in the name is asked for, one by one."""
    for k, (letters, count, block_size) in enumerate(
        (("abcde", 4, 3), ("zebra", 3, 1), ("ö-qx", 5, 2), ("abc", 1, 8), ("fgh", 6, 5))
    ):
        order = random.Random(seed + k).sample(sorted(letters), len(letters))
        stoi = numbered([".", *order])
        names = made_up(seed + k, letters, count)
        expect(learner, names, stoi, block_size).equals(
            examples(names, stoi, block_size), mistakes=wrong_examples(names, stoi, block_size)
        )


def examples(names: list[str], stoi: dict[str, int], block_size: int, *, end: bool = True) -> Examples:
    x, y = [], []
    for name in names:
        for place in range(len(name) + end):
            back = range(place - block_size, place)
            x.append([stoi[name[i]] if i >= 0 else 0 for i in back])
            y.append(stoi[name[place]] if place < len(name) else 0)
    return torch.tensor(x, dtype=torch.int64), torch.tensor(y, dtype=torch.int64)


def wrong_examples(names: list[str], stoi: dict[str, int], block_size: int) -> dict[str, Any]:
    x, y = examples(names, stoi, block_size)
    glued = [0] * block_size + [i for name in names for i in (*(stoi[c] for c in name), 0)]
    crossing = torch.tensor(glued).unfold(0, block_size + 1, 1)  # (n, block_size + 1)
    with_target = torch.cat([x[:, 1:], y[:, None]], 1)
    padded_right = torch.tensor([[*filter(None, row), *[0] * row.count(0)] for row in x.tolist()])
    short = [(row, i) for row, i in zip(x.tolist(), y.tolist(), strict=True) if row[0]]
    return {
        "a context crosses from one name into the next: start each name from dots again": (
            crossing[:, :-1],
            crossing[:, -1],
        ),
        "the last target of a name is the dot: the end is missing": examples(
            names, stoi, block_size, end=False
        ),
        "the context ends before its target: yours holds the target": (with_target, y),
        "the oldest letter comes first, the newest last: yours is turned": (x.flip(1), y),
        "dots fill up the left: the newest letter stands last": (padded_right, y),
        "a name begins after dots: examples with dots in the context are missing": (
            torch.tensor([row for row, _ in short], dtype=torch.int64).view(-1, block_size),
            torch.tensor([i for _, i in short], dtype=torch.int64),
        ),
        "x comes first, y second": (y, x),
        "tensors, not lists": (x.tolist(), y.tolist()),
        "ids are integers, int64": (x.float(), y.float()),
        "ids are int64: an index and a target have to be": (x.int(), y.int()),
        "y has shape (n,)": (x, y[:, None]),
        "ids come from stoi, not from the alphabet": KeyError,
        "the names in their order, and each as often as it occurs": examples(
            sorted(set(names)), stoi, block_size
        ),
        "the examples in the order of the names": examples(sorted(names), stoi, block_size),
        "the rows are all the same list, changed in place: append a copy": (x[-1:].expand_as(x), y),
        "the rows of a name are all the same list, changed in place: append a copy": (
            shared(names, stoi, block_size, ""),
            y,
        ),
        "the rows of a name are one list, changed in place and moved on to the dot: append a copy": (
            shared(names, stoi, block_size, "."),
            y,
        ),
    }


def shared(names: list[str], stoi: dict[str, int], block_size: int, end: str) -> torch.Tensor:
    """Contexts that are one list for each name, as they are after its last letter, or after the `end`."""
    rows = []
    for name in names:
        ids = [0] * block_size + [stoi[letter] for letter in name + end]
        rows += [ids[-block_size:]] * (len(name) + 1)
    return torch.tensor(rows, dtype=torch.int64)


@check
def split(learner: Any, seed: int) -> None:
    """Parts by the hash of each name, then examples. Oracle: hashlib and a loop over places."""
    for k, (letters, count, block_size) in enumerate((("abcdef", 40, 3), ("xyz", 30, 2), ("ghij", 50, 4))):
        stoi = numbered([".", *letters])
        names, parts = parted(seed + k, letters, count)
        train, dev, test = (examples(part, stoi, block_size) for part in parts)
        expect(learner, names, stoi, block_size).equals(
            (train, dev, test),
            mistakes={
                "in this order: train, dev, test": (train, test, dev),
                "part the names by split_names, not by their place in the list": by_place(
                    names, stoi, block_size
                ),
                "part the names, not the examples: a name's examples must not be in two parts": cut(
                    examples(names, stoi, block_size)
                ),
                "part the names, not the examples: the test examples cut off all of one list": cut(
                    tuple(torch.cat([one[i] for one in (train, dev, test)]) for i in (0, 1))
                ),
                "three pairs (x, y): yours are six tensors in a row": (*train, *dev, *test),
                "examples, not names: build_dataset of each part": tuple(parts),
                "three pairs: the test part is missing": (train, dev),
            },
        )


def parted(seed: int, letters: str, count: int) -> tuple[list[str], list[list[str]]]:
    """Names, some of them listed twice, and their train, dev and test parts, none of them empty."""
    while True:
        names = made_up(seed, letters, count)
        names += names[: count // 2]
        digits = [int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10 for name in names]
        parts = [
            [name for name, digit in zip(names, digits, strict=True) if digit in which]
            for which in (range(8), (8,), (9,))
        ]
        if all(parts):
            return names, parts
        seed += 1000


def by_place(names: list[str], stoi: dict[str, int], block_size: int) -> tuple[Examples, ...]:
    a, b = int(0.8 * len(names)), int(0.9 * len(names))
    return tuple(examples(part, stoi, block_size) for part in (names[:a], names[a:b], names[b:]) if part)


def cut(pair: Any) -> tuple[Examples, ...]:
    """All examples, cut at 80 and 90 %."""
    x, y = pair
    a, b = int(0.8 * len(x)), int(0.9 * len(x))
    return (x[:a], y[:a]), (x[a:b], y[a:b]), (x[b:], y[b:])


@check
def unseen_share(learner: Any, seed: int) -> None:
    """How many contexts are no row of train_x. Oracle: each is looked for in the list of them."""
    for k, (vocab_size, block_size, n, m) in enumerate(
        ((3, 3, 9, 8), (4, 2, 7, 11), (27, 1, 20, 9), (2, 5, 12, 16), (6, 4, 3, 1), (2, 1, 9, 4))
    ):
        train_x = integers(seed + k, vocab_size, n, block_size)
        x = integers(seed + 10 + k, vocab_size, m, block_size)
        x[: m // 2] = train_x[: m // 2]  # some that are known
        x[-1] = x[0]  # and one that is listed twice
        known, rows = train_x.tolist(), x.tolist()
        new = [row for row in rows if row not in known]
        kinds = {tuple(row) for row in rows}
        want = len(new) / m
        sets = [sorted(row) for row in known]
        share_of_train = sum(row not in rows for row in known) / n
        mistakes: dict[str, Any] = {
            "a share, not a count: divide by the number of contexts in x": len(new),
            "the share of contexts that were never seen: yours is that of the others": 1 - want,
            "every row of x counts, also one that is listed twice": len(set(map(tuple, new))) / len(kinds),
            "the order of the letters counts": sum(sorted(row) not in sets for row in rows) / m,
            "divide by the number of contexts in x, not in train_x": len(new) / n,
            "the contexts of x that train_x lacks, not those of train_x that x lacks": share_of_train,
            "compare whole contexts, not single letters": torch.isin(x, train_x)
            .logical_not()
            .double()
            .mean()
            .item(),
            "a context is seen if all its letters stand in one row of train_x: yours may stand in several": torch.isin(
                x, train_x
            )
            .all(1)
            .logical_not()
            .double()
            .mean()
            .item(),
            "a Python float: .item() makes one of a tensor": torch.tensor(want),
            "tensors are told apart by identity in a set: use tuple(row.tolist())": 1.0,
        }
        expect(learner, train_x, x).close(want, mistakes=mistakes, rtol=1e-6, atol=1e-9)
