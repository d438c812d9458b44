"""A notebook's points in nbgrader's gradebook, as `nbgrader autograde` writes them, in a dozen statements.

nbgrader reads and commits every cell for itself, some hundred statements a notebook. What a cell is worth is left to
its `determine_grade`; only the rows are written here, and a test compares them with those that nbgrader writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import traitlets.log
from nbformat import NotebookNode
from nbgrader import api, utils
from sqlalchemy import Connection, Select, Table, bindparam, insert, or_, select, update

STUDENT: Table = api.Student.__table__
ASSIGNMENT: Table = api.Assignment.__table__
NOTEBOOK: Table = api.Notebook.__table__
CELL: Table = api.BaseCell.__table__
SUBMISSION: Table = api.SubmittedAssignment.__table__
SUBMITTED: Table = api.SubmittedNotebook.__table__
GRADE: Table = api.Grade.__table__
COMMENT: Table = api.Comment.__table__


def of(table: Table, *columns: str, **named: str) -> Select[Any]:
    """A query for `columns` where those named are what a parameter, by this name, says."""
    return select(*(table.c[name] for name in columns)).where(
        *(table.c[column] == bindparam(parameter) for column, parameter in named.items())
    )


# Statements made once: SQLAlchemy takes longer to make one than to run it.
STUDENTS = of(STUDENT, "id", id="who")
UNITS = of(ASSIGNMENT, "id", name="unit")
NOTEBOOKS = of(NOTEBOOK, "id", "name", assignment_id="unit")
CELLS = of(CELL, "id", "type", notebook_id="notebook")
SUBMISSIONS = of(SUBMISSION, "id", assignment_id="unit", student_id="who")
HANDED_IN = of(SUBMITTED, "notebook_id", "id", assignment_id="submission")
ROWS = {
    table: of(table, "id", notebook_id="submitted")
    .join(CELL, CELL.c.id == table.c.cell_id)
    .add_columns(CELL.c.name)
    for table in (GRADE, COMMENT)
}
KINDS = {GRADE: {"GradeCell", "TaskCell"}, COMMENT: {"SolutionCell", "TaskCell"}}  # of cells with such a row
SCORE = bindparam("new", type_=GRADE.c.auto_score.type)
REVIEW = or_(GRADE.c.manual_score.is_not(None), SCORE.is_(None))
FILL = {
    GRADE: update(GRADE)
    .values(auto_score=SCORE, needs_manual_grade=REVIEW)
    .where(GRADE.c.id == bindparam("row")),
    COMMENT: update(COMMENT).values(auto_comment=bindparam("new")).where(COMMENT.c.id == bindparam("row")),
}


def write(to: Connection, who: str, unit: str, name: str, notebook: NotebookNode) -> None:
    """Put what the cells of an autograded notebook are worth into the gradebook; an instructor's points stay.

    Raises LookupError if the gradebook does not know the notebook or a cell of it.
    """
    log = traitlets.log.get_logger()
    worth: dict[str, float | None] = {}
    said: dict[str, str | None] = {}
    for cell in notebook.cells:
        task = utils.is_task(cell)
        if utils.is_grade(cell):
            worth[cell.metadata.nbgrader.grade_id] = utils.determine_grade(cell, log)[0]
        if utils.is_solution(cell) or task:
            blank = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell) and not task
            said[cell.metadata.nbgrader.grade_id] = "No response." if blank else None
    submitted = handed_in(to, who, unit).get(name)
    if submitted is None:
        raise LookupError(f"the gradebook has no notebook {unit}/{name}")
    fill(to, GRADE, submitted, worth)
    fill(to, COMMENT, submitted, said)


def fill(to: Connection, table: Table, submitted: str, new: Mapping[str, Any]) -> None:
    """Put what is new for each cell into the rows of a submitted notebook."""
    ids = {name: row for row, name in to.execute(ROWS[table], {"submitted": submitted})}
    if lost := new.keys() - ids.keys():
        raise LookupError(f"the gradebook has no cell {', '.join(sorted(lost))}")
    if new:
        to.execute(FILL[table], [{"row": ids[name], "new": one} for name, one in new.items()])


def handed_in(to: Connection, who: str, unit: str) -> dict[str, str]:
    """The ids of a learner's submitted notebooks of a unit by name, made with all their rows where they are missing."""
    if not to.scalar(STUDENTS, {"who": who}):
        to.execute(insert(STUDENT), {"id": who})
    assignment = to.scalar(UNITS, {"unit": unit})
    submission = to.scalar(SUBMISSIONS, {"unit": assignment, "who": who})
    if not submission:
        submission = uuid4().hex
        to.execute(insert(SUBMISSION), {"id": submission, "assignment_id": assignment, "student_id": who})
    there: dict[str, str] = dict(to.execute(HANDED_IN, {"submission": submission}).all())
    return {
        name: there.get(notebook) or added(to, submission, notebook)
        for notebook, name in to.execute(NOTEBOOKS, {"unit": assignment}).all()
    }


def added(to: Connection, submission: str, notebook: str) -> str:
    """A notebook of a submission, with a row for each grade and comment to come; its id."""
    submitted = uuid4().hex
    to.execute(insert(SUBMITTED), {"id": submitted, "assignment_id": submission, "notebook_id": notebook})
    cells = to.execute(CELLS, {"notebook": notebook}).all()
    for table, kinds in KINDS.items():
        if rows := [{"notebook_id": submitted, "cell_id": cell} for cell, kind in cells if kind in kinds]:
            to.execute(insert(table), rows)
    return submitted
