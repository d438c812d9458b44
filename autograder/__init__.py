"""The instructor's package: builds the lessons, gates their tests, grades a class. Command: `autograder`."""

import sys

# nbformat imports jsonschema, which for one string format that no notebook has compiles a grammar: a second at
# each start of a command or worker. Without this package jsonschema leaves the format unchecked.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
