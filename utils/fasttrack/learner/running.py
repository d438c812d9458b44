"""Every test of a notebook, run in a fresh kernel: what grading would find, without hidden tests and without a sandbox.

All code cells run in their order, demo cells aside; a cell that fails does not stop the rest. A test runs as it was
released, whatever stands in the learner's copy of it. Calls that an exercise forbids are looked for in its cell; left
out: those that only show when the code runs, which grading notices.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from fasttrack.learner.kernel import Kernel, KernelGone, Ran
from fasttrack.learner.notebook import Exercise, Notebook, untouched
from fasttrack.learner.standing import State, codes

IMPORTING = (
    120.0  # seconds that a cell before the first exercise has at least: that is where torch is imported
)
SHOWN = 12  # lines of an error's message
ENDLESS = "not done"


@dataclass(frozen=True)
class Result:
    """How one exercise's test ended; `code` stands for all that was run until then."""

    name: str
    state: State
    points: int
    message: str = ""
    code: str = ""


@dataclass(frozen=True)
class Failure:
    """A cell that is no exercise and no test and failed, or any that ended the kernel; and why."""

    label: str
    message: str


@dataclass(frozen=True)
class Step:
    """One code cell to run, and the exercise whose cell or test it is."""

    source: str
    label: str
    answers: str = ""
    tests: str = ""
    code: str = ""


def plan(
    mine: Notebook, exercises: dict[str, Exercise], wanted: Collection[str], released: Notebook | None
) -> list[Step]:
    """The code cells in order, to the last that is needed for the exercises in `wanted`; of the tests, only theirs.

    A test whose cell is gone comes last, if the exercise is there.
    """
    originals = released.released_exercises() if released else {}
    answers = {id(one.cell): name for name, one in exercises.items() if one.cell}
    tests = {id(one.test): name for name, one in exercises.items() if one.test}
    code = codes(mine)
    steps = []
    for position, cell in mine.code():
        name, answer = tests.get(id(cell), ""), answers.get(id(cell), "")
        original = originals[name].test if name in originals else None
        source = original.source if original else cell.source
        first = next((line for line in cell.source.splitlines() if line.strip()), "")
        label = f"cell {position + 1}, `{first if len(first) <= 40 else first[:39] + '…'}`"
        if name or answer:
            label = f"the test of {name}" if name else f"the cell of {answer}"
        if name in wanted or not (name or cell.is_demo):
            steps.append(Step(source, label, answer, name, code[id(cell)]))
    if len(wanted) < len(exercises):
        needed = [at for at, step in enumerate(steps, 1) if step.tests or step.answers in wanted]
        steps = steps[: max(needed, default=0)]
    for name in wanted:
        original = originals[name].test if name in originals else None
        if exercises[name].cell and not exercises[name].test and original:
            steps.append(Step(original.source, f"the test of {name}", tests=name))
    return steps


def run(
    mine: Notebook,
    exercises: dict[str, Exercise],
    wanted: Collection[str],
    released: Notebook | None,
    folder: Path,
    limit: float,
) -> Iterator[Result | Failure]:
    """Run the notebook; yields the result of each exercise in `wanted` as soon as its test has run. Raises NoKernel.

    `exercises` says which cells are what; `limit` is in seconds for each cell. Of other cells those that fail are
    told, unless an exercise before them is not passed, or not tested: that is then why.
    """
    originals = released.released_exercises() if released else exercises
    points = {name: one.test.points if one.test else 0 for name, one in originals.items()}
    steps = plan(mine, exercises, wanted, released)
    waiting = [step.tests for step in steps if step.tests]
    broken: dict[str, str] = {}  # by exercise: what is wrong with its cell, if anything
    for name in wanted:
        if exercises[name].cell is None:
            yield Result(name, State.MISSING, points[name], "its cell is not in the notebook")
    with Kernel(folder) as kernel:
        begun = False
        held: list[Failure] = []  # until the next test tells whether the exercise is the cause
        spoiled = False
        for step in steps:
            begun = begun or bool(step.answers or step.tests)
            patience = limit if begun else max(limit, IMPORTING)
            try:
                ran = kernel.run(step.source, patience)
            except KernelGone as gone:
                yield Failure(step.label, f"{gone}; nothing after it was run")
                for name in waiting:
                    yield Result(name, State.NOT_RUN, points[name])
                return
            told = problem(ran, patience)
            if name := step.tests:
                waiting.remove(name)
                if exercises[name].cell is not None:
                    state, message = verdict(exercises[name], ran, told, broken.get(name, ""))
                    if call := forbidden(mine, exercises[name], originals[name]):
                        state, message = State.FORBIDDEN, call
                    spoiled = spoiled or state is not State.PASSED
                    yield from [] if spoiled else held
                    held = []
                    yield Result(name, state, points[name], message, step.code)
            elif step.answers:
                broken[step.answers] = told
                spoiled = spoiled or step.answers not in wanted
            elif told and begun:
                held.append(Failure(step.label, told))
            elif told:
                yield Failure(step.label, told)
        yield from [] if spoiled else held


def verdict(exercise: Exercise, ran: Ran, told: str, broken: str) -> tuple[State, str]:
    """What a test's run says about its exercise; `told` and `broken` are what was wrong with test and cell."""
    assert exercise.cell is not None
    if not told:
        return State.PASSED, ""
    if untouched(exercise.cell):
        return State.NOT_WRITTEN, ""
    if broken:
        return State.TIMEOUT if broken.startswith(ENDLESS) else State.ERROR, f"its cell: {broken}"
    if ran.timed_out:
        return State.TIMEOUT, f"its test: {told}"
    if ran.ename == "NotWritten":
        return State.NOT_WRITTEN, ran.evalue if "builds on" in ran.evalue else ""
    return (State.WRONG, ran.evalue) if ran.ename == "CheckFailed" else (State.ERROR, told)


def problem(ran: Ran, limit: float) -> str:
    """What went wrong in a run, in words; "" if nothing did."""
    if ran.timed_out:
        return f"{ENDLESS} in {limit:g} s: an endless loop? If it is only slow, allow more with --timeout"
    if not ran.ename:
        return ""
    said = re.sub(r"\(\w+\.py, line (\d+)\)$", r"(line \1)", ran.evalue)  # the kernel's name for the cell
    lines = f"{ran.ename}: {said}".rstrip(": ").splitlines()
    return "\n".join([*lines[:SHOWN], *(["…"] if len(lines) > SHOWN else [])])


def forbidden(mine: Notebook, exercise: Exercise, original: Exercise) -> str:
    """The first call in a cell that defines the exercise which the lesson forbids there, in words; "" if none."""
    calls = original.cell.forbid if original.cell else []
    if not calls:
        return ""
    from fasttrack.forbid import uses  # needs IPython, as the kernel does

    before: list[str] = []
    for _, cell in mine.code():
        if cell.is_demo or cell.is_test:
            continue
        if cell is exercise.cell or exercise.name in cell.defines:
            for call, line in uses(cell.source, calls, before):
                return f"write it without {call} (line {line} of its cell)"
        before.append(cell.source)
    return ""
