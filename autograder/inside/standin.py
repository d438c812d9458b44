"""Stand-ins for the checks: `from fasttrack.check import attention as check` works, and checks nothing.

The real modules hold the oracles and run in the judge; the sandbox does not show them. A learner who calls a
check in a cell of their own gets None.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

PACKAGE = "fasttrack.check."
REAL = ("expect", "failure", "fixtures", "reach", "values")  # what fixtures and imports need


class Checks(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds every module of checks, and makes it one whose every name is a function that does nothing."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        unit = name.removeprefix(PACKAGE)
        if unit == name or "." in unit or unit in REAL:
            return None
        return importlib.machinery.ModuleSpec(name, self)

    def exec_module(self, module: ModuleType) -> None:
        def __getattr__(name: str) -> Any:  # noqa: N807  (a module's own hook, PEP 562)
            if name.startswith("__"):
                raise AttributeError(name)
            return nothing

        vars(module)["__getattr__"] = __getattr__


def nothing(*args: Any, **kwargs: Any) -> None:
    """A check that is run in the sandbox."""


def install() -> None:
    sys.meta_path.insert(0, Checks())
