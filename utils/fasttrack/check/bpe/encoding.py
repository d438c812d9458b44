"""Checks of 05_tokenizers/01_bpe on encoding.

Oracles: the `tokenizers` library, and all merges in their order by str.replace.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from fasttrack.check import check, expect
from fasttrack.check.bpe.oracle import (
    Pair,
    by_rank,
    byte_ids,
    ids_of,
    library,
    merges_of,
    replaced,
    spelled,
    text_of,
)
from fasttrack.check.bpe.training import GPT2, different, tokens_of


@check
def encode_chunk(learner: Any, seed: int) -> None:
    """The pair with the smallest new id first. Oracle: all merges in their order, by str.replace."""
    rng = random.Random(seed)
    a, b, c, d = rng.sample(range(256), 4)
    by_hand = {(b, c): 256, (a, b): 257, (257, c): 258, (256, d): 259, (a, a): 260}
    merges = merges_of(library(text_of(seed, 90), 320))
    trained = {pair: 256 + i for i, pair in enumerate(merges)}
    words = [byte_ids(word.encode()) for word in text_of(seed + 1, 40).split(" ")]
    # Every mistake gives another answer here, and the dict is in an order that none of the ids has.
    telling = {
        (a, 256): 259,
        (d, b): 256,
        (a, d): 262,
        (b, 256): 258,
        (258, 258): 261,
        (b, b): 260,
        (a, c): 257,
    }
    shuffled = dict(rng.sample(list(trained.items()), len(trained)))
    for ids, ranks in (
        ([a, d, b, d, b, b, b, d, b, c, b], telling),
        ([a, b, c, d], by_hand),
        ([a, a, a, b, c], by_hand),
        ([a, b, a, b, c, d, a, a], by_hand),
        *((word, shuffled) for word in words[:12]),
        (byte_ids(rng.randbytes(30)), shuffled),
        (byte_ids(b" ".join(word.encode() for word in text_of(seed, 30).split())), shuffled),
        ([a], by_hand),
        ([], by_hand),
        ([a, b], {}),
    ):
        want = by_rank(ids, ranks)
        expect(learner, ids, ranks).equals(want, mistakes=different(wrong_encodings(ids, ranks), want))


def wrong_encodings(ids: list[int], ranks: dict[Pair, int]) -> dict[str, Any]:
    return {
        "the pair with the smallest new id first, not the leftmost pair": stepwise(
            ids, ranks, lambda p, at: at
        ),
        "the pair with the smallest new id first, not the leftmost pair, at all its places": everywhere(
            ids, ranks, lambda known, _: known[0]
        ),
        "the pair with the smallest new id first, not the largest": stepwise(
            ids, ranks, lambda p, at: -ranks[p]
        ),
        "the longest token that fits is not what merging gives": longest(ids, ranks),
        "ranks is in any order: the smallest new id first": in_order_of_dict(ids, ranks),
        "go on until no pair of ranks is left: yours merges one pair": by_rank(
            ids, dict(first_known(ids, ranks))
        ),
        "nothing was merged": list(ids),
        "yours goes from left to right once: go on until no pair of ranks is left": once_through(ids, ranks),
        "a single token has no pair: nothing is left to merge": ValueError,
        "a pair that is not in ranks is never merged": KeyError,
    }


def stepwise(ids: Sequence[int], ranks: dict[Pair, int], key: Callable[[Pair, int], int]) -> list[int]:
    """One merge at a time, of the known pair with the smallest key."""
    ids = list(ids)
    while known := [(key((a, b), at), at) for at, (a, b) in enumerate(pairwise(ids)) if (a, b) in ranks]:
        _, at = min(known)
        ids[at : at + 2] = [ranks[ids[at], ids[at + 1]]]
    return ids


def everywhere(
    ids: Sequence[int], ranks: dict[Pair, int], choose: Callable[[list[Pair], dict[Pair, int]], Pair]
) -> list[int]:
    """Again and again one of the known pairs, in the order of their places, at all its places."""
    while known := [pair for pair in pairwise(ids) if pair in ranks]:
        pair = choose(known, ranks)
        ids = replaced(ids, pair, ranks[pair])
    return list(ids)


def in_order_of_dict(ids: Sequence[int], ranks: dict[Pair, int]) -> list[int]:
    for pair, new_id in ranks.items():
        ids = replaced(ids, pair, new_id)
    return list(ids)


def first_known(ids: Sequence[int], ranks: dict[Pair, int]) -> list[tuple[Pair, int]]:
    present = [pair for pair in ranks if spelled(pair) in spelled(ids)]
    return [(pair, ranks[pair]) for pair in sorted(present, key=ranks.__getitem__)[:1]]


def once_through(ids: Sequence[int], ranks: dict[Pair, int]) -> list[int]:
    out, at = list[int](), 0
    while at < len(ids):
        pair = tuple(ids[at : at + 2])
        hit = len(pair) == 2 and pair in ranks
        out.append(ranks[pair[0], pair[1]] if hit else ids[at])
        at += 2 if hit else 1
    return out


def longest(ids: Sequence[int], ranks: dict[Pair, int]) -> list[int]:
    """At each place the longest token of all."""
    parts: dict[int, tuple[int, ...]] = {i: (i,) for i in range(256)}
    for (left, right), new_id in sorted(ranks.items(), key=lambda item: item[1]):
        parts[new_id] = parts[left] + parts[right]
    by_parts = {part: i for i, part in parts.items()}
    out, at = list[int](), 0
    while at < len(ids):
        size = next(n for n in range(len(ids) - at, 0, -1) if tuple(ids[at : at + n]) in by_parts)
        out.append(by_parts[tuple(ids[at : at + size])])
        at += size
    return out


@check
def encode(learner: Any, seed: int) -> None:
    """Bytes, chunks, merges. Oracle: the library's encode."""
    tokenizer = library(text_of(seed, 150), 340)
    merges = merges_of(tokenizer)
    ranks = {pair: 256 + i for i, pair in enumerate(merges)}
    for text in (
        text_of(seed, 12),
        text_of(seed, 80),
        "it's 2024:  naïve\n\n  日本 <|endoftext|> aaaaa",
        text_of(seed + 5, 60),
        "",
        "\x00",
    ):
        want = ids_of(tokenizer, text)
        chunks = [byte_ids(chunk.encode()) for chunk in GPT2.findall(text)]
        nested = [by_rank(chunk, ranks) for chunk in chunks]
        places = {pair: i for i, pair in enumerate(merges)}
        mistakes = {
            "merges stay inside a chunk: cut the text first": by_rank(byte_ids(text.encode()), ranks),
            "one list of ids, not one for each chunk": nested,
            "nothing was merged": [i for chunk in chunks for i in chunk],
            "each chunk as often as it occurs, in the order of the text": [
                i
                for chunk in dict.fromkeys(GPT2.findall(text))
                for i in by_rank(byte_ids(chunk.encode()), ranks)
            ],
            "the first merge makes id 256: the ids of yours are counted from 0": [
                i - 256 if i > 255 else i for i in want
            ],
            "merge number i makes id 256 + i: yours makes id i, which is a byte's": [
                i
                for chunk in chunks
                for i in everywhere(chunk, places, lambda known, by: min(known, key=by.__getitem__))
            ],
            "the first merge makes id 256: yours makes 257": [i + (i > 255) for i in want],
            "the spaces are gone: the chunks joined are the text": [
                i for chunk in text.split() for i in by_rank(byte_ids(chunk.encode()), ranks)
            ],
            "ids, not the bytes of the tokens": [tokens_of(merges)[i] for i in want],
        }
        expect(learner, text, merges).equals(want, mistakes=different(mistakes, want))
    expect(learner, "no merges", []).equals(byte_ids(b"no merges"))
