"""From a lesson to notebooks: nbgrader's source notebook, and the solution that is executed and read."""

from __future__ import annotations

import re
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.lesson import HIDDEN, SOLUTION, Cell, Lesson

SCHEMA_VERSION = 3  # of nbgrader's cell metadata; every field must be there
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


def source_notebook(lesson: Lesson, repository: str) -> NotebookNode:
    """What nbgrader's `generate_assignment` reads: solutions and hidden tests still in it."""
    cells = [badge(lesson, repository), bootstrap(repository)]
    cells += [cell_of(cell, position) for position, cell in enumerate(lesson.cells)]
    return notebook(lesson, cells)


def solution_notebook(lesson: Lesson) -> NotebookNode:
    """The lesson to read, not yet executed: answers in; markers, hidden tests and nbgrader's metadata out."""
    cells = []
    for position, cell in enumerate(lesson.cells):
        node = cell_of(cell, position)
        node.metadata.pop("nbgrader", None)
        node.source = without_markers(cell.source)
        cells.append(node)
    return notebook(lesson, cells)


def notebook(lesson: Lesson, cells: list[NotebookNode]) -> NotebookNode:
    """Cells as a notebook that says where it was built from."""
    built = {"lesson": lesson.name, "comment": f"built from solutions/{lesson.name}.py; do not edit"}
    return new_notebook(cells=cells, metadata={**METADATA, "fasttrack": built})


def cell_of(cell: Cell, position: int) -> NotebookNode:
    """A cell with a lasting id and, where it is graded, nbgrader's metadata in full."""
    metadata: dict[str, Any] = {"tags": list(cell.tags)} if cell.tags else {}
    if cell.kind == "exercise":
        metadata["nbgrader"] = nbgrader(cell.name, solution=True)
    if cell.forbid:
        metadata["fasttrack"] = {"forbid": list(cell.forbid)}
    if cell.kind == "test":
        metadata["nbgrader"] = nbgrader(test_id(cell.name), grade=True, locked=True, points=cell.points)
    identity = metadata["nbgrader"]["grade_id"] if cell.name else f"cell-{position:03}"
    if cell.code:
        return new_code_cell(cell.source, id=identity, metadata=metadata)
    return new_markdown_cell(cell.source, id=identity, metadata=metadata)


def test_id(name: str) -> str:
    """The grade id of an exercise's test; the exercise's own is its name."""
    return f"test_{name}"


def nbgrader(grade_id: str, **given: Any) -> dict[str, Any]:
    """nbgrader's cell metadata, schema 3, with every field."""
    plain = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"schema_version": SCHEMA_VERSION, "grade_id": grade_id, **plain, **given}


def badge(lesson: Lesson, repository: str) -> NotebookNode:
    """The link that opens the released notebook in Colab."""
    path = re.sub(r"^https://github\.com/", "", repository)
    url = f"https://colab.research.google.com/github/{path}/blob/main/notebooks/{lesson.name}.ipynb"
    image = "https://colab.research.google.com/assets/colab-badge.svg"
    return new_markdown_cell(f"[![Open in Colab]({image})]({url})", id="colab-badge")


def bootstrap(repository: str) -> NotebookNode:
    """The cell that installs the package on Colab and does nothing elsewhere."""
    source = (
        "# On Colab this installs the course's helper package; elsewhere it does nothing.\n"
        "import sys\n\n"
        'if "google.colab" in sys.modules:\n'
        f'    %pip install --quiet "llm-fasttrack @ git+{repository}"'
    )
    return new_code_cell(source, id="colab-bootstrap", metadata={"tags": ["bootstrap"]})


def without_markers(source: str) -> str:
    """A cell's source without solution markers, and without hidden tests."""
    kept, hidden = [], False
    for line in source.splitlines():
        marker = line.strip()
        hidden = marker == HIDDEN[0] or (hidden and marker != HIDDEN[1])
        if not hidden and marker not in (*SOLUTION, *HIDDEN):
            kept.append(line)
    return "\n".join(kept)


def text_of(node: NotebookNode) -> str:
    """A notebook as the text of its file, validated: the same notebook always gives the same bytes."""
    nbformat.validate(node)
    return str(nbformat.v4.writes(node)) + "\n"
