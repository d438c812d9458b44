"""Sanitizing: every way in which a notebook arrives broken, what is said of it, and the score that it deserves.

The lesson's tests are bare asserts, so that the score of a notebook can be had by running its cells here.
"""

import copy
import io
import json
import random
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import DeduplicateIds

from autograder import build
from autograder.course import Course
from autograder.grading import damage
from autograder.lesson import Lesson, split
from autograder.notebook import source_notebook, text_of
from autograder.sanitize import decoding
from autograder.sanitize.sanitize import Note, Sanitized, released, sanitize

NAME = "01_unit/02_shapes"
REPOSITORY = "https://github.com/some/course"
TEXT = '''\
# %% [markdown]
# # Shapes
#
# What a shape is, told at some length.

# %%
import math
import itertools

# %% exercise: area
def area(width: float, height: float) -> float:
    """The area of a rectangle."""
    ### BEGIN SOLUTION
    return width * height
    ### END SOLUTION

# %%
print("look at this area")

# %% test: area points=2
assert area(2, 3) == 6
### BEGIN HIDDEN TESTS
assert area(5, 7) == 35
### END HIDDEN TESTS

# %% [markdown]
# Now a longer way round.

# %% exercise: perimeter
def perimeter(width: float, height: float) -> float:
    """The way around a rectangle."""
    ### BEGIN SOLUTION
    return 2 * (width + height)
    ### END SOLUTION

# %% test: perimeter points=1
assert perimeter(2, 3) == 10

# %% tags=["demo"]
for step in range(3):
    print("a long training", step)

# %% exercise: Circle
class Circle:
    """A circle by its radius."""

    ### BEGIN SOLUTION
    def __init__(self, radius):
        self.radius = radius

    def area(self):
        return area(self.radius, self.radius * math.pi)
    ### END SOLUTION

# %% test: Circle points=3
assert round(Circle(2).area(), 3) == 12.566
'''
ANSWERS = {
    "area": "def area(width, height):\n    return width * height",
    "perimeter": "def perimeter(width, height):\n    return width + width + height + height",
    "Circle": "class Circle:\n    def __init__(self, radius):\n        self.radius = radius\n"
    "    def area(self):\n        return math.pi * self.radius**2",
}
POINTS = {"area": 2, "perimeter": 1, "Circle": 3}
FULL = sum(POINTS.values())


def lesson(name: str = NAME, text: str = TEXT) -> Lesson:
    path = Path(f"{name}.py")
    return Lesson(name, path, tuple(split(path, text)))


SOURCE = source_notebook(lesson(), REPOSITORY)
RELEASE = released(SOURCE)


def answered() -> NotebookNode:
    """The released notebook with every exercise answered rightly."""
    notebook = copy.deepcopy(RELEASE)
    for name, answer in ANSWERS.items():
        at(notebook, name).source = answer
    return notebook


def at(notebook: NotebookNode, key: str) -> NotebookNode:
    return notebook.cells[where(notebook, key)]


def where(notebook: NotebookNode, key: str) -> int:
    return next(index for index, cell in enumerate(notebook.cells) if cell.id == key)


def insert(notebook: NotebookNode, index: int, text: str, kind: str = "code") -> None:
    new = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}[kind]
    notebook.cells.insert(index, new(text, id=f"mine-{len(notebook.cells)}"))


def data(notebook: Any) -> bytes:
    return json.dumps(notebook).encode()


def score(notebook: NotebookNode) -> int:
    """The points of a notebook: its cells run from top to bottom as nbgrader runs them, hidden tests and all."""
    tests = {cell.id: cell.source for cell in SOURCE.cells if cell.metadata.get("nbgrader", {}).get("grade")}
    scope: dict[str, Any] = {}
    points = 0
    for cell in notebook.cells:
        skipped = cell.id == "colab-bootstrap" or "demo" in cell.metadata.get("tags", [])
        if cell.cell_type != "code" or skipped:
            continue
        try:
            with redirect_stdout(io.StringIO()):
                exec(tests.get(cell.id, cell.source), scope)
        except Exception:
            continue
        if cell.id in tests:
            points += POINTS[cell.id.removeprefix("test_")]
    return points


