"""What `fasttrack check` does: find the notebook and its release, run it, write down what was found."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fasttrack import lab
from fasttrack.learner import records, running
from fasttrack.learner.notebook import Exercise, Notebook, Unreadable, read

LISTED = 6  # lessons named in an error; of more, only their number is told


@dataclass
class Job:
    """A notebook to be checked: its `exercises`, and the names of those `wanted`."""

    path: Path
    mine: Notebook
    released: Notebook | None
    exercises: dict[str, Exercise]
    wanted: list[str]
    results: list[running.Result] = field(default_factory=list)

    def run(self, limit: float) -> Iterator[running.Result | running.Failure]:
        """The result of each exercise asked for and every other cell that fails, as they come.

        `limit` is in seconds for each cell. Raises NoKernel.
        """
        for found in running.run(
            self.mine, self.exercises, self.wanted, self.released, self.path.parent, limit
        ):
            if isinstance(found, running.Result):
                self.results.append(found)
            yield found
        self.keep()

    def keep(self) -> None:
        """Write the results down for `status`, if this is a learner's folder and all of the notebook was run."""
        path = self.path.resolve()
        work = path.parent.parent
        lesson = path.relative_to(work).with_suffix("").as_posix()
        whole = len(self.wanted) == len(self.exercises)
        if self.released and whole and (work / records.FOLDER).is_dir() and self.released.lesson == lesson:
            found = {one.name: records.Checked(str(one.state), one.code) for one in self.results if one.code}
            with contextlib.suppress(
                OSError
            ):  # a folder that cannot be written to can be checked all the same
                records.keep_checked(work, lesson, found)


def prepare(word: str, exercise: str | None, work: Path) -> Job:
    """The notebook meant by `word`, and `exercise` of it or all. Raises ValueError and LabError."""
    path = find(word, work)
    try:
        mine = read(path)
    except Unreadable as error:
        raise ValueError(f"{path}: {error}") from None
    released = release_of(mine, path)
    exercises = mine.exercises(released) if released else mine.released_exercises()
    if not any(one.cell or one.test for one in exercises.values()):
        raise ValueError(f"{path}: there is no exercise in it; is it a lesson of this course?")
    if exercise is not None and exercise not in exercises:
        raise ValueError(f"{path}: no exercise {exercise}; there are {', '.join(exercises)}")
    return Job(path, mine, released, exercises, [exercise] if exercise is not None else list(exercises))


def find(word: str, work: Path) -> Path:
    """The notebook meant by `word`: a file, or a lesson in `work`, by its name or `unit/lesson`.

    Raises ValueError, with the choices, if there is none or more than one.
    """
    path = Path(word)
    if path.is_file():
        return path
    wanted = word.removesuffix(".ipynb").strip("/")
    lessons = [one.relative_to(work).with_suffix("").as_posix() for one in sorted(work.glob("*/*.ipynb"))]
    exact = [one for one in lessons if wanted == one or wanted == f"{work}/{one}"]
    found = exact or [one for one in lessons if wanted == one.split("/")[1]]
    if len(found) == 1:
        return work / f"{found[0]}.ipynb"
    if found:
        raise ValueError(f"{word}: more than one lesson is called that; say one of {', '.join(found)}")
    if not lessons:
        hint = "run `fasttrack lab` first, or say where your lessons are with --work"
        raise ValueError(f"{word}: no such file, and no lessons in {work}; {hint}")
    in_unit = [one for one in lessons if one.split("/")[0] == wanted]
    if in_unit:
        raise ValueError(f"{word}: a unit; say one of its lessons: {', '.join(in_unit)}")
    if path.is_dir():
        raise ValueError(f"{word}: a folder; name a notebook in it")
    raise ValueError(f"{word}: no such notebook; {choices(wanted, lessons)}")


def choices(wanted: str, lessons: list[str]) -> str:
    """What could have been meant."""
    by_name = {name: lesson for lesson in lessons for name in (lesson, lesson.split("/")[1])}
    close = [by_name[name] for name in difflib.get_close_matches(wanted, by_name, n=3)]
    if close:
        return f"did you mean {' or '.join(dict.fromkeys(close))}?"
    if len(lessons) <= LISTED:
        return f"there are {', '.join(lessons)}"
    return "`fasttrack status` lists your lessons"


def release_of(mine: Notebook, path: Path) -> Notebook | None:
    """The released lesson that a notebook is a copy of: by what its metadata say, else by its folder and name."""
    released = lab.lessons()
    by_path = "/".join(path.resolve().with_suffix("").parts[-2:])
    lesson = next((name for name in (mine.lesson, by_path) if name in released), None)
    return read(released[lesson]) if lesson else None
