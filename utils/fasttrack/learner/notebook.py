"""A notebook as plain JSON: a learner's, whatever saved it, or a released one.

Read without nbformat, which takes a second to import and refuses what a learner's tools write. Colab saves cell ids in
the metadata; both places are looked at.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

Json = dict[str, Any]
DEFINED = re.compile(r"^(?:async +)?(?:def|class) +(\w+)", re.MULTILINE)
MEND = "put a backup in its place, or delete it and run `fasttrack update` for a new copy"


class Unreadable(ValueError):
    """A file is no notebook that can be read; the message says in one line why and what to do."""


@dataclass(frozen=True)
class Cell:
    """One cell, by its JSON; what is missing or of the wrong type in it reads as empty."""

    raw: Json

    @property
    def kind(self) -> str:
        return text(self.raw.get("cell_type"))

    @cached_property
    def source(self) -> str:
        return text(self.raw.get("source"))

    @property
    def metadata(self) -> Json:
        found = self.raw.get("metadata")
        return found if isinstance(found, dict) else {}

    @property
    def id(self) -> str:
        return text(self.raw.get("id")) or text(self.metadata.get("id"))

    @property
    def nbgrader(self) -> Json:
        found = self.metadata.get("nbgrader")
        return found if isinstance(found, dict) else {}

    @property
    def grade_id(self) -> str:
        return text(self.nbgrader.get("grade_id"))

    @property
    def is_exercise(self) -> bool:
        return self.nbgrader.get("solution") is True

    @property
    def is_test(self) -> bool:
        return self.nbgrader.get("grade") is True and not self.is_exercise

    @property
    def is_demo(self) -> bool:
        tags = self.metadata.get("tags")
        return isinstance(tags, list) and "demo" in tags

    @property
    def points(self) -> int:
        points = self.nbgrader.get("points")
        return int(points) if isinstance(points, int | float) else 0

    @property
    def outputs(self) -> list[Json]:
        found = self.raw.get("outputs")
        return [output for output in found if isinstance(output, dict)] if isinstance(found, list) else []

    @property
    def count(self) -> int:
        """The number Jupyter gave its last run; 0 if it was not run."""
        count = self.raw.get("execution_count")
        return count if isinstance(count, int) else 0

    @property
    def forbid(self) -> list[str]:
        """The calls that the lesson forbids in this exercise: dotted names, or ".name" for a method."""
        built = self.metadata.get("fasttrack")
        found = built.get("forbid") if isinstance(built, dict) else None
        return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []

    @property
    def defines(self) -> set[str]:
        return set(DEFINED.findall(self.source)) if self.kind == "code" else set()


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson: its cell and its test, as they stand in one notebook."""

    name: str
    cell: Cell | None
    test: Cell | None


