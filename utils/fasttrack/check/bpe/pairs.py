"""Checks of 05_tokenizers/01_bpe on one round of training: count pairs, merge one. Oracles: a loop, str.replace."""

from __future__ import annotations

import random
from typing import Any

from fasttrack.check import check, expect
from fasttrack.check.bpe.oracle import Pair, counted, replaced


def lists(seed: int) -> list[list[int]]:
    """Lists of ids: with runs, of few and of many ids, as short as can be."""
    rng = random.Random(seed)
    a, b, c = rng.sample(range(300), 3)
    return [
        [a, a, a, b, c, a, b],
        rng.choices([a, b], k=20),
        rng.choices([a, b, c], weights=[5, 1, 1], k=40),
        [rng.randrange(1000) for _ in range(50)],
        [a, a, a, a],
        [a, b],
        [b],
        [],
    ]


@check
def pair_counts(learner: Any, seed: int) -> None:
    """How often each pair of neighbours occurs. Oracle: a loop that adds one."""
    for ids in lists(seed):
        want = counted([ids])
        apart: dict[Pair, int] = {}
        place = 0
        while place + 1 < len(ids):
            pair = (ids[place], ids[place + 1])
            apart[pair] = apart.get(pair, 0) + 1
            place += 2 if pair[0] == pair[1] else 1
        halves = counted([ids[k : k + 2] for k in range(0, len(ids), 2)])
        expect(learner, ids).equals(
            want,
            mistakes={
                "every neighbour counts: three equal ids are two pairs, though they overlap": apart,
                "each id starts a pair, not every other one": halves,
                "the last pair is missing": counted([ids[:-1]]),
                "the first pair is missing": counted([ids[1:]]),
                "pairs of neighbours, not single ids": {i: ids.count(i) for i in ids},
                "the first id of a pair stands left": {(b, a): n for (a, b), n in want.items()},
                "the last id has no right neighbour: stop one earlier": IndexError,
                "how often, not whether": dict.fromkeys(want, 1),
                "(3, 7) and (7, 3) are two pairs": counted_both_ways(want),
                "a dict, not a list of pairs and counts": list(want.items()),
            },
        )


def counted_both_ways(counts: dict[Pair, int]) -> dict[Pair, int]:
    both: dict[Pair, int] = {}
    for (a, b), n in counts.items():
        pair = (min(a, b), max(a, b))
        both[pair] = both.get(pair, 0) + n
    return both


@check
def merge(learner: Any, seed: int) -> None:
    """Each pair from the left by the new id. Oracle: str.replace on one character for each id."""
    rng = random.Random(seed)
    for case, ids in enumerate(lists(seed)):
        present = list(counted([ids]))
        pairs = rng.sample(present, min(4, len(present)))
        equal = [pair for pair in present if pair[0] == pair[1]]
        for pair in [*(equal if case in (0, 4) else []), *pairs, *equal[:1], (ids[-1] if ids else 3, 2000)]:
            new_id = rng.randrange(1000, 5000)
            want = replaced(ids, pair, new_id)
            turned = replaced(ids[::-1], pair[::-1], new_id)[::-1]
            expect(learner, ids, pair, new_id).equals(
                want,
                mistakes={
                    "from the left: yours merges from the right": turned,
                    "every occurrence, not only the first": once(ids, pair, new_id),
                    "a merged pair is used up: its second id cannot begin another pair": overlapping(
                        ids, pair, new_id
                    ),
                    "nothing was merged": list(ids),
                    "the ids after a merged pair are kept: skip two places, not three": skipping(
                        ids, pair, new_id
                    ),
                    "the last id is missing: it has no right neighbour, but it stays": want[:-1],
                    "both ids of the pair go: yours keeps the second": keeping(ids, pair, new_id),
                    "the pair is merged in its order: left id, right id": replaced(ids, pair[::-1], new_id),
                    "the last id has no right neighbour": IndexError,
                    "a list, not a tuple": tuple(want),
                },
            )


def once(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    for i in range(len(ids) - 1):
        if (ids[i], ids[i + 1]) == pair:
            return [*ids[:i], new_id, *ids[i + 2 :]]
    return list(ids)


def overlapping(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """One new id for each place where the pair begins, and every id outside all pairs."""
    starts = [i for i in range(len(ids) - 1) if (ids[i], ids[i + 1]) == pair]
    inside = {i + 1 for i in starts}
    return [new_id if i in starts else ids[i] for i in range(len(ids)) if i in starts or i not in inside]


def skipping(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    merged, i = [], 0
    while i < len(ids):
        hit = tuple(ids[i : i + 2]) == pair
        merged.append(new_id if hit else ids[i])
        i += 3 if hit else 1
    return merged


def keeping(ids: list[int], pair: Pair, new_id: int) -> list[int]:
    """Every place where the pair begins gets the new id, and nothing goes."""
    return [new_id if tuple(ids[i : i + 2]) == pair else ids[i] for i in range(len(ids))]
