"""The command `fasttrack`: what a learner types. Each command is a module of `fasttrack.commands`."""

from __future__ import annotations

import typer

from fasttrack.commands import ask, cards, check, data, doctor, lab, status, update

HELP = """\
LLM FastTrack: graded notebooks from tensors to a retrieval-augmented assistant.

\b
1. fasttrack lab               write your answers, run the test under each
2. fasttrack status            what is passed, and where to go next
3. fasttrack check 01_tensors  every test of a lesson, in a fresh kernel

Stuck? fasttrack ask "why divide by the square root of d_k?", or fasttrack COMMAND --help.
"""

app = typer.Typer(name="fasttrack", no_args_is_help=True, pretty_exceptions_enable=False, help=HELP)

app.command("lab")(lab.command)
app.command("status")(status.command)
app.command("check")(check.command)
app.command("update")(update.command)
app.command("ask")(ask.command)
app.command("doctor")(doctor.command)
app.add_typer(data.app, name="data")
app.command("cards")(cards.command)


if __name__ == "__main__":
    app()
