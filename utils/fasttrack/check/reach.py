"""Reaching the learner's object: one call in, data out, wherever the object lives.

In a notebook the object is a plain Python function. In the grader it is a handle on an object in another
process, whose class offers `__fasttrack_call__` with the meaning of `call` below. Nothing else in
`fasttrack.check` knows the difference.
"""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fasttrack
from fasttrack.check.values import copy

PACKAGE = str(Path(fasttrack.__file__).parent)
Arguments = tuple[Sequence[Any], Mapping[str, Any]]


@dataclass(frozen=True)
class LearnerError:
    """An exception raised by the learner's code, as data.

    `kinds` are the names of its classes, most specific first; `where` is the learner's own line, with the line of
    the called function that led there if it is another, and `origin` the function or class that the innermost line
    belongs to, or "".
    """

    kinds: tuple[str, ...]
    message: str
    where: str = ""
    origin: str = ""

    def is_a(self, kind: type[BaseException]) -> bool:
        return kind.__name__ in self.kinds

    def __str__(self) -> str:
        text = f"{self.kinds[0]}: {self.message}" if self.message else self.kinds[0]
        return f"{text}\n{self.where}" if self.where else text


@dataclass(frozen=True)
class Reply:
    """What came back from one call: the value or the error, and the arguments as the call left them."""

    value: Any = None
    error: LearnerError | None = None
    left: Arguments = field(default=((), {}))


def call(learner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Reply:
    """Call `learner` on copies of the arguments, so that the check's own stay as they were."""
    remote: Callable[..., Reply] | None = getattr(type(learner), "__fasttrack_call__", None)
    if remote is not None:
        return remote(learner, args, kwargs)
    args, kwargs = copy(tuple(args)), copy(dict(kwargs))
    try:
        return Reply(value=learner(*args, **kwargs), left=(args, kwargs))
    except Exception as error:
        return Reply(error=as_data(error), left=(args, kwargs))


def as_data(error: BaseException) -> LearnerError:
    """An exception as data, with the learner's own line: the innermost, and the last of the function called."""
    kinds = tuple(kind.__name__ for kind in type(error).__mro__ if kind is not object)
    own = [
        (frame.f_code, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not is_library(frame.f_code.co_filename)
    ]
    if not own:
        return LearnerError(kinds, str(error))
    (called, _), (code, line) = own[0], own[-1]
    where = spelled(f"at line {line} of your code", code.co_filename, line)
    if code is not called and called.co_name.isidentifier():  # not the frame of a cell, "<module>"
        line = next(line for code, line in reversed(own) if code is called)
        where += "\n" + spelled(f"called at line {line}, in {called.co_name}", called.co_filename, line)
    origin = code.co_qualname.rpartition("<locals>.")[2].partition(".")[0]
    return LearnerError(kinds, str(error), where, origin)


def spelled(place: str, filename: str, line: int) -> str:
    """The place, and what stands there if that is known."""
    text = linecache.getline(filename, line).strip()
    return f"{place}: {text}" if text else place


def is_library(filename: str) -> bool:
    """Whether a frame's file belongs to an installed package, to Python itself or to these checks."""
    return (
        filename.startswith((PACKAGE, "<frozen")) or "site-packages" in filename or "/lib/python3" in filename
    )
