"""Where everything of a course lies: the folders of the repository, and the lessons in them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


class CourseError(Exception):
    """Something in the course or in the command is not as it must be; the message is for a person."""


@dataclass(frozen=True)
class Course:
    """The repository of a course, by its root folder."""

    root: Path

    @classmethod
    def here(cls, start: Path | None = None) -> Course:
        """The course that `start` (default: the working directory) lies in.

        Raises CourseError outside of one.
        """
        start = (start or Path.cwd()).resolve()
        for folder in [start, *start.parents]:
            if (folder / "pyproject.toml").is_file() and (folder / "solutions").is_dir():
                return cls(folder)
        raise CourseError(f"{start}: no course here; run this inside the repository (it has solutions/)")

    @property
    def solutions(self) -> Path:
        return self.root / "solutions"

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @property
    def text(self) -> Path:
        """The course text, one JSON file a lesson, where `fasttrack.data.course` reads it."""
        return self.root / "utils" / "fasttrack" / "data" / "bundled" / "course"

    @property
    def grading(self) -> Path:
        """nbgrader's course directory: source, submitted, autograded, feedback, gradebook."""
        return self.root / "autograder"

    @property
    def answers(self) -> Path:
        return self.grading / "answers"

    @cached_property
    def repository(self) -> str:
        """The public address of the repository, from pyproject.toml."""
        project = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return str(project["urls"]["Repository"])

    def lessons(self, wanted: list[str] | None = None) -> list[str]:
        """Names of lessons (`unit/lesson`) in course order, all or those `wanted`.

        `wanted` takes `unit/lesson`, a unit, or a path to any of a lesson's files. Raises CourseError for one
        that is not there.
        """
        every = sorted(
            str(path.relative_to(self.solutions).with_suffix("")) for path in self.solutions.glob("*/*.py")
        )
        if not wanted:
            return every
        chosen = set()
        for name in wanted:
            parts = Path(name).with_suffix("").parts[-2:]
            lesson = "/".join(parts)  # first: 01_tensors/01_tensors is not the unit 01_tensors
            found = [lesson] if lesson in every else [one for one in every if one.split("/")[0] == parts[-1]]
            if not found:
                raise CourseError(f"{name}: no such lesson or unit; there are: {', '.join(every) or 'none'}")
            chosen.update(found)
        return [lesson for lesson in every if lesson in chosen]

    def source(self, lesson: str) -> Path:
        """The file an author edits."""
        return self.solutions / f"{lesson}.py"
