"""The terminal that commands write to: plain lines to one side, errors to the other."""

from __future__ import annotations

from typing import NoReturn

import typer
from rich.console import Console

out, err = Console(highlight=False), Console(stderr=True, highlight=False)


def say(text: str, style: str | None = None) -> None:
    """A line as it is: no markup is read in it, and the terminal wraps it, not we."""
    write(out, text, style)


def complain(text: str) -> None:
    """A line of what went wrong, to stderr."""
    write(err, text, "red")


def write(console: Console, text: str, style: str | None) -> None:
    """What the terminal has no character for is shown as "?"."""
    known = text.encode(console.encoding, "replace").decode(console.encoding)
    console.print(known, style=style, markup=False, soft_wrap=True)


def refuse(text: str) -> NoReturn:
    """Say what is wrong with what was asked for, and end with exit code 2."""
    complain(text)
    raise typer.Exit(2)
