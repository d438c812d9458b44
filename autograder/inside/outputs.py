"""What a cell shows, gathered as a notebook keeps it, up to a limit of bytes."""

from __future__ import annotations

import base64
import io
from typing import Any

from .errors import plain

MIMES = (
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/png",
    "image/jpeg",
    "image/svg+xml",
)
CUT = "\n… more output than a notebook can hold: the rest is left out\n"
Output = dict[str, Any]


class Outputs:
    """The outputs of one cell, in order. Past `limit` bytes one line says so and the rest is dropped."""

    def __init__(self, limit: int) -> None:
        self.limit, self.size = limit, 0
        self.items: list[Output] = []
        self.shown: dict[str, Output] = {}  # by display_id
        self.full = False
        self.clear_first = False

    def fits(self, size: int) -> bool:
        """Count `size` more bytes; False, and a last line of output, once they are too many."""
        if self.full:
            return False
        self.size += size
        if self.size > self.limit:
            self.full = True
            self.items.append({"output_type": "stream", "name": "stderr", "text": CUT})
        return not self.full

    def add(self, item: Output, size: int) -> None:
        self.settle()
        if self.fits(size + 200):  # an item costs more than its text
            self.items.append(item)

    def text(self, name: str, text: str) -> None:
        """A piece of a stream; neighbouring pieces join."""
        self.settle()
        room = max(0, self.limit - self.size)
        last = self.items[-1] if self.items else None
        joins = last is not None and last["output_type"] == "stream" and last["name"] == name
        if self.full or not text:
            return
        kept = text if len(text) <= room else text[:room]
        if last is not None and joins:
            last.setdefault("pieces", []).append(kept)
        else:
            self.items.append({"output_type": "stream", "name": name, "pieces": [kept]})
        self.fits(len(text))

    def bundle(self, kind: str, data: dict[str, Any], display_id: str | None, update: bool) -> None:
        """A displayed object in each of its forms."""
        forms = {mime: form(data[mime]) for mime in MIMES if mime in data}
        item: Output = {"output_type": kind, "data": forms}
        if update:
            if display_id in self.shown and self.fits(sum(map(len, forms.values()))):
                self.shown[display_id]["data"] = forms
            return
        self.add(item, sum(map(len, forms.values())))
        if display_id:
            self.shown[display_id] = item

    def error(self, name: str, value: str, traceback: list[str]) -> None:
        """An exception: kept even when the cell has shown too much, since it says why the cell ended."""
        lines = [plain(line) for line in traceback[:50]]
        self.items.append(
            {"output_type": "error", "ename": plain(name), "evalue": plain(value), "traceback": lines}
        )

    def clear(self, wait: bool) -> None:
        self.clear_first = True
        if not wait:
            self.settle()

    def settle(self) -> None:
        if self.clear_first:
            self.items, self.shown, self.clear_first = [], {}, False

    def finished(self) -> list[Output]:
        """The outputs, streams joined to one text each."""
        for item in self.items:
            if "pieces" in item:
                item["text"] = text_only("".join(item.pop("pieces")))
        return self.items


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr of the cell that runs."""

    encoding = "utf-8"

    def __init__(self, name: str) -> None:
        self.name = name
        self.outputs = Outputs(0)

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if type(text) is not str:
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.outputs.text(self.name, text)
        return len(text)


def form(value: Any) -> str:
    """One form of a displayed object as text; pictures in base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return text_only(str(value))


def text_only(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
