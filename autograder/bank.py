"""The answers that test an exercise's test: right ones, wrong ones, and mutants known to be equivalent.

    # %% right: NAME — how it differs from the solution
    # %% wrong: NAME — the mistake  hint="fragment the learner must see"
    # %% equivalent: NAME — why no test can tell it from the solution

The first two are followed by the exercise as a learner would write it, the last by lines of the mutant's
diff, each behind `# `, as `autograder mutate` prints them. Banks are never released.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Literal

from autograder.lesson import MARKER, Lesson, LessonError, defined, parse

Kind = Literal["right", "wrong", "equivalent"]

HEADER = re.compile(
    r"# %% (?P<kind>right|wrong|equivalent): (?P<name>\w+) — (?P<about>\S.*?)(?: +hint=(?P<hint>\".*\"))?"
)
FORMS = (
    'right: NAME — how it differs | wrong: NAME — the mistake  hint="fragment" | equivalent: NAME — reason'
)


@dataclass(frozen=True)
class Answer:
    """One cell of a bank: the answer's source, or for an equivalent mutant the commented lines of its diff.

    `line` is that of the header (from 1): the source starts on the next one.
    """

    kind: Kind
    name: str
    about: str
    hint: str
    source: str
    line: int

    @property
    def text(self) -> str:
        """The cell as it stands in a bank."""
        hint = f"  hint={json.dumps(self.hint, ensure_ascii=False)}" if self.hint else ""
        return f"# %% {self.kind}: {self.name} — {self.about}{hint}\n{self.source}\n"

    @property
    def diff(self) -> tuple[str, ...]:
        """The lines of an equivalent mutant's diff."""
        return tuple(line.removeprefix("#").removeprefix(" ") for line in self.source.splitlines())


@dataclass(frozen=True)
class Bank:
    """The answers to one lesson's exercises, in the order of their file."""

    path: Path
    answers: tuple[Answer, ...] = field(repr=False)

    def of(self, name: str, kind: Kind) -> list[Answer]:
        """The answers of one kind to the exercise `name`."""
        return [answer for answer in self.answers if answer.name == name and answer.kind == kind]

    @property
    def text(self) -> str:
        """The bank as a file."""
        return "\n".join(answer.text for answer in self.answers)


def read(path: Path, lesson: Lesson) -> Bank:
    """The bank in a file. Raises LessonError at the first thing that is wrong, and where there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LessonError(
            path, 1, f"no such file: {lesson.name} has no right and wrong answers yet"
        ) from None
    answers = tuple(split(path, text))
    seen: dict[tuple[str, str], int] = {}
    for answer in answers:
        refuse(path, answer, lesson)
        code = answer.source if answer.kind == "equivalent" else ast.dump(parse(answer.source))
        first = seen.setdefault((answer.name, code), answer.line)
        if first != answer.line:
            raise LessonError(path, answer.line, f"the same answer as at line {first}")
    return Bank(path, answers)


def split(path: Path, text: str) -> Iterator[Answer]:
    """The cells of a file, headers understood."""
    lines = text.split("\n")
    headers = [number for number, line in enumerate(lines, 1) if MARKER.match(line)]
    if text and (not headers or headers[0] != 1):
        raise LessonError(path, 1, f"a bank starts with a cell header: # %% {FORMS}")
    for line, end in pairwise([*headers, len(lines) + 1]):
        match = HEADER.fullmatch(lines[line - 1].rstrip())
        if not match:
            raise LessonError(
                path, line, f"unknown cell header {lines[line - 1].strip()!r}; a header is: # %% {FORMS}"
            )
        yield Answer(
            kind=match["kind"],  # type: ignore[arg-type]
            name=match["name"],
            about=match["about"],
            hint=hint(path, line, match["hint"]),
            source="\n".join(lines[line : end - 1]).rstrip(),
            line=line,
        )


def hint(path: Path, line: int, text: str | None) -> str:
    """The hint of a header, written as a JSON string; "" if it has none."""
    try:
        return str(json.loads(text or '""'))
    except ValueError:
        raise LessonError(path, line, f'hint={text} is not one quoted string; escape quotes as \\"') from None


def refuse(path: Path, answer: Answer, lesson: Lesson) -> None:
    """Raise LessonError for the first rule of a bank that an answer breaks."""
    if answer.name not in lesson.exercises():
        raise LessonError(path, answer.line, f"{lesson.name} has no exercise {answer.name!r}")
    if (answer.kind == "wrong") != bool(answer.hint):
        message = f"a {answer.kind} answer has no hint"
        if answer.kind == "wrong":
            message = 'a wrong answer says which hint it must get: end the header in  hint="fragment"'
        raise LessonError(path, answer.line, message)
    if answer.kind == "equivalent":
        refuse_diff(path, answer)
        return
    try:
        tree = parse(answer.source)
    except SyntaxError as error:
        skipped = len(answer.source) - len(answer.source.lstrip("\n"))  # IPython drops blank lines at the top
        line = answer.line + skipped + (error.lineno or 0)
        raise LessonError(path, line, f"not valid Python: {error.msg}") from None
    if answer.name not in defined(tree):
        raise LessonError(path, answer.line, f"the answer does not define {answer.name}")


def refuse_diff(path: Path, answer: Answer) -> None:
    """An equivalent mutant is told by comment lines, among them one that is added or removed."""
    for number, line in enumerate(answer.source.splitlines(), answer.line + 1):
        if not re.match(r"# ?[-+ ]|#$", line):
            raise LessonError(path, number, f"{line!r}: a line of a diff starts with `# -`, `# +` or `#  `")
    if not any(line.startswith(("-", "+")) for line in answer.diff):
        raise LessonError(path, answer.line, "no `# -` or `# +` line says what the mutant changes")
