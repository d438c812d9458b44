"""A lesson run in this process, one exercise swapped at a time.

The cells of a lesson share one namespace, as in a notebook, so an answer that takes an exercise's place is
what later functions find too. A run starts from the namespace as the given cells left it and leaves no
trace: names, random states and torch's settings are put back, and where an answer changed given data the
cells are run anew.

Nothing here is a sandbox: answers come from authors. A learner's notebook goes through `judge`.
"""

from __future__ import annotations
import __future__ as future

import io
import linecache
import sys
import tempfile
import time
import traceback
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import matplotlib
import numpy as np
import torch
from IPython.core.inputtransformer2 import TransformerManager
from IPython.display import display

from autograder.gate.digest import digest
from autograder.gate.surroundings import TimeLimit, limited, quiet, settings_kept
from autograder.lesson import Cell, Lesson, LessonError, defined, parse
from autograder.notebook import without_markers
from autograder.outcome import Outcome
from fasttrack.check import CheckFailed, NotWritten

CELL_LIMIT = 180.0  # seconds, as when the notebook is executed
RUN_LIMIT = 10.0  # seconds for one answer and its test
SMALL = 10_000  # elements of a tensor that is compared by content too, not only by torch's count of changes
CELL = "<cell "  # how the file names of cells start
FUTURES = sum(getattr(future, name).compiler_flag for name in future.all_feature_names)

Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Run:
    """How one answer fared in a test. `message` is what a learner reads, or why the run went wrong."""

    outcome: Outcome
    message: str = ""
    seconds: float = 0.0
    printed: str = field(default="", repr=False)

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED


class Workbench:
    """The namespace of a lesson after its cells, demo and test cells left out, with the reference answers.

    Raises LessonError where a cell fails. Use it as a context: it owns the folder that cells write to.
    """

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.name = f"lesson {lesson.name}"
        self.module = types.ModuleType(self.name)
        self.namespace: dict[str, Any] = vars(self.module)
        self.folder = tempfile.TemporaryDirectory(prefix="workbench-")
        self._own = own_names(lesson)
        self._flags = self._given_flags = 0
        self._given: dict[str, Any] = {}
        self._marks: dict[str, Any] = {}
        try:
            self._fill()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, *_: object) -> None:
        sys.modules.pop(self.name, None)
        self.folder.cleanup()

    def run(
        self,
        name: str,
        answer: str,
        *,
        hidden: bool = True,
        change: Change | None = None,
        label: str = "answer",
        limit: float | None = None,
        seed: int = 0,
    ) -> Run:
        """Put `answer` in the place of exercise `name` and run its test, with or without the hidden part.

        `change` may replace the object once it is defined; `seed` sets the global random states; after `limit`
        seconds (RUN_LIMIT by default) the run is stopped.
        """
        test = self.lesson.tests()[name]
        source = test.source if hidden else without_markers(test.source)
        printed = io.StringIO()
        started = time.perf_counter()
        outcome, message = Outcome.PASSED, ""
        with quiet(printed), settings_kept(self.folder.name, seed):
            try:
                for taken in self._own[name]:
                    self.namespace.pop(taken, None)
                with limited(limit or RUN_LIMIT):
                    self._execute(answer, f"{name}, {label}")
                    if name not in self.namespace:
                        raise NameError(f"name {name!r} is not defined")
                    if change:
                        self.namespace[name] = change(self.namespace[name])
                    self._execute(source, f"test of {name}")
            except (Exception, SystemExit, TimeLimit) as error:
                outcome, message = verdict(error)
            finally:
                self._restore()
        return Run(outcome, message, time.perf_counter() - started, printed.getvalue())

    def _fill(self) -> None:
        """Run the cells into an empty namespace."""
        self.namespace.clear()
        self.namespace |= {"__name__": self.name, "display": display}
        sys.modules[self.name] = self.module  # where dataclasses look up their annotations
        matplotlib.use("Agg")
        self._flags = 0
        with quiet(io.StringIO()), settings_kept(self.folder.name, 0):
            for cell in self.lesson.cells:
                if cell.kind in ("given", "exercise") and not cell.demo:
                    self._fill_in(cell)
        self._given = dict(self.namespace)
        self._given_flags = self._flags
        self._marks = self._marks_now()

    def _fill_in(self, cell: Cell) -> None:
        label = f"at line {cell.line}"
        try:
            with limited(CELL_LIMIT):
                self._execute(cell.source, label)
        except (Exception, SystemExit, TimeLimit) as error:
            lines = [
                f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == named(label)
            ]
            line = cell.line + (lines[-1] or 0 if lines else 0)
            raise LessonError(
                self.lesson.path, line, f"this cell fails: {type(error).__name__}: {error}"
            ) from error

    def _execute(self, source: str, label: str) -> None:
        """Run a cell's text. Its lines are kept for tracebacks; a `from __future__` lasts, as in a notebook."""
        filename = named(label)
        text = TransformerManager().transform_cell(source)
        linecache.cache[filename] = len(text), None, text.splitlines(keepends=True), filename
        code = compile(text, filename, "exec", flags=self._flags, dont_inherit=True)
        self._flags |= code.co_flags & FUTURES
        exec(code, self.namespace)

    def _restore(self) -> None:
        """Undo what a run did to the namespace."""
        self.namespace.clear()
        self.namespace.update(self._given)
        self._flags = self._given_flags
        if self._marks_now() != self._marks:
            self._fill()

    def _marks_now(self) -> dict[str, Any]:
        """Of what the given cells left, that which an answer could change without binding a name."""
        return {
            name: mark(value)
            for name, value in self._given.items()
            if isinstance(value, torch.Tensor | np.ndarray | list | dict | set | torch.nn.Module)
            and not name.startswith("__")
        }


def own_names(lesson: Lesson) -> dict[str, set[str]]:
    """For each exercise its name, and what else only its cell binds: an answer cannot lean on the reference's."""
    bound = [
        (cell.name, defined(parse(cell.source)))
        for cell in lesson.cells
        if cell.kind in ("given", "exercise")
    ]
    return {
        name: {name} | own.difference(*(names for other, names in bound if other != name))
        for name, own in bound
        if name
    }


def mark(value: Any) -> Any:
    """Something that changes when a value is changed in place; cheap, as it is asked for after every run."""
    if isinstance(value, torch.nn.Module):
        return [mark(tensor) for tensor in (*value.parameters(), *value.buffers())]
    if isinstance(value, torch.Tensor):
        return value._version, digest(value) if value.numel() <= SMALL else b""
    return digest(value)


def named(label: str) -> str:
    """The file name of a cell in tracebacks."""
    return f"{CELL}{label}>"


def verdict(error: BaseException) -> tuple[Outcome, str]:
    """What an exception out of a test means, and its words."""
    if isinstance(error, NotWritten):
        return Outcome.NOT_ATTEMPTED, str(error)
    if isinstance(error, CheckFailed):
        return Outcome.WRONG, str(error)
    if isinstance(error, TimeLimit):
        return Outcome.TIMEOUT, str(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return Outcome.ERROR, f"{type(error).__name__}: {error} ({frame.filename}:{frame.lineno})"
