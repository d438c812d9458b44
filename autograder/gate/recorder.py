"""What a check asks of a learner's object, seen from the learner's side: recorded, and answered otherwise if wanted.

The object stays what it was: a function is wrapped, a class keeps its identity and has its own methods
wrapped. Only calls that come from outside count, not those its methods make among themselves.
"""

from __future__ import annotations

import functools
import importlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np
import torch

from autograder.gate.digest import digest
from autograder.gate.workbench import CELL
from fasttrack.check.values import copy, difference

# The package's `expect` is the function; this is the module that calls the learner.
expect_module: Any = importlib.import_module("fasttrack.check.expect")


@dataclass(frozen=True)
class Call:
    """One call from outside: the method ("" for a function), its arguments without `self`, its place in order.

    `answer` makes the call and gives what it returns.
    """

    method: str
    args: tuple[Any, ...]
    index: int
    answer: Callable[[], Any]


@dataclass(frozen=True)
class Held:
    """Arguments of a call, and a copy of them from when the call was over."""

    arguments: Any
    then: Any

    @classmethod
    def of(cls, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Held:
        return cls((args, kwargs), copy((args, kwargs)))

    @property
    def change(self) -> str:
        """How they differ by now; "" if they do not."""
        parted = difference(self.arguments, self.then)
        return f"{parted[1]}, and {parted[0]} after the call" if parted else ""


class Recorder:
    """The calls of a learner's object during one run. `alter` decides what a call returns; `answer()` by default.

    The object draws random numbers from states of its own, as in the grader, where it lives in another
    process.
    """

    def __init__(self, alter: Callable[[Call], Any] | None = None) -> None:
        self.calls: list[bytes] = []
        self.subject: Any = None
        self.wrapped = False
        self.first: tuple[Call, Any] | None = None  # and what it returned
        self._alter = alter
        self._inside = False
        self._held: list[Held] = []
        self._last: Held | None = None
        self._change = ""
        self._random: tuple[Any, ...] | None = None

    def wrap(self, learner: Any) -> Any:
        """The object, recorded; one that is neither a function nor a class is left alone."""
        self.subject, self.wrapped = learner, isinstance(learner, FunctionType | type)
        if isinstance(learner, FunctionType):
            return self._recorded(learner)
        if isinstance(learner, type):
            for name, member in own_methods(learner).items():
                setattr(learner, name, self._method(name, member))
        return learner

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hold on to the arguments that checks pass to `expect`, to see whether they stay as they are."""
        original = expect_module.call

        def call(learner: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
            reply = original(learner, args, kwargs)
            self._held.append(Held.of(args, kwargs))
            return reply

        expect_module.call = call
        try:
            yield
        finally:
            expect_module.call = original

    def changed(self) -> str:
        """How the check changed an argument after it was passed; "" if it changed none."""
        self._look()
        return self._change or next((held.change for held in self._held if held.change), "")

    def _look(self) -> None:
        """What the last call got directly may be changed by the next one, but not by the check in between."""
        if self._last and not self._change:
            self._change = self._last.change

    def _method(self, name: str, member: Any) -> Any:
        if isinstance(member, staticmethod):
            return staticmethod(self._recorded(member.__func__, name))
        if isinstance(member, classmethod):
            return classmethod(self._recorded(member.__func__, name, bound=True))
        if isinstance(member, property):
            return property(
                self._recorded(member.fget, name, bound=True) if member.fget else None,
                member.fset,
                member.fdel,
                member.__doc__,
            )
        return self._recorded(member, name, bound=True)

    def _recorded(
        self, function: Callable[..., Any], method: str = "", *, bound: bool = False
    ) -> Callable[..., Any]:
        @functools.wraps(function)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            if self._inside:
                return function(*args, **kwargs)
            self._look()
            index = len(self.calls)
            self.calls.append(digest((method, args, kwargs)))
            call = Call(method, args[1:] if bound else args, index, lambda: function(*args, **kwargs))
            self._inside = True
            try:
                with self._own_random():
                    answer = self._alter(call) if self._alter else call.answer()
                self.first = self.first or (call, copy(answer))
                return answer
            finally:
                self._inside = False
                self._last = Held.of(args, kwargs)

        return recorded

    @contextmanager
    def _own_random(self) -> Iterator[None]:
        outside = random_states()
        if self._random is None:
            random.seed(1)
            np.random.seed(1)
            torch.manual_seed(1)
        else:
            set_random_states(self._random)
        try:
            yield
        finally:
            self._random = random_states()
            set_random_states(outside)


def random_states() -> tuple[Any, ...]:
    return random.getstate(), np.random.get_state(), torch.get_rng_state()


def set_random_states(states: tuple[Any, ...]) -> None:
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])


def own_methods(kind: type) -> dict[str, Any]:
    """The methods and properties that a cell's text gives a class; none that a decorator or a base made."""
    return {name: member for name, member in vars(kind).items() if written(member)}


def written(member: Any) -> bool:
    function = getattr(member, "__func__", None) or getattr(member, "fget", None) or member
    return isinstance(function, FunctionType) and function.__code__.co_filename.startswith(CELL)
