"""A newer release of a lesson and the learner's copy of an older one, made into one notebook.

The release gives the cells and their order. Into it come: the learner's answers (by grade id, then cell id, then by
what a cell defines), outputs of cells whose code is the same, and every cell of their own, after the cell that it
followed. A given cell is compared with the release it came from, if that is known: one that only the learner changed
stays as it is; one that both changed is the new one, and the learner's is quoted below it, where it does not run. An
answer whose exercise is gone stays as a plain cell. No files here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from fasttrack.learner.notebook import Cell, Json, Notebook, digest, untouched
from fasttrack.learner.records import hashes

RELEASED_ID = re.compile(r"cell-\d{3,}|colab-\w+")  # ids that the build gives to given cells: by position
NBFORMAT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
ALIKE = 0.8  # share of the given cells that stand unchanged under their ids, in a copy of the same release
OURS = {"nbgrader", "fasttrack", "deletable", "editable", "tags", "id"}  # metadata that a release decides
QUOTED = "*Yours, before this lesson was updated:*"
GONE = "*This exercise is not in the lesson any more. Your answer to it:*"
STUB = "*This exercise was changed and now starts as below. Your answer above is as you left it.*"


@dataclass
class Changes:
    """What a merge changed in one lesson: names of exercises, and numbers of given cells."""

    new: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)
    stubs: list[str] = field(default_factory=list)  # changed under an answer that was there
    restored: list[str] = field(default_factory=list)  # tests that the learner had edited
    text: int = 0  # given cells whose text is new
    quoted: int = 0  # the learner's versions of given cells, kept below the new ones


def merge(mine: Notebook, released: Notebook, base: dict[str, str] | None) -> tuple[Json, Changes]:
    """The merged notebook's JSON, and what changed.

    `base` is the sha256 of each cell's text, by cell id, in the release that `mine` was copied from; None if that is
    not known.
    """
    return Merge(mine, released, base).result()


def likely_base(mine: Notebook, released: Notebook) -> dict[str, str]:
    """The release itself, where a copy without a record is so like it that it must come from it; else nothing."""
    theirs = hashes(released)
    given = [cell for cell in mine.cells if RELEASED_ID.fullmatch(cell.id) and not cell.grade_id]
    same = sum(theirs.get(cell.id) == digest(cell.source) for cell in given)
    return theirs if given and same >= ALIKE * len(given) else {}


class Merge:
    """One merge under way: `into` says which old cell a place of the release takes up, `own` what follows a place."""

    def __init__(self, mine: Notebook, released: Notebook, base: dict[str, str] | None) -> None:
        self.mine, self.released = mine, released
        self.base = likely_base(mine, released) if base is None else base
        self.changes = Changes()
        self.names = {cell.grade_id for cell in released.cells if cell.grade_id}
        self.into: dict[int, Cell] = {}
        self.own: dict[int, list[Json]] = {}  # -1: before the first cell

    def result(self) -> tuple[Json, Changes]:
        self._place()
        cells = list(self.own.get(-1, []))
        fixed = []
        for position, cell in enumerate(self.released.cells):
            old = self.into.get(position)
            self._note(cell, old)
            fixed.append(len(cells))
            cells.append(self._joined(cell, old))
            if old and cell.grade_id in self.changes.stubs:
                cells.append(markdown(f"{STUB}\n\n{fenced(cell.source)}"))
            cells += self.own.get(position, [])
        name_cells(cells, set(fixed))
        before, after = self.mine.raw.get("metadata"), self.released.raw["metadata"]
        metadata = {**before, **after} if isinstance(before, dict) else after
        return {**self.released.raw, "metadata": metadata, "cells": cells}, self.changes

    def _place(self) -> None:
        """Find a place for every old cell, in their order; what needs none is left out."""
        after = -1
        for position, cell in enumerate(self.mine.cells):
            if (place := self._found.get(position)) is not None:
                self.into[place] = cell
                after = place
            elif not self._is_released(cell):
                self.own.setdefault(after, []).extend(self._kept(cell))

    @cached_property
    def _found(self) -> dict[int, int]:
        """Which old cell has which place in the release: graded cells by their role, given cells by a text.

        That is the cell's own, or the one it was released with. Where several places have it, the one with the same
        id, else the next after what stands before the cell.
        """
        free: dict[str, list[int]] = {}
        ids = [cell.id for cell in self.released.cells]
        for place, cell in enumerate(self.released.cells):
            if not cell.grade_id:
                free.setdefault(digest(cell.source), []).append(place)
        found = {position: ids.index(name) for position, name in self.mine.roles(self.names).items()}
        for same_id, by_record in ((True, False), (True, True), (False, False), (False, True)):
            for position, cell in enumerate(self.mine.cells):
                text = self.base.get(cell.id, "") if by_record else digest(cell.source)
                ours = not cell.grade_id and (not cell.id or RELEASED_ID.fullmatch(cell.id))
                options = [place for place in free.get(text, []) if not same_id or ids[place] == cell.id]
                if ours and position not in found and options:
                    before = max((place for at, place in found.items() if at < position), default=-1)
                    found[position] = next((place for place in options if place > before), options[0])
                    free[text].remove(found[position])
        return found

    def _is_released(self, cell: Cell) -> bool:
        """Whether nothing of the learner's is lost with a cell that has no place: it is as some release had it."""
        if cell.is_exercise:
            return untouched(cell)
        if cell.is_test:
            return True
        ours = RELEASED_ID.fullmatch(cell.id) is not None
        return ours and (not cell.source.strip() or self._as_based(cell, cell.id))

    def _as_based(self, cell: Cell, key: str) -> bool:
        return self.base.get(key) == digest(cell.source)

    def _kept(self, cell: Cell) -> list[Json]:
        """A cell that the release has no place for, as cells of the learner's own."""
        if cell.is_exercise and cell.grade_id not in self.names:
            self.changes.gone.append(cell.grade_id)
            return [markdown(GONE), plain(cell)]
        if cell.grade_id or not RELEASED_ID.fullmatch(cell.id):
            return [plain(cell)]
        self.changes.quoted += 1
        return [markdown(f"{QUOTED}\n\n{fenced(cell.source) if cell.kind == 'code' else cell.source}")]

    def _joined(self, cell: Cell, old: Cell | None) -> Json:
        """A cell of the release with what the learner made of it."""
        if old is None:
            return {**cell.raw, "source": cell.source.splitlines(keepends=True)}
        theirs = {key: value for key, value in old.metadata.items() if key not in OURS}
        metadata = {**theirs, **cell.metadata}
        theirs_stay = not cell.grade_id or (cell.is_exercise and self._is_answer(cell, old))
        if theirs_stay or old.source == cell.source:
            return {**plain(old), "id": cell.id, "metadata": metadata}
        return {**cell.raw, "metadata": metadata, "source": cell.source.splitlines(keepends=True)}

    def _is_answer(self, cell: Cell, old: Cell) -> bool:
        return not untouched(old) and not self._as_based(old, cell.id)

    def _note(self, cell: Cell, old: Cell | None) -> None:
        """What this cell of the release changes for the learner."""
        changes, name = self.changes, cell.grade_id.removeprefix("test_")
        if not cell.grade_id:
            changes.text += old is None and digest(cell.source) not in self.base.values()
        elif cell.is_exercise and old is None:
            if cell.id not in self.base:
                changes.new.append(cell.grade_id)
        elif old is not None and self._differs(cell, old):
            if cell.is_test:
                changes.tests.append(name)
            elif self._is_answer(cell, old):
                changes.stubs.append(cell.grade_id)
        elif cell.is_test and old is not None and old.source != cell.source:
            changes.restored.append(name)

    def _differs(self, cell: Cell, old: Cell) -> bool:
        """Whether a graded cell was released with another text: by nbgrader's checksum, else by our record."""
        if "checksum" in old.nbgrader:
            return bool(old.nbgrader["checksum"] != cell.nbgrader.get("checksum"))
        return self.base.get(cell.id, digest(cell.source)) != digest(cell.source)


