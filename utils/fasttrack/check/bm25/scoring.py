"""Checks of 11_rag/01_bm25 on BM25 and its parts. Oracle: the formula in plain loops over whole documents."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np

from fasttrack.check import check, expect
from fasttrack.check.bm25 import oracle
from fasttrack.check.bm25.oracle import different, lucene, okapi, postings, saturated, scored
from fasttrack.check.inputs import EXACT


@check
def idf(learner: Any, seed: int) -> None:
    """ln(1 + (N - n + 1/2) / (n + 1/2)). Oracle: that, and its limits."""
    rng = random.Random(seed)
    drawn = [(rng.randint(1, 999), rng.randint(1000, 10**6)) for _ in range(5)]
    for n, N in ((3, 10), (8, 10), *drawn, (10, 10), (0, 10), (1, 1), (0, 1)):
        want = lucene(n, N)
        odds = (N - n + 0.5) / (n + 0.5)
        mistakes: dict[str, Any] = {
            "Robertson's, which becomes negative: the 1 inside the logarithm is missing": math.log(odds),
            "this is ln(N / n): the halves are missing": math.log(N / n) if n else None,
            "to base 2: nats are natural logarithms": want / math.log(2),
            "to base 10: nats are natural logarithms": want / math.log(10),
            "the fraction is turned over": math.log(1 + 1 / odds),
            "the 1 stands inside of the logarithm, not before it": 1 + math.log(odds),
            "this is scikit-learn's idf of part 8": math.log((1 + N) / (1 + n)) + 1,
            "holding comes first, then n_documents": lucene(N, n),
            "divide with /, not with //": math.log(1 + (N - n + 0.5) // (n + 0.5)),
            "the logarithm is missing": 1 + odds,
            "n + 1/2 needs brackets: / comes before +": math.log(1 + (N - n + 0.5) / n + 0.5) if n else None,
        }
        expect(learner, n, N).close(want, mistakes=different(mistakes, want), **EXACT)


@check
def term_weight(learner: Any, seed: int) -> None:
    """t / (t + K). Oracle: that."""
    rng = random.Random(seed)
    drawn = [
        (rng.randint(1, 30), rng.randint(30, 400), rng.uniform(50, 200), rng.uniform(0.1, 4), rng.random())
        for _ in range(5)
    ]
    for count, length, mean, k1, b in (
        (3, 120, 80.0, 1.2, 0.6),
        *drawn,
        (2, 10, 80.0, 1.5, 1.0),
        (2, 300, 80.0, 2.0, 0.0),
        (5, 100, 80.0, 0.0, 0.75),
    ):
        want = saturated(count, length, mean, k1, b)
        mistakes = wrong_weights(count, length, mean, k1, b)
        expect(learner, count, length, mean, k1=k1, b=b).close(
            want, mistakes=different(mistakes, want), **EXACT
        )
    for count, length, mean in ((1, 150, 100.0), (rng.randint(2, 9), 70, 100.0)):
        want = saturated(count, length, mean, 1.5, 0.75)
        defaults = {
            "the default of k1 is 1.5": saturated(count, length, mean, 1.2, 0.75),
            "the default of b is 0.75": saturated(count, length, mean, 1.5, 0.5),
        }
        expect(learner, count, length, mean).close(want, mistakes=defaults, **EXACT)


def wrong_weights(count: int, length: int, mean: float, k1: float, b: float) -> dict[str, Any]:
    K = k1 * (1 - b + b * length / mean)
    return {
        "the factor k1 + 1 of older forms is left out here": okapi(count, length, mean, k1, b),
        "b and 1 - b are exchanged: b is the share of the length": saturated(count, length, mean, k1, 1 - b),
        "length / mean_length, not the other way round": saturated(count, mean, length, k1, b),
        "length plays no role: where is b?": saturated(count, length, mean, k1, 0),
        "length by itself, not compared with mean_length": saturated(count, length, 1, k1, b),
        "k1 is a factor of the whole bracket": count / (count + k1 * (1 - b) + b * length / mean),
        "k1 is missing": saturated(count, length, mean, 1, b),
        "this is the share that the length takes: t / (t + K), not K / (t + K)": K / (count + K),
        "K is a term of its own: t / (t + K)": count / K if K else None,
        "by how much the term counts: t, once above and once below": 1 / (1 + K),
        "1 - b + b · ratio: yours leaves out the 1 - b": count / (count + k1 * b * length / mean),
    }


@check
def bm25(learner: Any, seed: int) -> None:
    """Sum of idf times weight. Oracle: document by document, term by term."""
    rng = random.Random(seed)
    first = [list("aab"), list("bcdddd"), list("ab"), list("eeeeeeeea"), list("c")]
    many = oracle.corpus(rng, 15)
    cases = [
        (["a", "d", "z"], first, 1.5, 0.75),
        (["d", "b", "d"], first, 1.2, 0.5),
        (rng.choices("abcdefghijz", k=5), many, 0.9, 0.3),
        (rng.choices("abcdefghij", k=8), many, rng.uniform(0.1, 3), 1.0),
        (["a"], many, 0.0, 0.75),
        (["a", "b"], [["a"], [], ["b", "a"]], 1.5, 0.75),
        (["z"], first, 1.5, 0.75),
        ([], first, 1.5, 0.75),
    ]
    for query, documents, k1, b in cases:
        want = scored(query, documents, k1, b)
        expect(learner, query, postings(documents), list(map(len, documents)), k1=k1, b=b).close(
            want, mistakes=different(wrong_scores(query, documents, k1, b), want), **EXACT
        )
    want = scored(["a", "c"], many)
    defaults = {
        "the defaults are k1 1.5 and b 0.75": scored(["a", "c"], many, 1.2, 0.75),
        "the default of b is 0.75": scored(["a", "c"], many, 1.5, 0.5),
    }
    expect(learner, ["a", "c"], postings(many), list(map(len, many))).close(
        want, mistakes=different(defaults, want), **EXACT
    )


def wrong_scores(query: list[str], documents: oracle.Documents, k1: float, b: float) -> dict[str, Any]:
    once = list(dict.fromkeys(query))
    known = [term for term in query if any(term in document for document in documents)]
    mean = sum(map(len, documents)) / len(documents)
    mistakes: dict[str, Any] = {
        "a term that stands in the query twice counts twice": scored(once, documents, k1, b),
        "the factor k1 + 1 of older forms is left out here": scored(query, documents, k1, b, weight=okapi),
        "idf is missing: a rare term is worth more": scored(query, documents, k1, b, idf=lambda *_: 1.0),
        "the weight is missing: only idf was added": scored(query, documents, k1, b, weight=lambda *_: 1.0),
        "the count itself was added: term_weight lets it saturate": scored(
            query, documents, k1, b, weight=lambda count, *_: float(count)
        ),
        "this is the idf ln(N / n)": scored(query, documents, k1, b, idf=lambda n, N: math.log(N / n)),
        "k1 and b do not reach term_weight": scored(query, documents),
        "k1 does not reach term_weight": scored(query, documents, 1.5, b),
        "b does not reach term_weight": scored(query, documents, k1, 0.75),
        "only documents that hold every term got a score": np.where(
            [all(term in document for term in query) for document in documents],
            scored(query, documents, k1, b),
            0.0,
        ),
        "a score is the sum over the terms: yours keeps the last one": last_kept(query, documents, k1, b),
        "n is the number of documents that hold the term, not of its occurrences": scored(
            query, documents, k1, b, holds=list.count
        ),
        "the mean is over all documents, also the empty ones": scored(
            query, documents, k1, b, mean=sum(map(len, documents)) / sum(map(bool, documents))
        ),
        "every length counts as the mean: pass the document's own": scored(
            query, documents, k1, b, weight=lambda c, _, __, k, s: saturated(c, mean, mean, k, s)
        ),
    }
    if known != query:
        mistakes["a term that no document holds adds nothing"] = KeyError
    return mistakes


def last_kept(query: list[str], documents: oracle.Documents, k1: float, b: float) -> np.ndarray:
    kept = np.zeros(len(documents))
    for term in query:
        one = scored([term], documents, k1, b)
        kept = np.where(one > 0, one, kept)
    return kept


@check
def top_k(learner: Any, seed: int) -> None:
    """The best few. Oracle: the largest that is left, again and again."""
    rng = random.Random(seed)
    drawn = np.array([rng.choice([0.0, 0.25, 0.5, 1.0, rng.random()]) for _ in range(40)])
    large = np.array([float(rng.randint(0, 3)) for _ in range(300)])  # NumPy sorts few elements stably anyway
    for scores, k in (
        (np.array([0.5, 0.0, 3.0, 0.5, 2.0, 0.0]), 3),
        (np.array([1.0, 1.0, 1.0, 2.0]), 3),
        (np.array([0.0, 0.7, 0.0]), 5),
        (drawn, 7),
        (large, 120),
        (np.array([1e-9, 0.0]), 2),
        (np.zeros(4), 2),
        (np.zeros(0), 1),
    ):
        want = oracle.ordered(scores.tolist(), k)
        expect(learner, scores, k).equals(want, mistakes=different(wrong_tops(scores, k, want), want))


def wrong_tops(scores: np.ndarray, k: int, want: list[tuple[int, float]]) -> dict[str, Any]:
    places = range(len(scores))
    everything = sorted(((i, float(scores[i])) for i in places), key=lambda pair: (-pair[1], pair[0]))
    positive = [pair for pair in everything if pair[1] > 0]
    return {
        "a document with score 0 is no result": everything[:k],
        "of equal scores the smaller number comes first": sorted(
            positive, key=lambda pair: (-pair[1], -pair[0])
        )[:k],
        "the highest score comes first; yours begins with the lowest": sorted(
            positive, key=lambda pair: (pair[1], pair[0])
        )[:k],
        "these are the best, in the wrong order: the highest score first": want[::-1],
        "pairs (document, score): the scores are missing": [place for place, _ in want],
        "pairs (document, score): yours begin with the score": [(score, place) for place, score in want],
        "in the order of the documents: sort by score": sorted(want),
        "at most k of them": positive,
        "there may be fewer than k documents": ValueError,
    }
