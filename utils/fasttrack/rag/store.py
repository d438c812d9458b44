"""Passages in LanceDB: a folder that holds text, vectors and an index over both, and survives a crash.

Built in lesson 11/02. Every change writes a new version of the table; readers see the last complete one. Left out:
a server, several tables, indexes over the vectors (below some 100,000 rows comparing all of them is fast enough).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

os.environ.setdefault("LANCEDB_LOG", "error")  # read once, at import: else each new table is announced

import lancedb
from lancedb.index import FTS

TABLE = "passages"


class Row(TypedDict):
    """A passage as it is stored; the vectors of a table are equally long."""

    id: str
    lesson: str
    text: str
    vector: list[float]


def refuse_twins(rows: Sequence[Row]) -> None:
    """Raise ValueError if two rows have the same id: LanceDB has no keys, and would keep both."""
    ids = [row["id"] for row in rows]
    if len(set(ids)) < len(ids):
        raise ValueError(f"two rows have the id {max(ids, key=ids.count)!r}")


def create_store(folder: str | Path, rows: Sequence[Row]) -> Any:
    """A new table of these rows in `folder`, in the place of one that is there; the table.

    Raises ValueError for no rows, two rows with the same id, or vectors of different lengths.
    """
    refuse_twins(rows)
    return lancedb.connect(folder).create_table(TABLE, list(rows), mode="overwrite")


def open_store(folder: str | Path) -> Any:
    """The table that an earlier run left in `folder`. Raises ValueError if there is none."""
    return lancedb.connect(folder).open_table(TABLE)


def of_lesson(lesson: str) -> str:
    """The condition that a row belongs to a lesson, in SQL, where a quote inside a string is written twice."""
    return "lesson = '" + lesson.replace("'", "''") + "'"


def search_store(
    table: Any, vector: Sequence[float], k: int, lesson: str | None = None
) -> list[tuple[str, float]]:
    """Ids and cosines of the `k` rows most like `vector`, best first; of one lesson alone if it is named.

    A vector of zeros is like nothing, and finds nothing.
    """
    query = table.search([float(x) for x in vector]).distance_type("cosine").limit(k)
    if lesson is not None:
        query = query.where(of_lesson(lesson))
    return [(hit["id"], 1 - hit["_distance"]) for hit in query.to_list()]


def sync_store(table: Any, rows: Sequence[Row]) -> tuple[int, int, int]:
    """Make the table hold exactly `rows`, in one new version; how many were updated, inserted and deleted.

    A row whose lesson and text are those stored is left alone, vector and all. With another embedding use
    `create_store`. Raises ValueError for two rows with the same id.
    """
    refuse_twins(rows)
    merge = table.merge_insert("id").when_matched_update_all(
        where="target.text != source.text OR target.lesson != source.lesson"
    )
    merge = merge.when_not_matched_insert_all().when_not_matched_by_source_delete()
    result = merge.execute(list(rows))
    return result.num_updated_rows, result.num_inserted_rows, result.num_deleted_rows


def hybrid_search(
    table: Any, question: str, vector: Sequence[float], k: int, lesson: str | None = None
) -> list[tuple[str, float]]:
    """Ids and scores of `k` rows, best first: their ranks by words (BM25) and by vector, fused.

    The score is the sum of 1 / (60 + rank) over the two lists of `k`. Needs `index_text`.
    """
    query = table.search(query_type="hybrid").text(question).vector([float(x) for x in vector])
    query = query.distance_type("cosine").limit(k)
    if lesson is not None:
        query = query.where(of_lesson(lesson))
    return [(hit["id"], hit["_relevance_score"]) for hit in query.to_list()]


def index_text(table: Any) -> None:
    """Make the index over words that `hybrid_search` needs, anew if there is one: English, stemmed, no stop words."""
    table.create_index("text", config=FTS(), replace=True)
