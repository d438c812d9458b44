"""From the bytes that a learner handed in to the value that they spell in JSON, or a line on what they are instead."""

from __future__ import annotations

import json
import re
from typing import Any

from autograder.sanitize.notes import Note, Unreadable

MAX_BYTES = 128 * 2**20
MAX_VALUES = 5_000_000  # JSON values in a file: each costs up to a hundred bytes once it is read
FORMATS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\x80", "a Python pickle"),
)
# Outside of these, a bracket means what it says. It always matches to its end, so that no text makes the search
# start over, and possessively, so that it takes a constant amount of stack.
JSON_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
PYTHON_TEXT = re.compile(
    r"^(?:# %%|# In ?\[|#!.*python|# -\*- coding|(?:import|from|def|class)[ \t]+\w+)", re.MULTILINE
)


def decode(submission: bytes, notes: list[Note]) -> str:
    """The text of a file in UTF-8, 16 or 32, with or without a byte-order mark, or in the old Windows code."""
    if len(submission) > MAX_BYTES:
        raise Unreadable(f"{len(submission) >> 20} MB: at most {MAX_BYTES >> 20} MB are read")
    for start, what in FORMATS:
        if submission.startswith(start):
            raise Unreadable(f"not a notebook but {what}: hand in the .ipynb file itself")
    encoding: str = json.detect_encoding(submission)
    try:
        text = submission.decode(encoding)
    except UnicodeDecodeError:
        encoding, text = "windows-1252", submission.decode("windows-1252", "replace")
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(
            Note(f"encoded as {encoding}: read as such", sure="likely" if "win" in encoding else "certain")
        )
    text = text.strip("\ufeff\0 \t\r\n")
    if not text:
        raise Unreadable("the file is empty")
    values = sum(text.count(mark) for mark in "[{,")
    if values > MAX_VALUES:  # most of them may stand inside of strings, where they are no values
        bare = JSON_STRING.sub(b"", text.encode("utf-8", "replace"))
        values = sum(bare.count(mark) for mark in (b"[", b"{", b","))
    if values > MAX_VALUES:
        raise Unreadable(f"{values} JSON values: at most {MAX_VALUES} are read")
    return text


def parse(text: str) -> Any:
    """The JSON value of a text. Raises Unreadable, with what the text is instead."""
    try:
        # A number with thousands of digits makes int() raise; no number of that kind matters here.
        return json.loads(text, strict=False, parse_int=lambda digits: int(digits[:18]))
    except RecursionError:
        raise Unreadable("JSON nested too deeply to be a notebook") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        if text.startswith("<") and not text.startswith("<<<<<<<"):
            message = "not a notebook but a web page (HTML): hand in the .ipynb file"
        elif not text.startswith(("{", "[")):
            python = PYTHON_TEXT.search(text[:10_000])
            message = f"not a notebook but {'Python code' if python else 'text'}: hand in the .ipynb file"
        elif error.pos >= len(text) or error.msg.startswith("Unterminated string"):
            message = f"not JSON: it breaks off ({where})"
        else:
            message = f"not JSON: {error.msg} ({where})"
        raise Unreadable(message) from None
