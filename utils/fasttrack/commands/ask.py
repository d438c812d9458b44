"""`fasttrack ask`: a question answered from the lessons."""

from __future__ import annotations

from typing import Annotated

import typer

from fasttrack.terminal import complain, out, say


def command(
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
        out.print(got.text or "No lesson says anything about that.", markup=False)
    except (EndpointError, DataUnavailable) as error:
        problem, sources = str(error), ask.found(question, top)
    except ValueError as error:
        problem, sources = str(error), []
    if problem:
        complain(problem)
    for source in sources:
        line = f"[{source.number}] {source.lesson}: {source.heading}\n    {source.link}"
        say(line, style="bold" if source.cited else "dim")
    if problem:
        raise typer.Exit(2)
