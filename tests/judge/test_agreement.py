"""Every right and wrong answer of every lesson fares the same in the notebook and before the judge."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder import bank, lesson
from autograder.course import Course
from autograder.gate.workbench import Workbench
from autograder.judge import plan
from autograder.judge.exam import examine, imported
from autograder.judge.ruling import judged
from autograder.judge.sandbox import Limits
from autograder.judge.session import Session, Stop
from autograder.notebook import source_notebook, text_of
from autograder.outcome import Outcome

COURSE = Course.here(Path(__file__).parent)
LESSONS = [name for name in COURSE.lessons() if (COURSE.answers / f"{name}.py").exists()]
SECONDS = 120


class Bench:
    """A learner process that has run a lesson's cells, with the reference answers."""

    def __init__(self, read: lesson.Lesson) -> None:
        source = text_of(source_notebook(read, COURSE.repository)).encode()
        self.plan, self.cells = plan.lesson(source), read.exercises()
        self.session = Session(Limits(), time.monotonic() + 1800)
        for cell in read.cells:
            if cell.kind in ("given", "exercise") and not cell.demo:
                self.run(cell.source)

    def run(self, source: str) -> None:
        self.session.begin(SECONDS)
        self.session.run(source, 10_000)

    def judge(self, name: str, answer: str) -> tuple[Outcome, str, str]:
        """Outcome, message and mistake of an answer in the place of an exercise."""
        test = next(test for test in self.plan.tests.values() if test.name == name)
        error: BaseException | None = None
        self.run(answer)
        names = imported(self.plan, test)
        self.session.begin(SECONDS)
        try:
            examine(test, names, self.session, io.StringIO())
        except (Exception, Stop) as caught:
            error = caught
        verdict = judged(name, error, self.session.stop, self.session.error)
        self.run(self.cells[name].source)
        return verdict


@pytest.fixture(scope="module", params=LESSONS)
def benches(request: pytest.FixtureRequest) -> Iterator[tuple[bank.Bank, Workbench, Bench]]:
    read = lesson.read(COURSE.source(request.param), request.param)
    answers = bank.read(COURSE.answers / f"{request.param}.py", read)
    with Workbench(read) as direct:
        remote = Bench(read)
        yield answers, direct, remote
        remote.session.end()


def mistakes(message: str) -> list[str]:
    return [line for line in message.splitlines() if line.startswith("  mistake")]


def test_an_answer_fares_the_same_in_the_notebook_and_before_the_judge(
    benches: tuple[bank.Bank, Workbench, Bench],
) -> None:
    answers, direct, remote = benches
    differ = []
    for answer in answers.answers:
        if answer.kind == "equivalent":
            continue
        here = direct.run(answer.name, answer.source)
        outcome, message, _ = remote.judge(answer.name, answer.source)
        if here.passed != (outcome is Outcome.PASSED) or mistakes(here.message) != mistakes(message):
            differ.append(f"{answer.name} — {answer.about}\nhere: {here.message}\nthere: {outcome} {message}")
        if answer.kind == "wrong" and answer.hint not in message:
            differ.append(f"{answer.name} — {answer.about}\nno {answer.hint!r} in: {message}")
    assert not differ, "\n\n".join(differ)
