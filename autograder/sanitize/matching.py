"""Which of the cells that were handed in is which cell of the lesson.

By grade id, then by cell id, then by what the cell defines, then by likeness; where they disagree, content wins:
ids travel with a copied or split cell, but whoever wrote `def softmax` meant softmax.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from nbformat import NotebookNode
from rapidfuzz import fuzz

from autograder.notebook import test_id
from autograder.sanitize.notes import Note, Sure
from autograder.sanitize.reading import Piece, plain

COMPARED = 1_000  # characters of a cell, where likeness counts
ALIKE = 80  # per cent
SAME_CELL = 60  # per cent, where the ids agree


@dataclass(frozen=True)
class Original:
    """A lesson as it was released: its cells by id, in order; exercises and tests by the exercise's name."""

    cells: dict[str, NotebookNode]
    exercises: dict[str, NotebookNode]
    tests: dict[str, NotebookNode]
    given: dict[str, NotebookNode]
    stubs: dict[str, str]
    checks: dict[str, str]

    @classmethod
    def of(cls, released: NotebookNode) -> Original:
        cells = {cell.id: cell for cell in released.cells}
        graded = {key: cell.metadata.get("nbgrader", {}) for key, cell in cells.items()}
        exercises = {key: cell for key, cell in cells.items() if graded[key].get("solution")}
        tests = {name: cells[test_id(name)] for name in exercises}
        return cls(
            cells,
            exercises,
            tests,
            {key: cell for key, cell in cells.items() if not graded[key]},
            {name: plain(cell.source) for name, cell in exercises.items()},
            {name: plain(cell.source) for name, cell in tests.items()},
        )


class Claim(IntEnum):
    """How well a cell fits an exercise, from worst to best."""

    MISLABELLED = 1  # it has the exercise's id, but defines another exercise
    STUB_COPY = 2  # the untouched stub, without its id
    STUB = 3
    CELL_ID = 4  # some other text, with its cell id
    GRADE_ID = 5
    DEFINED_LATE = 6  # it defines the exercise's name, without its id, below the test
    DEFINED = 7
    DEFINED_CELL_ID = 8
    DEFINED_GRADE_ID = 9


BY_NAME = {Claim.DEFINED, Claim.DEFINED_LATE}
BY_ID = set(Claim) - BY_NAME - {Claim.MISLABELLED, Claim.STUB_COPY}


@dataclass
class Match:
    """Where each cell of the lesson was found, by position in the submission."""

    roles: dict[str, int] = field(default_factory=dict)  # the cell that counts for an exercise
    guesses: set[str] = field(default_factory=set)  # of the roles, those that only likeness speaks for
    checks: dict[str, list[int]] = field(default_factory=dict)  # every copy of an exercise's test
    kept: set[int] = field(default_factory=set)  # copies of a test that hold something else as well
    given: dict[int, str] = field(default_factory=dict)  # position -> id of the given cell
    notes: list[Note] = field(default_factory=list)


def match(original: Original, pieces: Sequence[Piece]) -> Match:
    """Find the cells of a lesson among those handed in. Time: cells handed in × exercises, at worst."""
    found = Match()
    find_tests(found, original, pieces)
    find_exercises(found, original, pieces)
    find_given(found, original, pieces)
    return found


def identity(piece: Piece, among: Iterable[str]) -> str:
    """The id, of those given, that a cell carries: its grade id before its cell id; "" for none."""
    among = set(among)
    return next((key for key in (piece.grade_id, piece.id) if key in among), "")


def find_tests(found: Match, original: Original, pieces: Sequence[Piece]) -> None:
    """The copies of each test, by their text or their id, and what is wrong with them."""
    by_text = {text: name for name, text in original.checks.items()}
    by_id = {test_id(name): name for name in original.tests}
    givens = {plain(cell.source) for cell in original.given.values()}
    for position, piece in enumerate(pieces):
        name = by_text.get(piece.plain) or by_id.get(identity(piece, by_id), "")
        if not name:
            continue
        found.checks.setdefault(name, []).append(position)
        if piece.plain != original.checks[name] and (
            piece.names & original.exercises.keys() or piece.plain in givens
        ):
            found.kept.add(position)
    for name, positions in found.checks.items():
        found.notes += faults_of_test(original, name, [pieces[position] for position in positions])


