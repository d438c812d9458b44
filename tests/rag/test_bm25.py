"""Our BM25 against rank_bm25 and bm25s, variant by variant, and against the formula in a plain loop."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from typing import get_args

import numpy as np
import pytest
import rank_bm25
from hypothesis import given
from hypothesis import strategies as st

from fasttrack.data import course
from fasttrack.rag.bm25 import BM25, Hit, Variant, best
from fasttrack.rag.text import analyze

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # bm25s tries JAX, which may not be there
    import bm25s

documents = st.lists(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=12), min_size=1, max_size=12)
queries = st.lists(st.sampled_from("abcdefgz"), max_size=6)
parameters = st.tuples(st.floats(0.1, 5), st.floats(0, 1))
VARIANTS = get_args(Variant)


def formula(corpus: list[list[str]], query: list[str], k1: float, b: float) -> list[float]:
    """Lucene's BM25, term by term."""
    mean = sum(map(len, corpus)) / len(corpus)
    scores = []
    for document in corpus:
        counts, score = Counter(document), 0.0
        for term in query:
            n = sum(term in other for other in corpus)
            idf = math.log(1 + (len(corpus) - n + 0.5) / (n + 0.5))
            score += idf * counts[term] / (counts[term] + k1 * (1 - b + b * len(document) / mean) or 1)
        scores.append(score)
    return scores


def theirs(corpus: list[list[str]], query: list[str], method: str, k1: float, b: float) -> np.ndarray:
    model = bm25s.BM25(method=method, k1=k1, b=b, dtype="float64", backend="numpy")
    model.index(corpus, show_progress=False)
    known = [term for term in query if any(term in document for document in corpus)]
    return model.get_scores(known) if known else np.zeros(len(corpus))


@given(documents, queries, parameters)
def test_lucene_is_the_formula(corpus: list[list[str]], query: list[str], k1b: tuple[float, float]) -> None:
    k1, b = k1b
    ours = BM25(corpus, k1=k1, b=b).scores(query)
    np.testing.assert_allclose(ours, formula(corpus, query, k1, b), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", ["lucene", "robertson", "atire"])
@given(corpus=documents, query=queries, k1b=parameters)
def test_equal_to_bm25s(
    method: Variant, corpus: list[list[str]], query: list[str], k1b: tuple[float, float]
) -> None:
    k1, b = k1b
    ours = BM25(corpus, k1=k1, b=b, variant=method).scores(query)
    np.testing.assert_allclose(ours, theirs(corpus, query, method, k1, b), rtol=0, atol=1e-6)


@given(documents, queries, parameters)
def test_okapi_is_equal_to_rank_bm25(
    corpus: list[list[str]], query: list[str], k1b: tuple[float, float]
) -> None:
    k1, b = k1b
    ours = BM25(corpus, k1=k1, b=b, variant="okapi").scores(query)
    other = rank_bm25.BM25Okapi(corpus, k1=k1, b=b).get_scores(query)
    np.testing.assert_allclose(ours, other, rtol=0, atol=1e-6)


def test_equal_to_both_on_the_course_text() -> None:
    corpus = [analyze(passage.text) for passage in course.passages()]
    okapi, other = BM25(corpus, variant="okapi"), rank_bm25.BM25Okapi(corpus)
    lucene, bm = BM25(corpus), bm25s.BM25(backend="numpy", dtype="float64")
    narrow = BM25(corpus, dtype=np.float32)
    bm.index(corpus, show_progress=False)
    for card in course.recap()[::5]:
        query = analyze(card.question)
        np.testing.assert_allclose(okapi.scores(query), other.get_scores(query), rtol=0, atol=1e-6)
        known = [term for term in query if term in lucene.ids]
        np.testing.assert_allclose(lucene.scores(query), bm.get_scores(known), rtol=0, atol=1e-6)
        np.testing.assert_allclose(narrow.scores(query), lucene.scores(query), rtol=1e-5, atol=1e-5)
    assert narrow.scores(["learn"]).dtype == np.float32
    assert narrow.nbytes < lucene.nbytes


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_default_parameters_are_those_of_the_others(variant: Variant) -> None:
    corpus = [list("aab"), list("bcd"), list("de"), list("f"), list("ggg")]
    ours = BM25(corpus, variant=variant).scores(["a", "d"])
    if variant == "okapi":
        other = rank_bm25.BM25Okapi(corpus).get_scores(["a", "d"])
    else:
        other = theirs(corpus, ["a", "d"], variant, 1.5, 0.75)
    np.testing.assert_allclose(ours, other, rtol=0, atol=1e-6)


@given(documents, queries, st.integers(0, 15))
def test_search_is_sorting_all_scores(corpus: list[list[str]], query: list[str], k: int) -> None:
    model = BM25(corpus)
    scores = model.scores(query)
    ranked = sorted((-score, place) for place, score in enumerate(scores) if score > 0)[:k]
    assert model.search(query, k) == [Hit(place, -score) for score, place in ranked]


def test_a_repeated_term_counts_again_and_an_unknown_one_not() -> None:
    model = BM25([list("aab"), list("bcd")])
    np.testing.assert_allclose(model.scores(["a", "a", "zz"]), 2 * model.scores(["a"]))
    assert model.search(["zz"]) == []


def test_no_documents_and_empty_documents() -> None:
    assert BM25([]).search(["a"]) == []
    assert BM25([[], []]).search(["a"]) == []
    assert [hit.document for hit in BM25([[], ["a"], []]).search(["a"])] == [1]


@pytest.mark.parametrize("wrong", [{"k1": -1}, {"b": 1.1}, {"b": -0.1}, {"variant": "best"}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="BM25"):
        BM25([["a"]], **wrong)


@given(st.integers(0, 400), st.integers(0, 30), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_best_is_a_stable_sort(size: int, k: int, kinds: int, seed: int) -> None:
    scores = np.random.default_rng(seed).integers(0, kinds, size).astype(np.float32)
    want = [place for place in np.argsort(-scores, kind="stable") if scores[place] > 0][:k]
    assert best(scores, k).tolist() == want


def test_best_keeps_the_order_of_equal_scores() -> None:
    assert best(np.array([1.0, 2.0, 1.0, 0.0, 2.0, 1.0]), 4).tolist() == [1, 4, 0, 2]
