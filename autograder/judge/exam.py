"""The instructor's test, run in the judge's process: its imports are made here, the learner's objects are handles."""

from __future__ import annotations

import contextlib
import warnings
from typing import IO, Any

from autograder.judge import plan
from autograder.judge.session import Session


def imported(lesson: plan.Lesson, test: plan.Test) -> dict[str, Any]:
    """The names of a test that the instructor's imports bind."""
    names: dict[str, Any] = {"__name__": "test"}
    for name in plan.needed(test):
        if name in lesson.imports and name != test.name:
            exec(lesson.imports[name], names)
    return names


def examine(test: plan.Test, names: dict[str, Any], session: Session, printed: IO[str]) -> None:
    """Run a test's code; returns if it passes, and raises what the check raises.

    What `names` does not hold stands for what it means in the learner's notebook.
    """
    for name in plan.needed(test):
        if name not in names:
            names[name] = session.name(name)
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(test.code, f"<{test.grade_id}>", "exec"), names)
