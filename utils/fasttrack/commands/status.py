"""`fasttrack status`: a table of what is passed, and where to go next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from fasttrack.lab import LabError
from fasttrack.learner.standing import Standing, State, next_lesson, standings
from fasttrack.terminal import refuse, say

BAR = 10  # characters
Line = tuple[str, str | None]


def command(
    work: Annotated[Path, typer.Option(help="Folder of your own copies of the notebooks.")] = Path("work"),
) -> None:
    """Show what you have passed in each lesson, your points, and where to go next.

    It reads the outputs of your last runs, so save your notebooks first. Nothing is run.
    """
    if not work.is_dir():
        refuse(
            f"{work}: no such folder; run `fasttrack lab` first, or say where your lessons are with --work"
        )
    try:
        every = standings(work)
    except LabError as error:
        refuse(str(error))
    for line, style in lines(every, work):
        say(line, style)


def lines(every: list[Standing], work: Path) -> Iterator[Line]:
    """The lessons by unit, the sum, what needs attention, and where to go on. At most 80 columns, names permitting."""
    width = max(len(one.lesson.split("/")[1]) for one in every) + 2
    yield f"{'':<{width}}  {'':{BAR}}  exercises     points", "dim"
    for unit, lessons in groupby(every, lambda one: one.lesson.split("/")[0]):
        group = list(lessons)
        yield sums(unit, group, width), "bold"
        for one in group:
            yield row(one, width), style(one)
    yield sums("all", every, width), "bold"
    told = list(attention(every, work))
    yield from [("", None), *told] if told else []
    yield "", None
    yield from where_next(every, work)


def row(one: Standing, width: int) -> str:
    """One lesson; a file that cannot be read says so in its row."""
    name = f"  {one.lesson.split('/')[1]}"
    if one.problem:
        return f"{name:<{width}}  cannot be read, see below"
    full = BAR * one.passed // max(1, len(one.states))
    return sums(name, [one], width, "█" * full + "░" * (BAR - full) if one.started else "")


def style(one: Standing) -> str | None:
    """Red for a file in trouble, green for a lesson that is done, dim for one not begun."""
    if one.problem:
        return "red"
    return "green" if one.done else None if one.started else "dim"


def sums(name: str, group: list[Standing], width: int, bar: str = "") -> str:
    """A row: exercises passed of all, points earned of all."""
    exercises = f"{sum(one.passed for one in group):>4} / {sum(len(one.states) for one in group):<3}"
    points = f"{sum(one.earned for one in group):>4} / {sum(one.possible for one in group)}"
    return f"{name:<{width}}  {bar:<{BAR}}  {exercises} {points}"


def attention(every: list[Standing], work: Path) -> Iterator[Line]:
    """What is written but not passed, or not there: a line for each state and lesson; files in trouble."""
    for one in every:
        if one.problem:
            yield f"{work / one.lesson}.ipynb: {one.problem}", "red"
            continue
        for state in State:
            names = [name for name, found in one.states.items() if found is state]
            if names and state not in (State.PASSED, State.NOT_WRITTEN):
                yield f"{one.lesson}, {state}: {', '.join(names)}", "yellow"


def where_next(every: list[Standing], work: Path) -> Iterator[Line]:
    """The exercise to go on with, or that there is none left."""
    one = next_lesson(every)
    if one is None:
        yield "Every exercise is passed.", "green"
        return
    path = shlex.quote(str(work / f"{one.lesson}.ipynb"))
    if one.problem:
        yield f"next: {path}, once it can be read", "bold"
        return
    yield f"next: {one.next} in {path} ({one.states[one.next]})", "bold"
    if one.started:
        yield f"      fasttrack check {path} runs all its tests", "dim"
