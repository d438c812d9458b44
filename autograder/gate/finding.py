"""What the gate and the mutation score hold against a lesson's tests: one rule broken, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """One rule that a test breaks, and where to look. `exercise` is "" for what concerns the whole lesson.

    `rule` is one of: lesson, reference, deterministic, inputs, seed, stub, lazy, raises, right, wrong, answers.
    """

    lesson: str
    exercise: str
    rule: str
    message: str
    path: Path
    line: int
    answer: str = ""

    def __str__(self) -> str:
        what = " · ".join(filter(None, [self.lesson, self.exercise, self.answer]))
        return f"{self.path}:{self.line}: {what}: {self.message}"
