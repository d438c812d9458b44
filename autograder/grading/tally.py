"""What the results of a class come to, counted once: by lesson, exercise, mistake and learner."""

from __future__ import annotations

import itertools
import math
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from autograder.grading.plain import shortened, visible
from autograder.grading.store import Graded
from autograder.lesson import Lesson
from autograder.outcome import Outcome, TestResult

UNTRIED = {Outcome.NOT_ATTEMPTED, Outcome.MISSING, Outcome.MALFORMED}
ROOM = 2_000_000  # characters for all messages together
LONGEST, SHORTEST = 2000, 200  # characters of one of them, by how many there are
BARS = 26  # of a histogram, at most
SUSPICION = re.compile(r"(?:\w+: )?suspicious: ")  # as `sanitize.notes.Note` words one


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
        return [kind for kind in Outcome if any(one.counts[kind] for one in self.exercises.values())]

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


def share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def mean(values: Iterable[float]) -> float:
    return statistics.fmean(found) if (found := list(values)) else 0.0
