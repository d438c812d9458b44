"""What the judge may ask of an object: Python's operators, by name."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from typing import Any

ARITHMETIC = (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
)
COMPARISONS = ("lt", "le", "eq", "ne", "gt", "ge")
UNARY = ("neg", "pos", "abs", "invert")


def enter(manager: Any) -> Any:
    return type(manager).__enter__(manager)


def leave(manager: Any, kind: str | None, message: str) -> Any:
    """Leave a `with` block, because of an exception of Python's own called `kind`, or of none."""
    if kind is None:
        return bool(type(manager).__exit__(manager, None, None, None))
    error = getattr(builtins, kind)(message)
    return bool(type(manager).__exit__(manager, type(error), error, None))


OPERATIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(operator, f"__{name}__") for name in (*ARITHMETIC, *COMPARISONS, *UNARY)},
    **{f"i{name}": getattr(operator, f"__i{name}__") for name in ARITHMETIC},
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "contains": operator.contains,
    "index": operator.index,
    "bool": bool,
    "len": len,
    "int": int,
    "float": float,
    "repr": repr,
    "str": str,
    "iter": iter,
    "next": next,
    "enter": enter,
    "exit": leave,
    "getattr": getattr,
    "setattr": setattr,
    "delattr": delattr,
}
