"""Answers that nobody thought about: constants, the argument handed back, zeros of the right shape, an error.

Each is the reference answer, recorded, with something else returned in its stead; of a class every method
but `__init__`, so that there is an object to test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from autograder.gate.digest import digest
from autograder.gate.recorder import Call, Recorder

CONSTANTS: tuple[Any, ...] = (None, 0, 1, True, False, "", [], float("nan"))
# By name, because the grader knows a learner's exceptions by name only.
ERRORS: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    AttributeError,
    AssertionError,
    ZeroDivisionError,
)


class Broken(Exception):
    """Raised by a learner's object that breaks; no check can expect it."""


@dataclass
class Lazy:
    """One way of not answering. `real` counts the calls whose answer it did change."""

    about: str
    instead: Callable[[Call], Any]
    real: int = field(default=0, init=False)

    def recorder(self) -> Recorder:
        return Recorder(self._answer)

    def _answer(self, call: Call) -> Any:
        if call.method == "__init__":
            return call.answer()
        self.real += 1
        return self.instead(call)


@dataclass
class Distorted(Lazy):
    """An answer made out of the real one, such as zeros of its shape."""

    def _answer(self, call: Call) -> Any:
        answer = call.answer()
        if call.method == "__init__":
            return answer
        instead = self.instead(Call(call.method, call.args, call.index, lambda: answer))
        self.real += digest(instead) != digest(answer)
        return instead


class Empty(Lazy):
    """A class whose `__init__` does nothing."""

    def _answer(self, call: Call) -> Any:
        if call.method != "__init__":
            return call.answer()
        self.real += 1
        return None


def lazies() -> Iterator[Lazy]:
    """Every lazy answer but `remembered`."""
    yield Empty("an __init__ that does nothing", lambda call: call.answer())
    for constant in CONSTANTS:
        yield Lazy(f"always {constant!r}", lambda _, value=constant: value)  # type: ignore[misc]
    yield Lazy("the first argument", lambda call: call.args[0] if call.args else None)
    yield Lazy("the last argument", lambda call: call.args[-1] if call.args else None)
    for about, fill in (("zeros", 0), ("ones", 1), ("nan", float("nan"))):
        yield Distorted(f"{about} of the right shape", lambda call, value=fill: filled(call.answer(), value))  # type: ignore[misc]


def remembered(seen: Recorder) -> Iterator[Lazy]:
    """The right answer to the first call, given to every call: of each method, or of a function of something."""
    memory: dict[str, Any] = {}
    yield Distorted("the first answer again", lambda call: memory.setdefault(call.method, call.answer()))
    if seen.first and not seen.first[0].method and seen.first[0].args and is_data(seen.first[1]):
        value = seen.first[1]
        yield Lazy("the first answer, known by heart", lambda _: value)


def is_data(value: Any) -> bool:
    """Whether a value can be written down, so that an answer can hold it."""
    if isinstance(value, list | tuple):
        return all(map(is_data, value))
    return isinstance(value, torch.Tensor | np.ndarray | dict | str | bytes | int | float)


def filled(value: Any, fill: float) -> Any:
    """Data of the same form with every number `fill`; an integer cannot be nan and stays, as do strings' types."""
    if isinstance(value, torch.Tensor):
        number = value.is_floating_point() or value.is_complex()
        return torch.full_like(value, fill) if number or fill == fill else value
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return np.full_like(value, fill) if value.dtype.kind in "fc" or fill == fill else value
    if isinstance(value, bool | int):
        return type(value)(fill) if fill == fill else value
    if isinstance(value, float):
        return fill
    if isinstance(value, str | bytes):
        return type(value)()
    if type(value) in (list, tuple):
        return type(value)(filled(item, fill) for item in value)
    if type(value) is dict:
        return {key: filled(item, fill) for key, item in value.items()}
    return value


def breaking(first: int, error: type[Exception]) -> Recorder:
    """The reference answer until call number `first` (from 0), and an error from then on."""

    def answer(call: Call) -> Any:
        if call.index < first:
            return call.answer()
        raise error("broken on purpose")

    return Recorder(answer)