def sound(found: Sanitized) -> NotebookNode:
    """The notebook, after everything that must hold for every notebook that comes out of it."""
    notebook = found.notebook
    assert notebook is not None
    nbformat.validate(nbformat.reads(text_of(notebook), as_version=4))
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata == RELEASE.metadata
    MetadataValidator().validate_nb(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))
    for name in ANSWERS:
        exercise, test = at(notebook, name), at(notebook, f"test_{name}")
        assert exercise.cell_type == "code"
        assert exercise.metadata == at(RELEASE, name).metadata
        assert test == at(RELEASE, f"test_{name}")
        assert where(notebook, name) < where(notebook, f"test_{name}")
    graded = [cell.id for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert sorted(graded) == sorted([*ANSWERS, *(f"test_{name}" for name in ANSWERS)])
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    deduplicated, _ = DeduplicateIds().preprocess(copy.deepcopy(notebook), {})
    assert deduplicated == notebook
    again = sanitize(SOURCE, text_of(notebook).encode())
    assert again.notebook == notebook
    assert again.missing == ()
    return notebook


def test_released_is_what_the_build_releases(course: Course) -> None:
    ours = lesson()
    assert text_of(released(source_notebook(ours, course.repository))) == build.release(course, [ours])[NAME]


def test_what_is_whole_comes_back_as_it_was() -> None:
    for notebook in (RELEASE, answered()):
        found = sanitize(SOURCE, text_of(notebook).encode())
        assert sound(found) == notebook
        assert found == Sanitized(notebook)


# Each situation: what happened to the answered notebook, what is said about it, and what it scores.

Situation = Callable[[NotebookNode], Any]
SITUATIONS: dict[str, tuple[Situation, set[str], int]] = {}
LOST = "had lost nbgrader's metadata"


def situation(*notes: str, points: int = FULL) -> Callable[[Situation], Situation]:
    def add(function: Situation) -> Situation:
        SITUATIONS[function.__name__] = function, set(notes), points
        return function

    return add


@situation("13 cells had their id in the metadata, as Colab saves it")
def saved_by_colab(notebook: NotebookNode) -> Any:
    return damage.saved_by_colab(notebook, random.Random(0))


@situation(
    "13 cells without a valid id: given one",
    *(f"{name}: the test {LOST}: restored" for name in ANSWERS),
    *(f"{name}: answered in a cell without its id: matched by what it defines (likely)" for name in ANSWERS),
)
def lost_all_metadata_and_ids(notebook: NotebookNode) -> Any:
    return damage.lost_metadata(notebook, random.Random(0))


@situation(
    *(f"{name}: the test {LOST}: restored" for name in ANSWERS),
    *(f"{name}: its cell {LOST}: matched by cell id" for name in ANSWERS),
)
def lost_all_metadata(notebook: NotebookNode) -> Any:
    for cell in notebook.cells:
        cell.metadata = {}
    return notebook


@situation(
    f"area: its cell {LOST}: matched by cell id",
    f"Circle: the test {LOST}: restored",
)
def lost_some_metadata(notebook: NotebookNode) -> Any:
    at(notebook, "area").metadata = {}
    at(notebook, "test_Circle").metadata = {}
    return notebook


@situation(
    "13 cells without a valid id: given one",
    *(f"{name}: the test {LOST}: restored" for name in ANSWERS),
    *(f"{name}: its cell {LOST}: matched by the text of the stub" for name in ANSWERS),
    points=0,
)
def lost_all_metadata_and_never_answered(_: NotebookNode) -> Any:
    return damage.lost_metadata(RELEASE, random.Random(0))


@situation(
    "13 cells without a valid id: given one",
    f"area: the test {LOST}: restored",
    "area: matched by likeness to the stub: its cell had lost its ids (guess)",
    points=4,
)
def lost_its_name_too(notebook: NotebookNode) -> Any:
    renamed = at(RELEASE, "area").source.replace("def area", "def the_area")
    at(notebook, "area").source = renamed.replace("raise NotImplementedError", "return width * height")
    at(notebook, "area").metadata = {}
    at(notebook, "test_area").metadata = {}
    for cell in notebook.cells:
        del cell["id"]
    return notebook


@situation("13 cells without a valid id: given one")
def lost_ids(notebook: NotebookNode) -> Any:
    for cell in notebook.cells:
        del cell["id"]
    return notebook


@situation("2 cells without a valid id: given one")
def invalid_ids(notebook: NotebookNode) -> Any:
    notebook.cells[2]["id"] = "no id / at all"
    notebook.cells[3]["id"] = ["nor", "this"]
    return notebook


@situation("area: 2 cells could be it: the last that defines it and differs from the stub counts (likely)")
def duplicated_exercise(notebook: NotebookNode) -> Any:
    wrong = copy.deepcopy(at(notebook, "area"))
    wrong.source = "def area(width, height):\n    return width"
    notebook.cells.insert(where(notebook, "area"), wrong)
    return notebook


@situation(
    "area: 2 cells could be it: the last that defines it and differs from the stub counts (likely)",
    "area: a copy of its stub stood below the answer and would have replaced it: dropped (likely)",
)
def duplicated_exercise_with_the_stub_below(notebook: NotebookNode) -> Any:
    notebook.cells.insert(where(notebook, "area") + 1, copy.deepcopy(at(RELEASE, "area")))
    return notebook


@situation("area: the test stood there 3 times: once kept")
def duplicated_test(notebook: NotebookNode) -> Any:
    test = at(notebook, "test_area")
    notebook.cells.insert(3, copy.deepcopy(test))
    notebook.cells.append(copy.deepcopy(test))
    return notebook


@situation("area: the test was deleted: put back", "Circle: the test was deleted: put back")
def deleted_tests(notebook: NotebookNode) -> Any:
    del notebook.cells[where(notebook, "test_area")], notebook.cells[where(notebook, "test_Circle")]
    return notebook


@situation("perimeter: its cell is missing: the untouched stub was put back", points=5)
def deleted_exercise(notebook: NotebookNode) -> Any:
    del notebook.cells[where(notebook, "perimeter")]
    return notebook


@situation(
    *(f"{name}: its cell is missing: the untouched stub was put back" for name in ANSWERS),
    *(f"{name}: the test was deleted: put back" for name in ANSWERS),
    points=0,
)
def deleted_everything(notebook: NotebookNode) -> Any:
    notebook.cells = []
    return notebook


@situation(
    "area: the test stood above the answer: moved below it",
    "perimeter: the test stood above the answer: moved below it",
    "Circle: the test stood above the answer: moved below it",
    points=FULL - 3,
)
def reversed_order(notebook: NotebookNode) -> Any:
    notebook.cells.reverse()  # Circle's test now runs before the import of math
    return notebook


@situation("area: its cell was turned into markdown: turned back into code")
def exercise_turned_into_markdown(notebook: NotebookNode) -> Any:
    return retyped(notebook, "area", "markdown")


@situation("Circle: its cell was turned into raw: turned back into code")
def exercise_turned_into_raw(notebook: NotebookNode) -> Any:
    return retyped(notebook, "Circle", "raw")


@situation("area: the test was turned into a raw cell: restored")
def check_turned_into_raw(notebook: NotebookNode) -> Any:
    return retyped(notebook, "test_area", "raw")


@situation(
    "13 cells without a valid id: given one",
    "area: answered in a cell without its id: matched by what it defines (likely)",
    "area: its cell was turned into markdown: turned back into code",
)
def retyped_without_ids(notebook: NotebookNode) -> Any:
    answer = at(RELEASE, "area").source.replace("raise NotImplementedError", "return width * height")
    at(notebook, "area").source = answer
    retyped(notebook, "area", "markdown").metadata = notebook.metadata
    del at(notebook, "area").metadata["nbgrader"]
    for cell in notebook.cells:
        del cell["id"]
    return notebook


def retyped(notebook: NotebookNode, key: str, kind: str) -> NotebookNode:
    cell = at(notebook, key)
    cell.cell_type = kind
    del cell["outputs"], cell["execution_count"]
    return notebook


@situation("area: suspicious: the test was edited: restored", points=FULL - 2)
def edited_test(notebook: NotebookNode) -> Any:
    at(notebook, "area").source = "def area(width, height):\n    return 0"
    at(notebook, "test_area").source = "pass  # assert area(2, 3) == 6"
    return notebook


@situation("area: suspicious: the test's metadata was edited (points: 99, locked: False): restored")
def edited_points(notebook: NotebookNode) -> Any:
    at(notebook, "test_area").metadata.nbgrader.update(points=99, locked=False)
    return notebook


@situation("area: its cell's metadata was edited (grade: True): restored")
def edited_metadata_of_an_exercise(notebook: NotebookNode) -> Any:
    at(notebook, "area").metadata.nbgrader.update(grade=True, points=7)
    return notebook


@situation("notebook format 3: converted to 4.5", "13 cells without a valid id: given one")
def notebook_format_3(notebook: NotebookNode) -> Any:
    cells: list[dict[str, Any]] = []
    for cell in notebook.cells:
        old = {"cell_type": cell.cell_type, "metadata": cell.metadata}
        if cell.cell_type == "code":
            cells.append(
                {**old, "input": cell.source, "outputs": [], "language": "python", "collapsed": False}
            )
        elif cell.source.startswith("# "):
            text = cell.source.splitlines(keepends=True)
            cells.append({**old, "cell_type": "heading", "level": 1, "source": [text[0][2:], *text[1:]]})
        else:
            cells.append({**old, "source": cell.source})
    return {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": notebook.metadata,
        "worksheets": [{"cells": cells[:5], "metadata": {}}, {"cells": cells[5:]}],
    }


@situation("nbgrader's metadata of schema 1: brought to 3")
def schema_1(notebook: NotebookNode) -> Any:
    return schema(notebook, 1)


@situation("nbgrader's metadata of schema 2: brought to 3")
def schema_2(notebook: NotebookNode) -> Any:
    return schema(notebook, 2)


@situation("nbgrader's metadata of schema unknown: brought to 3")
def schema_missing(notebook: NotebookNode) -> Any:
    return schema(notebook, None)


@situation("nbgrader's metadata of schema unknown: brought to 3")
def schema_absurd(notebook: NotebookNode) -> Any:
    return schema(notebook, 10**30)


def schema(notebook: NotebookNode, version: int | None) -> NotebookNode:
    for cell in notebook.cells:
        if nbgrader := cell.metadata.get("nbgrader"):
            nbgrader.pop("task")
            nbgrader.update(schema_version=version)
            if version is None:
                del nbgrader["schema_version"]
    return notebook


@situation("kernel 'ir': set to python3")
def wrong_kernel(notebook: NotebookNode) -> Any:
    notebook.metadata["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    return notebook


@situation()
def byte_order_mark_and_crlf(notebook: NotebookNode) -> Any:
    for cell in notebook.cells:
        cell.source = cell.source.replace("\n", "\r\n")
    return damage.saved_by_windows_editor(notebook, random.Random(0))


@situation("encoded as utf-16: read as such")
def utf_16(notebook: NotebookNode) -> Any:
    return text_of(notebook).encode("utf-16")


@situation("encoded as windows-1252: read as such (likely)")
def windows_1252(notebook: NotebookNode) -> Any:
    insert(notebook, 4, "# größer")
    return text_of(notebook).encode("windows-1252")


@situation()
def not_a_number_and_huge_numbers(notebook: NotebookNode) -> Any:
    notebook.cells[4].metadata["score"] = float("nan")
    notebook.cells[5].metadata["big"] = 7
    return data(notebook).replace(b'"big": 7', b'"big": ' + b"7" * 10_000)


@situation()
def fifty_megabytes_of_output(notebook: NotebookNode) -> Any:
    text = ["epoch 1, loss [1.2, {3.4}]\n"] * 1_500_000
    notebook.cells[3].outputs = [{"output_type": "stream", "name": "stdout", "text": text}]
    return data(notebook)


@situation()
def half_characters_and_null_characters(notebook: NotebookNode) -> Any:
    insert(notebook, 5, "# \ud800 \0 \x0c \u2028")
    return notebook


@situation("area: answered in a cell without its id: matched by what it defines (likely)")
def split_with_the_helper_above(notebook: NotebookNode) -> Any:
    """The upper half kept the metadata."""
    helper = "def times(a, b):\n    return a * b"
    insert(notebook, where(notebook, "area") + 1, "def area(width, height):\n    return times(width, height)")
    at(notebook, "area").source = helper
    return notebook


@situation()
def split_with_a_plain_helper(notebook: NotebookNode) -> Any:
    """The lower half kept the metadata."""
    insert(notebook, where(notebook, "area"), "def times(a, b):\n    return a * b")
    at(notebook, "area").source = "def area(width, height):\n    return times(width, height)"
    return notebook


@situation("area: 2 cells could be it: the last that defines it and differs from the stub counts (likely)")
def split_in_jupyterlab(notebook: NotebookNode) -> Any:
    """JupyterLab gives both halves the metadata."""
    half = copy.deepcopy(at(notebook, "area"))
    half.source, half.id = "def times(a, b):\n    return a * b", "half"
    notebook.cells.insert(where(notebook, "area"), half)
    at(notebook, "area").source = "def area(width, height):\n    return times(width, height)"
    return notebook


@situation("area: answered in a cell without its id: matched by what it defines (likely)")
def answered_in_a_new_cell(notebook: NotebookNode) -> Any:
    return answered_beside(notebook, "area", where(notebook, "area") + 1)


@situation(
    "area: answered in a cell without its id: matched by what it defines (likely)",
    "area: a copy of its stub stood below the answer and would have replaced it: dropped (likely)",
)
def answered_in_a_new_cell_above(notebook: NotebookNode) -> Any:
    return answered_beside(notebook, "area", where(notebook, "area"))


@situation(
    "area: answered in a cell without its id: matched by what it defines (likely)",
    "area: the test stood above the answer: moved below it",
)
def answered_below_the_test(notebook: NotebookNode) -> Any:
    return answered_beside(notebook, "area", where(notebook, "test_area") + 1)


def answered_beside(notebook: NotebookNode, name: str, index: int) -> NotebookNode:
    at(notebook, name).source = at(RELEASE, name).source
    insert(notebook, index, ANSWERS[name])
    return notebook


@situation(
    "area: suspicious: the test was edited: restored",
    "area: answered in a cell without its id: matched by what it defines (likely)",
)
def answered_in_the_test_cell(notebook: NotebookNode) -> Any:
    at(notebook, "area").source = at(RELEASE, "area").source
    at(notebook, "test_area").source = f"{ANSWERS['area']}\n\nassert area(2, 3) == 6"
    return notebook


@situation(
    "area: its cell carried the id of perimeter: matched by what it defines (likely)",
    "perimeter: its cell carried the id of area: matched by what it defines (likely)",
)
def swapped_ids(notebook: NotebookNode) -> Any:
    one, two = at(notebook, "area"), at(notebook, "perimeter")
    one.metadata, two.metadata = two.metadata, one.metadata
    one.id, two.id = two.id, one.id
    return notebook


@situation("perimeter: answered in the cell of area: its stub stands before that (likely)")
def merged_exercises(notebook: NotebookNode) -> Any:
    at(notebook, "area").source += "\n\n" + ANSWERS["perimeter"]
    del notebook.cells[where(notebook, "perimeter")]
    return notebook


@situation(
    "area: its cell is missing: the untouched stub was put back",
    "perimeter: its cell carried the id of area: matched by what it defines (likely)",
    "perimeter: its cell was turned into markdown: turned back into code",
    points=FULL - 2,
)
def pasted_over_another_exercise_and_retyped(notebook: NotebookNode) -> Any:
    at(notebook, "area").update(source=ANSWERS["perimeter"], cell_type="markdown")
    del notebook.cells[where(notebook, "perimeter")]
    return notebook


@situation("1 cell left out: not a cell at all", "1 cell had a pasted picture, which is left out")
def strange_cells(notebook: NotebookNode) -> Any:
    insert(notebook, 4, "![what I drew](attachment:me.png)", "markdown")
    notebook.cells[4]["attachments"] = {"me.png": {"image/png": "AAAA"}}
    return {**notebook, "cells": [*notebook.cells, "not a cell"]}


@situation("1 cell left out: longer than 1000000 characters", points=FULL - 1)
def absurdly_long_line(notebook: NotebookNode) -> Any:
    at(notebook, "perimeter").source = ANSWERS["perimeter"] + " # " + "x" * 2_000_000
    return notebook


@situation()
def ten_thousand_cells(notebook: NotebookNode) -> Any:
    for index in range(10_000):
        notebook.cells.append(nbformat.v4.new_markdown_cell(f"note {index}", id=f"mine-{index}"))
    return notebook


@situation("the notebook names the lesson '01_unit/09_old': its cells are this lesson's (likely)")
def lesson_renamed(notebook: NotebookNode) -> Any:
    notebook.metadata["fasttrack"]["lesson"] = "01_unit/09_old"
    return notebook


@situation(
    "the notebook has lost the lesson's name: its cells are this lesson's (likely)",
    *(f"{name}: its cell is missing: the untouched stub was put back" for name in ANSWERS),
    *(f"{name}: the test was deleted: put back" for name in ANSWERS),
    points=0,
)
def only_the_badge_is_left(notebook: NotebookNode) -> Any:
    return {"cells": notebook.cells[:1], "metadata": {}, "nbformat": 4}


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation(name: str) -> None:
    damaged, notes, points = SITUATIONS[name]
    handed_in = damaged(answered())
    found = sanitize(SOURCE, handed_in if isinstance(handed_in, bytes) else data(handed_in))
    assert found.malformed == ""
    assert {str(note) for note in found.notes} == notes
    assert score(sound(found)) == points
    missing = {note.split(":")[0] for note in notes if "its cell is missing" in note}
    assert set(found.missing) == missing


SHAPES = text_of(RELEASE).encode()
PYTHON = b"#!/usr/bin/env python\n# coding: utf-8\n\n# In[1]:\n\nimport math\n"


@pytest.mark.parametrize(
    ("submission", "why"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \r\n", "the file is empty"),
        (b"\0" * 5000, "the file is empty"),
        (SHAPES[: len(SHAPES) // 2], "not JSON: it breaks off (line"),
        (SHAPES[:-2], "not JSON:"),
        (SHAPES.replace(b'"cells"', b"cells"), "not JSON: Expecting property name"),
        (b"[1, 2]", "JSON, but no notebook: a list where an object with cells is due"),
        (b"null", "JSON, but no notebook: null where an object with cells is due"),
        (b"3.5", "JSON, but no notebook: a number where an object with cells is due"),
        (b"{}", "JSON, but no notebook: it has no cells"),
        (b'{"cells": {"0": 1}}', "JSON, but no notebook: it has no cells"),
        (b'{"worksheets": [], "cells": 1}', "not the notebook of '01_unit/02_shapes'"),
        (b"hello", "not a notebook but text: hand in the .ipynb file"),
        (PYTHON, "not a notebook but Python code: hand in the .ipynb file"),
        (TEXT.encode(), "not a notebook but Python code: hand in the .ipynb file"),
        (
            b"<!DOCTYPE html>\n<html><body>...",
            "not a notebook but a web page (HTML): hand in the .ipynb file",
        ),
        (b"PK\x03\x04....", "not a notebook but a zip archive: hand in the .ipynb file itself"),
        (b"%PDF-1.7", "not a notebook but a PDF: hand in the .ipynb file itself"),
        (b"[" * 1_000_000, "JSON nested too deeply to be a notebook"),
        (b'{"cells":[' + b'{"a":' * 500_000, "JSON nested too deeply to be a notebook"),
        (b" " * (decoding.MAX_BYTES + 1), "128 MB: at most 128 MB are read"),
        (b"[" + b"[]," * (decoding.MAX_VALUES // 2) + b"1]", "JSON values: at most 5000000 are read"),
        (b'{"cells": [' + b"1," * 30_000 + b"1]}", "30001 cells: at most 20000 are read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_says_why_in_one_line(submission: bytes, why: str) -> None:
    found = sanitize(SOURCE, submission)
    assert found.notebook is None
    assert why in found.malformed
    assert "\n" not in found.malformed


OTHER = source_notebook(
    lesson(
        "02_unit/01_numbers",
        TEXT.replace("area", "total")
        .replace("perimeter", "mean")
        .replace("Circle", "Sum")
        .replace("Shapes", "Numbers")
        .replace("import itertools", "import random")
        .replace("look at", "see")
        .replace("a longer way", "the mean")
        .replace("a long training", "training"),
    ),
    REPOSITORY,
)


@pytest.mark.parametrize(
    ("keeps", "why"),
    [
        ("all", "the notebook of another lesson: '02_unit/01_numbers', not '01_unit/02_shapes'"),
        ("cells", "not the notebook of '01_unit/02_shapes': hardly any of its cells is in it"),
        ("text", "not the notebook of '01_unit/02_shapes': hardly any of its cells is in it"),
    ],
)
def test_the_notebook_of_another_lesson_is_not_graded(keeps: str, why: str) -> None:
    other = released(OTHER)
    if keeps != "all":
        del other.metadata["fasttrack"]
    if keeps == "text":
        other = json.loads(damage.lost_metadata(other, random.Random(0)))
    assert sanitize(SOURCE, data(other)) == Sanitized(None, malformed=why)


def test_given_and_own_cells_stay_as_the_learner_left_them() -> None:
    notebook = answered()
    given = next(cell for cell in notebook.cells if cell.source.startswith("import math"))
    given.source += "\nimport sys"
    notebook.cells[2].source += " My remark."
    insert(notebook, 5, "my_own = 1")
    notebook.cells[5].metadata = {"tags": ["mine", "a,b", "mine", 3, ""], "nbgrader": {"grade_id": "x"}}
    insert(notebook, 6, "")
    out = sound(sanitize(SOURCE, data(notebook)))
    assert [(cell.id, cell.source) for cell in out.cells] == [(c.id, c.source) for c in notebook.cells]
    assert out.cells[5].metadata == {"tags": ["mine"]}


def test_a_demo_cell_is_a_demo_cell_again_without_any_metadata() -> None:
    found = sanitize(SOURCE, damage.lost_metadata(answered(), random.Random(0)))
    (demo,) = [cell for cell in sound(found).cells if "a long training" in cell.source]
    assert demo.metadata == {"tags": ["demo"]}


def test_a_missing_cell_goes_back_to_its_place() -> None:
    notebook = answered()
    lost = {"area", "test_perimeter", "Circle", "test_Circle"}
    notebook.cells = [cell for cell in notebook.cells if cell.id not in lost]
    found = sanitize(SOURCE, data(notebook))
    assert [cell.id for cell in sound(found).cells] == [cell.id for cell in RELEASE.cells]
    assert found.missing == ("area", "Circle")
    assert at(sound(found), "area") == at(RELEASE, "area")


def test_notes_are_in_the_order_of_the_lesson_and_typed() -> None:
    notebook = answered()
    at(notebook, "test_Circle").source = ""
    del at(notebook, "area").metadata["nbgrader"]
    notebook.metadata["kernelspec"] = {"name": "ir"}
    assert sanitize(SOURCE, data(notebook)).notes == (
        Note("kernel 'ir': set to python3"),
        Note("its cell had lost nbgrader's metadata: matched by cell id", "area", "certain"),
        Note("the test was edited: restored", "Circle", "certain", suspicion=True),
    )


# Whatever arrives, nothing is raised.

texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
sources = (
    st.sampled_from([cell.source for cell in answered().cells])
    | st.sampled_from([cell.source for cell in RELEASE.cells])
    | st.sampled_from(
        [
            "",
            "\r\n\t",
            "\ud800",
            f"{ANSWERS['area']}\n{ANSWERS['perimeter']}",
            f"{ANSWERS['Circle']}\n{RELEASE.cells[-2].source}",
            "area = perimeter = None",
            "Circle = lambda: 1",
            '"""\ndef area(): pass\n"""',
            "def perimeter(",
        ]
    )
    | texts
)
keys = st.sampled_from([*(cell.id for cell in RELEASE.cells), "extra-000", "extra-001", "mine", "?"]) | texts
cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw", "heading", "?"]) | values},
    optional={
        "id": keys | values,
        "source": sources | st.lists(sources, max_size=3) | values,
        "input": sources,
        "metadata": values
        | st.fixed_dictionaries(
            {},
            optional={
                "id": keys,
                "tags": st.lists(texts) | values,
                "nbgrader": values
                | st.fixed_dictionaries(
                    {"grade_id": keys}, optional={"points": values, "schema_version": values}
                ),
            },
        ),
        "outputs": values,
    },
)


@st.composite
def mutants(draw: st.DrawFn) -> dict[str, Any]:
    """The notebook, answered or not, after a few accidents."""
    notebook: dict[str, Any] = copy.deepcopy(draw(st.sampled_from([answered(), RELEASE])))
    inside = notebook["cells"]
    for _ in range(draw(st.integers(0, 8))):
        index = draw(st.integers(0, max(len(inside) - 1, 0)))
        accident = draw(
            st.sampled_from(["add", "drop", "move", "copy", "source", "grade id", "id", "retype", "bare"])
        )
        if accident == "add" or not inside:
            inside.insert(index, draw(cells))
        elif accident == "drop":
            del inside[index]
        elif accident == "move":
            inside.insert(draw(st.integers(0, len(inside))), inside.pop(index))
        elif accident == "copy":
            inside.insert(draw(st.integers(0, len(inside))), copy.deepcopy(inside[index]))
        elif accident == "source":
            inside[index]["source"] = draw(sources)
        elif accident == "grade id":
            inside[index]["metadata"] = {"nbgrader": {"grade_id": draw(keys)}}
        elif accident == "id":
            inside[index]["id"] = draw(keys)
        elif accident == "retype":
            inside[index]["cell_type"] = draw(st.sampled_from(["code", "markdown", "raw"]))
        else:
            inside[index]["metadata"] = {}
    return notebook


@settings(deadline=None)
@given(st.binary() | st.binary().map(lambda tail: SHAPES[: 3 * len(tail)] + tail))
def test_any_bytes(submission: bytes) -> None:
    found = sanitize(SOURCE, submission)
    assert found.notebook is None
    assert found.malformed
    assert "\n" not in found.malformed


@given(
    values
    | st.fixed_dictionaries({"cells": st.lists(cells, max_size=5) | values}, optional={"metadata": values})
)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_json(value: Any) -> None:
    found = sanitize(SOURCE, data(value))
    assert (found.notebook is None) == bool(found.malformed)
    if found.notebook:
        sound(found)


@given(mutants())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_accident(notebook: dict[str, Any]) -> None:
    found = sanitize(SOURCE, data(notebook))
    if found.notebook:
        sound(found)
    else:
        assert found.malformed


@given(st.lists(st.tuples(st.integers(0, len(SHAPES) - 1), st.binary(max_size=3)), max_size=5))
@settings(deadline=None)
def test_any_change_of_bytes(changes: list[tuple[int, bytes]]) -> None:
    submission = SHAPES
    for index, new in changes:
        submission = submission[:index] + new + submission[index + len(new) :]
    found = sanitize(SOURCE, submission)
    assert (found.notebook is None) == bool(found.malformed)
    if found.notebook:
        sound(found)


WITH_NBGRADER = (
    "lost_all_metadata_and_ids",
    "duplicated_exercise_with_the_stub_below",
    "deleted_exercise",
    "exercise_turned_into_markdown",
    "edited_test",
    "schema_absurd",
    "answered_below_the_test",
    "swapped_ids",
)


@pytest.mark.filterwarnings("ignore:Object of type:sqlalchemy.exc.SAWarning")  # nbgrader's own
def test_nbgrader_takes_what_comes_out_and_gives_the_same_score(course: Course) -> None:
    build.write_sources(course, [lesson()], course.grading)
    build.generate(course.grading, "01_unit", db_url=f"sqlite:///{course.grading / 'gradebook.db'}")
    for name in WITH_NBGRADER:
        damaged, _, _ = SITUATIONS[name]
        handed_in = damaged(answered())
        found = sanitize(SOURCE, handed_in if isinstance(handed_in, bytes) else data(handed_in))
        build.replace(course.grading / "submitted" / name / f"{NAME}.ipynb", text_of(sound(found)))
    config = build.settings(course.grading, assignment_id="01_unit")
    coursedir = CourseDirectory(config=config)
    Autograde(coursedir=coursedir, config=config).start()
    with Gradebook(coursedir.db_url) as gradebook:
        scores = {
            name: gradebook.find_submission_notebook("02_shapes", "01_unit", name).score
            for name in WITH_NBGRADER
        }
    assert scores == {name: SITUATIONS[name][2] for name in WITH_NBGRADER}
