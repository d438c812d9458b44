"""From a simulated class to the gradebook: every score is the true one, whatever happened to the file."""

import csv
import random
import shutil
import sqlite3
from pathlib import Path

import nbformat
import pytest

from autograder import bank, damage, grade, simulate
from autograder.course import Course, CourseError
from autograder.lesson import read

NAME = "01_unit/01_doubling"


def quiet(_: str) -> None:
    """No progress to show."""


def test_the_same_seed_draws_the_same_class(built: Course) -> None:
    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in simulate.folder(built).rglob("*.ipynb")}

    truth = simulate.simulate(built, [NAME], 12, seed=3)
    first = files()
    assert simulate.simulate(built, [NAME], 12, seed=3) == truth == simulate.truth(built)
    assert files() == first
    assert simulate.simulate(built, [NAME], 12, seed=4) != truth
    assert set(truth.values()) <= {0, 1, 2, 3}
    assert truth["simulated-01", NAME] == 3
    assert truth["simulated-02", NAME] == 0


def test_a_simulated_class_leaves_real_submissions_alone(built: Course) -> None:
    real = simulate.folder(built) / "ada" / f"{NAME}.ipynb"
    real.parent.mkdir(parents=True)
    real.write_text("mine")
    simulate.simulate(built, [NAME], 5, seed=0)
    simulate.simulate(built, [NAME], 2, seed=0)
    assert sorted(path.name for path in simulate.folder(built).iterdir()) == [
        "ada",
        "simulated-1",
        "simulated-2",
    ]
    assert real.read_text() == "mine"


def test_an_answer_that_leans_on_a_wrong_one_is_left_blank(built: Course) -> None:
    lesson = read(built.source(NAME), NAME)
    answers = bank.read(built.answers / f"{NAME}.py", lesson)
    for seed in range(60):
        choice = simulate.draw(lesson, answers, random.Random(seed), 0.5, 0.5)
        if not choice["double"].right and choice["quadruple"].source:
            assert "double(" not in choice["quadruple"].source


@pytest.fixture(scope="module")
def graded(built_once: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, list[grade.Graded]]:
    """One learner for each harm, all with the same answers (one right, one wrong), and one who sent no notebook."""
    root = tmp_path_factory.mktemp("class")
    shutil.copytree(built_once, root, dirs_exist_ok=True)
    course = Course(root)
    released = nbformat.read(course.notebooks / f"{NAME}.ipynb", as_version=4)
    answers = {
        "double": simulate.Choice("def double(x):\n    return x + x", right=True),
        "quadruple": simulate.Choice("def quadruple(x):\n    return x**4", right=False),
    }
    files = {
        harm.__name__: harm(simulate.filled_in(released, answers), random.Random(0)) for harm in damage.HARMS
    }
    files["sent_no_notebook"] = b"PK\x03\x04 this is a zip file"
    for who, content in files.items():
        path = simulate.folder(course) / who / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    return course, grade.grade(course, grade.submissions(course), quiet)


@pytest.mark.parametrize("harm", [harm.__name__ for harm in damage.HARMS])
def test_a_harmed_file_keeps_its_score(graded: tuple[Course, list[grade.Graded]], harm: str) -> None:
    (found,) = [one for one in graded[1] if one.who == harm]
    assert (found.score, found.max_score) == (2, 3)
    assert not found.problem


def test_what_is_no_notebook_is_reported_and_stops_nobody(graded: tuple[Course, list[grade.Graded]]) -> None:
    (found,) = [one for one in graded[1] if one.who == "sent_no_notebook"]
    assert found.score == 0
    assert found.problem
    assert len(graded[1]) == len(damage.HARMS) + 1


def test_gradebook_feedback_and_csv_agree(graded: tuple[Course, list[grade.Graded]]) -> None:
    course, class_ = graded
    with sqlite3.connect(course.grading / "gradebook.db") as gradebook:
        (count,) = gradebook.execute("select count(*) from submitted_notebook").fetchone()
    assert count >= len(damage.HARMS)
    rows = list(csv.DictReader((course.grading / "grades.csv").read_text().splitlines()))
    assert [(row["learner"], float(row["score"])) for row in rows] == [(one.who, one.score) for one in class_]
    assert (course.grading / "feedback" / "none" / f"{NAME}.html").exists()


def test_submissions_are_never_changed(graded: tuple[Course, list[grade.Graded]]) -> None:
    course, _ = graded
    path = simulate.folder(course) / "sent_no_notebook" / f"{NAME}.ipynb"
    assert path.read_bytes().startswith(b"PK")


def test_nothing_to_grade_is_one_clear_line(course: Course) -> None:
    with pytest.raises(CourseError, match=r"no WHO/UNIT/LESSON\.ipynb to grade"):
        grade.submissions(course)


def test_a_score_that_is_not_the_true_one_is_a_problem() -> None:
    wrong = grade.Graded("ada", NAME, score=1, max_score=3, true_score=2)
    right = grade.Graded("bob", NAME, score=2, max_score=3, true_score=2)
    real = grade.Graded("cyd", NAME, score=2, max_score=3)
    assert grade.problems([wrong, right, real]) == [f"ada {NAME}: graded 1, but the true score is 2"]
    assert grade.table([wrong, right, real]).row_count == 3
