"""Checks of 05_tokenizers/01_bpe on what a tokenizer starts from: bytes, and the chunks of a text.

Oracles: the `tokenizers` library's bytes and its cuts, Python's own codec.
"""

from __future__ import annotations

import random
import re
from itertools import pairwise
from typing import Any

import regex
from tokenizers import pre_tokenizers

from fasttrack.check import check, expect
from fasttrack.check.bpe.oracle import byte_ids, byte_tokens, text_of


@check
def text_to_ids(learner: Any, seed: int) -> None:
    """One id for each byte of UTF-8. Oracle: the library's byte-level alphabet."""
    every = "".join(map(chr, range(0x100)))
    for text in ("é!", text_of(seed, 8), every, "日本 😀\n", text_of(seed + 1, 40), "", "\x00"):
        data = text.encode()
        want = byte_ids(data)
        expect(learner, text).equals(
            want,
            mistakes={
                "these are the bytes themselves: an id is the byte's place in BYTE_TOKENS": list(data),
                "these are code points of characters: encode the text to bytes first": [ord(c) for c in text],
                "UTF-8, not UTF-16": byte_ids(text.encode("utf-16")),
                "UTF-8, not UTF-16, which starts with a mark": byte_ids(text.encode("utf-16-le")),
                "UTF-8, not Latin-1": byte_ids(text.encode("latin-1", "replace")),
                "a character that is no ASCII was lost": byte_ids(text.encode("ascii", "ignore")),
                "a list of ids, not bytes": bytes(want),
                "a list, not a tuple": tuple(want),
                "UnicodeEncodeError: name utf-8, which can encode any text": UnicodeEncodeError,
                "BYTE_TOKENS holds bytes of length 1: look for bytes([byte]), not for the number": ValueError,
            },
        )


@check
def decode(learner: Any, seed: int) -> None:
    """Join bytes, then decode. Oracle: Python's codec on the joined bytes."""
    single, rng = byte_tokens(), random.Random(seed)
    for case, data in enumerate(
        (
            "naïve 😀".encode(),
            text_of(seed, 12).encode(),
            b"ok \xe2\x82 \xff" + bytes([rng.randrange(0x80, 0xC0)]) + b" end",
            rng.randbytes(60),
            text_of(seed + 1, 25).encode(),
            b"\xed\xa0\x80\xf0\x9f",
            b"",
        )
    ):
        vocab = [*single, *(data[k : k + 2] + bytes([65 + k]) for k in range(6))]
        ids = byte_ids(data)
        if case % 2:  # longer tokens, which begin and end inside characters
            cuts = sorted({0, len(data), *(rng.randrange(len(data) + 1) for _ in range(8))})
            parts = [data[a:b] for a, b in pairwise(cuts)]
            ids = [len(vocab) + k for k in range(len(parts))]
            vocab = [*vocab, *parts]
        tokens = [vocab[i] for i in ids]
        whole = b"".join(tokens)
        expect(learner, ids, vocab).equals(
            whole.decode("utf-8", "replace"),
            mistakes={
                "a character may be spread over several tokens: join the bytes first, then decode once": "".join(
                    token.decode("utf-8", "replace") for token in tokens
                ),
                "bytes that are no UTF-8 become U+FFFD, they do not vanish": whole.decode("utf-8", "ignore"),
                "token by token, and what is no UTF-8 lost: join the bytes first": "".join(
                    token.decode("utf-8", "ignore") for token in tokens
                ),
                "bytes that are no UTF-8 become U+FFFD, not an escape": whole.decode(
                    "utf-8", "backslashreplace"
                ),
                "bytes that are no UTF-8 become U+FFFD, not half a surrogate pair": whole.decode(
                    "utf-8", "surrogateescape"
                ),
                "UTF-8, not Latin-1": whole.decode("latin-1"),
                "text, not bytes": whole,
                "an id is a place in vocab, not a byte": bytes(i % 256 for i in ids).decode(
                    "utf-8", "replace"
                ),
                "a list of ids may be any: what is no UTF-8 must not stop you (errors=...)": UnicodeDecodeError,
            },
        )


