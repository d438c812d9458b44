"""Checks of 11_rag/02_dense_retrieval, on a LanceDB table, made and changed. Oracles: lists of rows, dictionaries."""

from __future__ import annotations

import random
from typing import Any

from fasttrack.check import check, require
from fasttrack.check.fixtures import dense as fixtures
from fasttrack.check.inputs import normal
from fasttrack.check.training.ask import Told, ask

Row = dict[str, Any]
LESSONS = ("06_attention/01", "it's", "07_gpt/01")


def rows_of(seed: int, count: int, size: int = 4) -> list[Row]:
    """Rows whose vectors float32 holds exactly, as it does what crosses to LanceDB."""
    vectors = normal(seed, count, size)
    return [
        {
            "id": f"p{i}",
            "lesson": LESSONS[i % 3],
            "text": f"passage {i} of {seed}",
            "vector": vectors[i].tolist(),
        }
        for i in range(count)
    ]


@check
def create_store(learner: Any, seed: int) -> None:
    """What is in the folder afterwards. Oracle: the rows themselves."""
    first, second = rows_of(seed, 4), rows_of(seed + 1, 3, 6)
    called = "create_store(folder, 4 rows), then create_store(folder, 3 other rows) in the same folder"
    seen = ask(
        learner,
        fixtures.created,
        first,
        second,
        called=called,
        errors={"an earlier table is replaced: see the argument mode": "already exists"},
    ).value
    tables = Told(seen["tables"], called + ": the tables there")
    tables.equals(["passages"], mistakes={"the table was not made": []})
    columns = {
        "id": "string",
        "lesson": "string",
        "text": "string",
        "vector": "fixed_size_list<item: float>[6]",
    }
    Told(seen["columns"], called + ": the columns of the table").equals(columns)
    Told(seen["rows"], called + ": the rows after each").equals(
        [first, second],
        mistakes={
            "rows of the earlier table are still there: replace it": [first, first + second],
            "the earlier table is still there: replace it": [first, first],
        },
    )
    Told(seen["returned"], called + ": count_rows() of what each returned").equals(
        [4, 3], mistakes={"return the table": [None, None]}
    )
    twin = [*second, {**first[0], "id": "p1", "vector": second[0]["vector"]}]
    ragged = [*second, {**first[0], "id": "p9", "vector": [1.0]}]
    for what, bad in (
        ("two rows with the id 'p1'", twin),
        ("vectors of different lengths", ragged),
        ("no rows", []),
    ):
        called = f"create_store(folder, {what}), where a good table was before"
        refusal = ask(learner, fixtures.refused, first, bad, called=called).value
        Told(refusal["error"], called + ": the error it raises").equals(
            "ValueError",
            mistakes={
                "two rows with one id: LanceDB keeps both, so you must look": "" if bad is twin else "-",
                "say so with a ValueError: an assert vanishes under python -O": "AssertionError",
            },
        )
        Told(refusal["ids afterwards"], called + ": the ids in the table afterwards").equals(
            [row["id"] for row in first],
            mistakes={"look at the rows before you write": sorted(row["id"] for row in bad)},
        )


def after_sync(rows: list[Row], wanted: list[Row]) -> tuple[dict[str, Row], tuple[int, int, int]]:
    """What the table must hold, and how many rows were updated, inserted and deleted."""
    before = {row["id"]: row for row in rows}
    held: dict[str, Row] = {}
    updated = inserted = 0
    for row in wanted:
        old = before.get(row["id"])
        if old and (old["text"], old["lesson"]) == (row["text"], row["lesson"]):
            held[row["id"]] = old
        else:
            held[row["id"]] = row
            updated, inserted = updated + bool(old), inserted + (not old)
    return held, (updated, inserted, len(before.keys() - held.keys()))


def edits(seed: int, rows: list[Row]) -> list[list[Row]]:
    """What the table should hold, step by step."""
    new = rows_of(seed + 3, 12)
    other = [{**row, "vector": new[i]["vector"]} for i, row in enumerate(rows)]
    mixed = [
        {**other[0], "text": "rewritten"},
        {**other[1], "lesson": "moved"},
        *other[2:5],
        new[10],
        new[11],
    ]
    random.Random(seed).shuffle(mixed)
    return [mixed, [{**row} for row in mixed], [row for row in mixed if row["id"] != "p3"], new[6:9]]


@check
def sync_store(learner: Any, seed: int) -> None:
    """Rows, counts and versions after each of four syncs. Oracle: dictionaries of rows."""
    rows = rows_of(seed, 7)
    steps = edits(seed, rows)
    called = "sync_store, four times in a row"
    seen = ask(learner, fixtures.synced, rows, steps, called=called).value
    names = (
        "2 texts or lessons changed, 2 rows new, 2 gone",
        "nothing changed",
        "1 row gone",
        "3 rows, all of them new",
    )
    before = rows
    for name, wanted, told in zip(names, steps, seen, strict=True):
        held, counts = after_sync(before, wanted)
        called = f"sync_store(table, rows): {name}"
        kept = {
            found: held.get(found, row) for found, row in {**{r["id"]: r for r in before}, **held}.items()
        }
        everything = {row["id"]: row for row in wanted}
        blind = {
            column: {
                found: next((old for old in before if old["id"] == found and old[column] == row[column]), row)
                for found, row in held.items()
            }
            for column in ("lesson", "text")
        }
        stale = {found: {r["id"]: r for r in before}.get(found, row) for found, row in held.items()}
        extra = told["count"] - len(told["rows"])
        require(
            not extra,
            ("called", called),
            ("got", f"{extra} ids are there twice"),
            ("mistake", "a row with a known id takes the place of the old one"),
        )
        Told(told["rows"], called + ": the rows afterwards, by id").equals(
            held,
            mistakes={
                "what is not among the rows must be deleted": kept,
                "rows whose lesson and text are as stored are left alone, with their vectors": everything,
                "rows with a known id were not updated": stale,
                "a row is replaced if its lesson differs, too, not only its text": blind["text"],
                "a row is replaced if its text differs, too, not only its lesson": blind["lesson"],
                "nothing was written: a merge begins with execute": {r["id"]: r for r in before},
            },
        )
        require(
            told["versions"] <= 1,
            ("called", called),
            ("got", f"{told['versions']} new versions"),
            ("mistake", "one write for all: a crash between two would leave the table half changed"),
        )
        order = [
            tuple(counts[i] for i in places)
            for places in ((1, 0, 2), (1, 2, 0), (0, 2, 1), (2, 0, 1), (2, 1, 0))
        ]
        Told(told["returned"], called).equals(
            counts,
            mistakes={
                "in the order updated, inserted, deleted": next(
                    (one for one in order if one == told["returned"]), ()
                ),
                "return how many were updated, inserted and deleted": None,
                "a row that stayed as it was does not count as updated": (
                    len(wanted) - counts[1],
                    *counts[1:],
                ),
            },
        )
        before = list(held.values())
