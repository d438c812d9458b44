"""Checks of 05_tokenizers/01_bpe on special tokens and on compression.

Oracles: a walk through the text with the `tokenizers` library between special tokens, and a count of bytes.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from tokenizers import Tokenizer

from fasttrack.check import check, expect
from fasttrack.check.bpe.oracle import ids_of, library, merges_of, text_of, with_special
from fasttrack.check.bpe.training import different


@check
def encode_special(learner: Any, seed: int) -> None:
    """Only what is allowed becomes special. Oracle: a walk through the text, the library between."""
    rng = random.Random(seed)
    tokenizer = library(text_of(seed, 120), 320)
    merges = merges_of(tokenizer)
    names = ["<|endoftext|>", "<|user|>", "<|user|>:", "[END]", "a.b*"]
    special = {name: 400 + place for place, name in enumerate(rng.sample(names, len(names)))}
    plain = text_of(seed + 1, 10)
    for text, allowed in (
        ("hi<|endoftext|> it's", ["<|endoftext|>"]),
        ("hi<|endoftext|> it's", []),
        ("a<|user|> b<|endoftext|>", ["<|user|>"]),
        ("hi<|endoftext|><|user|>", ["<|endoftext|>"]),  # what is not allowed is the whole of a part
        ("[END]", ["<|user|>"]),
        ("[END]", []),
        ("<|user|>: on<|user|> :<|endoftext|><|endoftext|>", ["<|user|>", "<|user|>:", "<|endoftext|>"]),
        ("[END] E a.b* aXbb", ["[END]", "a.b*"]),
        (with_special(plain, special), rng.sample(names, 3)),
        (with_special(text_of(seed + 2, 20), special), list(special)),
        ("", ["[END]"]),
        ("<|user|>", ["<|user|>"]),
    ):
        want = walked(text, tokenizer, special, allowed)
        mistakes: dict[str, Any] = {
            "only what is in allowed becomes special: user text can hold any string": walked(
                text, tokenizer, special, list(special)
            ),
            "what is in allowed becomes its special id": ids_of(tokenizer, text),
            "where two begin at the same place the longer one counts": walked(
                text, tokenizer, special, allowed, shorter=True
            ),
            "the special tokens are missing": [i for i in want if i < 400],
            "what stands around the special tokens is missing": [i for i in want if i >= 400],
            "white space around a special token is text, too": stripped(text, tokenizer, special, allowed),
            "a part may be empty, and empty text has no ids": IndexError,
            "| has a meaning in a pattern: escape what you search for (regex.escape)": KeyError,
        }
        expect(learner, text, merges, special, allowed).equals(want, mistakes=different(mistakes, want))
    text = with_special(plain, special)
    expect(learner, text, merges, special).equals(
        ids_of(tokenizer, text),
        mistakes={"nothing is allowed unless it is named": walked(text, tokenizer, special, list(special))},
    )


def parts_of(text: str, allowed: Iterable[str], shorter: bool = False) -> list[tuple[str, bool]]:
    """The text in parts, each with whether it is special."""
    parts: list[tuple[str, bool]] = []
    start = at = 0
    while at < len(text):
        found = sorted((name for name in allowed if text.startswith(name, at)), key=len, reverse=not shorter)
        if found:
            parts += [(text[start:at], False), (found[0], True)]
            start = at = at + len(found[0])
        else:
            at += 1
    return [*parts, (text[start:], False)]


def walked(
    text: str, tokenizer: Tokenizer, special: dict[str, int], allowed: Iterable[str], shorter: bool = False
) -> list[int]:
    ids: list[int] = []
    for part, is_special in parts_of(text, allowed, shorter):
        ids += [special[part]] if is_special else ids_of(tokenizer, part)
    return ids


def stripped(text: str, tokenizer: Tokenizer, special: dict[str, int], allowed: Iterable[str]) -> list[int]:
    ids: list[int] = []
    for part, is_special in parts_of(text, allowed):
        ids += [special[part]] if is_special else ids_of(tokenizer, part.strip())
    return ids


@check
def compression_ratio(learner: Any, seed: int) -> None:
    """Bytes for each token. Oracle: the definition, counted byte by byte."""
    rng = random.Random(seed)
    for text, n in (
        ("日本 é!", 3),
        (text_of(seed, 30), 17 + rng.randrange(9)),
        ("abcd", 4),
        (text_of(seed + 1, 9), 2),
        ("a", 1),
    ):
        ids = [rng.randrange(1000) for _ in range(n)]
        ids[-1] = ids[0]  # a token that occurs twice counts twice
        length = sum(1 for _ in text.encode())
        expect(learner, text, ids).close(
            length / n,
            mistakes=different(
                {
                    "bytes, not characters: encode the text to count them": len(text) / n,
                    "bytes for each token, not tokens for each byte": n / length,
                    "a fraction: / and not //": length // n,
                    "a float: / and not //": float(length // n),
                    "distinct ids are not the question: the length of ids": length / len(set(ids)),
                },
                length / n,
            ),
        )
