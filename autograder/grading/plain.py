"""Text of learners made fit to be read: nothing in it is hidden, and nothing is endless."""

from __future__ import annotations

import re
from typing import Any

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
UNSEEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def visible(value: Any) -> Any:
    """Text without terminal colours; characters that hide, or turn the line around, as escapes like \\u202e."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    plain = COLOURS.sub("", value)
    return UNSEEN.sub(lambda found: ascii(found[0])[1:-1], plain)


def shortened(text: str, room: int) -> str:
    """The beginning and the end of a text that is longer than `room` characters."""
    if len(text) <= room:
        return text
    return f"{text[: room * 3 // 4]} … ({len(text) - room} characters left out) … {text[len(text) - room // 4 :]}"
