"""What learners handed in, and when it needs grading again."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import re
import stat
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import autograder
import fasttrack
from autograder.course import Course, CourseError
from autograder.judge.sandbox import Limits
from autograder.sanitize.decoding import MAX_BYTES

PACKAGES = ("torch", "numpy", "nbgrader", "ipython")  # whose versions can change a score
# Our own code that can; autograder/ is nbgrader's folder too, with files of learners in it.
OURS = {
    autograder: ("*.py", "inside/*.py", "judge/*.py", "sanitize/*.py"),
    fasttrack: ("*.py", "check/**/*.py", "data/**/*.py", "models/**/*.py"),
}
# What nbgrader's gradebook can hold of a learner's name, and its formgrader show: it does not escape one.
LEARNER = re.compile(r'[^<>"\0-\x1f\x7f-\x9f\ud800-\udfff]{1,128}')


@dataclass(frozen=True)
class Submission:
    """One notebook of one learner: autograder/submitted/WHO/UNIT/LESSON.ipynb."""

    who: str
    lesson: str
    path: Path

    @property
    def unit(self) -> str:
        return self.lesson.split("/")[0]

    def content(self) -> bytes:
        """What the file holds; of one that is too large to be read, as much as shows that.

        Raises OSError for what is no file (a pipe would never end), and for a link out of the learner's own
        folder: to somebody else's answers, or to what a learner may not see; also where that folder's name
        is none for a learner.
        """
        if not LEARNER.fullmatch(self.who):
            raise OSError("the folder's name is too long for a learner's, or holds < > \" or what is no text")
        own = self.path.parents[1].resolve()
        if not self.path.resolve().is_relative_to(own):
            raise OSError(f"it is a link out of {own.name}'s folder")
        opened = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise OSError("it is no file")
            with open(opened, "rb", closefd=False) as file:
                return file.read(MAX_BYTES + 1)
        finally:
            os.close(opened)


def submissions(course: Course, lessons: list[str]) -> list[Submission]:
    """Everything handed in of `lessons`, by learner. Raises CourseError where there is nothing.

    A notebook that is none of the course's lessons is not touched.
    """
    folder = course.grading / "submitted"
    found = [
        Submission(path.parts[-3], lesson, path)
        for lesson in lessons
        for path in folder.glob(f"*/{lesson}.ipynb")
    ]
    if not found:
        raise CourseError(
            f"{folder}: no WHO/UNIT/LESSON.ipynb to grade; `autograder simulate` makes a class to try"
        )
    return sorted(found, key=lambda one: (one.who, one.lesson))


def unknown(course: Course) -> list[Path]:
    """Notebooks in autograder/submitted/ that are none of the course's lessons, by their path there."""
    folder = course.grading / "submitted"
    names = set(course.lessons())
    found = (
        path.relative_to(folder)
        for path in sorted(folder.rglob("*.ipynb"))
        if ".ipynb_checkpoints" not in path.parts
    )
    return [path for path in found if path.with_suffix("").as_posix().partition("/")[2] not in names]


def key(submission: bytes, source: bytes, limits: Limits, *, sandbox: bool) -> str:
    """A hash of everything a score depends on: the file, the lesson with its tests, the checks, the environment."""
    digest = hashlib.sha256(environment().encode())
    for part in (submission, source, repr((sorted(asdict(limits).items()), sandbox)).encode()):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


@functools.cache
def environment() -> str:
    """The interpreter, the packages, and this course's own code, as one string."""
    versions = [f"{name} {metadata.version(name)}" for name in PACKAGES]
    code = hashlib.sha256()
    for package, patterns in OURS.items():
        root = Path(package.__file__ or "").parent
        for path in sorted(path for pattern in patterns for path in root.glob(pattern)):
            code.update(path.read_bytes())
    return "\n".join([platform.python_version(), platform.machine(), *versions, code.hexdigest()])
