"""What commands print: on any terminal, whatever is in it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from fasttrack import terminal


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_a_line_is_printed_as_it_is_on_any_terminal(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding, newline="")
    monkeypatch.setattr(terminal, "out", Console(file=file, width=20, highlight=False))
    terminal.say("[bold]a line longer than the terminal is wide[/] █ \ud800")
    file.seek(0)
    block = "█" if encoding == "utf-8" else "?"
    assert file.read() == f"[bold]a line longer than the terminal is wide[/] {block} ?\n"
