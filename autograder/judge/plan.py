"""What is to be run: the instructor's tests, and the learner's cells in the learner's order."""

from __future__ import annotations

import ast
import builtins
import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course import CourseError
from autograder.lesson import SOLUTION
from autograder.lesson import defined as bound
from autograder.notebook import test_id, without_markers
from fasttrack.forbid import tree_of

STUB = "raise NotImplementedError"


@dataclass(frozen=True)
class Test:
    """One test of the instructor's: `code` with its hidden part, `shown` without."""

    name: str  # of the exercise
    grade_id: str
    code: str
    shown: str
    points: int
    stub: str  # the exercise's cell as it is handed out
    forbidden: tuple[str, ...] = ()

    __test__ = False  # not for pytest to collect


@dataclass(frozen=True)
class Step:
    """One code cell of the submission: the learner's to run, or the place of a test."""

    cell: NotebookNode = field(repr=False)
    grade_id: str = ""
    test: Test | None = None

    @property
    def source(self) -> str:
        """The cell's text, as UTF-8 can hold it."""
        return str(self.cell.source).encode(errors="replace").decode()


@dataclass(frozen=True)
class Lesson:
    """The source notebook as the judge needs it."""

    name: str
    tests: dict[str, Test]  # by grade id
    imports: dict[str, str]  # the statement that binds a name, by name


@functools.lru_cache(maxsize=16)  # a worker is asked for the same few lessons all the time
def lesson(source: bytes) -> Lesson:
    """Read nbgrader's source notebook. Raises CourseError if it is none."""
    try:
        cells = nbformat.reads(source.decode(), as_version=4).cells
        metadata = json.loads(source)["metadata"]
    except Exception as error:  # nbformat raises whatever its parts raise
        raise CourseError(f"the source is no notebook: {error}") from error
    code = [cell for cell in cells if cell.cell_type == "code"]
    marks = [(cell, cell.metadata.get("nbgrader", {})) for cell in code]
    exercises = {mark["grade_id"]: cell for cell, mark in marks if mark.get("solution")}
    tests = {}
    for cell, mark in marks:
        if mark.get("grade") and not mark.get("solution"):
            grade_id = mark["grade_id"]
            name = grade_id.removeprefix(test_id(""))
            exercise = exercises.get(name)
            tests[grade_id] = Test(
                name=name,
                grade_id=grade_id,
                code=without_marks(cell.source),
                shown=without_markers(cell.source),
                points=int(mark.get("points", 0)),
                stub=stub(exercise.source) if exercise else "",
                forbidden=(*forbidden(cell), *(forbidden(exercise) if exercise else ())),
            )
    given = [cell.source for cell, mark in marks if not mark.get("solution")]
    found = Lesson(
        metadata.get("fasttrack", {}).get("lesson", ""),
        tests,
        dict(pair for text in given for pair in imports(text)),
    )
    refuse(found)
    return found


def refuse(lesson: Lesson) -> None:
    """Raise CourseError for a test whose check would come from the notebook, where the learner can rewrite it."""
    for test in lesson.tests.values():
        tree = tree_of(test.code)
        known = {**lesson.imports, **dict(imports(test.code)), **vars(builtins)}
        for node in tree.body:
            root = node.value if isinstance(node, ast.Expr) else None
            while isinstance(root, ast.Call | ast.Attribute):
                root = root.func if isinstance(root, ast.Call) else root.value
            if isinstance(root, ast.Name) and root.id not in known:
                raise CourseError(
                    f"the test of {test.name} calls {root.id}, which must be imported from a package"
                )


def steps(lesson: Lesson, notebook: NotebookNode) -> Iterator[Step]:
    """The code cells of a submission in order; tests whose cells are gone come last."""
    left = dict(lesson.tests)
    for cell in notebook.cells:
        if cell.cell_type != "code" or "demo" in cell.metadata.get("tags", ()):
            continue
        mark = cell.metadata.get("nbgrader")
        grade_id = mark.get("grade_id") if isinstance(mark, dict) else None
        grade_id = grade_id if isinstance(grade_id, str) else ""
        yield Step(cell, grade_id, left.pop(grade_id, None))
    for test in left.values():
        yield Step(nbformat.v4.new_code_cell(test.shown), test.grade_id, test)


def forbidden(cell: NotebookNode) -> list[str]:
    """The calls that a cell of the source forbids."""
    return list(cell.metadata.get("fasttrack", {}).get("forbid", []))


def imports(source: str) -> Iterator[tuple[str, str]]:
    """The names that a cell imports at its top level, each with the statement that does."""
    for node in tree_of(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0], ast.unparse(node)


@functools.lru_cache(maxsize=1024)  # the given cells are asked about with every exercise
def defined(source: str) -> frozenset[str]:
    """Names that a cell binds outside of functions and classes."""
    return frozenset(bound(tree_of(source)))


def needed(test: Test) -> list[str]:
    """The names that a test takes from elsewhere, in the order they occur."""
    nodes = [node for node in ast.walk(tree_of(test.code)) if isinstance(node, ast.Name)]
    bound = {node.id for node in nodes if not isinstance(node.ctx, ast.Load)}
    bound |= {name for name, _ in imports(test.code)}
    names = dict.fromkeys(node.id for node in nodes if node.id not in bound)
    return [name for name in names if name == test.name or not hasattr(builtins, name)]


def untouched(test: Test, source: str) -> bool:
    """Whether an exercise's cell is still the stub, comments aside."""
    try:
        return ast.dump(tree_of(source)) == ast.dump(tree_of(test.stub))
    except RecursionError:  # nested so deeply that it is surely not the stub
        return False


def without_marks(source: str) -> str:
    """A test's source with its hidden part, without the lines that mark it."""
    lines = source.splitlines()
    return "\n".join(line for line in lines if not line.strip().startswith(("### BEGIN", "### END")))


def stub(source: str) -> str:
    """An exercise's cell with its solutions taken out, as nbgrader takes them out."""
    kept: list[str] = []
    inside = False
    for line in source.splitlines():
        word = line.strip()
        if word == SOLUTION[0]:
            kept.append(line[: len(line) - len(line.lstrip())] + STUB)
        inside = word == SOLUTION[0] or (inside and word != SOLUTION[1])
        if not inside and word != SOLUTION[1]:
            kept.append(line)
    return "\n".join(kept)


def parse(submission: bytes) -> NotebookNode | None:
    """A submission as a notebook, or None if it is not one."""
    try:
        notebook: Any = nbformat.convert(nbformat.reader.reads(submission.decode("utf-8-sig")), 4)
        nbformat.validate(notebook)
    except Exception:  # nbformat raises whatever its parts raise, on what a stranger wrote
        return None
    return notebook
