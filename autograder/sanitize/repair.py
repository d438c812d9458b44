"""Put a matched submission back together: every graded cell once, whole, and where it can do its work.

The learner's cells keep their order. What moves is a test that stands above its answer; what goes is a copy of
a test, and an untouched stub that would undo the answer above it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from autograder.sanitize.matching import Match, Original
from autograder.sanitize.notes import Note
from autograder.sanitize.reading import CellType, Piece, names


@dataclass(frozen=True)
class Slot:
    """A cell of the notebook to come: which cell of the lesson it is ("" for none), and its text."""

    key: str
    kind: CellType
    text: str
    piece: Piece | None = None


def repair(
    original: Original, found: Match, pieces: Sequence[Piece]
) -> tuple[list[Slot], tuple[str, ...], list[Note]]:
    """The cells in their final order, the exercises that had none, and what was moved, dropped or put back."""
    notes: list[Note] = []
    elsewhere = answered_elsewhere(original, found, pieces)
    slots, overruled = kept(original, found, pieces, elsewhere)
    notes += [
        Note("a copy of its stub stood below the answer and would have replaced it: dropped", name, "likely")
        for name in overruled
    ]
    missing = []
    for key, cell in original.cells.items():
        name = next((name for name, test in original.tests.items() if test is cell), "")
        if name:
            notes += place_test(original, name, slots, elsewhere)
        elif key in original.exercises and not any(slot.key == key for slot in slots):
            slots.insert(place_of_stub(original, key, slots, elsewhere), Slot(key, "code", cell.source))
            if key in elsewhere:
                answered = f"answered in the cell of {elsewhere[key]}: its stub stands before that"
                notes.append(Note(answered, key, "likely"))
            else:
                missing.append(key)
                notes.append(Note("its cell is missing: the untouched stub was put back", key))
    return [slot for slot in slots if slot.piece or slot.text], tuple(missing), notes


def answered_elsewhere(original: Original, found: Match, pieces: Sequence[Piece]) -> dict[str, str]:
    """Exercises whose own cell is untouched or gone, by which other exercise's cell defines them."""
    elsewhere = {}
    for name, stub in original.stubs.items():
        if name in found.roles and pieces[found.roles[name]].plain != stub:
            continue
        owners = [
            (position, owner)
            for owner, position in found.roles.items()
            if owner != name
            and name in pieces[position].names
            and pieces[position].plain != stub
            and name not in names(original.exercises[owner].source)
        ]
        if owners:
            elsewhere[name] = max(owners)[1]
    return elsewhere


def kept(
    original: Original, found: Match, pieces: Sequence[Piece], elsewhere: dict[str, str]
) -> tuple[list[Slot], list[str]]:
    """The learner's cells in their order, with an empty slot for each copy of a test.

    Left out are untouched stubs that stand below the answer: at run time they would undo it. The exercises
    that had such a stub come back, too.
    """
    roles = {position: name for name, position in found.roles.items()}
    checks = {position: name for name, positions in found.checks.items() for position in positions}
    stubs = {stub: name for name, stub in original.stubs.items()}
    answers = {
        name: position
        for name, position in found.roles.items()
        if pieces[position].plain != original.stubs[name]
    } | {name: found.roles[owner] for name, owner in elsewhere.items()}
    slots, overruled = [], []
    for position, piece in enumerate(pieces):
        copied = stubs.get(piece.plain, "")
        late = piece.kind == "code" and position > answers.get(copied, position)
        if late and roles.get(position, copied) == copied:
            overruled += [] if position in roles else [copied]
            continue
        if position not in checks or position in found.kept:
            key = roles.get(position) or found.given.get(position, "")
            slots.append(Slot(key, "code" if position in roles else piece.kind, piece.text, piece))
        if position in checks:
            slots.append(Slot(original.tests[checks[position]].id, "code", ""))
    return slots, list(dict.fromkeys(overruled))


def place_of_stub(original: Original, name: str, slots: list[Slot], elsewhere: dict[str, str]) -> int:
    """Where a lost stub belongs: before the cell that answers it, or after what precedes it in the lesson."""
    if name in elsewhere:
        return next(index for index, slot in enumerate(slots) if slot.key == elsewhere[name])
    return after_predecessor(original, name, slots)


def after_predecessor(original: Original, key: str, slots: list[Slot]) -> int:
    """The place after the nearest cell before `key` in the lesson that is there; the top if none is."""
    index = {slot.key: index for index, slot in enumerate(slots) if slot.key and (slot.piece or slot.text)}
    keys = list(original.cells)
    before = (index[key] + 1 for key in reversed(keys[: keys.index(key)]) if key in index)
    return next(before, 0)


def place_test(original: Original, name: str, slots: list[Slot], elsewhere: dict[str, str]) -> Iterator[Note]:
    """Put a test into the first of its places below the answer, or make one; the other places go."""
    test = original.tests[name]
    lowest = max(index for index, slot in enumerate(slots) if slot.key in (name, elsewhere.get(name, name)))
    places = [index for index, slot in enumerate(slots) if slot.key == test.id]
    index = next((place for place in places if place > lowest), None)
    if index is None:
        index = max(after_predecessor(original, test.id, slots), lowest + 1)
        slots.insert(index, Slot(test.id, "code", test.source))
        yield Note(
            "the test stood above the answer: moved below it" if places else "the test was deleted: put back",
            name,
        )
    else:
        slots[index] = Slot(test.id, "code", test.source)
    kept_slot = slots[index]
    slots[:] = [slot for slot in slots if slot.key != test.id or slot is kept_slot]


def notebook(release: NotebookNode, slots: list[Slot]) -> NotebookNode:
    """The repaired cells as a notebook of nbformat 4.5, every id valid and used once."""
    ours = {cell.id: cell.metadata for cell in release.cells}
    used = set(ours)
    extra = 0
    cells = []
    for slot in slots:
        key = slot.key or (slot.piece.id if slot.piece else "")
        if not slot.key and (not key or key in used):
            while (key := f"extra-{extra:03}") in used:
                extra += 1
        used.add(key)
        tags = {"tags": list(slot.piece.tags)} if slot.piece and slot.piece.tags else {}
        metadata = copy.deepcopy(ours[key]) if slot.key else tags
        cells.append(cell(slot, key, metadata))
    return NotebookNode(cells=cells, metadata=copy.deepcopy(release.metadata), nbformat=4, nbformat_minor=5)


def cell(slot: Slot, identity: str, metadata: dict[str, Any]) -> NotebookNode:
    node = NotebookNode(id=identity, cell_type=slot.kind, metadata=NotebookNode(metadata), source=slot.text)
    if slot.kind == "code":
        node.update(execution_count=None, outputs=[])
    return node
