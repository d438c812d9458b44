"""The checks of 05_tokenizers/01_bpe on the course's own functions, on wrong ones, and on many seeds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest

from fasttrack import bpe
from fasttrack.check import CheckFailed
from fasttrack.check import bpe as checks


class Lazy(bpe.PairIndex):
    """Counts everything anew, and is right."""

    def merge(self, pair: bpe.Pair, new_id: int) -> None:
        super().__init__([bpe.merge(chunk, pair, new_id) for chunk in self.chunks], self.times)


class Forgetful(bpe.PairIndex):
    """Adds a chunk without its number of times."""

    def _add(self, i: int) -> None:
        times, self.times = self.times, [1] * len(self.times)
        super()._add(i)
        self.times = times


class FirstMet(bpe.PairIndex):
    def best(self) -> bpe.Pair | None:
        return max(self.counts, key=self.counts.__getitem__, default=None)


class ReplacedFirst(bpe.PairIndex):
    """Replaces a chunk before its old pairs are taken away, in plain dicts."""

    def __init__(self, chunks: Any, times: Any) -> None:
        super().__init__(chunks, times)
        self.counts = dict(self.counts)  # type: ignore[assignment]

    def merge(self, pair: bpe.Pair, new_id: int) -> None:
        for i in list(self.where[pair]):
            self.chunks[i] = bpe.merge(self.chunks[i], pair, new_id)
            self._remove(i)
            self._add(i)


class NoEnd(bpe.PairIndex):
    def best(self) -> bpe.Pair | None:
        return min(self.counts, key=lambda pair: (-self.counts[pair], pair))


def leaking(text: str, merges: Any, special: dict[str, int], allowed: Sequence[str] = ()) -> list[int]:
    """What is not allowed becomes special all the same, where it is the whole of a part."""
    ids: list[int] = []
    for part in bpe.split_special(text, allowed):
        ids += [special[part]] if part in special else bpe.encode(part, merges)
    return ids


def lenient(text: str, merges: Any, special: dict[str, int], allowed: Sequence[str] = ()) -> list[int]:
    return bpe.encode_special(text, merges, special, list(special))


# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, Any, str]] = [
    ("text_to_ids", lambda text: list(text.encode()), "the bytes themselves"),
    ("text_to_ids", lambda text: [ord(c) for c in text], "code points"),
    ("decode", lambda ids, vocab: "".join(bpe.decode([i], vocab) for i in ids), "join the bytes first"),
    ("decode", lambda ids, vocab: bpe.ids_to_bytes(ids, vocab).decode("utf-8"), "must not stop you"),
    ("pair_counts", lambda ids: Counter(pairwise(ids)), "not a dict"),
    ("pair_counts", lambda ids: bpe.pair_counts(ids[:-1]), "the last pair is missing"),
    ("merge", lambda ids, pair, new: bpe.merge(ids, pair, new)[:-1], "the last id is missing"),
    ("train_naive", lambda ids, size: bpe.train_naive(ids, size + 256), "vocab_size counts the 256 bytes"),
    ("train_naive", lambda ids, size: bpe.train_naive(ids, size)[:-1], "one merge too few"),
    ("build_vocab", lambda merges: bpe.build_vocab(merges)[256:], "the single bytes come first"),
    ("split_chunks", lambda text: re.findall(r" ?\w+| ?[^\s\w]+|\s+", text), "expected"),
    ("split_chunks", lambda text: re.findall(r" ?\S+|\s+", text), "not only at spaces"),
    ("PairIndex", Lazy, "merge goes through all chunks"),
    ("PairIndex", Forgetful, "stands for times"),
    ("PairIndex", FirstMet, "not the one met first"),
    ("PairIndex", ReplacedFirst, "remove meets a pair with the new id"),
    ("PairIndex", NoEnd, "best() returns None"),
    ("train_bpe", lambda text, size: bpe.train_naive(bpe.text_to_ids(text), size), "merges stay inside a chunk"),
    (
        "train_bpe",
        lambda text, size: bpe.train_bpe("".join(dict.fromkeys(bpe.split_chunks(text))), size),
        "expected",
    ),
    ("encode_chunk", lambda ids, ranks: list(ids), "nothing was merged"),
    ("encode", lambda text, merges: bpe.text_to_ids(text), "nothing was merged"),
    ("encode_special", lenient, "only what is in allowed"),
    ("encode_special", leaking, "only what is in allowed"),
    ("encode_special", lambda text, merges, special, allowed=(): bpe.encode(text, merges), "becomes its special id"),
    ("compression_ratio", lambda text, ids: len(text) / len(ids), "bytes, not characters"),
]  # fmt: skip


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("name", checks.__all__)
def test_what_later_lessons_use_passes_the_lessons_own_checks(name: str, seed: int) -> None:
    getattr(checks, name)(getattr(bpe, name), seed=seed)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "hint"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(
    name: str, learner: Callable[..., Any], hint: str, seed: int
) -> None:
    with pytest.raises(CheckFailed, match=re.escape(hint)):
        getattr(checks, name)(learner, seed=seed)


def test_the_oracles_bytes_are_all_256_in_the_order_of_gpt_2() -> None:
    from fasttrack.check.bpe import oracle

    assert oracle.byte_tokens() == bpe.BYTES
    assert bpe.BYTES[0] == b"!"
    assert bpe.BYTES[220] == b" "
