"""A learner's exception as data: the names of its classes, its message, the learner's own line."""

from __future__ import annotations

import linecache
import os
import sys
import traceback
from typing import Any

HERE = os.path.dirname(__file__)  # noqa: PTH120  (pathlib would be one more thing for a learner to patch)
LIBRARY = (HERE, sys.prefix, sys.base_prefix, "<frozen")
TEXT = 2000  # characters of a message


class OutOfTime(BaseException):
    """Raised in the learner's code when its time is up. Not an Exception, so that `except Exception` lets it by."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback."""
        return [f"OutOfTime: {self}"]


def as_data(error: BaseException) -> dict[str, Any]:
    """Names of classes (most specific first), message, line."""
    kinds = [kind.__name__[:100] for kind in type(error).__mro__[:50] if kind is not object]
    return {"kinds": list(map(plain, kinds)), "message": plain(message_of(error)), "where": where(error)}


def message_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as second:
        return f"(its message cannot be shown: {type(second).__name__})"


def where(error: BaseException) -> str:
    """`at line 3 of your code: return x[:, 5]`, the innermost frame of a cell; "" if there is none.

    With the line of the called function that led there, if that is another, as `fasttrack.check.reach` has it.
    """
    own = [(f.f_code, n) for f, n in traceback.walk_tb(error.__traceback__) if is_cell(f.f_code.co_filename)]
    if not own:
        return ""
    (called, _), (code, number) = own[0], own[-1]
    lines = [f"at line {number} of your code: {linecache.getline(code.co_filename, number).strip()}"]
    if code is not called and called.co_name.isidentifier():  # not the frame of a cell, "<module>"
        number = next(number for code, number in reversed(own) if code is called)
        line = linecache.getline(called.co_filename, number).strip()
        lines.append(f"called at line {number}, in {called.co_name}: {line}")
    return plain("\n".join(lines))


def is_cell(filename: str) -> bool:
    """Whether a frame's file is a cell of the notebook: no file of Python, of a package or of ours."""
    return (
        not filename.startswith(LIBRARY) and "site-packages" not in filename and "/fasttrack/" not in filename
    )


def plain(text: str) -> str:
    """Text as UTF-8 can hold it, cut to a sensible length."""
    text = text if len(text) <= TEXT else f"{text[:TEXT]}… ({len(text)} characters)"
    return text.encode("utf-8", "replace").decode()
