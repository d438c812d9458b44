"""The mutants of an exercise: its reference answer with one fault in the solution region, and their diffs."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from autograder.bank import Answer
from autograder.gate.faults import faults
from autograder.gate.syntax import number
from autograder.lesson import SOLUTION, Cell


@dataclass(frozen=True)
class Mutant:
    """The reference answer to an exercise with one fault."""

    name: str
    reference: str = field(repr=False)
    source: str = field(repr=False)

    @property
    def diff(self) -> str:
        """What was changed, as a unified diff."""
        return "\n".join(self._diff(2))

    @property
    def changes(self) -> list[str]:
        """The lines of the diff that are removed or added."""
        return changes(self._diff(0))

    def is_told_by(self, lines: tuple[str, ...]) -> bool:
        """Whether the lines, next to each other in the diff, hold all that was changed."""
        whole = [line.rstrip() for line in self._diff(len(self.reference))]
        told = [line.rstrip() for line in lines]
        return changes(whole) == changes(told) and any(
            whole[start : start + len(told)] == told for start in range(len(whole))
        )

    def as_equivalent(self, reason: str) -> str:
        """The cell that lists it in a bank."""
        lines = [f"# {line}".rstrip() for line in self._diff(0) if not line.startswith("@@")]
        return Answer("equivalent", self.name, reason, "", "\n".join(lines), 0).text

    def _diff(self, context: int) -> list[str]:
        before, after = self.reference.splitlines(), self.source.splitlines()
        return list(difflib.unified_diff(before, after, n=context, lineterm=""))[2:]


def changes(diff: list[str]) -> list[str]:
    return [line.rstrip() for line in diff if line.startswith(("-", "+"))]


def mutants(exercise: Cell) -> Iterator[Mutant]:
    """Every mutant of an exercise, once; all of them are valid Python and mean something else."""
    wrapper = MetadataWrapper(cst.parse_module(exercise.source))
    collector = Collector(exercise.source)
    wrapper.visit(collector)
    seen = {ast.dump(ast.parse(exercise.source))}
    for node in collector.nodes:
        for fault in faults(node):
            changed = wrapper.module.deep_replace(node, fault)
            assert isinstance(changed, cst.Module)  # it is the module unless the module itself is replaced
            code = changed.code
            try:
                tree = ast.dump(ast.parse(code))
            except SyntaxError:
                continue
            if tree not in seen:
                seen.add(tree)
                yield Mutant(exercise.name, exercise.source, code)


class Collector(cst.CSTVisitor):
    """The nodes of the solution regions that may get a fault, in the order of the text."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, source: str) -> None:
        super().__init__()
        self.nodes: list[cst.CSTNode] = []
        self._lines = set(solution_lines(source))

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Annotation) or is_docstring(node):
            return False
        position = self.get_metadata(PositionProvider, node, None)
        if position and {position.start.line, position.end.line} <= self._lines:
            self.nodes.append(node)
            # The text of an error and the names of imports are no part of what a test should see; the
            # number under a minus sign is changed with its sign.
            return not isinstance(node, cst.Raise | cst.Import | cst.ImportFrom) and number(node) is None
        return True


def solution_lines(source: str) -> Iterator[int]:
    """The numbers of the lines between the solution markers."""
    inside = False
    for line, text in enumerate(source.splitlines(), 1):
        if text.strip() in SOLUTION:
            inside = text.strip() == SOLUTION[0]
        elif inside:
            yield line


def is_docstring(node: cst.CSTNode) -> bool:
    """Whether a node is a string that stands as a statement."""
    return isinstance(node, cst.SimpleStatementLine) and (
        isinstance(node.body[0], cst.Expr)
        and isinstance(node.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )
