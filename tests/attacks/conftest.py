"""A lesson to attack, and the honest marks that no attack may beat.

The exercise under attack is `double`, 2 points; `total`, 1 point, is answered honestly in every submission. Every
attack is bounded in count, size and time by itself, should a limit fail.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.judge.judge import Court, judge
from autograder.judge.processes import descendants
from autograder.judge.sandbox import Limits
from autograder.judge.session import Session
from autograder.judge.warm import WARM
from autograder.notebook import nbgrader
from autograder.outcome import TestResult, Verdict

MB = 1 << 20
SECRET = "HIDDEN-MARKER"
LIMITS = Limits(
    cell_seconds=2,
    test_seconds=2,
    lesson_seconds=20,
    grace_seconds=0.5,
    cpu_seconds=30,
    memory=400 * MB,
    processes=40,
    file_size=8 * MB,
    scratch=16 * MB,
    cell_output=20_000,
    lesson_output=100_000,
    answer=8 * MB,
)
SOURCE = {
    "given": "from fasttrack.check import expect",
    "double": "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION",
    "test_double": "expect(double, 3).equals(6)\n### BEGIN HIDDEN TESTS\n"
    f"expect(double, 5077).equals(10154)  # {SECRET}\n### END HIDDEN TESTS",
    "total": "def total(xs):\n    ### BEGIN SOLUTION\n    return sum(xs)\n    ### END SOLUTION",
    "test_total": "expect(total, [1, 2, 3]).equals(6)",
}
HONEST = {"double": "def double(x):\n    return x * x", "total": "def total(xs):\n    return sum(xs)"}


def notebook(cells: dict[str, str]) -> bytes:
    made = []
    for name, source in cells.items():
        if name in ("double", "total"):
            metadata = {"nbgrader": nbgrader(name, solution=True)}
        elif name.startswith("test_"):
            points = 2 if name == "test_double" else 1
            metadata = {"nbgrader": nbgrader(name, grade=True, locked=True, points=points)}
        else:
            metadata = {}
        made.append(new_code_cell(source, id=name, metadata=metadata))
    return nbformat.writes(new_notebook(cells=made)).encode()


@dataclass
class Attacked:
    """How an attack went, in how many seconds besides those that processes took to start."""

    verdict: Verdict
    seconds: float

    @property
    def double(self) -> TestResult:
        return self.verdict.results[0]

    @property
    def total(self) -> TestResult:
        return self.verdict.results[1]

    def shown(self, name: str) -> str:
        """All that a cell put out, errors included."""
        cells = nbformat.reads(self.verdict.notebook.decode(), as_version=4).cells
        outputs = next(cell.outputs for cell in cells if cell.id == name)
        return "".join(
            str(output.get("text", output.get("data", output.get("evalue")))) for output in outputs
        )


Attack = Callable[..., Attacked]


def left_running(before: set[int]) -> set[int]:
    """Processes below this one that were not there before, once those that are ending have ended."""
    until = time.monotonic() + 3
    while True:
        left = {pid for pid in descendants(os.getpid()) if pid not in before and not ended(pid)}
        if not left or time.monotonic() > until:
            return left


def ended(pid: int) -> bool:
    """Whether a process is gone, or only waits to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture(scope="session", autouse=True)
def _orphans_come_here() -> None:
    """Whatever outlives its sandbox becomes a child of this process, where it is seen."""
    set_child_subreaper = 36
    assert ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0) == 0


@pytest.fixture(params=["cold", "warm"])
def warm(request: pytest.FixtureRequest) -> bool:
    """Whether learners' processes are forked; this worker's warm parent is up before anything is counted."""
    forked = bool(request.param == "warm")
    if forked:
        Session(Limits(), time.monotonic() + 600, warm=True).end()
        assert not WARM.why_not
    return forked


@pytest.fixture
def attack(warm: bool, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Judge the honest submission with cells replaced; nothing may be left running."""
    start, starts = Court.start, []

    def timed(court: Court) -> None:
        began = time.monotonic()
        start(court)
        starts.append(time.monotonic() - began)

    monkeypatch.setattr(Court, "start", timed)

    def run(**cells: str) -> Attacked:
        before, began = set(descendants(os.getpid())), time.monotonic()
        starts.clear()
        verdict = judge(notebook(SOURCE), notebook({**SOURCE, **HONEST, **cells}), LIMITS, warm=warm)
        seconds = time.monotonic() - began - sum(starts)
        assert not verdict.cold_because
        assert not left_running(before)
        return Attacked(verdict, seconds)

    return run
