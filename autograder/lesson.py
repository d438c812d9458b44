"""A lesson as its author writes it: py:percent cells with short headers, read strictly.

    # %% [markdown]
    # %% exercise: NAME forbid=["torch.softmax", ".softmax"]
    # %% test: NAME points=2
    # %% tags=["demo"]
    # %%

Anything a learner or the grader would trip over later is refused here, with file and line.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from symtable import SymbolTable, symtable
from typing import Literal

import jupytext
from IPython.core.inputtransformer2 import TransformerManager

from autograder.course import CourseError
from autograder.unfinished import unfinished

Kind = Literal["markdown", "exercise", "test", "given"]

MARKER = re.compile(r"^\s*#\s*%%")
HEADER = re.compile(
    r"# %%"
    r"(?: (?P<markdown>\[markdown\])"
    r"| exercise: (?P<exercise>\w+)(?: forbid=(?P<forbid>\[[^\]]*\]))?"
    r"| test: (?P<test>\w+) points=(?P<points>\d+))?"
    r"(?: tags=(?P<tags>\[.*\]))?"
)
FORMS = "[markdown] | exercise: NAME forbid=[...] | test: NAME points=N | nothing; each may end in tags=[...]"
SOLUTION = ("### BEGIN SOLUTION", "### END SOLUTION")
HIDDEN = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")


class LessonError(CourseError):
    """A lesson that cannot be built: `file:line: what is wrong`."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        self.path, self.line = path, line
        super().__init__(f"{path}:{line}: {message}")


@dataclass(frozen=True)
class Cell:
    """One cell: what it is, its text, and the line of its header in the file (from 1).

    `forbid` are the calls that would make an exercise trivial: dotted names, or ".name" for a method.
    """

    kind: Kind
    source: str
    line: int
    name: str = ""
    points: int = 0
    tags: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()

    @property
    def demo(self) -> bool:
        """Run when reading, skipped when grading."""
        return "demo" in self.tags

    @property
    def code(self) -> bool:
        return self.kind != "markdown"


@dataclass(frozen=True)
class Lesson:
    """The cells of one lesson; `name` is `unit/lesson`."""

    name: str
    path: Path
    cells: tuple[Cell, ...] = field(repr=False)

    @property
    def unit(self) -> str:
        return self.name.split("/")[0]

    @property
    def title(self) -> str:
        """The first heading, without its mark."""
        return self.cells[0].source.splitlines()[0].removeprefix("# ").strip()

    @property
    def points(self) -> int:
        return sum(cell.points for cell in self.cells)

    def exercises(self) -> dict[str, Cell]:
        return {cell.name: cell for cell in self.cells if cell.kind == "exercise"}

    def tests(self) -> dict[str, Cell]:
        return {cell.name: cell for cell in self.cells if cell.kind == "test"}


def read(path: Path, name: str) -> Lesson:
    """The lesson in a file. Raises LessonError at the first thing that is wrong."""
    text = path.read_text(encoding="utf-8")
    cells = tuple(split(path, text))
    lesson = Lesson(name, path, cells)
    refuse(lesson)
    return lesson


def split(path: Path, text: str) -> Iterator[Cell]:
    """The cells of a file, headers understood, comment marks of markdown cells removed."""
    lines = text.splitlines()
    headers = [number for number, line in enumerate(lines, 1) if MARKER.match(line)]
    if not headers or headers[0] != 1:
        raise LessonError(path, 1, "a lesson starts with the cell header `# %% [markdown]`")
    matches = [HEADER.fullmatch(lines[line - 1].rstrip()) for line in headers]
    for line, match in zip(headers, matches, strict=True):
        if not match:
            raise LessonError(
                path, line, f"unknown cell header {lines[line - 1].strip()!r}; a header is: # %% {FORMS}"
            )
    found = jupytext.reads(text, fmt="py:percent").cells
    if len(found) != len(headers):
        raise LessonError(
            path, 1, f"{len(headers)} cell headers but {len(found)} cells: one is inside a string"
        )
    for line, match, cell in zip(headers, filter(None, matches), found, strict=True):
        kinds: tuple[Kind, ...] = ("markdown", "exercise", "test")
        yield Cell(
            kind=next((kind for kind in kinds if match[kind]), "given"),
            source=cell.source,
            line=line,
            name=match["exercise"] or match["test"] or "",
            points=int(match["points"] or 0),
            tags=strings(path, line, "tags", match["tags"]),
            forbid=strings(path, line, "forbid", match["forbid"]),
        )


def strings(path: Path, line: int, word: str, text: str | None) -> tuple[str, ...]:
    """A list of strings in a header, written as in JSON."""
    try:
        value = json.loads(text or "[]")
    except ValueError:
        value = None
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise LessonError(path, line, f'{word}={text} is not a list of strings, as in {word}=["demo"]')
    return tuple(value)


