"""The learner's objects that the judge holds by number, and the nodes that stand for them."""

from __future__ import annotations

import importlib
from typing import Any

from .data import Node, WireError
from .errors import plain


class Table:
    """Objects by number. An object has one number as long as the judge holds it."""

    def __init__(self) -> None:
        self.objects: dict[int, Any] = {}
        self.numbers: dict[
            int, int
        ] = {}  # by id(): the table keeps the object alive, so the id stays its own
        self.next = 1

    def node(self, value: Any) -> Node:
        """`[number, name of its class, its __name__ or None, whether it can be called]`."""
        number = self.numbers.get(id(value))
        if number is None:
            number, self.next = self.next, self.next + 1
            self.objects[number], self.numbers[id(value)] = value, number
        return {"h": [number, plain(str(type(value).__name__)[:100]), name_of(value), callable(value)]}

    def drop(self, numbers: list[int]) -> None:
        for number in numbers:
            value = self.objects.pop(number, None)
            self.numbers.pop(id(value), None)

    def value(self, tag: str, body: Node) -> Any:
        """What the judge's own tags stand for: h a number, m an importable name, s a slice, e an ellipsis."""
        if tag == "h":
            return self.objects[body]
        if tag == "m":
            module, path = body
            found: Any = importlib.import_module(module)
            for part in filter(None, path.split(".")):
                found = getattr(found, part)
            return found
        if tag == "s":
            return slice(*body)
        if tag == "e":
            return ...
        raise WireError(f"unknown tag {tag!r}")


def name_of(value: Any) -> str | None:
    """An object's own `__name__`, if it has one that is plain text."""
    try:
        name = value.__name__
    except Exception:  # a property of the learner's may raise anything
        return None
    return plain(name[:100]) if type(name) is str else None
