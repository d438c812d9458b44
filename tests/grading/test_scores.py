"""Points and comments in nbgrader's gradebook: the same rows as nbgrader writes itself."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.api import Gradebook
from nbgrader.preprocessors import SaveAutoGrades
from nbgrader.utils import compute_checksum
from sqlalchemy import create_engine

from autograder.course import Course
from autograder.grading import record
from autograder.grading.scores import write

UNIT, NAME, LATER = "01_unit", "01_doubling", "02_halving"
OUTPUTS: dict[str, list[Any]] = {
    "nothing": [],
    "printed": [new_output("stream", name="stdout", text="2 points")],
    "an error": [new_output("error", ename="AssertionError", evalue="", traceback=[])],
    "a warning": [new_output("stream", name="stderr", text="deprecated")],
    "half a point": [new_output("execute_result", data={"text/plain": "0.5"})],
}
CELLS: dict[str, Any] = {"code": new_code_cell, "markdown": new_markdown_cell}
TABLES = {
    "student": "select id from student",
    "points": """
        select student_id, assignment.name, notebook.name, base_cell.name, type, auto_score, manual_score,
            extra_credit, needs_manual_grade, flagged, late_submission_penalty, timestamp, extension
        from grade join base_cell on cell_id = base_cell.id
            join submitted_notebook on grade.notebook_id = submitted_notebook.id
            join notebook on notebook.id = submitted_notebook.notebook_id
            join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
            join assignment on assignment.id = submitted_assignment.assignment_id""",
    "comments": """
        select student_id, notebook.name, base_cell.name, type, auto_comment, manual_comment
        from comment join base_cell on cell_id = base_cell.id
            join submitted_notebook on comment.notebook_id = submitted_notebook.id
            join notebook on notebook.id = submitted_notebook.notebook_id
            join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id""",
}


def cell(kind: str, **mark: Any) -> NotebookNode:
    """A cell of the released lesson, as nbgrader marks it."""
    mark = {"grade": False, "solution": False, "task": False, "locked": False, "schema_version": 3} | mark
    made: NotebookNode = CELLS[kind]("# your answer", metadata={"nbgrader": mark})
    made.metadata.nbgrader.checksum = compute_checksum(made)
    return made


def notebook(output: str, answered: bool) -> NotebookNode:
    """Handed in and run: an exercise, its test, a proof to be read by somebody, and a task."""
    exercise = cell("code", grade_id="double", solution=True)
    test = cell("code", grade_id="test_double", grade=True, points=2)
    proof = cell("markdown", grade_id="proof", grade=True, solution=True, points=3)
    task = cell("markdown", grade_id="task", task=True, points=1)
    test.outputs = OUTPUTS[output]
    if answered:
        exercise.source = "def double(x):\n    return x + x"
        proof.source = "2x = x + x"
        task.source = "a drawing"
    return new_notebook(cells=[new_markdown_cell("# Doubling"), exercise, test, proof, task])


def register(gradebook: Gradebook, name: str) -> None:
    gradebook.add_notebook(name, UNIT)
    gradebook.add_solution_cell("double", name, UNIT)
    gradebook.add_grade_cell("test_double", name, UNIT, max_score=2, cell_type="code")
    gradebook.add_grade_cell("proof", name, UNIT, max_score=3, cell_type="markdown")
    gradebook.add_solution_cell("proof", name, UNIT)
    gradebook.add_task_cell("task", name, UNIT, max_score=1, cell_type="markdown")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook with a unit of two lessons that nobody has handed in."""
    path = tmp_path_factory.mktemp("scores") / "gradebook.db"
    with record.opened(Course(path.parent), url(path)), Gradebook(url(path)) as gradebook:
        gradebook.add_assignment(UNIT)
        register(gradebook, NAME)
        register(gradebook, "00_adding")
    return path


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def ours(path: Path, who: str, handed_in: NotebookNode, name: str = NAME) -> None:
    engine = create_engine(url(path))
    with engine.begin() as connection:
        write(connection, who, UNIT, name, handed_in)
    engine.dispose()


def nbgraders(path: Path, who: str, handed_in: NotebookNode) -> None:
    with Gradebook(url(path)) as gradebook:
        gradebook.update_or_create_student(who)
        gradebook.update_or_create_submission(UNIT, who)
    place = {"notebook": NAME, "assignment": UNIT, "student": who, "db_url": url(path)}
    SaveAutoGrades().preprocess(handed_in, {"nbgrader": place})


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    engine = create_engine(url(path))
    with engine.connect() as connection:
        found = {
            name: sorted((tuple(row) for row in connection.exec_driver_sql(query)), key=repr)
            for name, query in TABLES.items()
        }
    engine.dispose()
    return found


def adjust(path: Path, who: str) -> None:
    """An instructor gives points by hand."""
    with Gradebook(url(path)) as gradebook:
        for name in ("test_double", "proof"):
            gradebook.find_grade(name, NAME, UNIT, who).manual_score = 1.5
        gradebook.find_comment("proof", NAME, UNIT, who).manual_comment = "Prove it for all x."
        gradebook.db.commit()


handed_in = st.tuples(st.sampled_from(["ada", "bob"]), st.sampled_from(sorted(OUTPUTS)), st.booleans())


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's sessions
@given(steps=st.lists(st.tuples(handed_in, st.booleans()), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_rows_are_those_that_nbgrader_writes(
    empty: Path, tmp_path: Path, steps: list[tuple[tuple[str, str, bool], bool]]
) -> None:
    found = []
    for name, put in {"ours": ours, "nbgrader's": nbgraders}.items():
        path = Path(shutil.copy(empty, tmp_path / f"{name}.db"))
        for (who, output, answered), adjusted in steps:
            put(path, who, notebook(output, answered))
            if adjusted:
                adjust(path, who)
        found.append(rows(path))
    assert found[0] == found[1]
    assert len(found[0]["points"]) == 6 * len(found[0]["student"])  # three in each of the two lessons


def test_a_unit_that_gains_a_lesson_gains_it_for_who_has_handed_in_before(
    empty: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(empty, tmp_path / "gradebook.db"))
    ours(path, "ada", notebook("nothing", True))
    with Gradebook(url(path)) as gradebook:
        register(gradebook, LATER)
    ours(path, "ada", notebook("nothing", True), LATER)
    with Gradebook(url(path)) as gradebook:
        scores = {
            one.name: one.auto_score and one.score
            for one in gradebook.find_submission_notebook(LATER, UNIT, "ada").grades
        }
        assert scores["test_double"] == 2
        assert gradebook.find_submission(UNIT, "ada").score == 4


def test_what_the_gradebook_does_not_know_is_named(empty: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(empty, tmp_path / "gradebook.db"))
    with pytest.raises(LookupError, match="no notebook 01_unit/02_halving"):
        ours(path, "ada", notebook("nothing", True), LATER)
    strange = notebook("nothing", True)
    strange.cells[2].metadata.nbgrader.grade_id = "test_triple"
    with pytest.raises(LookupError, match="no cell test_triple"):
        ours(path, "ada", strange)
    assert rows(path) == rows(empty)
