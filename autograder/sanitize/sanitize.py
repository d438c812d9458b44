"""The first stage of grading: whatever was handed in becomes a notebook that can be graded, or one line why not.

    submission (bytes) -> reading: plain cells -> matching: which is which -> repair: what was lost is put back

It is pure, never raises, and gives its own output back unchanged. What it does not do: run anything, restore a
given cell that the learner deleted or changed, or judge; a learner may have hidden anything in a cell.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from traitlets.config import Config

from autograder.build import settings
from autograder.sanitize.matching import Match, Original, match
from autograder.sanitize.notes import Note, Unreadable
from autograder.sanitize.reading import Piece, plain, read
from autograder.sanitize.repair import notebook, repair

__all__ = ["Note", "Sanitized", "released", "sanitize"]

RELEASING = (LockCells, ClearSolutions, ClearOutput, ClearHiddenTests, ClearMarkScheme, ComputeChecksums)
GIVEN_SHARE = 1 / 3  # of the given cells: as many make it this lesson's notebook without any other sign
BADGE = "colab-badge"
EVERY_LESSON = {BADGE, "colab-bootstrap"}


@dataclass(frozen=True)
class Sanitized:
    """What became of a file: a notebook that nbgrader accepts, or None and `malformed`, one line why.

    `missing` are the exercises for which no cell was found; each has its untouched stub back.
    """

    notebook: NotebookNode | None
    notes: tuple[Note, ...] = ()
    missing: tuple[str, ...] = ()
    malformed: str = ""


def sanitize(source: NotebookNode, submission: bytes, release: NotebookNode | None = None) -> Sanitized:
    """Repair a submission of the lesson whose nbgrader source notebook is `source`.

    `release` is `released(source)`, where it is at hand; nothing changes it. Never raises, whatever `submission`
    is. Time is linear in its size and in cells × exercises.
    """
    try:
        paper = read(submission)
    except Unreadable as error:
        return Sanitized(None, malformed=str(error))
    release = release or released(source)
    original = Original.of(release)
    found = match(original, paper.pieces)
    wanted = release.metadata["fasttrack"]["lesson"]
    notes = list(paper.notes)
    if paper.lesson != wanted:
        if problem := foreign(original, found, paper.pieces, paper.lesson, wanted):
            return Sanitized(None, malformed=problem)
        said = f"names the lesson {paper.lesson[:80]!r}" if paper.lesson else "has lost the lesson's name"
        notes.append(Note(f"the notebook {said}: its cells are this lesson's", sure="likely"))
    slots, missing, repairs = repair(original, found, paper.pieces)
    notes += [*found.notes, *repairs]
    order = list(original.exercises)
    notes.sort(key=lambda note: order.index(note.exercise) if note.exercise else -1)
    return Sanitized(notebook(release, slots), tuple(notes), missing)


def released(source: NotebookNode) -> NotebookNode:
    """The notebook that learners get, as nbgrader's `generate_assignment` makes it from its source notebook."""
    node = copy.deepcopy(source)
    resources: dict[str, Any] = {"metadata": {}}
    for step in RELEASING:
        node, resources = step(config=configuration()).preprocess(node, resources)
    return node


@cache
def configuration() -> Config:
    return settings(Path())


def foreign(original: Original, found: Match, pieces: Sequence[Piece], lesson: str, wanted: str) -> str:
    """Why a notebook that does not name this lesson is none of it; "" where its cells say that it is.

    Half of the exercises will do, or, where it names no other lesson, the lesson's badge or a third of its text.
    """
    if 2 * len(found.roles.keys() - found.guesses) >= len(original.exercises) > 0:
        return ""
    if lesson:
        return f"the notebook of another lesson: {lesson[:80]!r}, not {wanted!r}"
    alike = {
        key
        for position, key in found.given.items()
        if pieces[position].plain == plain(original.given[key].source)
    }
    ours = original.given.keys() - EVERY_LESSON
    if BADGE in alike or (ours and len(ours & alike) >= GIVEN_SHARE * len(ours)):
        return ""
    return f"not the notebook of {wanted!r}: hardly any of its cells is in it"
