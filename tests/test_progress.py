"""The progress bar: one line, wherever it runs."""

from __future__ import annotations

import time

import nbformat
import pytest
from nbclient import NotebookClient

from fasttrack import progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock whose time a test sets, outside IPython."""
    now = [0.0]
    monkeypatch.setattr(progress, "get_ipython", lambda: None)
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    return now


def test_a_line_says_what_is_done_and_what_is_left() -> None:
    assert (
        progress.line(3, 12, 4.6, 13.8, "loss 1.2") == f" 3/12 {'█' * 6}{'░' * 18}  5 s, 14 s to go  loss 1.2"
    )


def test_the_time_left_counts_the_steps_of_this_run_alone(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    bar = progress.Bar(100)
    clock[0] = 1.0
    bar(51)  # a run that goes on: one step took a second
    assert "1 s, 49 s to go" in capsys.readouterr().out


def test_it_is_shown_at_most_four_times_a_second_and_at_the_end(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    bar = progress.Bar(10)
    for done in range(1, 11):
        clock[0] = 0.1 * done
        bar(done)
    shown = [text.split("/")[0].strip() for text in capsys.readouterr().out.split("\r")[1:]]
    assert shown == ["1", "4", "7", "10"]


def test_an_executed_notebook_keeps_the_last_line_only() -> None:
    code = "from fasttrack.progress import Bar\nbar = Bar(3)\nfor done in (1, 2, 3):\n    bar(done)"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(book, timeout=120, kernel_name="python3").execute()
    (output,) = book.cells[0].outputs
    assert output["data"]["text/plain"].startswith("3/3")
