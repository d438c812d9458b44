"""Calls that an exercise forbids, noticed when they happen while a check has the learner's object at work.

The second line only: the first is the syntax tree of the cell, read where the learner cannot reach.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

METHODS = ("torch:Tensor",)  # the classes on which a name like `.softmax` is watched


class Watch:
    """Wraps forbidden callables; `called` are those used since `begin`, in a call by a check."""

    def __init__(self) -> None:
        self.wanted: frozenset[str] = frozenset()
        self.called: set[str] = set()
        self.working = 0

    def begin(self, names: list[str]) -> None:
        """Watch `names` from now on, until the next call of this."""
        self.wanted, self.called = frozenset(names), set()

    def install(self, names: list[str]) -> None:
        """Wrap what the dotted names stand for. A name that leads nowhere is left alone."""
        for name in names:
            for owner, attribute in owners(name):
                original = getattr(owner, attribute, None)
                if callable(original) and not isinstance(original, type):
                    setattr(owner, attribute, self.wrapped(name, original))

    def wrapped(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            if self.working and name in self.wanted:
                self.called.add(name)
            return original(*args, **kwargs)

        return call


def owners(name: str) -> list[tuple[Any, str]]:
    """Where a forbidden name lives: `torch.softmax` in a module, `.softmax` on the classes of METHODS."""
    path, _, attribute = name.rpartition(".")
    if not path:
        found = [getattr(importlib.import_module(module), kind) for module, kind in map(split, METHODS)]
        return [(owner, attribute) for owner in found]
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(parts[:end]))
        except ImportError:
            continue
        for part in parts[end:]:
            owner = getattr(owner, part, None)
        return [(owner, attribute)] if owner is not None else []
    return []


def split(place: str) -> tuple[str, str]:
    module, _, kind = place.partition(":")
    return module, kind
