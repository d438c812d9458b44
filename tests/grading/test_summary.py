"""The class as a table and as CSV: quoted, and safe to open in a spreadsheet."""

import csv

from rich.console import Console

from autograder.grading import summary
from tests.grading.samples import graded

LESSON = graded().lesson


def test_grades_are_the_gradebooks_own() -> None:
    rows = list(csv.DictReader(summary.grades_csv([graded()], {("ada", LESSON): 2.5}).splitlines()))
    assert rows == [{"learner": "ada", "lesson": LESSON, "score": "2.5", "max_score": "3"}]


def test_outcomes_have_a_row_for_each_test() -> None:
    rows = list(csv.DictReader(summary.outcomes_csv([graded()]).splitlines()))
    assert [(row["exercise"], row["outcome"], row["points"], row["mistake"]) for row in rows] == [
        ("double", "passed", "2", ""),
        ("quadruple", "wrong", "0", "you doubled once"),
    ]


def test_a_name_is_quoted_and_never_a_formula() -> None:
    hostile = '=HYPERLINK("evil"),x\nnext'
    (row,) = csv.DictReader(
        summary.grades_csv([graded(hostile)], {(hostile, LESSON): 2}).splitlines(keepends=True)
    )
    assert row["learner"] == f"'{hostile}"


def test_a_table_shows_names_as_they_are() -> None:
    console = Console(record=True, width=160)
    console.print(summary.table([graded("[red]ada[/red]")], {("[red]ada[/red]", LESSON): 2}, {}))
    text = console.export_text()
    assert "[red]ada[/red]" in text
    assert "1 passed, 1 wrong" in text


def test_a_score_that_is_not_the_true_one_is_a_problem() -> None:
    truth = {("ada", LESSON): 3.0, ("bob", LESSON): 2.0}
    problems = summary.problems([graded("ada"), graded("bob"), graded("cyd")], {}, truth)
    assert problems == [f"ada {LESSON}: graded 2, but the true score is 3"]
