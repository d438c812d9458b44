"""From a document to passages: cut at headings, then pack whole sentences up to a size, with some said twice.

The functions are those of lesson 11/03, typed and under the same checks. Left out: tables, which stay in one
sentence, and Setext headings (underlined ones).
"""

from __future__ import annotations

import re

HEADING = re.compile(r"(#{1,6}) +(.+)")
SENTENCE_END = re.compile(r"(?<=[.!?:]) +(?=[A-Z`*“(])")


def sections(markdown: str) -> list[tuple[str, str]]:
    """The sections of a Markdown text that hold text, as pairs of heading path and body.

    The path is all headings above, joined by " > ", and "" before the first; a `#` in a fence of ``` is no heading.
    """
    path: list[tuple[int, str]] = []
    found: list[tuple[str, list[str]]] = [("", [])]
    fenced = False
    for line in markdown.splitlines():
        fenced ^= line.startswith("```")
        if not fenced and (heading := HEADING.fullmatch(line)):
            level = len(heading[1])
            path = [(above, title) for above, title in path if above < level] + [(level, heading[2].strip())]
            found.append((" > ".join(title for _, title in path), []))
        else:
            found[-1][1].append(line)
    bodies = [(where, "\n".join(lines).strip()) for where, lines in found]
    return [(where, body) for where, body in bodies if body]


def sentences(text: str) -> list[str]:
    """The sentences of a text, by a rule of thumb: a full stop or its like, a space, a capital."""
    return SENTENCE_END.split(" ".join(text.split()))


def chunk(sentences: list[str], size: int, overlap: int) -> list[str]:
    """Consecutive whole sentences in chunks of at most `size` words; a longer sentence is a chunk of its own.

    A chunk begins with up to `overlap` of the last sentences of the one before, as many as leave room for the next new
    one. Raises ValueError if `size` is below 1 or `overlap` below 0.
    """
    if size < 1 or overlap < 0:
        raise ValueError(f"chunk: size {size} must be at least 1 and overlap {overlap} at least 0")
    words = [len(sentence.split()) for sentence in sentences]
    chunks, start, end = [], 0, 0
    while end < len(sentences):
        start = max(start, end - overlap)
        while start < end and sum(words[start : end + 1]) > size:
            start += 1
        end += 1
        while end < len(sentences) and sum(words[start : end + 1]) <= size:
            end += 1
        chunks.append(" ".join(sentences[start:end]))
    return chunks
