"""`fasttrack update`: a newer course into the learner's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fasttrack.lab import LabError
from fasttrack.learner import update
from fasttrack.terminal import refuse, say


def command(
    work: Annotated[Path, typer.Option(help="Folder of your own copies of the notebooks.")] = Path("work"),
) -> None:
    """Bring your lessons to the installed release and keep all you wrote.

    Close the notebooks in JupyterLab first.
    Answers stay with their exercises, your own cells where they are.
    The old files go to WORK/.backup. A second run changes nothing.
    """
    if not work.is_dir():
        refuse(
            f"{work}: no such folder; run `fasttrack lab` first, or say where your lessons are with --work"
        )
    try:
        done = update.update(work)
    except LabError as error:
        refuse(str(error))
    for line in update.lines(done) or [f"{work} is up to date."]:
        say(line)
