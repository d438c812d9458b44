"""What the checks of 05_tokenizers/01_bpe compare with: the `tokenizers` library, and str.replace.

A list of ids is also a string of one character for each id; then replacing a pair is `str.replace`.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

Pair = tuple[int, int]
Choice = Callable[[dict[Pair, int]], Pair]

FIRST = 0x4E00  # the character that stands for id 0: from here on some 20,000 in a row are unremarkable
ALPHABET = sorted(pre_tokenizers.ByteLevel.alphabet())  # the library gives these 256 the ids 0 to 255

PIECES = (
    "the ", "cat", " sat", "on", " mat", "s", " it's", " 'tis", "\n", "\n\n  ", "  ", "\t",
    " 2024", "7", "-", "...", "!?",
    " é", "naïve", "ß", " День", "ночь", "日本", "語", "😀", "👍🏽", "\u200d", "\x00", "\x7f",
    "\xa0", "\xad", "def f(x):",
    "    return x", "aaa", "aaaa", " we'll", "DON'T",
)  # fmt: skip


def text_of(seed: int, pieces: int, choose: Sequence[str] = PIECES) -> str:
    """Pieces of text at random, a few of them again and again."""
    rng = random.Random(seed)
    weights = [1 / (1 + k) for k in range(len(choose))]
    shuffled = rng.sample(choose, len(choose))
    return "".join(rng.choices(shuffled, weights, k=pieces))


def with_special(text: str, specials: Iterable[str]) -> str:
    """The text with each special token put in twice, at places that depend on the text alone."""
    rng = random.Random(len(text))
    for token in [*specials, *specials]:
        place = rng.randrange(len(text) + 1)
        text = text[:place] + token + text[place:]
    return text


@cache
def library(text: str, vocab_size: int, chunked: bool = True) -> Tokenizer:
    """Trained on the text as a whole: `train` would read a file line by line, and learn something else."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=chunked)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([text], trainer)
    return tokenizer


def merges_of(tokenizer: Tokenizer) -> list[Pair]:
    model = json.loads(tokenizer.to_str())["model"]
    return [(model["vocab"][left], model["vocab"][right]) for left, right in model["merges"]]


def ids_of(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text).ids)


def byte_ids(data: bytes) -> list[int]:
    """The library's id of each byte: the place of its character in the library's alphabet."""
    return [ids_by_byte()[byte] for byte in data]


@cache
def ids_by_byte() -> dict[int, int]:
    """Two-byte letters U+0080 to U+07FF have every byte from 0x80 to 0xDF but two; the rest need others."""
    splitter = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    found: dict[int, int] = {}
    for code in (*range(0x800), *range(0x800, 0xD800, 0x40), *range(0xE000, 0x110000, 0x1000)):
        character = chr(code)
        ((shown, _),) = splitter.pre_tokenize_str(character)
        found |= dict(zip(character.encode(), (ALPHABET.index(one) for one in shown), strict=True))
    rest = sorted(set(range(256)) - set(found.values()))  # 0xC0, 0xC1 and 0xF5 to 0xFF are in no text
    return found | dict(zip(sorted(set(range(256)) - set(found)), rest, strict=True))


def byte_tokens() -> list[bytes]:
    """The single bytes by id."""
    by_id = {i: byte for byte, i in ids_by_byte().items()}
    return [bytes([by_id[i]]) for i in range(256)]


def spelled(ids: Iterable[int]) -> str:
    return "".join(chr(FIRST + i) for i in ids)


def numbered(text: str) -> list[int]:
    return [ord(character) - FIRST for character in text]


def replaced(ids: Iterable[int], pair: Pair, new_id: int) -> list[int]:
    """Each pair from the left by the new id."""
    return numbered(spelled(ids).replace(spelled(pair), chr(FIRST + new_id)))


def counted(chunks: Sequence[Sequence[int]], times: Sequence[int] | None = None) -> dict[Pair, int]:
    counts: dict[Pair, int] = {}
    for k, chunk in enumerate(chunks):
        for i in range(1, len(chunk)):
            pair = (chunk[i - 1], chunk[i])
            counts[pair] = counts.get(pair, 0) + (times[k] if times else 1)
    return counts


def smallest(counts: dict[Pair, int]) -> Pair:
    """The rule: highest count, then smallest pair."""
    return sorted(counts, key=lambda pair: (-counts[pair], pair))[0]


def learned(chunks: Sequence[Sequence[int]], merges: int, choose: Choice = smallest) -> list[Pair]:
    """Merges learned by counting everything anew, by any rule of choice."""
    chunks, found = [list(chunk) for chunk in chunks], list[Pair]()
    while len(found) < merges and (counts := counted(chunks)):
        pair = choose(counts)
        chunks = [replaced(chunk, pair, 256 + len(found)) for chunk in chunks]
        found.append(pair)
    return found


def by_rank(ids: Sequence[int], ranks: dict[Pair, int]) -> list[int]:
    """All merges in their order, each on the whole list: a later one never makes room for an earlier one."""
    for pair in sorted(ranks, key=ranks.__getitem__):
        ids = replaced(ids, pair, ranks[pair])
    return list(ids)


def largest(counts: dict[Pair, int]) -> Pair:
    return max(counts, key=lambda pair: (counts[pair], pair))


def first_met(counts: dict[Pair, int]) -> Pair:
    return Counter(counts).most_common(1)[0][0]


def last_met(counts: dict[Pair, int]) -> Pair:
    return max(reversed(counts), key=counts.__getitem__)


def rarest(counts: dict[Pair, int]) -> Pair:
    return min(counts, key=lambda pair: (counts[pair], pair))
