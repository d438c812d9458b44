"""From a simulated class to the gradebook: every score is the true one, whatever happened to the file."""

import random
import shutil
from pathlib import Path

import nbformat
import pytest

from autograder import bank
from autograder.course import Course, CourseError
from autograder.grading import batch, damage, record, simulate
from autograder.grading.store import Graded
from autograder.grading.submissions import submissions
from autograder.lesson import read
from autograder.outcome import Outcome

NAME = "01_unit/01_doubling"
HARMS = [harm.__name__ for harm in damage.HARMS]


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
def class_(built_once: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, dict[str, Graded]]:
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
    done = batch.grade(course, submissions(course, [NAME]), batch.Options())
    assert not done.problems
    assert done.graded == len(files)
    with record.opened(course) as gradebook:
        return course, {one.who: one for one in gradebook.store.load()}


@pytest.mark.parametrize("harm", HARMS)
def test_a_harmed_file_keeps_its_score(class_: tuple[Course, dict[str, Graded]], harm: str) -> None:
    found = class_[1][harm]
    assert [(result.name, result.outcome) for result in found.results] == [
        ("double", Outcome.PASSED),
        ("quadruple", Outcome.WRONG),
    ]
    assert (found.points, found.max_points) == (2, 3)


def test_what_is_no_notebook_is_malformed_and_stops_nobody(class_: tuple[Course, dict[str, Graded]]) -> None:
    found = class_[1]["sent_no_notebook"]
    assert {result.outcome for result in found.results} == {Outcome.MALFORMED}
    assert all(result.message for result in found.results)
    assert len(class_[1]) == len(HARMS) + 1


def test_the_gradebook_has_the_same_scores(class_: tuple[Course, dict[str, Graded]]) -> None:
    course, graded = class_
    with record.opened(course) as gradebook:
        assert gradebook.scores() == {(one.who, one.lesson): one.points for one in graded.values()}


def test_feedback_has_the_message_and_no_hidden_test(class_: tuple[Course, dict[str, Graded]]) -> None:
    course, _ = class_
    text = (course.grading / "feedback" / "none" / f"{NAME}.html").read_text()
    assert "x**4" in text.replace("</span>", "").replace('<span class="o">', "") or "quadruple" in text
    assert "not right yet" in text
    assert "50" not in text.split("</style>")[-1]
    assert "HIDDEN" not in text
    why = (course.grading / "feedback" / "sent_no_notebook" / f"{NAME}.html").read_text()
    assert "notebook" in why


def test_submissions_are_never_changed(class_: tuple[Course, dict[str, Graded]]) -> None:
    course, _ = class_
    path = simulate.folder(course) / "sent_no_notebook" / f"{NAME}.ipynb"
    assert path.read_bytes().startswith(b"PK")


def test_nothing_to_grade_is_one_clear_line(course: Course) -> None:
    with pytest.raises(CourseError, match=r"no WHO/UNIT/LESSON\.ipynb to grade"):
        submissions(course, [NAME])
