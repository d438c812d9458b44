"""What the checks of 11_rag/01_bm25 compare with: the formulas in plain loops over whole documents."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Documents = list[list[str]]
Index = dict[str, list[tuple[int, int]]]


def corpus(rng: random.Random, count: int, words: Sequence[str] = "abcdefghij") -> Documents:
    """Documents of 1 to 12 terms, common ones and rare ones, a document of which may hold a term often."""
    shares = [1 / (rank + 1) for rank in range(len(words))]
    return [rng.choices(words, shares, k=rng.randint(1, 12)) for _ in range(count)]


def postings(documents: Documents) -> Index:
    """For each term its documents and counts, by asking every document."""
    terms = dict.fromkeys(term for document in documents for term in document)
    return {
        term: [(place, document.count(term)) for place, document in enumerate(documents) if term in document]
        for term in terms
    }


def lucene(holding: int, size: int) -> float:
    return math.log(1 + (size - holding + 0.5) / (holding + 0.5))


def saturated(count: int, length: float, mean: float, k1: float, b: float) -> float:
    return count / (count + k1 * (1 - b + b * length / mean))


def okapi(count: int, length: float, mean: float, k1: float, b: float) -> float:
    """With the factor that Lucene has dropped."""
    return (k1 + 1) * saturated(count, length, mean, k1, b)


def scored(
    query: Sequence[str],
    documents: Documents,
    k1: float = 1.5,
    b: float = 0.75,
    *,
    idf: Callable[[int, int], float] = lucene,
    weight: Callable[[int, float, float, float, float], float] = saturated,
    mean: float | None = None,
    holds: Callable[[list[str], str], int] = lambda document, term: term in document,
) -> np.ndarray:
    """BM25 of every document, document by document and term by term: float64 (documents,)."""
    mean = mean or sum(map(len, documents)) / max(len(documents), 1)
    scores = np.zeros(len(documents))
    for place, document in enumerate(documents):
        for term in query:
            if count := document.count(term):
                holding = sum(holds(other, term) for other in documents)
                part = idf(holding, len(documents)) * weight(count, len(document), mean, k1, b)
                scores[place] += part
    return scores


def ordered(scores: Sequence[float], k: int) -> list[tuple[int, float]]:
    """The best by taking the largest that is left, again and again."""
    left = {place: float(score) for place, score in enumerate(scores) if score > 0}
    found = list[tuple[int, float]]()
    while left and len(found) < k:
        first = max(left, key=lambda place: (left[place], -place))
        found.append((first, left.pop(first)))
    return found


def different(mistakes: dict[str, Any], want: Any) -> dict[str, Any]:
    """The mistakes that can be told from the right answer here."""
    return {name: wrong for name, wrong in mistakes.items() if not same(wrong, want)}


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-6, atol=1e-9))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)
    return type(one) is type(other) and bool(one == other)
