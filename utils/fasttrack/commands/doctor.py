"""`fasttrack doctor`: what of this machine is fine for the course, and what to do about the rest."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fasttrack.terminal import complain, out, say

WIDTH = 13  # of the first column, in characters
STYLES = {"✓": "green", "!": "yellow", "✗": "red"}
PLAIN = {"✓": "ok", "!": "!", "✗": "NO"}  # where the terminal cannot write the marks


def command(
    work: Annotated[Path, typer.Option(help="Folder of your own copies of the notebooks.")] = Path("work"),
) -> None:
    """Look at Python, PyTorch, packages, memory and the rest, and say what to do where something is wrong.

    ✓ is fine, ! is worth knowing, ✗ stands in the way of working; with any ✗ the exit code is 1. Nothing is
    changed, and nothing is asked of the network.
    """
    try:
        from fasttrack.doctor import Mark, examine
    except ModuleNotFoundError as error:  # packaging, without which no requirement can be read
        complain(f"{error.name} is not installed; run: {sys.executable} -m pip install {error.name}")
        raise typer.Exit(1) from None

    problems = 0
    for finding in examine(work):
        problems += finding.mark is Mark.WRONG
        out.print(shown(finding.mark), style=STYLES[finding.mark], end=" ", markup=False)
        say(f"{finding.what:<{WIDTH}} {finding.found}")
        if finding.do:
            say(f"{' ' * (WIDTH + len(shown(finding.mark)) + 2)}{finding.do}", style="bold")
    if problems:
        many = "1 thing stands" if problems == 1 else f"{problems} things stand"
        say(f"\n{many} in the way. Below each ✗ is what to do.".replace("✗", shown("✗")), style="red")
        raise typer.Exit(1)
    say("\nAll you need is here. Begin with: fasttrack lab", style="green")


def shown(mark: str) -> str:
    """The mark, in letters if the terminal's encoding does not have it."""
    try:
        "".join(PLAIN).encode(out.encoding)
    except UnicodeEncodeError:
        return f"{PLAIN[mark]:<2}"
    return mark
