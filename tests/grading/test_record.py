"""The single writer: what it writes of a notebook is there as a whole or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from nbgrader.api import get_alembic_version

from autograder.course import Course
from autograder.grading import batch, record, scores, simulate
from autograder.grading.submissions import submissions
from tests.conftest import NAME


def test_scores_that_cannot_be_written_leave_no_half_of_them(
    built: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate.simulate(built, [NAME], 2, seed=1)
    fill = scores.fill

    def fails(*what: Any) -> None:
        fill(*what)
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(scores, "fill", fails)
        done = batch.grade(built, submissions(built, [NAME]), batch.Options(workers=1, feedback=False))
    assert (done.graded, len(done.problems)) == (0, 2)
    assert all("the disk is full" in problem for problem in done.problems)
    with record.opened(built) as gradebook:
        assert not gradebook.scores()
        assert not gradebook.store.graded()

    again = batch.grade(built, submissions(built, [NAME]), batch.Options(workers=1, feedback=False))
    assert again == batch.Batch(graded=2)
    with record.opened(built) as gradebook:
        assert gradebook.scores() == simulate.truth(built)


def test_a_new_gradebook_is_of_nbgraders_own_version(built: Course) -> None:
    with record.opened(built) as gradebook, gradebook.store.engine.connect() as connection:
        version = connection.exec_driver_sql("select version_num from alembic_version").scalar()
    assert version == get_alembic_version()