def refuse(lesson: Lesson) -> None:
    """Raise LessonError for the first rule of a lesson that is broken."""
    path, cells = lesson.path, lesson.cells
    if cells[0].kind != "markdown" or not cells[0].source.startswith("# "):
        raise LessonError(path, 1, "the first cell is the title: markdown that starts with `# `")
    seen: dict[tuple[str, str], int] = {}
    for cell in cells:
        refuse_markers(path, cell)
        if cell.code:
            refuse_code(path, cell)
        else:
            for line, word in unfinished(cell.source):
                raise LessonError(
                    path, cell.line + line, f"{word!r} is a placeholder: write what belongs there"
                )
        if not cell.name:
            continue
        if first := seen.get((cell.kind, cell.name)):
            raise LessonError(
                path, cell.line, f"duplicate {cell.kind} {cell.name!r}: the first is at line {first}"
            )
        if cell.kind == "test" and ("exercise", cell.name) not in seen:
            raise LessonError(path, cell.line, f"test {cell.name!r} has no exercise of that name before it")
        if cell.kind == "test" and not cell.points:
            raise LessonError(path, cell.line, f"test {cell.name!r} gives 0 points: say points=1 or more")
        seen[cell.kind, cell.name] = cell.line
    for kind, name in seen:
        if kind == "exercise" and ("test", name) not in seen:
            raise LessonError(
                path, seen[kind, name], f"exercise {name!r} has no test: add `# %% test: {name} points=1`"
            )
    refuse_demo_dependence(path, cells)


def refuse_markers(path: Path, cell: Cell) -> None:
    """Markers in pairs, of the right kind for the cell, never nested."""
    for (begin, end), owner in ((SOLUTION, "exercise"), (HIDDEN, "test")):
        word = begin.removeprefix("### BEGIN ")
        opened = pairs = 0
        for number, text in enumerate(cell.source.splitlines(), cell.line + 1):
            line = text.strip()
            if line not in (begin, end):
                if f"BEGIN {word}" in line or f"END {word}" in line:
                    raise LessonError(
                        path, number, f"{line!r}: a marker stands alone on its line, as {begin!r}"
                    )
                continue
            if cell.kind != owner:
                raise LessonError(path, number, f"{line!r} stands outside of any {owner} cell")
            if (line == begin) == bool(opened):
                raise LessonError(path, opened or number, f"{begin if opened else line!r} has no partner")
            opened, pairs = (number if line == begin else 0), pairs + (line == end)
        if opened:
            raise LessonError(path, opened, f"{begin!r} has no {end!r}: the solution or test is unclosed")
        if owner == "exercise" == cell.kind and not pairs:
            raise LessonError(
                path, cell.line, f"exercise {cell.name!r} has no {begin!r}: nothing is left to write"
            )


def refuse_code(path: Path, cell: Cell) -> None:
    """Code that parses; an exercise that defines what it is called after."""
    try:
        tree = parse(cell.source)
    except SyntaxError as error:
        raise LessonError(path, cell.line + (error.lineno or 0), f"not valid Python: {error.msg}") from None
    if cell.kind == "exercise" and cell.name not in defined(tree):
        raise LessonError(path, cell.line, f"exercise {cell.name!r} does not define {cell.name}")


def refuse_demo_dependence(path: Path, cells: tuple[Cell, ...]) -> None:
    """No cell that is run when grading may use a name that only a demo cell defines."""
    graded: set[str] = set()
    demo: dict[str, int] = {}
    for cell in filter(lambda cell: cell.code, cells):
        tree = parse(cell.source)
        if cell.demo:
            demo |= dict.fromkeys(defined(tree), cell.line)
            continue
        graded |= defined(tree)
        for name in sorted((used(tree) & demo.keys()) - graded):
            raise LessonError(
                path,
                cell.line,
                f"uses {name!r}, which only the demo cell at line {demo[name]} defines: grading skips it",
            )


def parse(source: str) -> ast.Module:
    """The syntax tree of a cell, IPython magics allowed."""
    return ast.parse(TransformerManager().transform_cell(source))


def defined(tree: ast.Module) -> set[str]:
    """Names that a cell binds outside of functions and classes."""
    names: set[str] = set()
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        # What a comprehension runs over is its own.
        todo += [node.iter, *node.ifs] if isinstance(node, ast.comprehension) else ast.iter_child_nodes(node)
    return names


def used(tree: ast.Module) -> set[str]:
    """Names of the notebook that occur in a cell: not those that are local to a function or a comprehension."""

    def outer(table: SymbolTable) -> set[str]:
        whole = table.get_type() == "module"
        names = {symbol.get_name() for symbol in table.get_symbols() if whole or symbol.is_global()}
        return names.union(*map(outer, table.get_children()))

    return outer(symtable(ast.unparse(tree), "cell", "exec"))
