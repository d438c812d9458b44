"""The LanceDB store: reopening, a writer killed in the middle, and what its filters and searches refuse."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fasttrack.rag.store import (
    Row,
    create_store,
    hybrid_search,
    index_text,
    open_store,
    refuse_twins,
    search_store,
    sync_store,
)

ROWS: list[Row] = [
    {"id": "a", "lesson": "cars", "text": "my car has an engine", "vector": [1.0, 0.0]},
    {"id": "b", "lesson": "cars", "text": "an automobile needs fuel", "vector": [0.9, 0.1]},
    {"id": "c", "lesson": "baker's", "text": "bread needs flour", "vector": [0.0, 1.0]},
]
KILLED = """
import os, signal, sys
import pyarrow
from fasttrack.rag.store import open_store

table = open_store(sys.argv[1])

def batches():
    for b in range(4):
        texts = [os.urandom(500).hex() for _ in range(50)]
        rows = [{"id": f"{b}-{i}", "lesson": "new", "text": text, "vector": [0.0, 1.0]} for i, text in enumerate(texts)]
        yield pyarrow.RecordBatch.from_pylist(rows, schema=table.schema)
    os.kill(os.getpid(), signal.SIGKILL)

table.add(pyarrow.RecordBatchReader.from_batches(table.schema, batches()))
"""


def test_a_store_is_found_again(tmp_path: Path) -> None:
    create_store(tmp_path, ROWS)
    table = open_store(tmp_path)
    assert [row["id"] for row in table.to_arrow().to_pylist()] == ["a", "b", "c"]
    with pytest.raises(ValueError, match="was not found"):
        open_store(tmp_path / "elsewhere")


def test_a_writer_killed_in_the_middle_leaves_the_last_version(tmp_path: Path) -> None:
    create_store(tmp_path, ROWS)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    table = open_store(tmp_path)
    assert table.version == 1
    assert [row["id"] for row in table.to_arrow().to_pylist()] == ["a", "b", "c"]
    assert sync_store(table, [ROWS[0]]) == (0, 0, 2)
    assert open_store(tmp_path).count_rows() == 1


def test_an_old_version_can_be_restored(tmp_path: Path) -> None:
    table = create_store(tmp_path, ROWS)
    table.delete("id = 'a'")
    table.update(where="id = 'b'", values={"text": "changed"})
    table.restore(1)
    assert [row["text"] for row in open_store(tmp_path).to_arrow().to_pylist()] == [
        row["text"] for row in ROWS
    ]


def test_a_search_follows_a_sync(tmp_path: Path) -> None:
    table = create_store(tmp_path, ROWS)
    index_text(table)
    assert hybrid_search(table, "battery", [1.0, 0.0], 2)[0][0] == "a"
    new: Row = {"id": "b", "lesson": "cars", "text": "an automobile and its battery", "vector": [0.9, 0.1]}
    sync_store(table, [ROWS[0], new])
    assert hybrid_search(table, "battery", [1.0, 0.0], 2)[0][0] == "b"
    assert search_store(table, [0.0, 1.0], 5) == [
        ("b", pytest.approx(0.1104, abs=1e-4)),
        ("a", pytest.approx(0)),
    ]


def test_a_vector_of_zeros_finds_nothing(tmp_path: Path) -> None:
    assert search_store(create_store(tmp_path, ROWS), [0.0, 0.0], 3) == []


def test_equal_ids_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two rows have the id 'b'"):
        refuse_twins([*ROWS, ROWS[1]])
    table = create_store(tmp_path, ROWS)
    with pytest.raises(ValueError, match="two rows have the id 'a'"):
        sync_store(table, [ROWS[0], ROWS[0]])
    assert table.version == 1


def test_a_new_table_draws_no_line_on_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = f"from fasttrack.rag.store import create_store; create_store({str(tmp_path)!r}, {ROWS!r})"
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ended.stderr == ended.stdout == ""
