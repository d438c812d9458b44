"""Byte-level byte-pair encoding, as GPT-2 and GPT-4 do it: training, encoding, decoding, special tokens.

Ids 0 to 255 are the single bytes in GPT-2's order (`BYTES`), id 256 + i is the i-th merge, special tokens follow.
Merges are learned inside the chunks that GPT-2's pattern cuts a text into. The pair merged next is the one with the
highest count; of several, the smallest pair of ids. That is the rule of the `tokenizers` library, which learns the
same merges from the same text. Left out: GPT-4's pattern, which cuts numbers after three digits.
Built in lesson 05/01.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import regex

Pair = tuple[int, int]

# GPT-2's pattern: contractions, letters, digits, other characters, each with the space before it, white space.
PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
CUT = regex.compile(PATTERN)

PRINTED = (
    *range(33, 127),
    *range(161, 173),
    *range(174, 256),
)  # bytes that GPT-2's files show as a character
BYTES = [bytes([byte]) for byte in (*PRINTED, *(byte for byte in range(256) if byte not in PRINTED))]
ID_OF_BYTE = {token[0]: i for i, token in enumerate(BYTES)}


def bytes_to_ids(data: bytes) -> list[int]:
    """One id for each byte."""
    return [ID_OF_BYTE[byte] for byte in data]


def text_to_ids(text: str) -> list[int]:
    """One id for each byte of the text in UTF-8. Raises UnicodeEncodeError for half a surrogate pair."""
    return bytes_to_ids(text.encode("utf-8"))


def ids_to_bytes(ids: Iterable[int], vocab: Sequence[bytes]) -> bytes:
    """The bytes that the tokens stand for; of any ids, also such as are no text."""
    return b"".join([vocab[i] for i in ids])


def decode(ids: Iterable[int], vocab: Sequence[bytes]) -> str:
    """The text that the tokens stand for; what is no UTF-8 becomes U+FFFD."""
    return ids_to_bytes(ids, vocab).decode("utf-8", errors="replace")


def pair_counts(ids: Sequence[int]) -> dict[Pair, int]:
    """How often each pair of neighbours occurs; three equal ids are two pairs."""
    return dict(Counter(pairwise(ids)))


def merge(ids: Sequence[int], pair: Pair, new_id: int) -> list[int]:
    """`ids` with each occurrence of `pair`, from the left, replaced by `new_id`."""
    merged: list[int] = []
    place = 0
    while place < len(ids):
        if place + 1 < len(ids) and (ids[place], ids[place + 1]) == pair:
            merged.append(new_id)
            place += 2
        else:
            merged.append(ids[place])
            place += 1
    return merged


def train_naive(ids: Sequence[int], vocab_size: int) -> list[Pair]:
    """The merges of one long sequence, all pairs counted anew for each: the slow way, to compare with."""
    merges: list[Pair] = []
    ids = list(ids)
    while len(BYTES) + len(merges) < vocab_size and len(ids) > 1:
        counts = pair_counts(ids)
        pair = min(counts, key=lambda candidate: (-counts[candidate], candidate))
        ids = merge(ids, pair, len(BYTES) + len(merges))
        merges.append(pair)
    return merges


def build_vocab(merges: Iterable[Pair]) -> list[bytes]:
    """The bytes of each token: the 256 single bytes, then one token for each merge."""
    vocab = list(BYTES)
    for left, right in merges:
        vocab.append(vocab[left] + vocab[right])
    return vocab


def split_chunks(text: str) -> list[str]:
    """The text cut by GPT-2's pattern; joined again the chunks are the text."""
    return CUT.findall(text)


class PairIndex:
    """Distinct chunks with how often each occurs, and the counts of their pairs, kept up to date by `merge`.

    `counts` maps each pair to how often it occurs in the text, `where` to the chunks that hold it, by index.
    """

    def __init__(self, chunks: Iterable[Sequence[int]], times: Sequence[int]) -> None:
        self.chunks = [list(chunk) for chunk in chunks]
        self.times = list(times)
        self.counts: Counter[Pair] = Counter()
        self.where: defaultdict[Pair, set[int]] = defaultdict(set)
        for i in range(len(self.chunks)):
            self._add(i)

    def _add(self, i: int) -> None:
        for pair in pairwise(self.chunks[i]):
            self.counts[pair] += self.times[i]
            self.where[pair].add(i)

    def _remove(self, i: int) -> None:
        for pair in pairwise(self.chunks[i]):
            self.counts[pair] -= self.times[i]
            self.where[pair].discard(i)
            if not self.counts[pair]:
                del self.counts[pair], self.where[pair]

    def best(self) -> Pair | None:
        """The pair with the highest count, of several the smallest; None if no pair is left."""
        if not self.counts:
            return None
        highest = max(self.counts.values())
        return min(pair for pair, count in self.counts.items() if count == highest)

    def merge(self, pair: Pair, new_id: int) -> None:
        """Merge `pair` in the chunks that hold it; no other chunk is looked at."""
        for i in list(self.where[pair]):
            self._remove(i)
            self.chunks[i] = merge(self.chunks[i], pair, new_id)
            self._add(i)


