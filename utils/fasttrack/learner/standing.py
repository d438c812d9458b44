"""How far a learner is, read from the notebooks and the outputs of their last runs; nothing is run.

An exercise counts as passed when its cell is not the stub any more and its test's last output is the success line and
no error. A notebook does not say whether a cell was changed after it ran. Two things do: an exercise's cell with a
higher run number than its test was run again since, so the test's output is out of date; and a result of
`fasttrack check` holds as long as the code it ran is the same, and then goes before the outputs, except that a test
which was too slow for `check` and has passed in Jupyter is passed. Left out: calls that an exercise forbids, which
`check` and grading look for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from fasttrack import lab
from fasttrack.learner import records
from fasttrack.learner.notebook import Exercise, Notebook, Unreadable, digest, read, text, untouched


class State(StrEnum):
    """Where an exercise stands; the words are what the learner reads."""

    PASSED = "passed"
    WRONG = "wrong"
    ERROR = "error"
    TIMEOUT = "timed out"
    FORBIDDEN = "uses what it must not"
    NOT_WRITTEN = "not written yet"
    UNTESTED = "written, but its test was not run since"
    NOT_RUN = "not run"  # the kernel had to be stopped before
    MISSING = "not in your notebook"


@dataclass(frozen=True)
class Standing:
    """One lesson in the learner's folder: each exercise's state and points, and what is wrong with the file."""

    lesson: str
    states: dict[str, State]
    points: dict[str, int]
    started: bool = False
    problem: str = ""

    @property
    def passed(self) -> int:
        return sum(state is State.PASSED for state in self.states.values())

    @property
    def earned(self) -> int:
        return sum(self.points[name] for name, state in self.states.items() if state is State.PASSED)

    @property
    def possible(self) -> int:
        return sum(self.points.values())

    @property
    def done(self) -> bool:
        return self.passed == len(self.states)

    @property
    def next(self) -> str:
        """The first exercise that is not passed; "" if all are."""
        return next((name for name, state in self.states.items() if state is not State.PASSED), "")


def standings(work: Path) -> list[Standing]:
    """Every lesson of the course as it stands in `work`. Raises LabError if there is no course."""
    return [standing(work, lesson, read(path)) for lesson, path in lab.lessons().items()]


def standing(work: Path, lesson: str, released: Notebook) -> Standing:
    """One lesson: the learner's file beside the released one, which says what there is to do and for how much."""
    exercises = released.released_exercises()
    points = {name: one.test.points if one.test else 0 for name, one in exercises.items()}
    path = work / f"{lesson}.ipynb"
    if not path.exists():
        return Standing(lesson, dict.fromkeys(exercises, State.NOT_WRITTEN), points)
    try:
        mine = read(path)
    except Unreadable as error:
        return Standing(lesson, dict.fromkeys(exercises, State.MISSING), points, problem=str(error))
    found = mine.exercises(released)
    if all(one.cell is None and one.test is None for one in found.values()):
        told = (
            f"it holds {mine.lesson}" if mine.lesson not in ("", lesson) else "it holds none of the exercises"
        )
        return Standing(lesson, dict.fromkeys(exercises, State.MISSING), points, problem=told)
    checked = records.checked(work, lesson)
    code = codes(mine)
    states = {}
    for name, one in found.items():
        states[name] = state_of(one)
        known = checked.get(name)
        if known and one.test and code.get(id(one.test)) == known.code and known.outcome in list(State):
            slow = known.outcome == State.TIMEOUT and states[name] is State.PASSED
            states[name] = State.PASSED if slow else State(known.outcome)
    started = any(cell.count for cell in mine.cells) or any(
        state not in (State.NOT_WRITTEN, State.MISSING) for state in states.values()
    )
    return Standing(lesson, states, points, started)


def state_of(exercise: Exercise) -> State:
    """Where an exercise stands by the last outputs of its test."""
    cell, test = exercise.cell, exercise.test
    if cell is None:
        return State.MISSING
    if untouched(cell):
        return State.NOT_WRITTEN
    if test is None or not test.outputs or cell.count > test.count:
        return State.UNTESTED
    errors = [output for output in test.outputs if output.get("output_type") == "error"]
    if errors:
        raised = errors[-1].get("ename")
        return {"NotWritten": State.NOT_WRITTEN, "CheckFailed": State.WRONG}.get(str(raised), State.ERROR)
    return State.PASSED if says_correct(exercise) else State.UNTESTED


def says_correct(exercise: Exercise) -> bool:
    """Whether the test printed the line that a check prints on success."""
    assert exercise.test is not None
    printed = "".join(
        text(output.get("text")) for output in exercise.test.outputs if output.get("name") == "stdout"
    )
    return any(line.startswith(f"{exercise.name}: correct (") for line in printed.splitlines())


def codes(notebook: Notebook) -> dict[int, str]:
    """For each code cell, by `id()`, what stands for all the code that a fresh run has run after it."""
    found, so_far = {}, ""
    for _, cell in notebook.code():
        if not cell.is_demo:
            so_far = digest(so_far + digest(cell.source))
        found[id(cell)] = so_far
    return found


def next_lesson(every: list[Standing]) -> Standing | None:
    """Where to go on: the last lesson begun, if something is left in it, else the first after it, else before it."""
    begun = [place for place, one in enumerate(every) if one.started]
    start = begun[-1] if begun else 0
    return next((one for one in every[start:] + every[:start] if not one.done), None)
