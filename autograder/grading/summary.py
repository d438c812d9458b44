"""A graded class on the terminal and in CSV files."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence

from rich.table import Column, Table
from rich.text import Text

from autograder.grading.store import Graded

Scores = Mapping[tuple[str, str], float]


def table(graded: Sequence[Graded], scores: Scores, truth: Scores) -> Table:
    """A row for each notebook. `scores` are the gradebook's, `truth` those of a simulated class."""
    view = Table("learner", "lesson", Column("score", justify="right"), "outcomes", "notes")
    for one in graded:
        score = f"{scores[one.who, one.lesson]:g} / {one.max_points}"
        if (one.who, one.lesson) in truth:
            score += f"  (true {truth[one.who, one.lesson]:g})"
        counts = Counter(result.outcome.value for result in one.results)
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        notes = f"{len(one.notes)}, see the report" if one.notes else ""
        view.add_row(Text(one.who), one.lesson, score, outcomes, notes)  # a name is text, not markup
    return view


def problems(graded: Sequence[Graded], scores: Scores, truth: Scores) -> list[str]:
    """Where the score is not the known one: a fault of the grading, not of a learner."""
    return [
        f"{one.who} {one.lesson}: graded {one.points}, but the true score is {truth[one.who, one.lesson]:g}"
        for one in graded
        if (one.who, one.lesson) in truth and one.points != truth[one.who, one.lesson]
    ]


def grades_csv(graded: Sequence[Graded], scores: Scores) -> str:
    """A row for each notebook: the gradebook's score, an instructor's adjustments included."""
    rows = [[one.who, one.lesson, f"{scores[one.who, one.lesson]:g}", one.max_points] for one in graded]
    return written(["learner", "lesson", "score", "max_score"], rows)


def outcomes_csv(graded: Sequence[Graded]) -> str:
    """A row for each test: its outcome, and the mistake if it was named."""
    rows = [
        [
            one.who,
            one.lesson,
            result.name,
            result.outcome.value,
            result.points,
            result.max_points,
            result.mistake,
        ]
        for one in graded
        for result in one.results
    ]
    return written(["learner", "lesson", "exercise", "outcome", "points", "max_points", "mistake"], rows)


def written(header: list[str], rows: Sequence[Sequence[object]]) -> str:
    """CSV text, quoted where needed. A field that a spreadsheet would take for a formula gets a quote before it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([[defused(field) for field in row] for row in rows])
    return text.getvalue()


def defused(field: object) -> object:
    return (
        f"'{field}"
        if isinstance(field, str) and field.startswith(("=", "+", "-", "@", "\t", "\r"))
        else field
    )