def faults_of_test(original: Original, name: str, copies: list[Piece]) -> list[Note]:
    """What was repaired in the copies of a test, and what looks as if someone meant to cheat."""
    notes = []
    released = original.tests[name].metadata["nbgrader"]
    for piece in copies:
        if piece.plain != original.checks[name]:
            notes.append(Note("the test was edited: restored", name, suspicion=True))
        elif piece.kind != "code":
            notes.append(Note(f"the test was turned into a {piece.kind} cell: restored", name))
        elif not piece.grade_id:
            notes.append(Note("the test had lost nbgrader's metadata: restored", name))
        elif piece.grade_id != released["grade_id"]:
            notes.append(Note("the test carried another cell's id: restored", name))
        if piece.grade_id == released["grade_id"] and (changed := changes(piece.nbgrader, released)):
            notes.append(Note(f"the test's metadata was edited ({changed}): restored", name, suspicion=True))
    if len(copies) > 1:
        notes.append(Note(f"the test stood there {len(copies)} times: once kept", name))
    return list(dict.fromkeys(notes))


def changes(nbgrader: dict[str, Any], released: dict[str, Any]) -> str:
    """Which fields of nbgrader's metadata say something else than in the release, in words."""
    fields = ("points", "grade", "solution", "locked")
    said = {key: nbgrader[key] for key in fields if key in nbgrader and key in released}
    return ", ".join(
        f"{key}: {str(value)[:12] if isinstance(value, int | float | str) else 'nonsense'}"
        for key, value in said.items()
        if value != released[key]
    )


def find_exercises(found: Match, original: Original, pieces: Sequence[Piece]) -> None:
    """The cell that counts for each exercise: the best claim first, the last cell where claims are equal."""
    tests = {position for positions in found.checks.values() for position in positions} - found.kept
    givens = {plain(cell.source) for cell in original.given.values()}
    claims: list[tuple[Claim, int, str]] = []
    for position, piece in enumerate(pieces):
        if position not in tests:
            claims += [
                (claim, position, name)
                for name, claim in claims_of(found, original, piece, position, piece.plain in givens)
            ]
    taken: dict[int, str] = {}
    best: dict[str, Claim] = {}
    for claim, position, name in sorted(claims, reverse=True):
        if name not in best and position not in taken:
            best[name], taken[position], found.roles[name] = claim, name, position
    for name in [name for name in original.exercises if name not in best]:
        free = [
            position
            for position, piece in enumerate(pieces)
            if position not in taken
            and position not in tests
            and piece.kind == "code"
            and piece.plain not in givens
            and not piece.names & original.exercises.keys()
        ]
        if (likest := most_alike(original.stubs[name], pieces, free)) is not None:
            taken[likest], found.roles[name] = name, likest
            found.guesses.add(name)
    rivals: dict[str, list[Claim]] = defaultdict(list)
    for claim, position, name in claims:
        if taken.get(position, name) == name:
            rivals[name].append(claim)
    for name in original.exercises:
        if name in found.roles:
            piece = pieces[found.roles[name]]
            found.notes += how_found(original, name, piece, best.get(name), rivals[name])


def claims_of(
    found: Match, original: Original, piece: Piece, position: int, given: bool
) -> list[tuple[str, Claim]]:
    """The exercises that a cell may be the answer to."""
    defined = piece.names & original.exercises.keys()
    mine = identity(piece, original.exercises)
    by_grade_id = mine == piece.grade_id
    claims = {}
    for name in defined if not given else ():
        if piece.plain == original.stubs[name]:
            claims[name] = Claim.STUB_COPY
        elif name == mine:
            claims[name] = Claim.DEFINED_GRADE_ID if by_grade_id else Claim.DEFINED_CELL_ID
        elif piece.kind == "code" or mine or starts_like(original.stubs[name], piece):
            late = found.checks.get(name, [position])[0] < position
            claims[name] = Claim.DEFINED_LATE if late else Claim.DEFINED
    if mine and piece.plain == original.stubs[mine]:
        claims[mine] = Claim.STUB
    elif mine and mine not in claims:
        claims[mine] = Claim.MISLABELLED if defined else Claim.GRADE_ID if by_grade_id else Claim.CELL_ID
    return list(claims.items())


