"""The instructor's report: one HTML page that needs no other file, no network and, to be read, no JavaScript.

A pure function of what was graded. Whatever comes from a learner is hostile: it is escaped, its control and
direction characters are spelt out, and the page's own policy lets no script or style run but the two that the
template brings. Every distinct message is stored once, however many learners have read it.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import math
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.grading.store import Graded
from autograder.lesson import Lesson
from autograder.outcome import Outcome, TestResult

MARKS = {  # a sign that needs no colour, and what it says
    Outcome.PASSED: ("✓", "the check agrees"),
    Outcome.WRONG: ("×", "the answer differs"),
    Outcome.ERROR: ("E", "the code raised an error"),
    Outcome.TIMEOUT: ("T", "out of time"),
    Outcome.MEMORY: ("M", "out of memory"),
    Outcome.CRASHED: ("C", "the process died"),
    Outcome.FORBIDDEN: ("F", "uses what it must not"),
    Outcome.MALFORMED: ("#", "no data or no notebook"),
    Outcome.MISSING: ("?", "its cell is gone"),
    Outcome.NOT_ATTEMPTED: ("–", "stub untouched"),
}
UNTRIED = {Outcome.NOT_ATTEMPTED, Outcome.MISSING, Outcome.MALFORMED}
ROOM = 2_000_000  # characters for all messages together
LONGEST, SHORTEST = 2000, 200  # characters of one of them, by how many there are
BARS = 26  # of a histogram, at most

SUSPICION = re.compile(r"(?:\w+: )?suspicious: ")  # as `reading.Note` words one
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
UNSEEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


@dataclass
class Message:
    """What learners read after one exercise, with how many they are."""

    number: int
    outcome: Outcome
    text: str
    count: int = 0


@dataclass(frozen=True)
class Row:
    """One notebook in the table of learners."""

    graded: Graded
    part: Part
    messages: list[int]  # the number of each result's message, 0 where there is none

    @property
    def score(self) -> float:
        return share(self.graded.points, self.graded.max_points)

    @property
    def passed(self) -> int:
        return sum(result.outcome is Outcome.PASSED for result in self.graded.results)

    @property
    def suspicions(self) -> list[str]:
        return [note for note in self.graded.notes if SUSPICION.match(note)]

    @property
    def repairs(self) -> list[str]:
        return [note for note in self.graded.notes if not SUSPICION.match(note)]

    @property
    def has(self) -> list[str]:
        """What the row can be filtered by."""
        notes = ["suspicious"] * bool(self.suspicions) + ["repaired"] * bool(self.repairs)
        return [*dict.fromkeys(result.outcome.value for result in self.graded.results), *notes]


@dataclass(frozen=True)
class Mistake:
    """A named mistake: who made it, of how many who tried the exercise."""

    exercise: Exercise
    part: Part
    sentence: str
    learners: list[str]

    @property
    def share(self) -> float:
        return share(len(self.learners), self.exercise.tried)


@dataclass
class Exercise:
    """One exercise over the whole class."""

    name: str
    points: int
    results: list[TestResult] = field(default_factory=list)
    messages: dict[tuple[Outcome, str], Message] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[Outcome]:
        return Counter(result.outcome for result in self.results)

    @property
    def tried(self) -> int:
        return sum(result.outcome not in UNTRIED for result in self.results)

    @property
    def passed(self) -> float:
        return share(self.counts[Outcome.PASSED], len(self.results))

    @property
    def seconds(self) -> float:
        return mean(result.seconds for result in self.results)

    def often_first(self) -> list[Message]:
        return sorted(self.messages.values(), key=lambda message: (-message.count, message.number))


@dataclass
class Part:
    """One lesson over the whole class."""

    number: int
    name: str
    title: str
    exercises: dict[str, Exercise] = field(default_factory=dict)
    scores: list[int] = field(default_factory=list)

    @property
    def points(self) -> int:
        return sum(exercise.points for exercise in self.exercises.values())

    @property
    def complete(self) -> int:
        return sum(score >= self.points for score in self.scores)

    def outcomes(self) -> list[Outcome]:
        """Those that occurred."""
        return [kind for kind in MARKS if any(one.counts[kind] for one in self.exercises.values())]

    def bars(self) -> list[tuple[int, int, int]]:
        """The distribution in bars of equal width: lowest and highest score of each, and how many have it."""
        top = max(self.points, *self.scores)
        width = math.ceil((top + 1) / BARS)
        counts = Counter(score // width for score in self.scores)
        return [(low, min(low + width - 1, top), counts[low // width]) for low in range(0, top + 1, width)]


@dataclass
class Report:
    """What the template shows."""

    parts: list[Part] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def counts(self) -> Counter[Outcome]:
        return Counter(result.outcome for row in self.rows for result in row.graded.results)


def render(
    graded: Sequence[Graded], lessons: Sequence[Lesson], *, sandbox: bool, problems: Sequence[str] = ()
) -> str:
    """The page, as text to be written in UTF-8: the same for the same input, to the byte.

    `lessons` gives titles and the order of lessons and exercises; what was graded of a lesson that is not among
    them comes after. `sandbox` says whether learners' code was confined; `problems`, a line each, what could
    not be graded at all.
    """
    template = environment().get_template("report.html.j2")
    policy = {
        block: digest("".join(template.blocks[block](template.new_context())))
        for block in ("style", "script")
    }
    report = collect(graded, lessons)
    return template.render(report=report, sandbox=sandbox, problems=problems, policy=policy, kinds=MARKS)


def collect(graded: Sequence[Graded], lessons: Sequence[Lesson]) -> Report:
    """Count everything once, in the order of the course."""
    report = Report()
    parts: dict[str, Part] = {}
    known = {lesson.name: lesson for lesson in lessons}
    extra = sorted({one.lesson for one in graded} - known.keys())
    for name in [*known, *extra]:
        parts[name] = Part(len(parts), name, known[name].title if name in known else name)
        for test in known[name].tests().values() if name in known else ():
            parts[name].exercises[test.name] = Exercise(test.name, test.points)
    distinct = len({result.message for one in graded for result in one.results})
    room = min(LONGEST, max(SHORTEST, ROOM // max(1, distinct)))
    mistakes: dict[tuple[int, str, str], Mistake] = {}
    numbers = itertools.count(1)
    for one in sorted(graded, key=lambda one: (one.who, parts[one.lesson].number)):
        part, said = parts[one.lesson], []
        for result in one.results:
            exercise = part.exercises.setdefault(result.name, Exercise(result.name, result.max_points))
            exercise.results.append(result)
            said.append(0)
            if text := visible(shortened(result.message, room)):
                new = Message(next(numbers), result.outcome, text)
                message = exercise.messages.setdefault((result.outcome, text), new)
                message.count += 1
                said[-1] = message.number
            if result.mistake:
                key = part.number, result.name, result.mistake
                mistake = mistakes.setdefault(key, Mistake(exercise, part, result.mistake, []))
                mistake.learners.append(one.who)
        part.scores.append(one.points)
        report.rows.append(Row(one, part, said))
    report.parts = [part for part in parts.values() if part.scores]
    report.mistakes = sorted(mistakes.values(), key=lambda one: (-len(one.learners), -one.share))
    return report


@cache
def environment() -> Environment:
    """Jinja that escapes everything and spells out what cannot be seen."""
    jinja = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {"percent": lambda part: f"{100 * part:.0f}%", "label": label, "short": shortened}
    jinja.globals |= {"mean": mean, "median": statistics.median, "ticks": ticks}
    return jinja


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


def label(outcome: Outcome) -> str:
    return outcome.value.replace("_", " ")


def digest(text: str) -> str:
    """A source expression of a Content-Security-Policy that allows exactly this inline text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def mean(values: Iterable[float]) -> float:
    return statistics.fmean(found) if (found := list(values)) else 0.0


def ticks(top: int, most: int) -> list[int]:
    """Round numbers from 0 to `top`, at most `most` + 1 of them."""
    steps = (base * 10**power for power in range(10) for base in (1, 2, 5))
    step = next(step for step in steps if top <= most * step)
    return list(range(0, top + 1, step))