LETTERS, REST = r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+", r"|\s+(?!\S)|\s+"
SHORT = r"'s|'t|'re|'ve|'m|'ll|'d|"
MISTAKEN = {
    "the space before a word belongs to its chunk": (SHORT + LETTERS + REST).replace(" ?", ""),
    "of several spaces the last belongs to the next chunk: \\s+(?!\\S) comes before \\s+": SHORT
    + LETTERS
    + r"|\s+",
    "white space that ends the text, or a line break before a word, is a chunk, too: the last alternative is \\s+": (
        SHORT + LETTERS + r"|\s+(?!\S)"
    ),
    "white space is a chunk, too: joined, the chunks are the text": SHORT + LETTERS,
    "contractions come first: 's, 't, 're, 've, 'm, 'll, 'd": LETTERS + REST,
    "'ll, 're and 've are contractions, too": "'s|'t|'m|'d|" + LETTERS + REST,
    "contractions are lower case in GPT-2's pattern: 'T is not one": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|" + LETTERS + REST,
    "digits are not letters: \\p{L} and \\p{N} are two alternatives": SHORT
    + r" ?[\p{L}\p{N}]+| ?[^\s\p{L}\p{N}]+"
    + REST,
    "\\p{L} is any letter, a-z are not all": SHORT + r" ?[a-zA-Z]+| ?\p{N}+| ?[^\sa-zA-Z\p{N}]+" + REST,
    "\\p{L} is any letter, a-z leave the others out altogether": SHORT
    + r" ?[a-zA-Z]+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"
    + REST,
    "\\p{L} and \\p{N} are any letter and any digit, a-z and 0-9 are not all": SHORT
    + r" ?[a-zA-Z]+| ?[0-9]+| ?[^\sa-zA-Z0-9]+"
    + REST,
    "round brackets make findall return what stands in them, and nothing else: do without": "("
    + SHORT[:-1]
    + ")|"
    + LETTERS
    + REST,
    "round brackets make findall return tuples: do without": "("
    + (SHORT + LETTERS).replace("|", ")|(")
    + r")|(\s+(?!\S))|(\s+)",
    "\\p{N} is any digit": SHORT + r" ?\p{L}+| ?[0-9]+| ?[^\s\p{L}0-9]+" + REST,
    "a number is one chunk here; three digits at most is GPT-4's pattern": SHORT
    + r" ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+"
    + REST,
    "what is neither letter nor digit nor space makes chunks, too": SHORT + r" ?\p{L}+| ?\p{N}+" + REST,
    "several such characters in a row are one chunk: [^\\s\\p{L}\\p{N}]+": SHORT
    + r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]"
    + REST,
    "\\w+ takes digits and the underscore for letters": SHORT + r" ?\w+| ?[^\s\w]+" + REST,
}  # fmt: skip


@check
def split_chunks(learner: Any, seed: int) -> None:
    """GPT-2's pattern. Oracle: the library's cuts of the same text."""
    splitter = pre_tokenizers.ByteLevel(add_prefix_space=False)
    for text in (
        "We'll go:  it's 12345 km,\n\n  isn't it?  ",
        "I'D 3rd naïve_x 7½ День 日本 !?\n",
        text_of(seed, 30),
        "  \n\tend",
        text_of(seed + 1, 120),
        "",
        " ",
    ):
        want = [text[start:end] for _, (start, end) in splitter.pre_tokenize_str(text)]
        mistakes: dict[str, Any] = {
            words: regex.findall(pattern, text) for words, pattern in MISTAKEN.items()
        }
        mistakes |= {
            "split() loses the spaces: joined, the chunks are the text": text.split(),
            "not only at spaces: letters, digits and other characters are parted, too": re.findall(
                r" ?\S+|\s+", text
            ),
            "a list of chunks, not a tuple": tuple(want),
            "re does not know \\p{L}: use regex.findall": re.error("bad escape"),
            "a space is lost: it stands before each ? in the pattern, [ ]?": regex.error("nothing to repeat"),
        }
        expect(learner, text).equals(
            want, mistakes={words: wrong for words, wrong in mistakes.items() if wrong != want}
        )
