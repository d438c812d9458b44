"""A small lesson, and what a learner makes of it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from fasttrack.learner.notebook import Cell, checksum

Json = dict[str, Any]
LESSON = "01_unit/01_doubling"


def given(number: int, source: str, kind: str = "code") -> Json:
    raw: Json = {"cell_type": kind, "id": f"cell-{number:03}", "metadata": {}, "source": source}
    return raw | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def graded(grade_id: str, source: str, points: int | None = None) -> Json:
    test = points is not None
    mark: Json = {"grade_id": grade_id, "grade": test, "solution": not test, "locked": test, "task": False}
    mark |= {"schema_version": 3} | ({"points": points} if test else {})
    raw = given(0, source) | {"id": grade_id, "metadata": {"nbgrader": mark}}
    mark["checksum"] = checksum(Cell(raw))
    return raw


def stub(name: str, note: str = "") -> Json:
    return graded(name, f"def {name}(x):\n    # your code here{note}\n    raise NotImplementedError")


def test_of(name: str, factor: int, points: int) -> Json:
    return graded(f"test_{name}", f'with exercise("{name}"):\n    expect({name}, 3).equals({3 * factor})\n'
                  f'print("{name}: correct (1 case)")', points)  # fmt: skip


test_of.__test__ = False  # type: ignore[attr-defined]


def lesson(*cells: Json) -> Json:
    metadata = {
        "fasttrack": {"lesson": LESSON},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
    }
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def doubling() -> Json:
    """Two exercises, given cells around them, and a demo that must not be run."""
    demo = given(3, "raise RuntimeError('a demo was run')")
    demo["metadata"]["tags"] = ["demo"]
    return lesson(
        given(0, "# Doubling", "markdown"),
        given(1, "from fasttrack.check.expect import exercise, expect"),
        stub("double"),
        given(2, "double(4)"),
        test_of("double", 2, points=2),
        demo,
        stub("quadruple"),
        test_of("quadruple", 4, points=1),
        given(4, "The end.", "markdown"),
    )


ANSWERS = {
    "double": "def double(x):\n    return 2 * x",
    "quadruple": "def quadruple(x):\n    return double(double(x))",
}


# What `fasttrack.check.expect` does, as far as a test here needs it, without importing torch.
STAND_IN = """\
from contextlib import nullcontext as exercise

class CheckFailed(AssertionError): pass
class NotWritten(CheckFailed): pass

class expect:
    def __init__(self, learner, argument):
        try:
            self.got = learner(argument)
        except NotImplementedError:
            raise NotWritten(f"not written yet: {learner.__name__}") from None

    def equals(self, want):
        if self.got != want:
            raise CheckFailed(f"expected {want}, got {self.got}")
"""


def light(raw: Json, **answers: str) -> Json:
    """The notebook with these answers and, in its import cell, the stand-in for our checks."""
    return answered(raw, **{"cell-001": STAND_IN} | answers)


def answered(raw: Json, **answers: str) -> Json:
    """A copy of a notebook with these answers in their cells."""
    raw = copy.deepcopy(raw)
    for cell in raw["cells"]:
        if cell["id"] in answers:
            cell["source"] = answers[cell["id"]]
    return raw


def ran(raw: Json, name: str, *outputs: Json, count: int = 2) -> Json:
    """The same notebook, in which the test of an exercise has left these outputs, after its cell as run 1."""
    for cell in raw["cells"]:
        if cell["id"] == name:
            cell["execution_count"] = 1
        if cell["id"] == f"test_{name}":
            cell |= {"outputs": list(outputs), "execution_count": count}
    return raw


def correct(name: str) -> Json:
    return {"output_type": "stream", "name": "stdout", "text": [f"{name}: correct (1 case)\n"]}


def raised(ename: str, evalue: str = "") -> Json:
    return {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": []}


def put(work: Path, raw: Json | bytes) -> Path:
    """The learner's file of the lesson."""
    path = work / f"{LESSON}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw if isinstance(raw, bytes) else json.dumps(raw).encode())
    return path
