"""Small questions to a libcst tree, and small changes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import libcst as cst


def number(node: cst.CSTNode) -> int | None:
    """The value of an integer with or without a minus; None for anything else."""
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        value = number(node.expression)
        return -value if value else None
    return int(node.evaluated_value) if isinstance(node, cst.Integer) else None


def parenthesised(node: cst.BaseExpression) -> cst.BaseExpression:
    """The expression in parentheses where its neighbours could pull it apart."""
    atom = cst.Name | cst.Integer | cst.Float | cst.BaseString | cst.Call | cst.Attribute | cst.Subscript
    if node.lpar or isinstance(node, atom | cst.List | cst.Dict | cst.Set | cst.ListComp):
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def called(node: cst.Call) -> str:
    """The last name of what is called."""
    function = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    return function.value if isinstance(function, cst.Name) else ""


def torch_like(node: cst.BaseExpression) -> bool:
    """Whether it is a module by its usual name: forgetting the function leaves no value."""
    if isinstance(node, cst.Attribute):
        return torch_like(node.value)
    return isinstance(node, cst.Name) and node.value in (
        "torch",
        "np",
        "math",
        "F",
        "nn",
        "functional",
        "random",
    )


def swapped(items: Sequence[Any], i: int, j: int) -> list[Any]:
    """The values of two items exchanged; their commas and keywords stay."""
    changed = list(items)
    field = "slice" if isinstance(items[i], cst.SubscriptElement) else "value"
    one, other = getattr(items[i], field), getattr(items[j], field)
    changed[i] = items[i].with_changes(**{field: other})
    changed[j] = items[j].with_changes(**{field: one})
    return changed


def without(items: Sequence[Any], i: int) -> list[Any]:
    """The items but one, and no comma at their end."""
    kept = [item for position, item in enumerate(items) if position != i]
    if kept:
        kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return kept
