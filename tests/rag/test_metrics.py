"""Metrics of rankings, against scikit-learn and by hand."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from fasttrack.data import course
from fasttrack.rag import metrics

sets = st.sets(st.integers(0, 11), min_size=1)


def test_by_hand() -> None:
    ranking, relevant = ["a", "b", "c", "d"], {"b", "d", "x"}
    assert metrics.recall_at_k(ranking, relevant, 3) == 1 / 3
    assert metrics.reciprocal_rank(ranking, relevant) == 1 / 2
    assert metrics.reciprocal_rank(ranking, {"x"}) == 0
    gain = 1 / np.log2(3) + 1 / np.log2(5)
    assert metrics.ndcg(ranking, relevant, 4) == pytest.approx(gain / (1 + 1 / np.log2(3) + 1 / 2))


@given(st.permutations(range(12)), sets, st.integers(1, 14))
def test_ndcg_is_that_of_scikit_learn(ranking: list[int], relevant: set[int], k: int) -> None:
    gains = [[float(document in relevant) for document in range(12)]]
    scores = [[-float(ranking.index(document)) for document in range(12)]]
    assert metrics.ndcg(ranking, relevant, k) == pytest.approx(ndcg_score(gains, scores, k=k))


@given(st.permutations(range(12)), sets, st.integers(1, 14))
def test_recall_and_rank_are_what_a_loop_counts(ranking: list[int], relevant: set[int], k: int) -> None:
    places = [ranking.index(document) + 1 for document in relevant]
    assert metrics.recall_at_k(ranking, relevant, k) == sum(place <= k for place in places) / len(places)
    assert metrics.reciprocal_rank(ranking, relevant) == 1 / min(places)


@pytest.mark.parametrize("metric", [metrics.recall_at_k, metrics.ndcg])
def test_nothing_relevant_is_refused(metric: object) -> None:
    with pytest.raises(ValueError, match="leave it out"):
        metric([1], set(), 1)  # type: ignore[operator]


def test_on_recap_whoever_knows_is_perfect_and_whoever_draws_lots_is_not() -> None:
    lesson_of = {card.question: card.lesson for card in course.recap()}

    def oracle(question: str) -> list[course.Passage]:
        return sorted(course.passages(), key=lambda passage: passage.lesson != lesson_of[question])

    assert metrics.on_recap(oracle) == dict.fromkeys(("recall@1", "recall@5", "MRR", "nDCG@10"), 1.0)
    chance = metrics.on_recap(lambda question: random.Random(question).sample(course.passages(), 100))
    assert all(0 < value < 0.6 for value in chance.values())
    assert metrics.on_recap(lambda _: [], course.recap()[:2]) == dict.fromkeys(chance, 0.0)