@dataclass(frozen=True)
class Notebook:
    """A notebook's JSON and its cells."""

    raw: Json
    cells: tuple[Cell, ...]

    @property
    def lesson(self) -> str:
        """The lesson it was released as, `unit/lesson`; "" if it does not say."""
        metadata = self.raw.get("metadata")
        built = metadata.get("fasttrack") if isinstance(metadata, dict) else None
        return text(built.get("lesson")) if isinstance(built, dict) else ""

    def released_exercises(self) -> dict[str, Exercise]:
        """The exercises of a released notebook, in order, by name."""
        by_id = {cell.grade_id: cell for cell in self.cells if cell.grade_id}
        return {
            key: Exercise(key, cell, by_id.get(f"test_{key}"))
            for key, cell in by_id.items()
            if cell.is_exercise
        }

    def roles(self, names: set[str]) -> dict[int, str]:
        """Which code cell, by position, is which of the cells that a release calls `names`.

        By grade id, then by cell id, then, for an exercise, by what a cell defines. Where several could be it, the
        last counts, as it does in Jupyter, but an answer goes before an untouched stub and a test before its edited
        copy.
        """
        taken: dict[str, int] = {}
        exercises = {name for name in names if f"test_{name}" in names}

        def good(position: int) -> bool:
            cell = self.cells[position]
            return untouched(cell) if cell.is_test else not untouched(cell)

        def claim(position: int, name: str) -> None:
            if name not in taken or good(position) or not good(taken[name]):
                taken[name] = position

        for by_grade_id in (True, False):
            missing = names - taken.keys()
            for position, cell in self.code():
                name = cell.grade_id if by_grade_id else "" if cell.grade_id else cell.id
                if name in missing:
                    claim(position, name)
        missing = exercises - taken.keys()
        for position, cell in self.code():
            if position not in taken.values() and not cell.grade_id:
                for name in sorted(cell.defines & missing)[:1]:
                    claim(position, name)
        return {position: name for name, position in taken.items()}

    def exercises(self, released: Notebook) -> dict[str, Exercise]:
        """The exercises of `released` as they stand in this notebook; a cell that is not there is None."""
        theirs = released.released_exercises()
        names = {*theirs, *(f"test_{name}" for name in theirs)}
        found = {name: self.cells[position] for position, name in self.roles(names).items()}
        return {name: Exercise(name, found.get(name), found.get(f"test_{name}")) for name in theirs}

    def code(self) -> Iterator[tuple[int, Cell]]:
        """The code cells, each with its position among all cells."""
        return ((position, cell) for position, cell in enumerate(self.cells) if cell.kind == "code")


def untouched(cell: Cell) -> bool:
    """Whether an exercise's cell is as nbgrader released it, by the checksum in its metadata."""
    released = cell.nbgrader.get("checksum")
    return bool(cell.grade_id) and released == checksum(cell)


def checksum(cell: Cell) -> str:
    """nbgrader's checksum of a graded cell: its source, its kind, its flags, its id and its points."""
    mark = cell.nbgrader
    flags = [str(bool(mark.get(flag))) for flag in ("grade", "solution", "locked")]
    points = [str(float(cell.points))] if mark.get("grade") else []
    return hashlib.md5("".join([cell.source, cell.kind, *flags, cell.grade_id, *points]).encode()).hexdigest()


def digest(source: str) -> str:
    """What stands for a text in our records: its sha256."""
    return hashlib.sha256(source.encode(errors="replace")).hexdigest()


def text(value: object) -> str:
    """A string of a notebook's, which may be kept as a list of lines; "" for anything else."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def read(path: Path) -> Notebook:
    """The notebook in a file. Raises Unreadable."""
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from None


def parse(data: bytes) -> Notebook:
    """The notebook in a file's bytes. Raises Unreadable."""
    if not data.strip():
        raise Unreadable(f"the file is empty: {MEND}")
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(f"not a whole notebook (no JSON{line}): {MEND}") from None
    cells = raw.get("cells") if isinstance(raw, dict) else None
    if isinstance(raw, dict) and raw.get("nbformat") in (2, 3):
        raise Unreadable(f"saved in the old format {raw['nbformat']}: open it in JupyterLab and save it")
    if not isinstance(cells, list) or raw.get("nbformat") != 4:
        raise Unreadable("JSON, but not a notebook")
    return Notebook(raw, tuple(Cell(cell) for cell in cells if isinstance(cell, dict)))


def dumps(raw: Json) -> bytes:
    """A notebook's JSON as the bytes of its file, as Jupyter writes them."""
    for ascii_only in (False, True):  # half a surrogate pair has no bytes of its own
        written = json.dumps(raw, ensure_ascii=ascii_only, indent=1, sort_keys=True, separators=(",", ": "))
        try:
            return f"{written}\n".encode()
        except UnicodeEncodeError:
            continue
    raise AssertionError("ASCII always has bytes")


def write(path: Path, data: bytes) -> None:
    """Replace a file in one step, so that it is never half-written. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
