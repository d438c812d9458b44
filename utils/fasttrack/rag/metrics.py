"""How good a ranking is, from what is known to be relevant. The functions are those of lesson 11/01.

A ranking is a sequence of whatever names a document, best first, none twice; relevance is yes or no.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence

from fasttrack.data import course


def recall_at_k(ranking: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """The share of the relevant documents that are among the first `k`. Raises ValueError if nothing is relevant."""
    wanted = some(relevant)
    return len(wanted & set(ranking[:k])) / len(wanted)


def reciprocal_rank(ranking: Iterable[Hashable], relevant: Collection[Hashable]) -> float:
    """1 over the rank of the first relevant document, counted from 1; 0 if there is none."""
    return next((1 / rank for rank, document in enumerate(ranking, 1) if document in relevant), 0.0)


def ndcg(ranking: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """Normalised discounted cumulative gain at `k`: a relevant document at rank r gains 1 / log2(r + 1).

    Divided by the gain of the best ranking there could be. Raises ValueError if nothing is relevant.
    """
    wanted = some(relevant)
    gained = sum(1 / math.log2(rank + 1) for rank, name in enumerate(ranking[:k], 1) if name in wanted)
    return gained / sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(wanted)) + 1))


def some(relevant: Collection[Hashable]) -> set[Hashable]:
    if not relevant:
        raise ValueError("no document is relevant: such a query cannot be measured, leave it out")
    return set(relevant)


def on_recap(
    search: Callable[[str], Sequence[course.Passage]], questions: Sequence[course.RecapQuestion] | None = None
) -> dict[str, float]:
    """How well `search`, which ranks passages for a question, finds the lessons of recap questions; all by default.

    "recall@1", "recall@5" and "MRR" are of lessons, each at the rank of its best passage: one is relevant, so recall is
    the share of questions whose lesson is among the first. "nDCG@10" is of passages. Give rankings of 50 or more:
    ten passages are seldom of five lessons.
    """
    totals = dict.fromkeys(("recall@1", "recall@5", "MRR", "nDCG@10"), 0.0)
    questions = course.recap() if questions is None else questions
    for question in questions:
        ranking = search(question.question)
        lessons, wanted = list(dict.fromkeys(passage.lesson for passage in ranking)), {question.lesson}
        totals["recall@1"] += recall_at_k(lessons, wanted, 1)
        totals["recall@5"] += recall_at_k(lessons, wanted, 5)
        totals["MRR"] += reciprocal_rank(lessons, wanted)
        totals["nDCG@10"] += ndcg([passage.id for passage in ranking], course.relevant(question), 10)
    return {name: total / len(questions) for name, total in totals.items()}
