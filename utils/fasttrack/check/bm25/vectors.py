"""Check of 11_rag/01_bm25 on tf-idf. Oracle: scikit-learn's TfidfVectorizer."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from fasttrack.check import check, expect
from fasttrack.check.bm25.oracle import Documents, corpus, different, lucene, postings
from fasttrack.check.inputs import EXACT


@check
def tf_idf(learner: Any, seed: int) -> None:
    """The cosine with every document. Oracle: scikit-learn, with its default settings."""
    rng = random.Random(seed)
    first = [list("aab"), list("bcdddd"), list("ab"), list("eeeeeeeea"), list("c")]
    for query, documents in (
        (["a", "d", "d"], first),
        (["b", "zebra"], first),
        (rng.choices("abcdefghijz", k=6), corpus(rng, 15)),
        (rng.choices("abcde", k=3), corpus(rng, 6)),
        (["a"], [["a", "b"], [], ["b"]]),
        (["zebra"], first),
        ([], first),
        (["a"], [["a"]]),
    ):
        want = cosines(query, documents)
        mistakes = wrong_cosines(query, documents)
        if any(term not in postings(documents) for term in query):
            mistakes["terms that no document holds are left out"] = KeyError
        expect(learner, query, postings(documents), len(documents)).close(
            want, mistakes=different(mistakes, want), **EXACT
        )


def cosines(query: list[str], documents: Documents) -> np.ndarray:
    from sklearn.feature_extraction.text import (
        TfidfVectorizer,
    )  # a second that the other checks need not wait

    model = TfidfVectorizer(analyzer=list)
    matrix = model.fit_transform(documents)
    return np.asarray((matrix @ model.transform([query]).T).toarray()[:, 0])


def smooth(n: int, N: int) -> float:
    return math.log((1 + N) / (1 + n)) + 1


def dense(
    query: list[str], documents: Documents, idf: Callable[[int, int], float]
) -> tuple[np.ndarray, np.ndarray]:
    """All vectors as rows (documents, terms), and the query's (terms,), before any length is made 1."""
    index = postings(documents)
    worth = np.array([idf(len(found), len(documents)) for found in index.values()])
    rows = np.array([[float(document.count(term)) for term in index] for document in documents])
    return rows * worth, np.array([float(query.count(term)) for term in index]) * worth


def wrong_cosines(query: list[str], documents: Documents) -> dict[str, Any]:
    x, q = dense(query, documents, smooth)
    counts, asked = dense(query, documents, lambda *_: 1.0)
    once = q * np.minimum(asked, 1) / np.maximum(asked, 1)
    own = np.where(q > 0, x, 0)  # only the query's terms
    unknown = [term for term in query if term not in postings(documents)]
    longer = math.sqrt(float(q @ q) + sum(smooth(0, len(documents)) ** 2 for _ in unknown)) or 1.0
    return {
        "divide by the lengths of both vectors": x @ q,
        "divide by the length of the query's vector, too": x @ q / nonzero(np.linalg.norm(x, axis=1)),
        "divide by the length of the document's vector, too": x @ q / nonzero(np.linalg.norm(q)),
        "the length of a vector is the root of its sum of squares": x
        @ q
        / nonzero((x**2).sum(1) * float(q @ q)),
        "the length of a document's vector is over all its terms, not only the query's": cosine(own, q, x),
        "a term that stands in the query twice counts twice": cosine(x, once),
        "the query's vector needs its idf, too": cosine(x, asked),
        "the document's vector needs its idf, too": cosine(counts, q),
        "idf is missing": cosine(counts, asked),
        "the document's counts are missing": cosine(np.where(counts > 0, x / np.maximum(counts, 1), 0), q),
        "the + 1 behind the logarithm is missing": cosine(
            *dense(query, documents, lambda n, N: math.log((1 + N) / (1 + n)))
        ),
        "this idf is ln((1 + N) / (1 + n)) + 1, not ln(N / n) + 1": cosine(
            *dense(query, documents, lambda n, N: math.log(N / n) + 1)
        ),
        "this idf is ln((1 + N) / (1 + n)) + 1, not that of BM25": cosine(*dense(query, documents, lucene)),
        "terms that no document holds are left out of the query's length": x
        @ q
        / nonzero(np.linalg.norm(x, axis=1))
        / longer,
        "0 divided by 0 is nan: such a document gets 0": np.where(
            np.linalg.norm(x, axis=1) * np.linalg.norm(q) > 0, cosine(x, q), np.nan
        ),
    }


def cosine(rows: np.ndarray, query: np.ndarray, over: np.ndarray | None = None) -> np.ndarray:
    """The cosine of each row with the query. `over`: rows whose product with the query is taken instead."""
    top = (rows if over is None else over) @ query
    return np.asarray(top / nonzero(np.linalg.norm(rows, axis=1) * np.linalg.norm(query)))


def nonzero(x: Any) -> np.ndarray:
    return np.where(np.asarray(x) > 0, x, 1.0)