def train_bpe(text: str, vocab_size: int) -> list[Pair]:
    """Merges until there are `vocab_size` tokens, or no chunk of two tokens is left."""
    times = Counter(split_chunks(text))
    index = PairIndex([text_to_ids(chunk) for chunk in times], list(times.values()))
    merges: list[Pair] = []
    while len(BYTES) + len(merges) < vocab_size and (pair := index.best()):
        index.merge(pair, len(BYTES) + len(merges))
        merges.append(pair)
    return merges


def encode_chunk(ids: Sequence[int], ranks: Mapping[Pair, int]) -> list[int]:
    """Merge until no pair of `ranks` is left, always the pair with the smallest new id first.

    `ranks` maps a pair to the id of the token that it makes.
    """
    ids = list(ids)
    while known := [pair for pair in pairwise(ids) if pair in ranks]:
        pair = min(known, key=ranks.__getitem__)
        ids = merge(ids, pair, ranks[pair])
    return ids


def encode(text: str, merges: Iterable[Pair]) -> list[int]:
    """The tokens of a text. Nothing in it makes a special token."""
    return encode_by_ranks(text, ranks_of(merges), {})


def ranks_of(merges: Iterable[Pair]) -> dict[Pair, int]:
    """The id of the token that each pair makes."""
    return {pair: len(BYTES) + i for i, pair in enumerate(merges)}


def encode_by_ranks(text: str, ranks: Mapping[Pair, int], known: dict[str, list[int]]) -> list[int]:
    """As `encode`. Each distinct chunk is encoded once; `known` keeps the result."""
    ids: list[int] = []
    for chunk in split_chunks(text):
        if chunk not in known:
            known[chunk] = encode_chunk(text_to_ids(chunk), ranks)
        ids += known[chunk]
    return ids


def split_special(text: str, allowed: Collection[str]) -> list[str]:
    """The text cut around each allowed special token; where two begin at the same place the longer one counts."""
    if not allowed:
        return [text]
    longest_first = sorted(allowed, key=len, reverse=True)
    return regex.split(f"({'|'.join(map(regex.escape, longest_first))})", text)


def encode_special(
    text: str, merges: Iterable[Pair], special: Mapping[str, int], allowed: Collection[str] = ()
) -> list[int]:
    """As `encode`, but the strings in `allowed` become the ids that `special` gives them.

    What is not allowed is ordinary text, whatever it looks like. Raises KeyError for an allowed string that is not
    among `special`.
    """
    ranks, known = ranks_of(merges), dict[str, list[int]]()
    ids: list[int] = []
    for part in split_special(text, allowed):
        ids += [special[part]] if part in allowed else encode_by_ranks(part, ranks, known)
    return ids


def compression_ratio(text: str, ids: Sequence[int]) -> float:
    """Bytes of UTF-8 for each token."""
    return len(text.encode("utf-8")) / len(ids)


class Tokenizer:
    """Trained merges and special tokens, ready for use: encode, decode, save, load."""

    def __init__(self, merges: Iterable[Pair], special: Sequence[str] = ()) -> None:
        self.merges = list(merges)
        self.vocab = build_vocab(self.merges) + [token.encode("utf-8") for token in special]
        first = len(self.vocab) - len(special)
        self.special = {token: first + i for i, token in enumerate(special)}
        self._ranks = ranks_of(self.merges)
        self._known: dict[str, list[int]] = {}

    @classmethod
    def train(cls, text: str, vocab_size: int, special: Sequence[str] = ()) -> Tokenizer:
        """Learn merges from a text until there are `vocab_size` tokens, special ones included."""
        return cls(train_bpe(text, vocab_size - len(special)), special)

    @property
    def vocab_size(self) -> int:
        return len(self.vocab)

    def encode(self, text: str, allowed: Collection[str] = ()) -> list[int]:
        """The tokens of a text; special tokens only where `allowed` names them. Raises KeyError for an unknown one."""
        ids: list[int] = []
        for part in split_special(text, allowed):
            ids += (
                [self.special[part]] if part in allowed else encode_by_ranks(part, self._ranks, self._known)
            )
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the tokens; what is no UTF-8 becomes U+FFFD."""
        return decode(ids, self.vocab)

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes of the tokens."""
        return ids_to_bytes(ids, self.vocab)

    def save(self, path: Path | str) -> None:
        """Write merges and special tokens as JSON."""
        state = {"merges": self.merges, "special": list(self.special)}
        Path(path).write_text(json.dumps(state, ensure_ascii=True), encoding="ascii")

    @classmethod
    def load(cls, path: Path | str) -> Tokenizer:
        """What `save` wrote. Raises ValueError for a file that is none."""
        try:
            state = json.loads(Path(path).read_text(encoding="ascii"))
            return cls([(int(a), int(b)) for a, b in state["merges"]], state["special"])
        except (KeyError, TypeError, IndexError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ValueError(f"{path}: this file was not written by Tokenizer.save ({error})") from error
