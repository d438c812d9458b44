"""The typed outcomes of a class, beside nbgrader's tables in the same database.

nbgrader knows points; these two tables know why: the outcome of every test, and for every notebook the key
of what was graded, which is what makes a batch resumable. SQLite and PostgreSQL, by the same URL.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine, ForeignKeyConstraint, create_engine, delete, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from autograder.outcome import Outcome, TestResult


class Base(DeclarativeBase):
    """The tables of this module; nbgrader's own are left to nbgrader."""


class NotebookRow(Base):
    """One lesson of one learner, graded."""

    __tablename__ = "fasttrack_notebook"

    learner: Mapped[str] = mapped_column(primary_key=True)
    lesson: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    seconds: Mapped[float]
    notes: Mapped[str]  # JSON list of lines
    outcomes: Mapped[list[OutcomeRow]] = relationship(
        cascade="all, delete-orphan", order_by="OutcomeRow.position", lazy="selectin"
    )


class OutcomeRow(Base):
    """One test of it."""

    __tablename__ = "fasttrack_outcome"
    __table_args__ = (
        ForeignKeyConstraint(
            ["learner", "lesson"],
            ["fasttrack_notebook.learner", "fasttrack_notebook.lesson"],
            ondelete="CASCADE",
        ),
    )

    learner: Mapped[str] = mapped_column(primary_key=True)
    lesson: Mapped[str] = mapped_column(primary_key=True)
    exercise: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    outcome: Mapped[str]
    max_points: Mapped[int]
    message: Mapped[str]
    mistake: Mapped[str]
    seconds: Mapped[float]


@dataclass(frozen=True)
class Graded:
    """One lesson of one learner as it was graded. `key` says of what (see `submissions.key`)."""

    who: str
    lesson: str
    key: str
    results: tuple[TestResult, ...]
    seconds: float = 0.0
    notes: tuple[str, ...] = ()  # repairs and suspicions, a line each

    @property
    def points(self) -> int:
        return sum(result.points for result in self.results)

    @property
    def max_points(self) -> int:
        return sum(result.max_points for result in self.results)


class Store:
    """The outcomes of a class in a database. One writer at a time."""

    def __init__(self, url: str) -> None:
        """`url` is SQLAlchemy's, as nbgrader's db_url; the tables are made where they are missing."""
        self.engine: Engine = create_engine(url)
        Base.metadata.create_all(self.engine)

    def close(self) -> None:
        self.engine.dispose()

    def graded(self) -> dict[tuple[str, str], str]:
        """What has been graded: the key of each (learner, lesson)."""
        with Session(self.engine) as session:
            rows = session.execute(select(NotebookRow.learner, NotebookRow.lesson, NotebookRow.key))
            return {(learner, lesson): key for learner, lesson, key in rows}

    def save(self, graded: Graded) -> None:
        """Put one notebook in place of what was there, in one transaction."""
        its: dict[str, object] = {"learner": graded.who, "lesson": graded.lesson}
        notes = json.dumps(graded.notes, ensure_ascii=False)
        notebook = its | {"key": graded.key, "seconds": graded.seconds, "notes": notes}
        outcomes = [
            its
            | {
                "exercise": result.name,
                "position": position,
                "outcome": result.outcome.value,
                "max_points": result.max_points,
                "message": result.message,
                "mistake": result.mistake,
                "seconds": result.seconds,
            }
            for position, result in enumerate(graded.results)
        ]
        with self.engine.begin() as transaction:
            for table in (OutcomeRow, NotebookRow):
                transaction.execute(delete(table).filter_by(**its))
            transaction.execute(insert(NotebookRow), notebook)
            if outcomes:
                transaction.execute(insert(OutcomeRow), outcomes)

    def load(self) -> list[Graded]:
        """Every notebook that was graded, by learner and lesson."""
        with Session(self.engine) as session:
            rows = session.scalars(select(NotebookRow).order_by(NotebookRow.learner, NotebookRow.lesson))
            return [
                Graded(
                    row.learner,
                    row.lesson,
                    row.key,
                    tuple(
                        TestResult(
                            one.exercise,
                            Outcome(one.outcome),
                            one.max_points,
                            one.message,
                            one.mistake,
                            one.seconds,
                        )
                        for one in row.outcomes
                    ),
                    row.seconds,
                    tuple(json.loads(row.notes)),
                )
                for row in rows
            ]


@contextmanager
def opened(url: str) -> Iterator[Store]:
    """A store that is closed again."""
    store = Store(url)
    try:
        yield store
    finally:
        store.close()
