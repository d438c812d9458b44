"""Text to words and back: `detokenize(tokenize(text)) == text` for every story, question and corpus.

A token is a word as it is written ("The" and "the" are two), a punctuation mark, a name in angle brackets, or the
number of a passage in square ones, "[1]". The end of a story is the token `<end>`, in text a line break. Left out:
other digits, spelling that no story uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

END = "<end>"
SPECIAL = (END, "<pad>", "<system>", "<user>", "<assistant>")
CITATIONS = tuple(f"[{i}]" for i in range(1, 10))  # for answers that name the passage they are from

TOKEN = re.compile(r"<[a-z]+>|\[[1-9]\]|\n|'s|[A-Za-z]+|[.,:;!?“”]")
CLOSING = frozenset(".,:;!?”") | {"'s", END}


def tokenize(text: str) -> list[str]:
    """The tokens of a text. Spaces separate and vanish; raises ValueError for a character no token holds."""
    tokens, at = [], 0
    for found in TOKEN.finditer(text):
        refuse_unless_blank(text, at, found.start())
        tokens.append(END if found[0] == "\n" else found[0])
        at = found.end()
    refuse_unless_blank(text, at, len(text))
    return tokens


def refuse_unless_blank(text: str, start: int, end: int) -> None:
    """Raises ValueError if anything but spaces stands between two tokens."""
    if odd := text[start:end].strip(" "):
        where = text.index(odd, start)
        raise ValueError(
            f"fables: no token holds {odd[0]!r} at character {where}; stories have letters and .,:;!?“”"
        )


def detokenize(tokens: Iterable[str]) -> str:
    """The text of tokens, spaced as in print."""
    parts, glued = [], True
    for token in tokens:
        if not (glued or token in CLOSING):
            parts.append(" ")
        parts.append("\n" if token == END else token)
        glued = token in ("“", END)
    return "".join(parts)
