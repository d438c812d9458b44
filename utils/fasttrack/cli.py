"""The command `fasttrack`: what a learner types."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from fasttrack import lab

app = typer.Typer(
    name="fasttrack",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="LLM FastTrack: graded notebooks from tensors to a retrieval-augmented assistant.",
)
out, err = Console(), Console(stderr=True)


@app.callback()
def main() -> None:
    """Keep `lab` a command of its own while it is the only one."""


@app.command("lab")
def lab_command(
    work: Annotated[Path, typer.Option(help="Folder of your own copies of the notebooks.")] = Path("work"),
    port: Annotated[
        int | None, typer.Option(help="Port to serve on; the first free one from 8888 by default.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> None:
    """Copy the lessons you do not have yet into WORK and open JupyterLab on the first one.

    Your own files are never overwritten.
    """
    try:
        for path in lab.copy_lessons(work):
            out.print(f"new in {work}: {path.relative_to(work)}", highlight=False, markup=False)
        launch = lab.Launch.prepare(work, port, browser)
    except lab.LabError as error:
        err.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None
    out.print(f"\nLLM FastTrack is at  {launch.url}\nStop it with Ctrl-C.\n", highlight=False, soft_wrap=True)
    os.execve(launch.command[0], launch.command, launch.environment)


if __name__ == "__main__":
    app()
