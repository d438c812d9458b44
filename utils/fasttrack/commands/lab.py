"""`fasttrack lab`: open the course in JupyterLab."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from fasttrack import lab
from fasttrack.learner import update
from fasttrack.terminal import refuse, say


def command(
    work: Annotated[Path, typer.Option(help="Folder of your own copies of the notebooks.")] = Path("work"),
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port to serve on; the first free one from 8888 by default."),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> None:
    """Open your lessons in JupyterLab.

    Lessons you do not have yet are copied into WORK.
    Those you have are brought to the installed release, all you wrote is kept:
    see `fasttrack update --help`.
    """
    try:
        for line in update.lines(update.update(work)):
            say(line)
        launch = lab.Launch.prepare(work, port, browser)
    except lab.LabError as error:
        refuse(str(error))
    say(f"\nLLM FastTrack is at  {launch.url}\nStop it with Ctrl-C.\n")
    os.execve(launch.command[0], launch.command, launch.environment)
