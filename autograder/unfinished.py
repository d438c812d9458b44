"""Words that an author leaves where text is still to come: a lesson that has one is not released.

Found are `TODO`, `FIXME`, `TBD`, `XXX`, `THE-RESULT` and the like, and a line that ends in `: RESULT`. What stands in
backticks or in a fenced block may be of any form, and so may a formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PLACEHOLDER = re.compile(
    r"\b(?:TODO|FIXME|TBD|XXX+)\b"
    r"|\bTHE(?:-[A-Z]+)+\b"
    r"|(?<=: )[A-Z]{5,}(?=[.*]*$)"
)
CODE = re.compile(r"`[^`]*`|\$[^$]*\$")


def unfinished(markdown: str) -> Iterator[tuple[int, str]]:
    """The placeholders in a cell's text, each with its line from 1."""
    fenced = False
    for number, line in enumerate(markdown.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and (found := PLACEHOLDER.search(CODE.sub("", line))):
            yield number, found[0]
