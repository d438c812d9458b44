"""From an author's file to what learners open: lesson .py -> nbgrader source -> notebooks/ and solutions/.

The prose of a released notebook becomes the course text, which unit 11 searches (`autograder.passages`).
Building is deterministic and all-or-nothing: every lesson is read, refused or released before the first
file is written, and a file is replaced in one step. Execution, the slow part, is repeated only where the
code of a lesson changed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import traitlets.log
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.course import Course, CourseError
from autograder.lesson import Lesson, LessonError, read
from autograder.notebook import solution_notebook, source_notebook, text_of
from autograder.passages import course_text

CONFIG = Path(__file__).with_name("nbgrader_config.py")
CELL_TIMEOUT = 600  # seconds
KERNEL_ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONWARNINGS": "default"}


@dataclass(frozen=True)
class Stale:
    """A built file that is not what its lesson says, and in what way."""

    path: Path
    why: str


def build(
    course: Course, lessons: list[str], progress: Callable[[str], None], *, force: bool = False
) -> list[Path]:
    """Bring the built files of `lessons` up to date; returns those that were written.

    `progress` is called with a lesson's name when it is done. `force` executes again what has not changed.
    """
    sources = [read(course.source(name), name) for name in lessons]
    releases = release(course, sources)
    # All of it before anything is executed: a lesson of unit 11 reads the course text of the others.
    written = [path for path, text in texts(course, releases).items() if replace(path, text)]
    for lesson in sources:
        path = course.solutions / f"{lesson.name}.ipynb"
        fresh = solution_notebook(lesson)
        if force or not executed_from(path, fresh):
            execute(lesson, fresh)
            if replace(path, text_of(fresh)):
                written.append(path)
        progress(lesson.name)
    return written


def check(course: Course, lessons: list[str]) -> Iterator[Stale]:
    """The built files that differ from what building them would give. Writes nothing, executes nothing.

    An executed notebook is compared by everything but its outputs, which hold pictures and timings.
    """
    sources = [read(course.source(name), name) for name in lessons]
    for path, text in texts(course, release(course, sources)).items():
        if not path.exists():
            yield Stale(path, "missing")
        elif path.read_text(encoding="utf-8") != text:
            yield Stale(path, "differs from its lesson")
    for lesson in sources:
        path = course.solutions / f"{lesson.name}.ipynb"
        if not executed_from(path, solution_notebook(lesson)):
            yield Stale(path, "was not executed from the lesson as it stands")
    for folder in (course.notebooks, course.solutions, course.text):
        for path in sorted([*folder.glob("*/*.ipynb"), *folder.glob("*/*.json")]):
            if not course.source(str(path.relative_to(folder).with_suffix(""))).exists():
                yield Stale(path, "has no lesson in solutions/: delete it")


def texts(course: Course, releases: dict[str, str]) -> dict[Path, str]:
    """What is built without executing a lesson: its released notebook and the course text in it, by path."""
    notebooks = {course.notebooks / f"{name}.ipynb": text for name, text in releases.items()}
    return notebooks | {
        course.text / f"{name}.json": course_text(name, text) for name, text in releases.items()
    }


def release(course: Course, lessons: list[Lesson]) -> dict[str, str]:
    """The released notebooks, by lesson name, as nbgrader's `generate_assignment` makes them."""
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        root = Path(folder)
        write_sources(course, lessons, root)
        for unit in sorted({lesson.unit for lesson in lessons}):
            generate(root, unit)
        return {
            lesson.name: (root / "release" / f"{lesson.name}.ipynb").read_text("utf-8") for lesson in lessons
        }


def write_sources(course: Course, lessons: list[Lesson], root: Path) -> None:
    """nbgrader's source notebooks of `lessons`, under `root`/source."""
    for lesson in lessons:
        replace(root / "source" / f"{lesson.name}.ipynb", text_of(source_notebook(lesson, course.repository)))


def generate(root: Path, unit: str, *, notebook: str = "*", db_url: str | None = None) -> None:
    """Run nbgrader's `generate_assignment` on a unit of the course directory `root`, into `root`/release.

    The cells and their points go into the gradebook at `db_url`, or nowhere.
    Naming one notebook lets a unit that has submissions gain a lesson, which nbgrader refuses for "*".
    """
    config = settings(root, release_directory="release", assignment_id=unit, notebook_id=notebook)
    if db_url:
        config.CourseDirectory.db_url = db_url
    converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config, force=True)
    if not db_url:
        converter.no_database = True
        converter.preprocessors = [step for step in converter.preprocessors if step is not SaveCells]
    with explained(f"nbgrader could not release {unit}"):
        converter.start()


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn nbgrader's failure, whose cause is only in its log, into a CourseError that tells it."""
    records: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger(traitlets.log.get_logger().name)
    log.addHandler(handler)
    try:
        yield
    except NbGraderException as error:
        raise CourseError("\n".join([f"{what}: {error}", *records])) from error
    finally:
        log.removeHandler(handler)


def settings(root: Path, **course_directory: str) -> Config:
    """nbgrader's settings of this course, for a course directory that may lie elsewhere."""
    config: Config = PyFileConfigLoader(CONFIG.name, path=str(CONFIG.parent)).load_config()
    config.CourseDirectory.update({"root": str(root), **course_directory})
    return config


def executed_from(path: Path, fresh: NotebookNode) -> bool:
    """Whether the notebook at `path` is `fresh`, executed to its end without an error."""
    try:
        built = nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError):
        return False
    for cell in built.cells:
        if cell.cell_type == "code":
            if cell.execution_count is None or any(output.output_type == "error" for output in cell.outputs):
                return False
            cell.outputs, cell.execution_count = [], None
    return text_of(built) == text_of(fresh)


def execute(lesson: Lesson, node: NotebookNode) -> None:
    """Run a solution notebook in place, in an empty folder. Raises LessonError where a cell fails."""
    metadata = dict(node.metadata)
    with tempfile.TemporaryDirectory(prefix="execute-") as folder:
        client = NotebookClient(
            node,
            timeout=CELL_TIMEOUT,
            record_timing=False,
            resources={"metadata": {"path": folder}},
            extra_arguments=["--log-level=ERROR"],
        )
        try:
            asyncio.run(client.async_execute(env={**os.environ, **KERNEL_ENVIRONMENT}))
        except CellExecutionError as error:
            code = [cell for cell in lesson.cells if cell.code]
            done = sum(
                1 for cell in node.cells if cell.cell_type == "code" and cell.execution_count is not None
            )
            failed = code[max(done - 1, 0)]
            raise LessonError(
                lesson.path, failed.line, f"this cell fails: {error.ename}: {error.evalue}"
            ) from None
    node.metadata = nbformat.from_dict(metadata)  # the kernel added its version, which changes no lesson


def replace(path: Path, text: str) -> bool:
    """Put `text` at `path` in one step; returns whether anything changed."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)
    except OSError as error:
        raise CourseError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
    return True
