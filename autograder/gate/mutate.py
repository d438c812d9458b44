"""The mutation score: of all small faults that can be made in the reference answers, the share the tests catch.

Each mutant differs from the reference in one place of its solution region and goes through the visible and
hidden tests; anything but a pass is caught, running out of time included. A survivor is a weakness of the
test, or equivalent to the reference: then its diff stands in the bank, with the reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rich.table import Table

from autograder import bank
from autograder.bank import Answer
from autograder.course import Course
from autograder.gate.finding import Finding
from autograder.gate.mutant import Mutant, mutants
from autograder.gate.workbench import Workbench
from autograder.lesson import Cell, Lesson, LessonError, read

LEAST_LIMIT = 1.0  # seconds for a mutant, where the reference takes no time
PATIENCE = 5.0  # a mutant may take so many times what the reference takes


@dataclass(frozen=True)
class Result:
    """What became of a mutant; `listed` is the bank's word that it is equivalent."""

    mutant: Mutant
    caught: bool
    listed: Answer | None
    seconds: float


@dataclass(frozen=True)
class Score:
    """The mutants of a lesson's exercises. Those listed as equivalent count neither way."""

    lesson: str
    results: tuple[Result, ...] = field(repr=False)
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def total(self) -> int:
        return sum(not result.listed for result in self.results)

    @property
    def caught(self) -> int:
        return sum(result.caught for result in self.results if not result.listed)

    @property
    def equivalent(self) -> int:
        return len(self.results) - self.total

    @property
    def survivors(self) -> list[Mutant]:
        return [result.mutant for result in self.results if not (result.caught or result.listed)]

    @property
    def share(self) -> float:
        return self.caught / self.total if self.total else 1.0

    def exercises(self) -> Iterator[tuple[str, Score]]:
        """The score of each exercise."""
        for name in dict.fromkeys(result.mutant.name for result in self.results):
            results = tuple(result for result in self.results if result.mutant.name == name)
            findings = tuple(finding for finding in self.findings if finding.exercise == name)
            yield name, Score(self.lesson, results, findings, sum(result.seconds for result in results))


def run(course: Course, name: str, progress: Callable[[str], None] = lambda _: None) -> Score:
    """Score a lesson's tests; `progress` is called with each exercise's name when it is done.

    Raises LessonError for a lesson or bank that cannot be read or run, and for a reference that fails.
    """
    started = time.perf_counter()
    lesson = read(course.source(name), name)
    answers = bank.read(course.answers / f"{name}.py", lesson)
    results: list[Result] = []
    findings: list[Finding] = []
    with Workbench(lesson) as bench:
        for exercise in lesson.exercises().values():
            listed = answers.of(exercise.name, "equivalent")
            found = list(judged(bench, exercise, listed))
            results += found
            for answer in listed:
                if message := unfounded(answer, found):
                    findings.append(
                        Finding(
                            name,
                            exercise.name,
                            "equivalent",
                            message,
                            answers.path,
                            answer.line,
                            answer.about,
                        )
                    )
            progress(exercise.name)
    return Score(name, tuple(results), tuple(findings), time.perf_counter() - started)


def judged(bench: Workbench, exercise: Cell, listed: list[Answer]) -> Iterator[Result]:
    """Every mutant of an exercise, run through its test."""
    reference = bench.run(exercise.name, exercise.source, label="reference")
    if not reference.passed:
        raise failing(bench.lesson, exercise, reference.message)
    limit = max(LEAST_LIMIT, PATIENCE * reference.seconds)
    for mutant in mutants(exercise):
        result = bench.run(exercise.name, mutant.source, label="mutant", limit=limit)
        told = next((answer for answer in listed if mutant.is_told_by(answer.diff)), None)
        yield Result(mutant, not result.passed, told, result.seconds)


def failing(lesson: Lesson, exercise: Cell, message: str) -> LessonError:
    return LessonError(lesson.path, exercise.line, f"the reference fails its own test: {message}")


def unfounded(answer: Answer, results: list[Result]) -> str:
    """What is wrong with listing a mutant as equivalent; "" if nothing is."""
    mine = [result for result in results if result.listed is answer]
    if not mine:
        return "no mutant has this diff any more: take the cell out of the bank"
    if any(result.caught for result in mine):
        return "a test does catch this mutant: it is not equivalent"
    return ""


def table(score: Score) -> Table:
    """A row for each exercise and one for the lesson."""
    view = Table(
        "exercise",
        "mutants",
        "caught",
        "equivalent",
        "survived",
        "share",
        "seconds",
        title=f"mutate {score.lesson}",
    )
    for column in view.columns[1:]:
        column.justify = "right"
    for name, part in [*score.exercises(), ("all", score)]:
        view.add_row(
            name,
            str(part.total),
            str(part.caught),
            str(part.equivalent),
            str(len(part.survivors)),
            f"{part.share:.1%}",
            f"{part.seconds:.1f}",
            style="red" if part.survivors or part.findings else "",
        )
    return view
