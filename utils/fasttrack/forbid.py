"""Calls that would make an exercise trivial, found in the syntax tree of the learner's cell.

Names are followed through imports and plain assignments (`import torch.nn.functional as F`, `s = F.softmax`).
Grading looks with it, and `fasttrack check`. What only running the code can show is left to grading.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator, Sequence

from IPython.core.inputtransformer2 import TransformerManager

Aliases = dict[str, str]


def uses(source: str, forbidden: Sequence[str], others: Iterable[str] = ()) -> list[tuple[str, int]]:
    """The forbidden names that a cell uses, each with its first line.

    `forbidden` are dotted names as in `torch.nn.functional.softmax`, or `.softmax` for a method of that name.
    `others` are cells run before this one, where names may come from. A cell that does not parse, or is nested
    beyond reason, uses nothing.
    """
    try:
        return found(source, forbidden, others)
    except RecursionError:
        return []


def found(source: str, forbidden: Sequence[str], others: Iterable[str]) -> list[tuple[str, int]]:
    aliases: Aliases = {}
    stars: list[str] = []
    for cell in (*others, source):
        follow(bindings(cell), aliases, stars)
    tree = tree_of(source)
    lines: dict[str, int] = {}
    for name, line in mentioned(tree, aliases):
        names = {name, *(f"{star}.{name}" for star in stars)}
        for match in names.intersection(forbidden):
            lines.setdefault(match, line)
    return sorted(lines.items(), key=lambda item: item[1])


@functools.lru_cache(maxsize=1024)  # the given cells are asked for with every exercise
def tree_of(source: str) -> ast.Module:
    """The syntax tree of a cell, IPython magics allowed; empty if it has none."""
    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except Exception:  # tokenizer, IPython and parser each have their own way to refuse what is no Python
        return ast.Module(body=[], type_ignores=[])


@functools.lru_cache(maxsize=1024)
def bindings(source: str) -> tuple[ast.AST, ...]:
    """The statements of a cell that may say what a name stands for, wherever in it they are."""
    kinds = (ast.Import, ast.ImportFrom, ast.Assign)
    return tuple(node for node in ast.walk(tree_of(source)) if isinstance(node, kinds))


def follow(nodes: Iterable[ast.AST], aliases: Aliases, stars: list[str]) -> None:
    """Note what names stand for."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.split(".")[0]
                aliases[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if alias.name == "*":
                    stars.append(node.module)
                else:
                    aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Assign) and (path := dotted(node.value, aliases)):
            for target in node.targets:
                if isinstance(target, ast.Name) and path.split(".")[0] != target.id:
                    aliases[target.id] = path


def mentioned(tree: ast.Module, aliases: Aliases) -> Iterator[tuple[str, int]]:
    """Every dotted name in a cell, in full, and every method as `.name`, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno
        if not isinstance(node, ast.Name | ast.Attribute | ast.Call):
            continue
        path = dotted(node, aliases)
        if path:
            yield path, node.lineno
        if isinstance(node, ast.Attribute) and not (path and path.split(".")[0] in imported(aliases)):
            owner = node.value
            if not (isinstance(owner, ast.Name) and owner.id in ("self", "cls")):
                yield f".{node.attr}", node.lineno


def imported(aliases: Aliases) -> set[str]:
    """The roots of all that was imported."""
    return {path.split(".")[0] for path in aliases.values()}


def dotted(node: ast.expr, aliases: Aliases) -> str:
    """`torch.nn.functional.softmax` for `F.softmax` or `getattr(F, "softmax")`; "" for what is no dotted name."""
    if isinstance(node, ast.Name):
        return aliases.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value, aliases)
        return f"{owner}.{node.attr}" if owner else ""
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[owner_node, ast.Constant(value=str(name)), *_]):
            owner = dotted(owner_node, aliases)
            return f"{owner}.{name}" if owner else ""
    return ""
