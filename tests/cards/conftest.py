"""A small course with recap cards, and a clock that the tests set."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

RECAP = """## Recap

**Q:** What does `view` do?\\
**A:** It shares *storage*: $x_1 < y$ and `a < b`.
It copies nothing.

**Q:** Which loss, `{name}`?\\
**A:** ln 27."""


def write_lesson(folder: Path, lesson: str, recap: str, title: str = "Some lesson") -> None:
    cells = [
        {"cell_type": "markdown", "source": [f"# {title}\n", "\n", "Prose"]},
        {"cell_type": "code", "source": ["## Recap\n"]},
        {"cell_type": "markdown", "source": recap.splitlines(keepends=True)},
        {"cell_type": "markdown", "source": ["## Glossary\n\n**Q:** none\\\n**A:** of it"]},
    ]
    path = folder / f"{lesson}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells}), "utf-8")


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """Two lessons of two units with two cards each, of which one question is the same."""
    folder = tmp_path / "released"
    write_lesson(folder, "01_tensors/01_tensors", RECAP.replace("{name}", "first"), "Tensors")
    write_lesson(folder, "02_later/01_more", RECAP.replace("{name}", "second"), "More")
    return folder


class Clock:
    """Stands still at `now` until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 4, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def write() -> Callable[..., None]:
    return write_lesson
