"""Forked learner processes: the same verdicts as cold ones, and what happens when something dies or cannot be had."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder import bank, lesson
from autograder.course import Course
from autograder.judge import walls, warm
from autograder.judge.judge import judge
from autograder.judge.processes import descendants
from autograder.judge.sandbox import Limits
from autograder.judge.session import Session, Stop
from autograder.judge.warm import WARM, Warm
from autograder.notebook import source_notebook, text_of
from autograder.outcome import Outcome, Verdict

COURSE = Course.here(Path(__file__).parent)
NAME = "06_attention/01_self_attention"
SECONDS = 60


@pytest.fixture
def own_parent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Warm]:
    """A warm parent for this test alone."""
    mine = Warm()
    monkeypatch.setattr(warm, "WARM", mine)
    yield mine
    mine.end()


def start() -> Session:
    return Session(Limits(), time.monotonic() + 600, warm=True)


def run(session: Session, source: str) -> Any:
    session.begin(SECONDS)
    return session.run(source, 10_000)


def test_verdicts_are_the_same_in_both_modes() -> None:
    read = lesson.read(COURSE.source(NAME), NAME)
    source = source_notebook(read, COURSE.repository)
    for kind in ("right", "wrong", "stub"):
        cold, forked = (judge(*handed_in(source, read, kind), warm=mode) for mode in (False, True))
        assert not forked.cold_because
        assert timeless(cold) == timeless(forked)
        assert cold.results[0].outcome is not Outcome.CRASHED


def handed_in(source: Any, read: lesson.Lesson, kind: str) -> tuple[bytes, bytes]:
    """The lesson, and a submission whose answers are the bank's first of a kind; stubs are left as they are."""
    notebook = nbformat.from_dict(source)
    answers = bank.read(COURSE.answers / f"{NAME}.py", read).answers
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        of_kind = [answer.source for answer in answers if answer.name == name and answer.kind == kind]
        if of_kind:
            cell.source = of_kind[0]
    return text_of(source).encode(), text_of(notebook).encode()


def timeless(verdict: Verdict) -> Verdict:
    results = tuple(replace(result, seconds=0) for result in verdict.results)
    return replace(verdict, seconds=0, results=results)


def test_one_parent_serves_many(own_parent: Warm) -> None:
    parents = set()
    for _ in range(3):
        start().end()
        parents.add(own_parent.zygote)
    assert len(parents) == 1


def test_a_parent_that_died_is_started_again(own_parent: Warm) -> None:
    first = start()
    assert own_parent.zygote
    own_parent.zygote.process.kill()
    own_parent.zygote.process.wait()
    with pytest.raises(Stop, match="ended"):
        run(first, "import time; time.sleep(50)")
    first.end()
    second = start()
    assert not second.sandbox.cold_because
    run(second, "1")
    second.end()


def test_without_a_parent_it_starts_cold_and_says_why(
    own_parent: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "PACKAGES", ("no_such_package",))
    for _ in range(2):
        session = start()
        assert "no_such_package" in session.sandbox.cold_because
        run(session, "1")
        session.end()


def test_where_nested_namespaces_are_not_allowed_it_starts_cold(
    own_parent: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = walls.command

    def without(program: list[str], scratch: int | None, seccomp: int | None = None) -> list[str]:
        words = command(program, scratch, seccomp)
        at = words.index("--unshare-all") + 1
        return words if scratch else [*words[:at], "--unshare-user", "--disable-userns", *words[at:]]

    monkeypatch.setattr(walls, "command", without)
    session = start()
    assert "namespaces" in session.sandbox.cold_because
    run(session, "1")
    session.end()
    assert own_parent.zygote is None


def test_a_parent_with_threads_forks_nothing(own_parent: Warm, monkeypatch: pytest.MonkeyPatch) -> None:
    starts_one = "__import__('threading').Thread(target=__import__('time').sleep, args=(60,)).start(); "
    monkeypatch.setattr(warm, "PROGRAM", starts_one + warm.PROGRAM)
    session = start()
    assert "2 threads" in session.sandbox.cold_because
    session.end()


def test_an_interpreter_where_the_scratch_would_be_starts_cold(
    own_parent: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walls, "visible", lambda: ["/tmp/somewhere/.venv"])
    with pytest.raises(warm.NotWarm, match="/tmp/somewhere"):
        own_parent.fork({}, 0, 0, 1)


def test_the_end_of_a_fork_is_the_end_of_all_it_started(own_parent: Warm) -> None:
    session = start()
    run(
        session,
        "import os, time\nfor _ in range(5):\n    if os.fork() == 0:\n        os.setsid(); time.sleep(60)",
    )
    below = descendants(session.sandbox.process.pid)
    assert len(below) == 7
    session.end()
    assert not [pid for pid in below if alive(pid)]


JUDGE = """
import os, sys, time
from autograder.judge.sandbox import Limits
from autograder.judge.session import Session
session = Session(Limits(), time.monotonic() + 600, warm=True)
print(session.sandbox.process.pid, session.sandbox.cold_because, flush=True)
time.sleep(600)
"""


def test_nothing_outlives_the_judge() -> None:
    judging = subprocess.Popen([sys.executable, "-c", JUDGE], stdout=subprocess.PIPE, text=True)
    assert judging.stdout
    assert judging.stdout.readline().strip().isdigit()
    below = descendants(judging.pid)
    assert len(below) >= 4
    os.kill(judging.pid, signal.SIGKILL)
    judging.wait()
    judging.stdout.close()
    until = time.monotonic() + 20
    while time.monotonic() < until and any(map(alive, below)):
        time.sleep(0.05)
    assert not [pid for pid in below if alive(pid)]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_workers_parent_is_not_touched_by_these_tests() -> None:
    assert not WARM.why_not
