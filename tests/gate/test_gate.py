"""Every exercise of every lesson through the gate: `pytest tests/gate -k LESSON` for one."""

from functools import cache
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.gate import gate
from autograder.lesson import LessonError, read

COURSE = Course.here(Path(__file__).parent)
LESSONS = COURSE.lessons()


def exercises(lesson: str) -> list[str]:
    try:
        return list(read(COURSE.source(lesson), lesson).exercises())
    except LessonError:
        return []  # the lesson's own item says why


@cache
def report(lesson: str) -> gate.Report:
    return gate.run(COURSE, lesson)


def items() -> list[object]:
    """A pytest item for each lesson and each exercise; one worker takes a lesson whole, to run its cells once."""
    return [
        pytest.param(lesson, name, marks=pytest.mark.xdist_group(f"gate {lesson}"), id=f"{lesson}-{name}")
        for lesson in LESSONS
        for name in ["", *exercises(lesson)]
    ]


def test_there_are_lessons() -> None:
    assert LESSONS


@pytest.mark.parametrize(("lesson", "exercise"), items())
def test_gate(lesson: str, exercise: str) -> None:
    findings = [found for found in report(lesson).findings if found.exercise == exercise]
    assert not findings, "\n" + "\n".join(map(str, findings))
