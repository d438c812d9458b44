"""Checks of 05_tokenizers/01_bpe on training. Oracle: the `tokenizers` library, trained on the same text."""

from __future__ import annotations

import random
from typing import Any

import regex

from fasttrack.check import check, expect
from fasttrack.check.bpe.oracle import (
    Pair,
    byte_ids,
    byte_tokens,
    first_met,
    ids_by_byte,
    largest,
    last_met,
    learned,
    library,
    merges_of,
    rarest,
    text_of,
)

GPT2 = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
Chunks = list[list[int]]
TIES = "of several pairs with the highest count the smallest, "


def wrong_merges(chunks: Chunks, want: list[Pair], merges: int) -> dict[str, Any]:
    """What training gives by other rules."""
    return {
        "vocab_size counts the 256 bytes, too: vocab_size - 256 merges": learned(chunks, 256 + merges),
        "one merge too many": learned(chunks, merges + 1),
        "one merge too few": want[:-1],
        TIES + "not the one met first": learned(chunks, merges, first_met),
        TIES + "not the one met last": learned(chunks, merges, last_met),
        TIES + "not the largest": learned(chunks, merges, largest),
        TIES + "by ids, not by the bytes they stand for": learned(chunks, merges, by_bytes(chunks, want)),
        "the commonest pair is merged, not the rarest": learned(chunks, merges, rarest),
        "the pairs are counted anew after each merge: these are the commonest of the first count": unmerged(
            chunks, merges
        ),
        "a list of pairs, not a dict": {pair: 256 + i for i, pair in enumerate(want)},
        "the bytes of the tokens are another exercise: a merge is a pair of ids": tokens_of(want)[256:],
        "no pair is left: stop earlier": ValueError,
    }


def unmerged(chunks: Chunks, merges: int) -> list[Pair]:
    found: list[Pair] = []

    def next_of_first(counts: dict[Pair, int]) -> Pair:
        return min((p for p in counts if p not in found), key=lambda p: (-counts[p], p))

    for _ in range(merges):
        try:
            found.append(learned(chunks, 1, next_of_first)[0])
        except (IndexError, ValueError):
            break
    return found


def by_bytes(chunks: Chunks, want: list[Pair]) -> Any:
    """The smallest pair where a single byte is as large as it is as a number."""
    number = {i: byte for byte, i in ids_by_byte().items()}

    def choose(counts: dict[Pair, int]) -> Pair:
        return min(counts, key=lambda pair: (-counts[pair], [number.get(i, i) for i in pair]))

    return choose


def tokens_of(merges: list[Pair]) -> list[bytes]:
    """Single bytes, then what each merge joins: every token spelled out down to its bytes."""
    single = byte_tokens()

    def spell(i: int) -> bytes:
        return single[i] if i < 256 else b"".join(map(spell, merges[i - 256]))

    return [spell(i) for i in range(256 + len(merges))]


@check
def train_naive(learner: Any, seed: int) -> None:
    """Merges of one long list. Oracle: the library without a pattern."""
    for text, vocab_size in (
        ("b\x01\nb  \x01 b\x01 \x01", 259),
        (text_of(seed, 20), 270),
        (text_of(seed + 1, 40), 281),
        ("abab", 300),
        (text_of(seed + 2, 10), 256),
        (text_of(seed + 3, 12, ["aa", "b", " ", "\n"]), 263),
        ("x", 260),
        ("", 260),
    ):
        want, ids = merges_of(library(text, vocab_size, chunked=False)), byte_ids(text.encode())
        mistakes = wrong_merges([ids], want, vocab_size - 256)
        expect(learner, ids, vocab_size).equals(want, mistakes=different(mistakes, want))


def different(mistakes: dict[str, Any], want: Any) -> dict[str, Any]:
    return {words: wrong for words, wrong in mistakes.items() if wrong != want}


@check
def build_vocab(learner: Any, seed: int) -> None:
    """256 bytes and what each merge joins. Oracle: each token spelled out by itself."""
    rng = random.Random(seed)
    for case in range(5):
        merges: list[Pair] = []
        for k in range((3, 1, 30, 0, 12)[case]):
            recent = max(0, 256 + k - 4) if case in (0, 4) and k else 0
            merges.append((rng.randrange(recent, 256 + k), rng.randrange(256 + k)))
        want = tokens_of(merges)
        ordered = [bytes([i]) for i in range(256)]
        raw = list(ordered)
        for left, right in merges:
            raw.append(raw[left] + raw[right])
        expect(learner, merges).equals(
            want,
            mistakes=different(
                {
                    "the single bytes come first, ids 0 to 255: BYTE_TOKENS": want[256:],
                    "the single bytes in GPT-2's order: BYTE_TOKENS": raw,
                    "the merged tokens are missing": want[:256],
                    "left, then right": turned(merges),
                    "a list, not a dict": dict(enumerate(want)),
                    "a list, not a tuple: start from list(BYTE_TOKENS)": tuple(want),
                    "BYTE_TOKENS is a tuple, which cannot grow: start from list(BYTE_TOKENS)": AttributeError(
                        "'tuple' object"
                    ),
                    "BYTE_TOKENS is a tuple: list(BYTE_TOKENS) is a list, and that can be joined with one": (
                        TypeError("concatenate")
                    ),
                    "tokens are bytes: text would lose what is no UTF-8": [
                        t.decode("utf-8", "replace") for t in want
                    ],
                    "a merge may join tokens that were merged before: look both up in the vocabulary so far": (
                        IndexError
                    ),
                },
                want,
            ),
        )
    expect(learner, []).equals(byte_tokens())


def turned(merges: list[Pair]) -> list[bytes]:
    vocab = byte_tokens()
    for left, right in merges:
        vocab.append(vocab[right] + vocab[left])
    return vocab


@check
def train_bpe(learner: Any, seed: int) -> None:
    """Merges inside chunks. Oracle: the library, trained on the text as a whole."""
    for text, vocab_size in (
        ("the cat the hat\nthe mat, the rat\nat the bat\x01\n", 262),
        (text_of(seed, 40), 276),
        (text_of(seed + 1, 90), 300),
        (text_of(seed + 2, 30, ["aaa", "aa", " ", "b", "ab\n", "\x01\x02"]), 268),
        ("ab ab", 300),
        (text_of(seed + 3, 20), 256),
        ("", 300),
    ):
        want, merges = merges_of(library(text, vocab_size)), vocab_size - 256
        chunks = [byte_ids(chunk.encode()) for chunk in GPT2.findall(text)]
        distinct = [byte_ids(chunk.encode()) for chunk in dict.fromkeys(GPT2.findall(text))]
        mistakes = wrong_merges(chunks, want, merges) | {
            "merges stay inside a chunk: yours cross from one to the next": learned(
                [byte_ids(text.encode())], merges
            ),
            "a chunk counts as often as it occurs in the text": learned(distinct, merges),
            "the whole text is one text: yours was cut into lines": learned(
                [byte_ids(c.encode()) for line in text.split("\n") for c in GPT2.findall(line)], merges
            ),
        }
        expect(learner, text, vocab_size).equals(want, mistakes=different(mistakes, want))
    long = text_of(seed + 4, 3000)
    expect(learner, long, 480).equals(merges_of(library(long, 480)))
