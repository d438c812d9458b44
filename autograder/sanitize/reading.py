"""From the bytes that a learner handed in to plain cells, whatever the bytes are.

Nothing of the file is trusted: it is taken apart by hand, and only text, ids, tags and nbgrader's metadata come
through. Outputs, attachments and all other metadata are left behind. Which cell is which is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from autograder.sanitize.decoding import decode, parse
from autograder.sanitize.notes import Note, Unreadable

CellType = Literal["code", "markdown", "raw"]

MAX_CELLS = 20_000
MAX_SOURCE = 1_000_000  # characters of a cell
MAX_TAGS = 20

# Outside of these, a name means what it says. Each always matches to its end, as `decoding.JSON_STRING` does.
PYTHON_STRING = re.compile(
    r'#[^\n]*+|"""(?:[^"\\]++|\\.|"(?!""))*+(?:"""|\\?)'
    r"|'''(?:[^'\\]++|\\.|'(?!''))*+(?:'''|\\?)"
    r'|"(?:[^"\\\n]++|\\.)*+"?'
    r"|'(?:[^'\\\n]++|\\.)*+'?",
    re.DOTALL,
)
BINDING = re.compile(
    r"^(?:(?:async[ \t]++)?+(?:def|class)[ \t]++(\w++)|(\w++)[ \t]*+(?::[^=\n]*+)?+=(?!=))", re.MULTILINE
)
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True)
class Piece:
    """One cell as it was handed in; `id` is "" unless it is a valid one."""

    kind: CellType
    text: str
    id: str = ""
    tags: tuple[str, ...] = ()
    nbgrader: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def grade_id(self) -> str:
        value = self.nbgrader.get("grade_id")
        return value if isinstance(value, str) else ""

    @cached_property
    def plain(self) -> str:
        """The text without what does not count when two are compared."""
        return plain(self.text)

    @cached_property
    def names(self) -> frozenset[str]:
        """Names that the text binds at the left margin."""
        return names(self.text)


@dataclass(frozen=True)
class Paper:
    """A notebook that was handed in: its cells, and the lesson that it says it is ("" if it says nothing)."""

    pieces: tuple[Piece, ...]
    lesson: str
    notes: tuple[Note, ...]


def plain(text: str) -> str:
    """A text without space at the ends of its lines, and without empty lines around it."""
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))


def names(text: str) -> frozenset[str]:
    """What a cell defines: `def`, `class` or `=` at the left margin, outside of strings and comments.

    It works on code that does not parse, too, and in linear time; Python's own parser can be made to exhaust
    the stack by the text of a cell.
    """
    return frozenset(a or b for a, b in BINDING.findall(PYTHON_STRING.sub(" ", text)))


def read(submission: bytes) -> Paper:
    """The cells of a notebook file. Raises Unreadable, and nothing else, where there are none to read.

    Time is linear in the size, and memory a small multiple of it: larger files than MAX_BYTES are refused.
    """
    notes: list[Note] = []
    notebook = parse(decode(submission, notes))
    if not isinstance(notebook, dict):
        raise Unreadable(f"JSON, but no notebook: {kind_of(notebook)} where an object with cells is due")
    raw = raw_cells(notebook)
    if len(raw) > MAX_CELLS:
        raise Unreadable(f"{len(raw)} cells: at most {MAX_CELLS} are read")
    version = notebook.get("nbformat")
    if version != 4:
        shown = version if isinstance(version, int) and abs(version) < 1000 else "unknown"
        notes.append(Note(f"notebook format {shown}: converted to 4.5"))
    return Paper(tuple(pieces(raw, notes)), lesson(notebook, notes), tuple(notes))


def kind_of(value: Any) -> str:
    return {list: "a list", str: "a string", bool: "a truth value", type(None): "null"}.get(
        type(value), "a number"
    )


def raw_cells(notebook: dict[str, Any]) -> list[Any]:
    """The cells of a notebook, unread. Before nbformat 4 they lie in worksheets."""
    cells, sheets = notebook.get("cells"), notebook.get("worksheets")
    if isinstance(cells, list):
        return cells
    if not isinstance(sheets, list):
        raise Unreadable("JSON, but no notebook: it has no cells")
    lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    return [cell for cells in lists if isinstance(cells, list) for cell in cells]


def lesson(notebook: dict[str, Any], notes: list[Note]) -> str:
    """The lesson that a notebook's metadata names; a foreign kernel is noted on the way."""
    metadata = table(notebook, "metadata")
    kernel = table(metadata, "kernelspec").get("name")
    if isinstance(kernel, str) and kernel != "python3":
        notes.append(Note(f"kernel {kernel[:40]!r}: set to python3"))
    name = table(metadata, "fasttrack").get("lesson")
    return clean(name) if isinstance(name, str) else ""


def pieces(raw: list[Any], notes: list[Note]) -> Iterator[Piece]:
    """The cells, one by one. What could not be kept is noted once for all of them."""
    strange = without_id = long = moved = pictures = 0
    schemas = set()
    for cell in raw:
        if not isinstance(cell, dict):
            strange += 1
            continue
        metadata = table(cell, "metadata")
        kind, text = content(cell)
        if len(text) > MAX_SOURCE:
            long += 1
            text = f"# A cell of {len(text)} characters is left out: at most {MAX_SOURCE} are read."
        if kind != "code" and "attachment:" in text:
            # Without the picture that it points to, nbconvert refuses the whole notebook.
            pictures += 1
            text = text.replace("attachment:", "left-out:")
        identity = identifier(cell.get("id"))
        if not identity and (identity := identifier(metadata.get("id"))):
            moved += 1
        without_id += not identity
        nbgrader = table(metadata, "nbgrader")
        if nbgrader:
            schemas.add(version(nbgrader))
        yield Piece(kind, text, identity, tags(metadata.get("tags")), nbgrader)
    for count, what in (
        (strange, "left out: not a cell at all"),
        (long, f"left out: longer than {MAX_SOURCE} characters"),
        (pictures, "had a pasted picture, which is left out"),
        (moved, "had their id in the metadata, as Colab saves it"),
        (without_id, "without a valid id: given one"),
    ):
        if count:
            notes.append(Note(f"{count} cell{'s' if count > 1 else ''} {what}"))
    if old := sorted(schemas - {"3"}):
        notes.append(Note(f"nbgrader's metadata of schema {', '.join(old[:3])}: brought to 3"))


def content(cell: dict[str, Any]) -> tuple[CellType, str]:
    """Kind and text of a cell of any notebook format."""
    kind, text = cell.get("cell_type"), ""
    for key in ("source", "input", "text"):
        value = cell.get(key)
        if isinstance(value, list):
            value = "".join(line for line in value if isinstance(line, str))
        if isinstance(value, str):
            text = clean(value)
            break
    if kind == "heading":
        level = cell.get("level")
        text = "#" * (min(max(level, 1), 6) if isinstance(level, int) else 1) + " " + text
    if kind == "code":
        return "code", text
    return ("markdown" if kind in ("markdown", "heading", "html", "text") else "raw"), text


def clean(text: str) -> str:
    """A text with one kind of line ending, and without halves of characters, which no file can hold."""
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()


def identifier(value: Any) -> str:
    return value if isinstance(value, str) and CELL_ID.fullmatch(value) else ""


def tags(value: Any) -> tuple[str, ...]:
    """The tags of a cell that nbformat's schema allows."""
    if not isinstance(value, list):
        return ()
    found = [clean(tag) for tag in value[:MAX_TAGS] if isinstance(tag, str) and 0 < len(tag) <= 64]
    return tuple(dict.fromkeys(tag for tag in found if "," not in tag))


def version(nbgrader: dict[str, Any]) -> str:
    """The schema version of nbgrader's metadata, in a form that can be shown."""
    value = nbgrader.get("schema_version")
    return str(value) if isinstance(value, int) and 0 <= value < 100 else "unknown"


def table(value: dict[str, Any], key: str) -> dict[str, Any]:
    """A dictionary inside of another; empty where there is none."""
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}
