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


@app.command("ask")
def ask_command(
    question: Annotated[str, typer.Argument(help="What you want to know about something in the course.")],
    endpoint: Annotated[
        str,
        typer.Option(envvar="FASTTRACK_ENDPOINT", help="An OpenAI-compatible server, up to and with /v1."),
    ] = "",
    model: Annotated[
        str,
        typer.Option(
            envvar="FASTTRACK_MODEL",
            help="The endpoint's model; without an endpoint one of transformers, by hub name or folder.",
        ),
    ] = "",
    key: Annotated[
        str,
        typer.Option(
            envvar="FASTTRACK_KEY", help="The endpoint's key, if it asks for one.", show_default=False
        ),
    ] = "",
    top: Annotated[int, typer.Option(min=1, max=9, help="How many passages to answer from.")] = 5,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for the endpoint.")] = 60.0,
) -> None:
    """Answer QUESTION from the lessons, with links to them.

    Without an endpoint or a model the answer is made of quotations, and nothing leaves this machine.
    """
    from fasttrack.data import DataUnavailable
    from fasttrack.rag import ask
    from fasttrack.rag.endpoint import EndpointError

    problem = ""
    try:
        reader = ask.choose_reader(endpoint, model, key, timeout)
        got, sources = ask.ask(question, reader, top)
        out.print(got.text or "No lesson says anything about that.", highlight=False, markup=False)
    except (EndpointError, DataUnavailable) as error:
        problem, sources = str(error), ask.found(question, top)
    except ValueError as error:
        problem, sources = str(error), []
    if problem:
        err.print(problem, style="red", markup=False, highlight=False, soft_wrap=True)
    for source in sources:
        line = f"[{source.number}] {source.lesson}: {source.heading}\n    {source.link}"
        style = "bold" if source.cited else "dim"
        out.print(line, style=style, highlight=False, markup=False, soft_wrap=True)
    if problem:
        raise typer.Exit(2)


if __name__ == "__main__":
    app()
