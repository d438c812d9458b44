"""Check of 11_rag/02_dense_retrieval, on hybrid search. Oracle: counted words, sorted cosines, reciprocal ranks."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from fasttrack.check import check
from fasttrack.check.dense.finding import NEAR, Hits, best, squared, too_many
from fasttrack.check.dense.stores import LESSONS, Row, rows_of
from fasttrack.check.fixtures import dense as fixtures
from fasttrack.check.inputs import normal
from fasttrack.check.training.ask import Told, ask

WORDS = ("apple", "river", "candle", "forest", "winter", "kettle")


def library(seed: int, count: int) -> list[Row]:
    """Rows whose rank for the word zebra is beyond doubt: so many times among the ten words of each."""
    draw = random.Random(seed)
    times = draw.sample(range(1, 9), 8) + [0] * (count - 8)
    rows = rows_of(seed, count)
    for row, often in zip(rows, times, strict=True):
        words = ["zebra"] * often + [draw.choice(WORDS) for _ in range(10 - often)]
        draw.shuffle(words)
        row["text"] = " ".join(words)
    return rows


def fused(
    rows: list[Row],
    vector: list[float],
    k: int,
    *,
    start: int = 1,
    constant: int = 60,
    near: Callable[[list[Row], list[float], int], Hits] = best,
) -> dict[str, float]:
    """Reciprocal ranks in two lists of k, added: the words' and the vectors'."""
    often = [(row["text"].split().count("zebra"), row["id"]) for row in rows]
    by_words = [found for count, found in sorted(often, key=lambda one: -one[0]) if count][:k]
    by_vector = [found for found, _ in near(rows, vector, k)]
    total: dict[str, float] = {}
    for ranking in (by_words, by_vector):
        for rank, found in enumerate(ranking, start):
            total[found] = total.get(found, 0.0) + 1 / (constant + rank)
    return total


def clear_cut(seed: int, rows: list[Row], k: int) -> list[float]:
    """A vector for which no two of the best have the same score, nor the k-th and the first to be left out."""
    for again in range(10_000):
        vector: list[float] = normal(seed + 1000 * again, 4).tolist()
        scores = sorted(fused(rows, vector, k).values(), reverse=True)[: k + 1]
        if len({round(score, 6) for score in scores}) == len(scores):
            return vector
    raise RuntimeError("no vector without ties: a bug in the course")


def top(scores: dict[str, float], k: int) -> Hits:
    return sorted(scores.items(), key=lambda hit: -hit[1])[:k]


@check
def hybrid_search(learner: Any, seed: int) -> None:
    """Ranks by words and by vector, fused. Oracle: counted words, sorted cosines, reciprocal ranks."""
    rows = library(seed, 24)
    places: list[tuple[int, str | None]] = [(4, None), (3, "it's"), (2, LESSONS[0]), (5, None), (3, "")]
    asked: list[tuple[Any, ...]] = []
    for j, (k, lesson) in enumerate(places):
        own = [row for row in rows if lesson in (None, row["lesson"])]
        vector = clear_cut(seed + j, own, k)
        asked.append(("Which zebras?", vector, k, lesson) if lesson is not None else ("the zebra", vector, k))
    called = "hybrid_search on a table of 24 rows"
    answers = ask(
        learner,
        fixtures.found,
        rows,
        True,
        asked,
        called=called,
        errors={
            "give the words to .text(…) and the vector to .vector(…) of the search": "must be provided",
            "a quote inside a string of SQL is written twice: the lesson it's broke yours": "Unterminated",
        },
    ).value
    for (question, vector, k, *rest), answer in zip(asked, answers, strict=True):
        own = [row for row in rows if not rest or row["lesson"] == rest[0]]
        right = top(fused(own, vector, k), k)
        often = {row["id"]: row["text"].split().count("zebra") for row in rows}
        by_words = sorted((found for found in often if often[found]), key=lambda found: -often[found])
        words = f"hybrid_search(table, {question!r}, vector, {k}" + (f", {rest[0]!r})" if rest else ")")
        hits = answer if is_hits(answer) else []
        foreign = any(hit[0] not in {row["id"] for row in own} for hit in hits)
        few = 0 < len(hits) < len(right) and rest and not foreign
        answered = [hit[0] for hit in answer] if is_hits(answer) else answer
        far = fused(own, vector, k, near=squared)
        by_distance = [round(far.get(hit[0], 0), 6) for hit in hits] == [
            round(score, 6) for _, score in top(far, k)
        ]
        Told(answered, words + ": the ids").equals(
            [found for found, _ in right],
            mistakes={
                too_many(rest[0] if rest else None): answered if foreign else None,
                "filter before the search, not after: some of the k were lost": answered if few else None,
                "return k rows: the two lists together have more": [
                    found for found, _ in top(fused(own, vector, k), 99)
                ],
                "that is the search by words alone": by_words[:k],
                "that is the search by vector alone": [found for found, _ in best(own, vector, k)],
                "LanceDB measures squared distance unless told: set distance_type": (
                    answered if by_distance else None
                ),
            },
        )
        Told(answer, words).close(
            right,
            mistakes={
                "ranks count from 1: yours from 0": top(fused(own, vector, k, start=0), k),
                "ids alone: return pairs (id, score)": answered,
            },
            **NEAR,
        )


def is_hits(answer: Any) -> bool:
    """Whether an answer is a list of pairs, an id first."""
    return isinstance(answer, list) and all(
        isinstance(hit, tuple) and len(hit) == 2 and isinstance(hit[0], str) for hit in answer
    )
