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
from sqlalchemy import Connection, Table, bindparam, insert, or_, select, update

STUDENT: Table = api.Student.__table__
ASSIGNMENT: Table = api.Assignment.__table__
NOTEBOOK: Table = api.Notebook.__table__
CELL: Table = api.BaseCell.__table__
SUBMISSION: Table = api.SubmittedAssignment.__table__
SUBMITTED: Table = api.SubmittedNotebook.__table__
GRADE: Table = api.Grade.__table__
COMMENT: Table = api.Comment.__table__
KINDS = {GRADE: ("GradeCell", "TaskCell"), COMMENT: ("SolutionCell", "TaskCell")}  # of cells with such a row


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
    score = bindparam("new", type_=GRADE.c.auto_score.type)
    review = or_(GRADE.c.manual_score.is_not(None), score.is_(None))
    fill(to, GRADE, submitted, worth, {"auto_score": score, "needs_manual_grade": review})
    fill(to, COMMENT, submitted, said, {"auto_comment": bindparam("new", type_=COMMENT.c.auto_comment.type)})


def fill(
    to: Connection, table: Table, submitted: str, new: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Set `values`, made of what is `new` for each cell, in the rows of a submitted notebook."""
    rows = select(CELL.c.name, table.c.id).join(table, table.c.cell_id == CELL.c.id)
    ids = dict(to.execute(rows.where(table.c.notebook_id == submitted)).all())
    if lost := new.keys() - ids.keys():
        raise LookupError(f"the gradebook has no cell {', '.join(sorted(lost))}")
    if new:
        changed = update(table).where(table.c.id == bindparam("row")).values(values)
        to.execute(changed, [{"row": ids[name], "new": one} for name, one in new.items()])


def handed_in(to: Connection, who: str, unit: str) -> dict[str, str]:
    """The ids of a learner's submitted notebooks of a unit by name, made with all their rows where they are missing."""
    if not to.scalar(select(STUDENT.c.id).filter_by(id=who)):
        to.execute(insert(STUDENT), {"id": who})
    assignment = to.scalar(select(ASSIGNMENT.c.id).filter_by(name=unit))
    whose = {"assignment_id": assignment, "student_id": who}
    submission = to.scalar(select(SUBMISSION.c.id).filter_by(**whose))
    if not submission:
        submission = uuid4().hex
        to.execute(insert(SUBMISSION), {"id": submission, **whose})
    query = select(SUBMITTED.c.notebook_id, SUBMITTED.c.id).filter_by(assignment_id=submission)
    there = dict(to.execute(query).all())
    names = select(NOTEBOOK.c.id, NOTEBOOK.c.name).filter_by(assignment_id=assignment)
    found = {}
    for notebook, name in to.execute(names):
        found[name] = there.get(notebook) or added(to, submission, notebook)
    return found


def added(to: Connection, submission: str, notebook: str) -> str:
    """A notebook of a submission, with a row for each grade and comment to come; its id."""
    row = uuid4().hex
    to.execute(insert(SUBMITTED), {"id": row, "assignment_id": submission, "notebook_id": notebook})
    cells = to.execute(select(CELL.c.id, CELL.c.type).filter_by(notebook_id=notebook)).all()
    for table, kinds in KINDS.items():
        if its := [{"notebook_id": row, "cell_id": cell} for cell, kind in cells if kind in kinds]:
            to.execute(insert(table), its)
    return row
