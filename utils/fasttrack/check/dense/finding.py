"""Check of 11_rag/02_dense_retrieval, on search in a LanceDB table. Oracle: all rows, sorted by cosine."""

from __future__ import annotations

from typing import Any

import numpy as np

from fasttrack.check import check
from fasttrack.check.dense.stores import LESSONS, Row, rows_of
from fasttrack.check.fixtures import dense as fixtures
from fasttrack.check.inputs import normal
from fasttrack.check.training.ask import Told, ask

Hits = list[tuple[str, float]]
NEAR = {"rtol": 1e-5, "atol": 1e-5}  # LanceDB computes in float32


def cosine(a: list[float], b: list[float]) -> float:
    x, y = np.array(a), np.array(b)
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))


def best(rows: list[Row], vector: list[float], k: int) -> Hits:
    scored = [(row["id"], cosine(row["vector"], vector)) for row in rows]
    return sorted(scored, key=lambda hit: -hit[1])[:k]


def squared(rows: list[Row], vector: list[float], k: int) -> Hits:
    """LanceDB's own measure, if none is named: 1 minus the squared distance."""
    far = [(row["id"], sum((x - y) ** 2 for x, y in zip(row["vector"], vector, strict=True))) for row in rows]
    return [(found, 1 - d) for found, d in sorted(far, key=lambda hit: hit[1])[:k]]


def too_many(lesson: str | None) -> str:
    """The mistake of a search of one lesson that finds rows of others."""
    match lesson:
        case "":
            return "an empty name is a name: only None means all"
        case str() if " OR " in lesson:
            return "what stands between the quotes became SQL: write each quote in it twice"
    return "lesson is left out of account"


@check
def search_store(learner: Any, seed: int) -> None:
    """Ids and cosines, of a lesson or of all. Oracle: all rows, sorted by cosine."""
    rows = rows_of(seed, 21)
    queries = [vector.tolist() for vector in normal(seed + 5, 5, 4)]
    asked: list[tuple[Any, ...]] = [
        (queries[0], 5),
        (queries[1], 3, LESSONS[0]),
        (queries[2], 2, "it's"),
        (queries[3], 40, None),
        (queries[4], 4, "nowhere"),
        (queries[0], 4, "x' OR 'a' = 'a"),
        (queries[1], 4, ""),
    ]
    called = "search_store on a table of 21 rows, of the lessons 06_attention/01, it's and 07_gpt/01"
    answers = ask(
        learner,
        fixtures.found,
        rows,
        False,
        asked,
        called=called,
        errors={
            "a quote inside a string of SQL is written twice: the lesson it's broke yours": "Unterminated"
        },
    ).value
    for (vector, k, *rest), answer in zip(asked, answers, strict=True):
        lesson = rest[0] if rest else None
        own = [row for row in rows if lesson is None or row["lesson"] == lesson]
        right, late = best(own, vector, k), {row["id"] for row in own}
        words = f"search_store(table, vector, {k}" + (f", {lesson!r})" if rest else ")")
        distance = squared(own, vector, k)
        Told(answer, words).close(
            right,
            mistakes={
                "LanceDB measures squared distance unless told: set distance_type": distance,
                "the squared distance, not the cosine": [(found, 1 - one) for found, one in distance],
                "LanceDB gives 1 - cosine as the distance: turn it round": [
                    (found, 1 - one) for found, one in right
                ],
                too_many(lesson): best(rows, vector, k),
                "filter before the search, not after: some of the k were lost": [
                    hit for hit in best(rows, vector, k) if hit[0] in late
                ],
                "ids alone: return pairs (id, cosine)": [found for found, _ in right],
                "best first": right[::-1],
            },
            **NEAR,
        )
