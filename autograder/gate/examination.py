"""One exercise's test, examined: every rule of the gate, each in a method of its own.

The reference and every right answer pass; the untouched stub is *not written*; constants, lazy answers and
objects that raise fail, by CheckFailed and nothing else; every wrong answer fails with its hint. The check
is deterministic, asks something new under another seed, and leaves its inputs alone.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.preprocessors import ClearSolutions

from autograder.bank import Answer, Bank, Kind
from autograder.build import settings
from autograder.gate.digest import digest
from autograder.gate.finding import Finding
from autograder.gate.lazy import CONSTANTS, ERRORS, Broken, breaking, lazies, remembered
from autograder.gate.recorder import Recorder
from autograder.gate.workbench import Run, Workbench
from autograder.lesson import HIDDEN, Cell
from autograder.notebook import cell_of
from autograder.outcome import Outcome
from fasttrack.forbid import uses

RIGHT, WRONG = 2, 3  # answers an exercise needs at least


@dataclass(frozen=True)
class Tested:
    """One exercise gone through the gate: how many answers of each kind were tried, and what was found."""

    exercise: str
    right: int
    wrong: int
    others: int  # stub, lazy and broken answers
    seconds: float
    findings: tuple[Finding, ...]


@dataclass
class Examination:
    """All rules on one exercise."""

    bench: Workbench
    bank: Bank
    exercise: Cell
    others: int = field(default=0, init=False)

    def result(self) -> Tested:
        started = time.perf_counter()
        findings = tuple(self.findings())
        counts = len(self.answers("right")), len(self.answers("wrong"))
        return Tested(self.exercise.name, *counts, self.others, time.perf_counter() - started, findings)

    def answers(self, kind: Kind) -> list[Answer]:
        return self.bank.of(self.exercise.name, kind)

    def findings(self) -> Iterator[Finding]:
        yield from self.enough()
        first = Recorder()
        shown = self.record(first, hidden=False)
        if not shown.passed:
            yield self.finding("reference", f"the reference fails its visible test: {said(shown)}")
            return
        found = list(self.reference(first))
        yield from found
        if any(finding.rule == "reference" for finding in found):
            return
        yield from self.forbidden()
        yield from self.stub()
        yield from self.lazy(first)
        yield from self.raising(len(first.calls))
        yield from self.right()
        yield from self.wrong()

    def reference(self, shown: Recorder) -> Iterator[Finding]:
        """The reference passes, hidden tests and all; the check repeats itself, and the hidden part does not."""
        one, two = Recorder(), Recorder()
        whole = self.record(one, hidden=True)
        if not whole.passed:
            yield self.finding("reference", f"the reference fails its hidden tests: {said(whole)}")
            return
        again = self.record(two, hidden=True, seed=1)
        if not again.passed:
            yield self.finding(
                "deterministic", f"passes or fails with the global random state: {said(again)}"
            )
        elif one.calls != two.calls:
            yield self.finding(
                "deterministic", "the same seed asks for different things: draw from a generator of its own"
            )
        if change := one.changed():
            yield self.finding("inputs", f"the check changes an argument that it passed: {change}")
        asked_anew = set(one.calls[len(shown.calls) :]) - set(shown.calls)
        if HIDDEN[0] in self.test.source and one.wrapped and not asked_anew:
            yield self.finding("seed", "the hidden tests ask for nothing new: the seed changes no input")

    def forbidden(self) -> Iterator[Finding]:
        """Neither the reference nor a right answer needs a call that the exercise forbids."""
        before = [cell.source for cell in self.bench.lesson.cells if cell.kind == "given"]
        for name, line in uses(self.exercise.source, self.exercise.forbid, before):
            yield self.finding(
                "forbidden", f"the reference uses {name} in line {line}, which the exercise forbids"
            )
        for answer in self.answers("right"):
            for name, _ in uses(answer.source, self.exercise.forbid, before):
                yield self.about(answer, f"a right answer uses {name}, which the exercise forbids")

    def stub(self) -> Iterator[Finding]:
        """What a learner starts from is *not written*, by the name of the exercise."""
        self.others += 1
        result = self.bench.run(self.exercise.name, stub(self.exercise), hidden=False, label="stub")
        want = f"not written yet: {self.exercise.name}"
        if result.outcome is not Outcome.NOT_ATTEMPTED or result.message != want:
            yield self.finding("stub", f"the untouched stub gets {said(result)}, not {want!r}")

    def lazy(self, shown: Recorder) -> Iterator[Finding]:
        """Answers that nobody thought about fail the visible test, a remembered one at the latest the hidden."""
        if not shown.wrapped:
            yield from self.constant(shown.subject)
            return
        answers = [
            *((answer, False) for answer in lazies()),
            *((answer, True) for answer in remembered(shown)),
        ]
        for answer, hidden in answers:
            result = self.record(answer.recorder(), hidden=hidden)
            if answer.real:
                yield from self.refused("lazy", answer.about, result)

    def constant(self, subject: object) -> Iterator[Finding]:
        """Where the exercise is neither function nor class, as a partial or a built module is: other values fail."""
        for value in CONSTANTS:
            if digest(value) != digest(subject):
                instead = functools.partial(given, value)
                source = self.exercise.source
                result = self.bench.run(self.exercise.name, source, hidden=False, change=instead)
                yield from self.refused("lazy", repr(value), result)

    def raising(self, calls: int) -> Iterator[Finding]:
        """An object that raises fails, whatever it raises and whenever it starts to."""
        places = [(0, error) for error in (*ERRORS, Broken)]
        places += [(place, Broken) for place in sorted({1, calls // 2, calls - 1}) if 0 < place < calls]
        for place, error in places:
            recorder = breaking(place, error)
            result = self.record(recorder, hidden=False)
            if len(recorder.calls) > place:
                yield from self.refused("raises", f"raises {error.__name__} at call {place + 1}", result)

    def right(self) -> Iterator[Finding]:
        for answer in self.answers("right"):
            result = self.bench.run(self.exercise.name, answer.source, label=label(answer))
            if not result.passed:
                yield self.about(answer, f"a right answer fails: {said(result)}")

    def wrong(self) -> Iterator[Finding]:
        for answer in self.answers("wrong"):
            result = self.bench.run(self.exercise.name, answer.source, hidden=False, label=label(answer))
            if result.passed:
                yield self.about(answer, "a wrong answer passes the visible test")
            elif result.outcome is not Outcome.WRONG:
                yield self.about(answer, f"a wrong answer gets no diagnosis but {said(result)}")
            elif answer.hint not in result.message:
                yield self.about(answer, f"the hint {answer.hint!r} is not in: {result.message}")

    def enough(self) -> Iterator[Finding]:
        for kind, least in (("right", RIGHT), ("wrong", WRONG)):
            count = len(self.answers(kind))  # type: ignore[arg-type]
            if count < least:
                message = f"{count} {kind} answers, and at least {least} are needed"
                yield Finding(
                    self.bench.lesson.name, self.exercise.name, "answers", message, self.bank.path, 1
                )

    def refused(self, rule: str, answer: str, result: Run) -> Iterator[Finding]:
        self.others += 1
        if result.passed:
            yield self.finding(rule, "passes", answer)
        elif result.outcome is not Outcome.WRONG:
            yield self.finding(rule, f"does not end in CheckFailed but in {said(result)}", answer)

    def record(self, recorder: Recorder, *, hidden: bool, seed: int = 0) -> Run:
        """The reference, seen or altered by a recorder."""
        with recorder.watching():
            return self.bench.run(
                self.exercise.name,
                self.exercise.source,
                hidden=hidden,
                change=recorder.wrap,
                label="reference",
                seed=seed,
            )

    @property
    def test(self) -> Cell:
        return self.bench.lesson.tests()[self.exercise.name]

    def finding(self, rule: str, message: str, answer: str = "") -> Finding:
        """About the test."""
        lesson = self.bench.lesson
        return Finding(lesson.name, self.exercise.name, rule, message, lesson.path, self.test.line, answer)

    def about(self, answer: Answer, message: str) -> Finding:
        """About an answer in the bank."""
        lesson, name = self.bench.lesson.name, self.exercise.name
        return Finding(lesson, name, answer.kind, message, self.bank.path, answer.line, answer.about)


def stub(exercise: Cell) -> str:
    """An exercise's cell as it is released: nbgrader's own step, with the course's settings."""
    node = cell_of(exercise, 0)
    clear = ClearSolutions(config=settings(Path()))
    clear.preprocess_cell(node, {"language": "python"}, 0)
    return str(node.source)


def given(value: object, _: object) -> object:
    return value


def label(answer: Answer) -> str:
    return f"{answer.kind} answer at line {answer.line}"


def said(result: Run) -> str:
    """An outcome and its message, for a person."""
    return f"{result.outcome}: {result.message}" if result.message else str(result.outcome)
