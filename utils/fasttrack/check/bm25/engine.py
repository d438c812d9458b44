"""Check of 11_rag/01_bm25 on the class BM25. Oracle: the formula, document by document and term by term."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from fasttrack.check import check, expect, require
from fasttrack.check.bm25.oracle import Documents, corpus, different, okapi, ordered, postings, scored
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import bm25 as fixtures
from fasttrack.check.inputs import EXACT
from fasttrack.check.values import describe, difference


@check
def BM25(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Size, parts, scores and search. Oracle: `scored`, for parts with queries of a single term."""
    rng = random.Random(seed)
    first = [list("aab"), list("bcdddd"), list("ab"), list("eeeeeeeea"), list("c")]
    follow(learner, first, {"k1": 1.2, "b": 0.5}, [["a", "d", "z"], ["d", "b", "d"], ["z"], []])
    many = corpus(rng, 40)
    asked = [rng.choices("abcdefghijz", k=rng.randint(1, 6)) for _ in range(4)]
    follow(learner, many, {"k1": rng.uniform(0.2, 3), "b": rng.random()}, asked)
    follow(learner, many, {}, asked)
    follow(learner, [["a"], [], ["b", "a"]], {}, [["a", "b"]])
    follow(learner, [["a", "b", "a"]], {}, [["b", "a"]])
    follow(learner, [[], []], {}, [["a"]])
    follow(learner, [], {}, [["a"]])


def follow(learner: Any, documents: Documents, settings: dict[str, float], queries: list[list[str]]) -> None:
    """Build an engine, look at it, and ask it."""
    k1, b = settings.get("k1", 1.5), settings.get("b", 0.75)
    engine = expect(learner, documents, **settings).value
    held = beside(learner, fixtures.attributes, documents, settings)
    made = f"engine = BM25({describe(documents)}{''.join(f', {k}={v:.4g}' for k, v in settings.items())})"
    agree(f"{made}; engine.size", held["size"], len(documents), {})
    wanted = parts(documents, k1, b)
    agree(f"{made}; engine.parts", held["parts"], wanted, wrong_parts(documents, k1, b), EXACT)
    for query in [*queries, queries[0]]:  # the first again: a query must leave no trace
        want = scored(query, documents, k1, b)
        once = scored(list(dict.fromkeys(query)), documents, k1, b)
        mistakes: dict[str, Any] = {
            "a term that stands in the query twice counts twice": once,
            "a term that no document holds adds nothing": KeyError,
        }
        known = all(term in wanted for term in query)
        if known:
            del mistakes["a term that no document holds adds nothing"]
        expect(engine.scores, query).close(want, mistakes=different(mistakes, want), **EXACT)
        for k in (1, 3, len(documents) + 1):
            best = ordered(want.tolist(), k)
            everything = sorted(ordered(want.tolist(), len(documents)))
            mistakes = {
                "the best k, but in the order of the documents: the highest score first": sorted(best),
                "these are the first k documents that have a score: take the best": everything[:k],
            }
            expect(engine.search, query, k).close(best, mistakes=different(mistakes, best), **EXACT)
    best = ordered(scored(queries[0], documents, k1, b).tolist(), 10)
    expect(engine.search, queries[0]).close(best, mistakes={"k is 10 by default": best[:5]}, **EXACT)
    one_by_one = beside(learner, fixtures.taken_one_by_one, documents, settings, queries)
    require(
        one_by_one == 0,
        ("looked at", f"{made}; engine.scores"),
        ("expected", "for each term of the query one addition of arrays"),
        ("got", "a loop over the elements of engine.parts"),
        ("mistake", "this loops over documents: total[places] += parts adds them all at once"),
    )


def parts(
    documents: Documents, k1: float, b: float, **other: Any
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For each term the documents that hold it, and its part of their scores."""
    found = {}
    for term, held in postings(documents).items():
        places = np.array([place for place, _ in held], np.int64)
        found[term] = places, scored([term], documents, k1, b, **other)[places]
    return found


def wrong_parts(documents: Documents, k1: float, b: float) -> dict[str, Any]:
    right = parts(documents, k1, b)
    counts = {
        term: np.array([float(count) for _, count in held]) for term, held in postings(documents).items()
    }
    return {
        "idf is missing from the parts": parts(documents, k1, b, idf=lambda *_: 1.0),
        "the factor k1 + 1 of older forms is left out here": parts(documents, k1, b, weight=okapi),
        "the weight is missing: these parts are idf alone": parts(documents, k1, b, weight=lambda *_: 1.0),
        "these are counts: a part is idf times weight": {t: (p, counts[t]) for t, (p, _) in right.items()},
        "k1 and b are not used": parts(documents, 1.5, 0.75),
        "documents first, then parts": {term: pair[::-1] for term, pair in right.items()},
        "the documents are to be int64": {t: (p.astype(float), q) for t, (p, q) in right.items()},
        "a pair of arrays, not a list of pairs": {
            term: [(int(place), float(part)) for place, part in zip(*pair, strict=True)]
            for term, pair in right.items()
        },
        "arrays, not lists": {term: (p.tolist(), q.tolist()) for term, (p, q) in right.items()},
    }


def agree(
    what: str, got: Any, want: Any, mistakes: dict[str, Any], tolerance: dict[str, float] | None = None
) -> None:
    """Fail, with the mistake that explains it, unless an attribute is what is wanted."""
    near = (tolerance["rtol"], tolerance["atol"]) if tolerance else None
    parted = difference(got, want, near)
    named = [
        ("mistake", name)
        for name, wrong in mistakes.items()
        if difference(wrong, want, near) and difference(got, wrong, near) is None
    ]
    expected, came = parted or ("", "")
    require(parted is None, ("looked at", what), ("expected", expected), ("got", came), *named[:1])
