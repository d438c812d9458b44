"""What a probe of `fasttrack doctor` says, and how commands are written for the reader's own Python."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

GB = 1e9


class Mark(StrEnum):
    """How much a finding matters to someone who wants to work on the lessons."""

    FINE = "✓"
    NOTE = "!"  # one can work; something is slower, or only some can use it
    WRONG = "✗"  # one cannot work


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, what was found, and in `do`, unless it is fine, the command or deed that helps."""

    mark: Mark
    what: str
    found: str
    do: str = ""


def fine(what: str, found: str) -> Finding:
    return Finding(Mark.FINE, what, found)


def note(what: str, found: str, do: str = "") -> Finding:
    return Finding(Mark.NOTE, what, found, do)


def wrong(what: str, found: str, do: str) -> Finding:
    return Finding(Mark.WRONG, what, found, do)


def pip_install(*requirements: str) -> str:
    """The command that installs `requirements` for this Python, whichever `pip` the shell would find."""
    quoted = " ".join(f'"{requirement}"' for requirement in requirements)
    return f"{python()} -m pip install {quoted}"


def python(executable: str = sys.executable) -> str:
    """How to call this Python from here: `python` if the shell finds it so, else its path, relative if it is below."""
    if shutil.which("python") == executable:
        return "python"
    path = Path(executable)
    here = Path.cwd()
    text = str(path.relative_to(here) if path.is_relative_to(here) else path)
    return subprocess.list2cmdline([text]) if os.name == "nt" else shlex.quote(text)


def size(count: float) -> str:
    """Bytes as people say them: "24.1 GB", "1.1 MB", "228 kB"."""
    for unit, bytes_ in (("GB", 1e9), ("MB", 1e6)):
        if count >= bytes_:
            return f"{count / bytes_:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"
