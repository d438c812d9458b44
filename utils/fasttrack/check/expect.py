"""`expect`: call the learner's object, compare what it returns with the oracle's answer, name the mistake.

@check
def outer_sum(learner, seed):
    a, b = normal(seed, 3), normal(seed + 1, 4)
    expect(learner, a, b).close(oracle(a, b), mistakes={"b runs along the columns": oracle(a, b).T})
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn, Self

import torch

from fasttrack.check.failure import CheckFailed, NotWritten
from fasttrack.check.reach import call
from fasttrack.check.values import default_tolerance, describe, difference

Mistakes = Mapping[str, Any] | Callable[[], Mapping[str, Any]]  # called only where an answer is wrong


class Exercise:
    """The check under way: its name, and the expectations it has made."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cases = 0
        self.open: list[Expectation] = []


_current: ContextVar[Exercise | None] = ContextVar("exercise", default=None)


def check(function: Callable[..., None]) -> Callable[..., None]:
    """Make `function(learner, seed)` the check of the exercise of the same name.

    With `function(learner, *others, seed)` a test also passes other objects of the learner's, such as the class
    that the exercise's function works on.
    The check prints one line when every case agrees and raises CheckFailed at the first that does not.
    A check that compares nothing is a bug in the course and raises RuntimeError.
    """

    @functools.wraps(function)
    def run(learner: Any, *others: Any, seed: int = 0) -> None:
        with exercise(function.__name__) as current:
            function(learner, *others, seed)
        print(f"{current.name}: correct ({current.cases} case{'s' * (current.cases > 1)})")

    return run


@contextmanager
def exercise(name: str) -> Iterator[Exercise]:
    """Name the failures of the block after an exercise, and refuse a block that compares nothing."""
    current = Exercise(name)
    token = _current.set(current)
    try:
        yield current
    finally:
        _current.reset(token)
    if not current.cases or current.open:
        raise RuntimeError(f"the check of {name} makes a call and compares nothing: a bug in the course")


def name_of(learner: Any) -> str:
    """The exercise under way, or the learner's own name for the object."""
    current = _current.get()
    return current.name if current else describe(learner)


def require(condition: bool, *facts: tuple[str, str]) -> None:
    """A property that no single expected value expresses: fail with the facts unless it holds."""
    if not isinstance(condition, bool):  # an object of the learner's must not decide its own truth
        raise TypeError(
            f"require: the condition is a {type(condition).__name__}, not a bool: convert it in the check"
        )
    current = _current.get()
    if current:
        current.cases += 1
    if not condition:
        raise CheckFailed(f"{current.name if current else 'check'}: not right yet", *facts)


class Expectation:
    """One call of the learner's object and what is demanded of it. Made by `expect`."""

    def __init__(self, learner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._name = name_of(learner)
        self._call = spell(learner, self._name, args, kwargs)
        self._exercise = _current.get()
        if self._exercise:
            self._exercise.open.append(self)
        if not callable(learner):
            self._fail(("expected", f"{self._name} is a function or a class"), ("got", describe(learner)))
        reply = call(learner, args, kwargs)
        self._value, self._error = reply.value, reply.error
        if self._error and self._error.is_a(NotImplementedError):
            self._settle()
            own = getattr(learner, "__name__", None)
            raise NotWritten(self._name, "" if self._error.origin == own else self._error.origin)
        if not self._error and difference(reply.left, (args, kwargs)):
            self._fail(("mistake", "it changes its input in place: leave that as it is, return new values"))

    def equals(self, want: Any, mistakes: Mistakes | None = None) -> Self:
        """Exactly `want`: type, shape, dtype, every element. A nested list is a tensor of any dtype."""
        return self._compare(want, None, mistakes)

    def close(
        self,
        want: Any,
        mistakes: Mistakes | None = None,
        *,
        rtol: float | None = None,
        atol: float | None = None,
    ) -> Self:
        """As `equals`, up to rounding. The default tolerance goes by the dtype of `want`."""
        relative, absolute = default_tolerance(want)
        tolerance = (relative if rtol is None else rtol, absolute if atol is None else atol)
        return self._compare(want, tolerance, mistakes)

    def dtype(self, want: torch.dtype) -> Self:
        """A tensor of this dtype."""
        got = self.value
        if not isinstance(got, torch.Tensor) or got.dtype != want:
            self._fail(("expected", f"a tensor of dtype {want}"), ("got", describe(got)))
        return self

    def raises(self, want: type[Exception], mistakes: Mistakes | None = None) -> Self:
        """The call must raise `want` or a subclass of it."""
        self._settle()
        if self._error and self._error.is_a(want):
            return self
        got = f"{self._error}" if self._error else f"no error, but {describe(self._value)}"
        self._fail(("expected", f"it raises {want.__name__}"), ("got", got), *self._named(mistakes, None))

    @property
    def value(self) -> Any:
        """What the call returned, for further questions; fails if it raised."""
        self._settle()
        if self._error:
            self._fail(("raised", str(self._error)))
        return self._value

    def _compare(self, want: Any, tolerance: tuple[float, float] | None, mistakes: Mistakes | None) -> Self:
        self._settle()
        if self._error:
            self._fail(("raised", str(self._error)), *self._named(mistakes, tolerance))
        if parted := difference(self._value, want, tolerance):
            expected, got = parted
            self._fail(("expected", expected), ("got", got), *self._named(mistakes, tolerance))
        return self

    def _named(
        self, mistakes: Mistakes | None, tolerance: tuple[float, float] | None
    ) -> list[tuple[str, str]]:
        """The first named mistake that explains what came back: the same value, or the same kind of error.

        A mistake that is an error's instance, `RuntimeError("must match")`, asks for its words in the message, too.
        """
        known = mistakes() if callable(mistakes) else mistakes or {}
        for name, wrong in known.items():
            if isinstance(wrong, type) and issubclass(wrong, Exception):
                explains = self._error is not None and self._error.is_a(wrong)
            elif isinstance(wrong, Exception):
                told = self._error if self._error and self._error.is_a(type(wrong)) else None
                explains = told is not None and str(wrong) in told.message
            else:
                explains = self._error is None and difference(self._value, wrong, tolerance) is None
            if explains:
                return [("mistake", name)]
        return []

    def _settle(self) -> None:
        """Note that something was demanded of this call."""
        if self._exercise and self in self._exercise.open:
            self._exercise.open.remove(self)
            self._exercise.cases += 1

    def _fail(self, *facts: tuple[str, str]) -> NoReturn:
        self._settle()
        raise CheckFailed(f"{self._name}: not right yet", ("called", self._call), *facts)


def expect(learner: Any, /, *args: Any, **kwargs: Any) -> Expectation:
    """Call the learner's object on copies of the arguments; it must leave them unchanged."""
    return Expectation(learner, args, kwargs)


def spell(learner: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The call as the learner would write it; `name` stands in for an object that has none."""
    own = getattr(learner, "__name__", None)
    words = [describe(arg) for arg in args] + [f"{key}={describe(value)}" for key, value in kwargs.items()]
    return f"{own if isinstance(own, str) and own.isidentifier() else name}({', '.join(words)})"
