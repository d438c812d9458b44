"""A newer course into the learner's folder: new lessons copied, old ones merged, nothing lost.

Before a file that the learner worked in is replaced, a copy goes to `.backup/DATE/`, which is never overwritten. A
lesson whose release is the one it came from is not touched.
"""

from __future__ import annotations

import datetime
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from fasttrack import lab
from fasttrack.learner import records
from fasttrack.learner.merge import Changes, merge
from fasttrack.learner.notebook import Cell, Json, Unreadable, dumps, parse, write

BACKUP = ".backup"
LISTED = 6  # new lessons told one by one


@dataclass(frozen=True)
class Done:
    """What was done with one lesson. `changes` only where the learner's work was merged."""

    lesson: str
    kind: str  # "new", "replaced", "merged", "left"
    changes: Changes = field(default_factory=Changes)
    backup: Path | None = None
    problem: str = ""


def update(work: Path) -> list[Done]:
    """Bring every lesson in `work` to the installed release; returns what was done, unchanged lessons left out.

    Raises LabError if `work` cannot be written; what was done until then is whole.
    """
    done, backup = [], Backup(work)
    for lesson, source in lab.lessons().items():
        target = work / f"{lesson}.ipynb"
        try:
            one = bring(work, lesson, source.read_bytes(), backup)
        except OSError as error:
            where = error.filename or target
            raise lab.LabError(
                f"{where}: cannot be written: {error.strerror}; choose another folder with --work"
            ) from error
        if one:
            done.append(one)
    return done


def bring(work: Path, lesson: str, release: bytes, backup: Backup) -> Done | None:
    """Bring one lesson to `release`; None if there is nothing to do. Raises OSError."""
    target = work / f"{lesson}.ipynb"
    new = records.Base.of(release)
    base = records.base(work, lesson)
    if not target.exists():
        write(target, release)
        records.keep_base(work, lesson, new)
        return Done(lesson, "new")
    old = target.read_bytes()
    if base == new:
        return None
    if old == release:
        records.keep_base(work, lesson, new)
        return None
    try:
        mine = parse(old)
    except Unreadable as error:
        return Done(lesson, "left", problem=str(error))
    released = parse(release)
    if mine.lesson not in ("", lesson):
        return Done(lesson, "left", problem=f"it holds another lesson, {mine.lesson}")
    if base and base.file == records.sha(old):
        write(target, release)
        records.keep_base(work, lesson, new)
        return Done(lesson, "replaced")
    merged, changes = merge(mine, released, base.cells if base else None)
    if same_cells(merged, mine.raw):  # copied before there were records
        records.keep_base(work, lesson, new)
        return None
    kept = backup.keep(target)
    write(target, dumps(merged))
    records.keep_base(work, lesson, new)
    return Done(lesson, "merged", changes, kept)


def same_cells(merged: Json, mine: Json) -> bool:
    """Whether a merge changed nothing but how the file is written."""
    one, other = (
        [
            (cell.get("id"), cell.get("cell_type"), Cell(cell).source, Cell(cell).nbgrader)
            for cell in raw["cells"]
        ]
        for raw in (merged, mine)
    )
    return one == other


class Backup:
    """The folder that one update's backups go to: today's date, with a number if there was one before."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.folder: Path | None = None

    def keep(self, path: Path) -> Path:
        """Copy a file of `work` there; returns the copy. Raises OSError."""
        if self.folder is None:
            stem = self.work / BACKUP / datetime.date.today().isoformat()
            folder, number = stem, 2
            while folder.exists():
                folder, number = stem.with_name(f"{stem.name}-{number}"), number + 1
            folder.mkdir(parents=True)
            self.folder = folder
        copy = self.folder / path.relative_to(self.work)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
        return copy


def lines(done: list[Done]) -> list[str]:
    """A report of an update: a line for each lesson, and one for each thing that changed in the learner's work."""
    new = [one.lesson for one in done if one.kind == "new"]
    said = [f"new       {lesson}" for lesson in new]
    if len(new) > LISTED:
        said = [f"new       {len(new)} lessons, {new[0]} to {new[-1]}"]
    for one in done:
        if one.kind == "new":
            continue
        if one.kind == "replaced":
            said.append(f"updated   {one.lesson}: you had not begun it")
        elif one.kind == "left":
            said.append(f"left      {one.lesson}: {one.problem}")
        else:
            said.append(f"merged    {one.lesson}: your answers are kept, the old file is in {one.backup}")
            said += [f"            {told}" for told in told_of(one.changes)]
    return said


def told_of(changes: Changes) -> list[str]:
    """What a merge changed, in words."""
    named = [
        ("new exercises", changes.new),
        ("exercises that are gone, your answers kept in plain cells", changes.gone),
        ("tests changed, run them again", changes.tests),
        ("changed under your answer, the new start is shown below it", changes.stubs),
        ("tests you had edited, now as released", changes.restored),
    ]
    told = [f"{words}: {', '.join(names)}" for words, names in named if names]
    if changes.text:
        told.append(f"given cells with new text: {changes.text}")
    if changes.quoted:
        told.append(f"given cells you may have edited, your text quoted below the new one: {changes.quoted}")
    return told or ["nothing in it changed for you"]
