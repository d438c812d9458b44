"""What there is to say of a file that was handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sure = Literal["certain", "likely", "guess"]


class Unreadable(Exception):
    """A file in which no notebook can be found; the message is one line for a person."""


@dataclass(frozen=True)
class Note:
    """One thing that was repaired, or is suspicious, and how sure that is. `exercise` is "" where it is the file."""

    text: str
    exercise: str = ""
    sure: Sure = "certain"
    suspicion: bool = False

    def __str__(self) -> str:
        where = f"{self.exercise}: " if self.exercise else ""
        doubt = "" if self.sure == "certain" else f" ({self.sure})"
        return f"{where}{'suspicious: ' if self.suspicion else ''}{self.text}{doubt}"
