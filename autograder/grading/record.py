"""The gradebook: the single writer of everything that lasts.

A verdict becomes an autograded notebook, scores in nbgrader's gradebook and typed outcomes beside them. The
outcomes, with the key of what was graded, are written last: what was cut short before that is graded again.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from nbformat import reader
from nbgrader.api import (
    Assignment,
    Base,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from autograder.build import explained, generate, replace, settings, write_sources
from autograder.course import Course, CourseError
from autograder.grading.scores import write as write_scores
from autograder.grading.store import Graded, Store
from autograder.lesson import Lesson
from autograder.outcome import Verdict

NEW = ".new"


class OneFeedback(GenerateFeedback):  # type: ignore[misc]
    """nbgrader's, for one notebook of one learner, whose name it would take for a pattern."""

    def __init__(self, who: str, **options: Any) -> None:
        super().__init__(**options)
        self.who = who

    def init_notebooks(self) -> None:
        folder = self._format_source(self.coursedir.assignment_id, self.who)
        self.notebooks: list[str] = []
        self.assignments = {folder: [f"{folder}/{self.coursedir.notebook_id}.ipynb"]}


class Record:
    """The gradebook of a course, open for writing."""

    def __init__(self, course: Course, url: str) -> None:
        self.course = course
        self.url = url
        self.store = Store(url)

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    def register(self, lessons: Iterable[Lesson]) -> None:
        """Put the cells and points of lessons into the gradebook, and the sources where the formgrader looks."""
        lessons = list(lessons)
        write_sources(self.course, lessons, self.course.grading)
        for lesson in lessons:
            generate(self.course.grading, lesson.unit, notebook=lesson.name.split("/")[1], db_url=self.url)

    def save(self, graded: Graded, verdict: Verdict, *, feedback: bool = True) -> None:
        """Everything of one verdict; repeating it changes nothing but what an instructor has yet to review."""
        unit, name = graded.lesson.split("/")
        path = self.course.grading / "autograded" / graded.who / f"{graded.lesson}.ipynb"
        replace(path, verdict.notebook.decode())
        with self.store.engine.begin() as transaction:
            write_scores(transaction, graded.who, unit, name, reader.reads(verdict.notebook.decode()))
        if feedback:
            self.feedback(graded.who, unit, name)
        self.store.save(graded)

    def feedback(self, who: str, unit: str, name: str) -> None:
        """Write what the learner reads: autograder/feedback/WHO/UNIT/LESSON.html."""
        config = settings(self.course.grading, assignment_id=unit, notebook_id=name)
        config.CourseDirectory.db_url = self.url
        with (
            explained(f"{who} {unit}/{name}: no feedback could be written"),
            warnings.catch_warnings(category=SAWarning, action="ignore"),  # nbgrader's sessions, not ours
        ):
            OneFeedback(who, coursedir=CourseDirectory(config=config), config=config, force=True).start()

    def scores(self) -> dict[tuple[str, str], float]:
        """The scores in the gradebook by learner and lesson, an instructor's adjustments included."""
        with Gradebook(self.url, "llm-fasttrack") as gradebook:
            rows = (
                gradebook.db.query(Student.id, Assignment.name, Notebook.name, SubmittedNotebook.score)
                .select_from(SubmittedNotebook)
                .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
                .join(Assignment, Assignment.id == Notebook.assignment_id)
                .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
                .join(Student, Student.id == SubmittedAssignment.student_id)
            )
            return {(who, f"{unit}/{name}"): float(score) for who, unit, name, score in rows}


@contextmanager
def opened(course: Course, url: str = "") -> Iterator[Record]:
    """The gradebook at `url`, by default autograder/gradebook.db, made if it is not there.

    Raises CourseError if the database cannot be used.
    """
    config = settings(course.grading)
    url = url or CourseDirectory(config=config).db_url
    try:
        create(url)
        record = Record(course, url)
    except SQLAlchemyError as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise CourseError(f"{make_url(url)!r}: the gradebook cannot be opened: {reason}") from error
    try:
        yield record
    finally:
        record.close()


def create(url: str) -> None:
    """Make nbgrader's tables where they are missing; a SQLite file appears complete or not at all."""
    address = make_url(url)
    path = Path(address.database or "")
    if address.get_backend_name() != "sqlite" or path.exists():
        create_tables(url)
        return
    draft = path.with_name(path.name + NEW)
    draft.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    create_tables(f"sqlite:///{draft}")
    draft.replace(path)


def create_tables(url: str) -> None:
    """As nbgrader's Gradebook does, which starts a second Python for two seconds to learn their version."""
    engine = create_engine(url)
    with engine.begin() as connection:
        if not inspect(connection).get_table_names():
            Base.metadata.create_all(connection)
            MigrationContext.configure(connection).stamp(ScriptDirectory(ALEMBIC_DIR), "head")
    engine.dispose()
    Gradebook(url, "llm-fasttrack").close()