def plain(cell: Cell) -> Json:
    """A cell as nbformat wants it, without what marks it as a part of the lesson."""
    kind = cell.kind if cell.kind in ("code", "markdown") else "raw"
    raw: Json = {
        "cell_type": kind,
        "id": "" if cell.grade_id else cell.id,
        "metadata": {key: value for key, value in cell.metadata.items() if key not in OURS - {"tags"}},
        "source": cell.source.splitlines(keepends=True),
    }
    if kind == "code":
        raw |= {"execution_count": cell.count or None, "outputs": cell.outputs}
    elif isinstance(cell.raw.get("attachments"), dict):
        raw["attachments"] = cell.raw["attachments"]
    return raw


def markdown(source: str) -> Json:
    return {"cell_type": "markdown", "id": "", "metadata": {}, "source": source.splitlines(keepends=True)}


def fenced(source: str) -> str:
    """Code as Markdown shows it, whatever is in it."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", source))])
    return f"{fence}python\n{source}\n{fence}"


def name_cells(cells: list[Json], fixed: set[int]) -> None:
    """Give every cell an id of its own that nbformat accepts; those at the positions `fixed` keep theirs."""
    used = {cells[position]["id"] for position in fixed}
    for position, raw in enumerate(cells):
        if position in fixed:
            continue
        wanted = raw["id"]
        if not NBFORMAT_ID.fullmatch(wanted) or wanted in used:
            wanted = f"own-{digest(Cell(raw).source)[:12]}"
        stem, number = wanted, 2
        while wanted in used:
            wanted, number = f"{stem}-{number}", number + 1
        raw["id"] = wanted
        used.add(wanted)