def starts_like(stub: str, piece: Piece) -> bool:
    """Whether a cell that is no code any more has the first line of a stub, and is not prose about it."""
    return stub.split("\n")[0] in piece.plain.split("\n") and "```" not in piece.text


def most_alike(stub: str, pieces: Sequence[Piece], positions: Iterable[int]) -> int | None:
    """The cell most like a stub, the last of equals; None where none is like it."""
    best, found = float(ALIKE), None
    for position in positions:
        likeness = fuzz.ratio(stub[:COMPARED], pieces[position].plain[:COMPARED], score_cutoff=best)
        if likeness >= best:
            best, found = likeness, position
    return found


def how_found(
    original: Original, name: str, piece: Piece, claim: Claim | None, rivals: list[Claim]
) -> list[Note]:
    """What there is to say about the cell that counts for an exercise."""
    notes = []
    carried = identity(piece, original.exercises)
    said: tuple[str, Sure] | None = None
    if claim is None:
        said = "matched by likeness to the stub: its cell had lost its ids", "guess"
    elif claim is Claim.MISLABELLED:
        other = min(piece.names & original.exercises.keys())
        said = f"its cell defines {other} instead", "guess"
    elif carried and carried != name:
        said = f"its cell carried the id of {carried}: matched by what it defines", "likely"
    elif claim in (Claim.CELL_ID, Claim.DEFINED_CELL_ID) or (claim is Claim.STUB and not piece.grade_id):
        said = "its cell had lost nbgrader's metadata: matched by cell id", "certain"
    elif claim is Claim.STUB_COPY:
        said = "its cell had lost nbgrader's metadata: matched by the text of the stub", "certain"
    elif claim in (Claim.DEFINED, Claim.DEFINED_LATE):
        said = "answered in a cell without its id: matched by what it defines", "likely"
    if said:
        notes.append(Note(said[0], name, said[1]))
    for group in (BY_ID, BY_NAME):
        equals = sum(rival in group for rival in rivals)
        if claim in group and equals > 1:
            text = f"{equals} cells could be it: the last that defines it and differs from the stub counts"
            notes.append(Note(text, name, "likely"))
    if piece.kind != "code":
        notes.append(Note(f"its cell was turned into {piece.kind}: turned back into code", name))
    if piece.grade_id == name and (
        changed := changes(piece.nbgrader, original.exercises[name].metadata["nbgrader"])
    ):
        notes.append(Note(f"its cell's metadata was edited ({changed}): restored", name))
    return notes


def find_given(found: Match, original: Original, pieces: Sequence[Piece]) -> None:
    """The given cells: by their text, where their ids agree first; an edited one by its id."""
    used = set(found.roles.values())
    used |= {position for positions in found.checks.values() for position in positions} - found.kept
    free = {position: piece for position, piece in enumerate(pieces) if position not in used}
    by_text: dict[str, list[int]] = defaultdict(list)
    for position, piece in free.items():
        by_text[piece.plain].append(position)
    texts = {key: plain(cell.source) for key, cell in original.given.items()}
    missing = dict(texts)

    def settle(position: int, key: str) -> None:
        found.given[position] = key
        del missing[key], free[position]

    for key, text in texts.items():
        same = [position for position in by_text[text] if position in free and pieces[position].id == key]
        if text and same:
            settle(same[0], key)
    for key, text in list(missing.items()):
        same = [position for position in by_text[text] if position in free]
        if text and same:
            settle(same[0], key)
    for position, piece in list(free.items()):
        key = piece.id
        if key in missing and fuzz.ratio(piece.plain[:COMPARED], missing[key][:COMPARED]) >= SAME_CELL:
            settle(position, key)
