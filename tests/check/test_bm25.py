"""The checks of 11_rag/01_bm25 on the course's own functions, on wrong ones, and on many seeds."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fasttrack.check import CheckFailed
from fasttrack.check import bm25 as checks
from fasttrack.rag import bm25, metrics, text

Index = dict[str, list[tuple[int, int]]]


class Engine:
    """The course's engine, with the attributes that the lesson asks for."""

    def __init__(self, documents: list[list[str]], k1: float = 1.5, b: float = 0.75) -> None:
        self.engine = bm25.BM25(documents, k1=k1, b=b)
        self.size = self.engine.size
        parts = {term: self.engine.scores([term]) for term in self.engine.ids}
        self.parts = {term: (np.flatnonzero(scores), scores[scores > 0]) for term, scores in parts.items()}

    def scores(self, query: list[str]) -> np.ndarray:
        return self.engine.scores(query)

    def search(self, query: list[str], k: int = 10) -> list[tuple[int, float]]:
        return [(place, score) for place, score in self.engine.search(query, k)]


class Forgetful(Engine):
    """Counts each term of a query once."""

    def scores(self, query: list[str]) -> np.ndarray:
        return super().scores(list(dict.fromkeys(query)))


class Remembering(Engine):
    """Goes on adding to the scores of the last query."""

    def scores(self, query: list[str]) -> np.ndarray:
        self.total = getattr(self, "total", 0) + super().scores(query)
        return self.total


class Looping(Engine):
    """Adds the parts of its documents one by one."""

    def scores(self, query: list[str]) -> np.ndarray:
        total = np.zeros(self.size)
        for term in query:
            for place, part in zip(*self.parts.get(term, ((), ())), strict=True):
                total[place] += part
        return total


class Unsorted(Engine):
    def search(self, query: list[str], k: int = 10) -> list[tuple[int, float]]:
        return sorted(super().search(query, k))


class WithoutIdf(Engine):
    def __init__(self, documents: list[list[str]], k1: float = 1.5, b: float = 0.75) -> None:
        super().__init__(documents, k1, b)
        worth = {term: idf(len(held), self.size) for term, (held, _) in self.parts.items()}
        self.parts = {term: (held, part / worth[term]) for term, (held, part) in self.parts.items()}


def documents_of(index: Index, lengths: list[int]) -> list[list[str]]:
    """Documents with these postings, in some order of their terms."""
    documents: list[list[str]] = [[] for _ in lengths]
    for term, postings in index.items():
        for place, count in postings:
            documents[place] += [term] * count
    return documents


def inverted_index(documents: list[list[str]]) -> Index:
    engine = bm25.BM25(documents)
    return {
        term: [(i, document.count(term)) for i, document in enumerate(documents) if term in document]
        for term in engine.ids
    }


def idf(holding: int, n_documents: int) -> float:
    return float(bm25.idf(np.array([holding]), n_documents)[0])


def term_weight(count: int, length: int, mean_length: float, k1: float = 1.5, b: float = 0.75) -> float:
    return count / (count + k1 * (1 + b * (length / mean_length - 1)))


def scores(
    query: list[str], index: Index, lengths: list[int], k1: float = 1.5, b: float = 0.75
) -> np.ndarray:
    return bm25.BM25(documents_of(index, lengths), k1=k1, b=b).scores(query)


def top_k(scores: np.ndarray, k: int) -> list[tuple[int, float]]:
    return [(int(place), float(scores[place])) for place in bm25.best(scores, k)]


def tf_idf(query: list[str], index: Index, n_documents: int) -> np.ndarray:
    worth = np.array([math.log((1 + n_documents) / (1 + len(found))) + 1 for found in index.values()])
    x = np.zeros((n_documents, len(index)))
    for column, postings in enumerate(index.values()):
        for place, count in postings:
            x[place, column] = count * worth[column]
    q = np.array([query.count(term) for term in index]) * worth
    norms = np.linalg.norm(x, axis=1) * np.linalg.norm(q)
    return x @ q / np.where(norms > 0, norms, 1)


RIGHT: dict[str, Any] = {
    "BM25": Engine,
    "analyze": text.analyze,
    "bm25": scores,
    "idf": idf,
    "inverted_index": inverted_index,
    "ndcg": metrics.ndcg,
    "recall_at_k": metrics.recall_at_k,
    "reciprocal_rank": metrics.reciprocal_rank,
    "term_weight": term_weight,
    "tf_idf": tf_idf,
    "tokenize": text.tokenize,
    "top_k": top_k,
}

# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, Any, str]] = [
    ("tokenize", lambda t: re.findall(r"\w+", t.lower()), "the underscore divides"),
    ("tokenize", lambda t: text.tokenize(t.upper()), "expected"),
    ("inverted_index", lambda d: inverted_index(d[:-1]), "the last document is missing"),
    ("inverted_index", lambda d: {t: sorted(f)[::-1] for t, f in inverted_index(d).items()}, "expected"),
    ("idf", lambda n, N: max(0.0, math.log((N - n + 0.5) / (n + 0.5))), "expected"),
    ("idf", lambda n, N: np.float64(idf(n, N)), "not a float"),
    ("idf", lambda n, N: idf(N, n), "holding comes first"),
    ("term_weight", lambda t, n, m, k1=1.5, b=0.75: t / (t + k1), "where is b?"),
    ("term_weight", lambda t, n, m, k1=1.5, b=0.5: term_weight(t, n, m, k1, b), "the default of b"),
    ("bm25", lambda q, i, n, k1=1.5, b=0.75: 2.5 * scores(q, i, n, k1, b), "expected"),
    ("bm25", lambda q, i, n, k1=1.2, b=0.75: scores(q, i, n, k1, b), "the defaults are"),
    ("top_k", lambda s, k: top_k(s, k + 1), "at most k of them"),
    ("top_k", lambda s, k: [(np.int64(i), np.float64(x)) for i, x in top_k(s, k)], "not an int"),
    ("top_k", lambda s, k: sorted(top_k(s, k)), "in the order of the documents"),
    ("recall_at_k", lambda r, w, k: metrics.recall_at_k(r, w, k + 1), "not k + 1"),
    ("reciprocal_rank", lambda r, w: metrics.reciprocal_rank(r[::-1], w), "expected"),
    ("ndcg", lambda r, w, k: metrics.ndcg(r, w, len(r) or 1), "expected"),
    ("tf_idf", lambda q, i, n: tf_idf(list(dict.fromkeys(q)), i, n), "counts twice"),
    ("analyze", text.tokenize, "expected"),
    ("BM25", Forgetful, "counts twice"),
    ("BM25", Remembering, "expected"),
    ("BM25", Looping, "adds them all at once"),
    ("BM25", Unsorted, "the highest score first"),
    ("BM25", WithoutIdf, "idf is missing from the parts"),
]


def test_every_check_is_tried() -> None:
    assert sorted(RIGHT) == sorted(checks.__all__)
    assert {name for name, _, _ in WRONG} == set(RIGHT)


@pytest.mark.parametrize("seed", [0, 1, 7, 1234])
@pytest.mark.parametrize("name", sorted(RIGHT))
def test_right_ones_pass_whatever_the_seed(name: str, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    getattr(checks, name)(RIGHT[name], seed=seed)
    assert f"{name}: correct" in capsys.readouterr().out


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "wrong", "told"), WRONG)
def test_wrong_ones_are_told_what_is_wrong(
    name: str, wrong: Callable[..., Any], told: str, seed: int
) -> None:
    with pytest.raises(CheckFailed, match=re.escape(told)):
        getattr(checks, name)(wrong, seed=seed)
