"""Grading what learners handed in: autograder/submitted/WHO/UNIT/LESSON.ipynb -> gradebook, feedback, CSV.

nbgrader keeps the gradebook and runs the cells; a submission that it cannot read is reported and the rest
of the class is graded all the same.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from rich.table import Column, Table
from sqlalchemy.exc import SAWarning

from autograder import simulate
from autograder.build import generate, replace, settings, write_sources
from autograder.course import Course, CourseError
from autograder.lesson import Lesson, read
from autograder.notebook import source_notebook, text_of
from autograder.sanitize import Sanitized, sanitize


@dataclass(frozen=True)
class Submission:
    """What one learner handed in of one unit."""

    who: str
    unit: str


@dataclass(frozen=True)
class Graded:
    """One lesson of one learner: the score, and the true one where it is known."""

    who: str
    lesson: str
    score: float
    max_score: float
    true_score: float | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()


def submissions(course: Course) -> list[Submission]:
    """Everything in autograder/submitted/, in order. Raises CourseError where there is nothing."""
    folder = course.grading / "submitted"
    found = sorted({(path.parts[-3], path.parts[-2]) for path in folder.glob("*/*/*.ipynb")})
    if not found:
        raise CourseError(
            f"{folder}: no WHO/UNIT/LESSON.ipynb to grade; `autograder simulate` makes a class to try"
        )
    return [Submission(who, unit) for who, unit in found]


def grade(course: Course, wanted: list[Submission], progress: Callable[[str], None]) -> list[Graded]:
    """Grade submissions one after another; `progress` is called with the learner when one is done."""
    lessons = {
        unit: [read(course.source(name), name) for name in course.lessons([unit])]
        for unit in sorted({submission.unit for submission in wanted})
    }
    prepare(course, [lesson for unit in lessons.values() for lesson in unit])
    truth = simulate.truth(course)
    graded = []
    for submission in wanted:
        graded += grade_one(course, submission, lessons[submission.unit], truth)
        progress(submission.who)
    write_csv(course.grading / "grades.csv", graded)
    return graded


def prepare(course: Course, lessons: list[Lesson]) -> None:
    """Write the source notebooks, and put their cells and points into the gradebook."""
    write_sources(course, lessons, course.grading)
    for lesson in lessons:
        generate(course.grading, lesson.unit, notebook=lesson.name.split("/")[1], no_database=False)


def grade_one(
    course: Course, submission: Submission, lessons: Iterable[Lesson], truth: Mapping[tuple[str, str], int]
) -> list[Graded]:
    """Repair, autograde and write feedback for one submission."""
    who, unit = submission.who, submission.unit
    repaired = {lesson.name: repair(course, who, lesson) for lesson in lessons}
    config = settings(course.grading, submitted_directory="repaired")
    coursedir = CourseDirectory(config=config)
    api = NbGraderAPI(coursedir=coursedir, config=config, log_level="CRITICAL")
    with warnings.catch_warnings(category=SAWarning, action="ignore"):  # nbgrader's sessions, not ours
        result = api.autograde(unit, who, force=True)
        if result["success"]:
            result = api.generate_feedback(unit, who, force=True)
    failure = "" if result["success"] else str(result.get("log", result["error"])).strip().splitlines()[-1]
    with Gradebook(coursedir.db_url) as gradebook:
        return [
            Graded(
                who,
                lesson.name,
                score(gradebook, who, lesson),
                float(lesson.points),
                truth.get((who, lesson.name)),
                repaired[lesson.name].malformed or failure,
                tuple(str(note) for note in repaired[lesson.name].notes),
            )
            for lesson in lessons
        ]


def repair(course: Course, who: str, lesson: Lesson) -> Sanitized:
    """Sanitize a learner's notebook into autograder/repaired/, where nbgrader reads it."""
    handed_in = course.grading / "submitted" / who / f"{lesson.name}.ipynb"
    if not handed_in.exists():
        return Sanitized(None, malformed="not handed in")
    found = sanitize(source_notebook(lesson, course.repository), handed_in.read_bytes())
    path = course.grading / "repaired" / who / f"{lesson.name}.ipynb"
    if found.notebook is None:
        path.unlink(missing_ok=True)
    else:
        replace(path, text_of(found.notebook))
    return found


def score(gradebook: Gradebook, who: str, lesson: Lesson) -> float:
    """The score in the gradebook, manual adjustments included; 0 for what was never graded."""
    unit, name = lesson.name.split("/")
    try:
        return float(gradebook.find_submission_notebook(name, unit, who).score)
    except MissingEntry:
        return 0.0


def write_csv(path: Path, graded: Iterable[Graded]) -> None:
    """One row a learner and lesson."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["learner", "lesson", "score", "max_score", "problem"])
    rows.writerows([g.who, g.lesson, f"{g.score:g}", f"{g.max_score:g}", g.problem] for g in graded)
    replace(path, text.getvalue())


def table(graded: Iterable[Graded]) -> Table:
    """The class on a terminal."""
    view = Table(
        "learner", "lesson", Column("score", justify="right"), Column("true", justify="right"), "notes"
    )
    for g in graded:
        true = "" if g.true_score is None else f"{g.true_score:g}"
        view.add_row(g.who, g.lesson, f"{g.score:g} / {g.max_score:g}", true, g.problem or "; ".join(g.notes))
    return view


def problems(graded: Iterable[Graded]) -> list[str]:
    """Scores that differ from what is known to be true: a fault of the grading, not of a learner."""
    return [
        f"{g.who} {g.lesson}: graded {g.score:g}, but the true score is {g.true_score:g}"
        for g in graded
        if g.true_score is not None and g.score != g.true_score
    ]
