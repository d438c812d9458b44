"""The gate: proof that every exercise's test accepts right answers and refuses all others, with the right words.

`examination` holds the rules; this module takes a lesson through them and puts the result in a table.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.markup import escape
from rich.table import Table

from autograder import bank
from autograder.course import Course
from autograder.gate.examination import Examination, Tested
from autograder.gate.finding import Finding
from autograder.gate.workbench import Workbench
from autograder.lesson import LessonError, read


@dataclass(frozen=True)
class Report:
    """One lesson gone through the gate, exercises in the lesson's order."""

    lesson: str
    exercises: tuple[Tested, ...]
    seconds: float
    lesson_findings: tuple[Finding, ...] = ()

    @property
    def findings(self) -> list[Finding]:
        return [*self.lesson_findings, *(finding for tested in self.exercises for finding in tested.findings)]

    @property
    def clean(self) -> bool:
        return not self.findings


def run(course: Course, name: str, progress: Callable[[str], None] = lambda _: None) -> Report:
    """Put a lesson through the gate; `progress` is called with each exercise's name when it is done.

    What cannot be read or run at all is a finding too: nothing is raised for a fault of the lesson's.
    """
    started = time.perf_counter()
    path = course.source(name)
    try:
        lesson = read(path, name)
        answers = bank.read(course.answers / f"{name}.py", lesson)
        with Workbench(lesson) as bench:
            tested = {}
            # Backwards, so that no test can lean on what the tests before it left in a module.
            for exercise in reversed(lesson.exercises().values()):
                tested[exercise.name] = Examination(bench, answers, exercise).result()
                progress(exercise.name)
    except LessonError as error:
        message = str(error).removeprefix(f"{error.path}:{error.line}: ")
        finding = Finding(name, "", "lesson", message, error.path, error.line)
        return Report(name, (), time.perf_counter() - started, (finding,))
    return Report(name, tuple(tested[name] for name in lesson.exercises()), time.perf_counter() - started)


def table(report: Report) -> Table:
    """A row for each exercise, and under it one for each finding."""
    view = Table("exercise", "right", "wrong", "others", "seconds", "verdict", title=f"gate {report.lesson}")
    for column in view.columns[1:5]:
        column.justify = "right"
    for finding in report.lesson_findings:
        view.add_row("", "", "", "", "", escape(str(finding)), style="red")
    for tested in report.exercises:
        verdict = "; ".join(f"{found.rule}: {found.answer} {found.message}" for found in tested.findings)
        view.add_row(
            tested.exercise,
            str(tested.right),
            str(tested.wrong),
            str(tested.others),
            f"{tested.seconds:.1f}",
            escape(verdict) or "ok",
            style="red" if verdict else "",
        )
    return view
