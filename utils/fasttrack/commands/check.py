"""`fasttrack check`: all tests of a notebook, outside Jupyter."""

from __future__ import annotations

import contextlib
import textwrap
from pathlib import Path
from typing import Annotated

import typer

from fasttrack.lab import LabError
from fasttrack.learner import checking, kernel, running
from fasttrack.learner import notebook as notebooks
from fasttrack.learner.standing import State
from fasttrack.terminal import refuse, say


def lessons(ctx: typer.Context, incomplete: str) -> list[str]:
    """For the shell's completion: the lessons in the work folder."""
    work = Path(ctx.params.get("work") or "work")
    names = [path.relative_to(work).with_suffix("").as_posix() for path in sorted(work.glob("*/*.ipynb"))]
    return [name for name in names if name.startswith(incomplete)]


def exercises(ctx: typer.Context, incomplete: str) -> list[str]:
    """For the shell's completion: the exercises of the notebook named before."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        found = notebooks.read(checking.find(ctx.params["notebook"], Path(ctx.params.get("work") or "work")))
        return [name for name in found.released_exercises() if name.startswith(incomplete)]
    return []


def command(
    notebook: Annotated[
        str,
        typer.Argument(
            help="A notebook, or a lesson of yours by name: 01_tensors/02_autograd.", autocompletion=lessons
        ),
    ],
    exercise: Annotated[
        str | None,
        typer.Argument(
            help="Only this exercise; the cells before it run all the same.", autocompletion=exercises
        ),
    ] = None,
    work: Annotated[Path, typer.Option(help="Folder of your own copies of the notebooks.")] = Path("work"),
    timeout: Annotated[
        float,
        typer.Option(min=0.1, help="Seconds that a cell may run; imports above the first exercise have 120."),
    ] = 60.0,
) -> None:
    """Run all tests of NOTEBOOK in a fresh kernel and say of each exercise what is right or wrong.

    Save it in JupyterLab first; it is only read. Demo cells are skipped.
    A cell that fails does not stop the rest.
    `fasttrack status` knows the result until you change the code.
    Exit code: 0 if all is passed, 1 if not, 2 if it cannot be run.
    """
    try:
        passed = report(checking.prepare(notebook, exercise, work), timeout)
    except (ValueError, LabError, kernel.NoKernel) as error:
        refuse(str(error))
    raise typer.Exit(0 if passed else 1)


def report(job: checking.Job, timeout: float) -> bool:
    """Run and print, each exercise as soon as its test has run; whether all is passed."""
    say(f"running {job.path} in a fresh kernel", "dim")
    width = max(map(len, job.wanted))
    for found in job.run(timeout):
        if isinstance(found, running.Result):
            show(found, width)
        else:
            say(f"{found.label}: {found.message}", "yellow")
    passed = [one for one in job.results if one.state is State.PASSED]
    points = sum(one.points for one in job.results)
    say(
        f"\n{len(passed)} of {len(job.results)} passed, {sum(one.points for one in passed)} of {points} points",
        "bold",
    )
    return len(passed) == len(job.results)


def show(result: running.Result, width: int) -> None:
    """A line for the exercise, and what its test says below."""
    earned = result.points if result.state is State.PASSED else 0
    style = {State.PASSED: "green", State.NOT_WRITTEN: "dim"}.get(result.state, "red")
    say(f"{result.name:<{width}}  {f'{earned}/{result.points}':>5}  {result.state}", style)
    message = textwrap.dedent(result.message.removeprefix(f"{result.name}: not right yet\n"))
    for line in message.splitlines():
        say(f"    {line}")
