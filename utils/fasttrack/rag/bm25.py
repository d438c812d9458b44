"""BM25, with all that a score needs worked out before the first query.

The score of a document is a sum over the terms of the query, and no term's part depends on the others. So each
term's part is computed for every document that holds it when the index is built, and a query only adds up (the idea
of BM25S, Lù 2024). The parts lie in three arrays, as the columns of a sparse matrix (CSC): `documents` and `parts` one
after another, and `starts`, where each term's begin. A term that most documents hold has a part for every document
instead, in `full`: that takes less memory, and adding without an index is ten times as fast.

Of the formulas that go by the name, these are here; t is how often the term is in a document, n of N documents hold it,
and K = k1 (1 - b + b length / mean length):

| variant     | idf                                  | times             | equal to                                  |
|-------------|--------------------------------------|-------------------|-------------------------------------------|
| "lucene"    | ln(1 + (N - n + 1/2) / (n + 1/2))    | t / (t + K)       | bm25s "lucene" (its default); Lucene >= 8 |
| "robertson" | ln((N - n + 1/2) / (n + 1/2)), >= 0  | t / (t + K)       | bm25s "robertson"                         |
| "atire"     | ln(N / n)                            | t (k1 + 1)/(t + K)| bm25s "atire"                             |
| "okapi"     | Robertson's; where it is negative,   | t (k1 + 1)/(t + K)| rank_bm25's BM25Okapi                     |
|             | 1/4 of its mean over all terms       |                   |                                           |

Left out: adding a document later (every idf and the mean length would change), phrases, fields. Built in lesson 11/01.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

Variant = Literal["lucene", "robertson", "atire", "okapi"]
Floats = NDArray[np.floating]

GROUP = 64  # scores of which `best` looks at the largest first
OKAPI_FLOOR = 0.25  # rank_bm25's epsilon


class Hit(NamedTuple):
    """A document found: its place in the collection, and its score."""

    document: int
    score: float


class BM25:
    """Documents, given as lists of terms, to be ranked for queries, given the same way."""

    def __init__(
        self,
        documents: Iterable[Sequence[str]],
        *,
        k1: float = 1.5,
        b: float = 0.75,
        variant: Variant = "lucene",
        dtype: DTypeLike = np.float64,
    ) -> None:
        """`dtype` is that of the scores; float32 takes two thirds of the memory and agrees to about 1e-6.

        Raises ValueError for a k1 below 0, a b outside of [0, 1] or an unknown variant.
        """
        if k1 < 0 or not 0 <= b <= 1:
            raise ValueError(f"BM25: k1 must not be negative and b be from 0 to 1, got k1 {k1} and b {b}")
        self.ids: dict[str, int] = {}
        lengths, terms = numbered(documents, self.ids)
        self.size = len(lengths)
        counts, self.documents, self.starts = columns(terms, lengths, len(self.ids))
        frequency = np.diff(self.starts)  # (terms,): documents that hold the term
        weight = idf(frequency, self.size, variant)
        norm = k1 * (1 - b + b * lengths / max(lengths.mean(), 1)) if self.size else lengths
        parts = counts / (counts + norm[self.documents]) * np.repeat(weight, frequency)
        self.parts: Floats = (parts * (k1 + 1) if variant in ("atire", "okapi") else parts).astype(dtype)
        self.full = self._spread(frequency > self.size / 2)

    def _spread(self, common: NDArray[np.bool_]) -> dict[int, Floats]:
        """Take the columns of common terms out of the arrays: for each its part of every document, (documents,)."""
        full = {}
        for column in np.flatnonzero(common).tolist():
            held = slice(self.starts[column], self.starts[column + 1])
            full[column] = np.zeros(self.size, self.parts.dtype)
            full[column][self.documents[held]] = self.parts[held]
        frequency = np.diff(self.starts)
        rest = ~np.repeat(common, frequency)
        self.documents, self.parts = self.documents[rest], self.parts[rest]
        self.starts = np.concatenate([[0], np.cumsum(np.where(common, 0, frequency))])
        return full

    def scores(self, query: Iterable[str]) -> Floats:
        """The score of every document, (documents,). A term counts as often as the query has it, or not if unknown."""
        total = np.zeros(self.size, self.parts.dtype)
        for term in query:
            column = self.ids.get(term)
            if column in self.full:
                total += self.full[column]
            elif column is not None:
                held = slice(self.starts[column], self.starts[column + 1])
                np.add.at(total, self.documents[held], self.parts[held])
        return total

    def search(self, query: Iterable[str], k: int = 10) -> list[Hit]:
        """The `k` best documents, best first, of equal ones the earlier first. Those without a score are left out."""
        scores = self.scores(query)
        return [Hit(int(document), float(scores[document])) for document in best(scores, k)]

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays; the dict of terms comes on top."""
        arrays: list[NDArray[Any]] = [self.documents, self.starts, self.parts, *self.full.values()]
        return sum(array.nbytes for array in arrays)


def numbered(
    documents: Iterable[Sequence[str]], ids: dict[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The documents' lengths, and the number of each term of them in order; `ids` receives the numbers."""
    lengths: list[int] = []

    def numbers(document: Sequence[str]) -> Iterable[int]:
        lengths.append(len(document))
        return [ids.setdefault(term, len(ids)) for term in document]

    flat = np.fromiter(chain.from_iterable(map(numbers, documents)), np.int32)
    return np.array(lengths, np.int64), flat


def columns(
    terms: NDArray[np.int32], lengths: NDArray[np.int64], n_terms: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """How often each term is in each document that holds it, that document, and where each term's entries begin."""
    owner = np.repeat(np.arange(len(lengths)), lengths)
    places, counts = np.unique(terms.astype(np.int64) * len(lengths) + owner, return_counts=True)
    column, document = np.divmod(places, max(len(lengths), 1))
    starts = np.concatenate([[0], np.cumsum(np.bincount(column, minlength=n_terms))]).astype(np.int64)
    return counts, document.astype(np.int32), starts


def idf(frequency: NDArray[np.int64], size: int, variant: Variant = "lucene") -> NDArray[np.float64]:
    """How much it says that a document holds a term, from the number of documents that do, of `size`."""
    odds = (size - frequency + 0.5) / (frequency + 0.5)
    match variant:
        case "lucene":
            return np.log1p(odds)
        case "robertson":
            return np.log(np.maximum(odds, 1))
        case "atire":
            return np.log(size / frequency)
        case "okapi":
            plain = np.log(odds)
            return np.where(plain < 0, OKAPI_FLOOR * plain.mean(), plain) if len(plain) else plain
        case _:
            raise ValueError(
                f"BM25: there is no variant {variant!r}; choose lucene, robertson, atire or okapi"
            )


def best(scores: Floats, k: int) -> NDArray[np.intp]:
    """The places of the `k` largest positive scores, largest first, of equal ones the earlier first.

    The maxima of groups of GROUP scores come first: the k-th largest of these is a score that at least k reach, so the
    others need no sorting. (Partitioning all scores takes ten times as long, and more where many are equal.)
    """
    groups = len(scores) // GROUP
    if k < 1:
        return np.empty(0, np.intp)
    least = 0.0
    if groups >= k:
        maxima = scores[: groups * GROUP].reshape(GROUP, groups).max(0)
        least = float(np.partition(maxima, -k)[-k])
    places = np.flatnonzero(scores >= least if least > 0 else scores > 0)
    return places[np.argsort(-scores[places], kind="stable")][:k]
