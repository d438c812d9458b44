"""Reading a lesson: what is understood, and every refusal with its file and line."""

from pathlib import Path

import jupytext
import pytest

from autograder.course import Course
from autograder.lesson import LessonError, read
from autograder.notebook import without_markers


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "lesson.py"
    path.write_text(text)
    return path


def test_cells_are_understood(course: Course) -> None:
    lesson = read(course.source("01_unit/01_doubling"), "01_unit/01_doubling")
    assert [(cell.kind, cell.name, cell.points) for cell in lesson.cells] == [
        ("markdown", "", 0),
        ("given", "", 0),
        ("exercise", "double", 0),
        ("given", "", 0),
        ("test", "double", 2),
        ("exercise", "quadruple", 0),
        ("given", "", 0),
        ("test", "quadruple", 1),
    ]
    assert lesson.title == "Doubling"
    assert lesson.points == 3
    assert [cell.demo for cell in lesson.cells].count(True) == 1
    assert lesson.cells[0].source == "# Doubling\n\nProse with $x$."


def test_cells_are_those_of_jupytext(course: Course) -> None:
    path = course.source("01_unit/01_doubling")
    theirs = jupytext.read(path, fmt="py:percent").cells
    assert [cell.source for cell in read(path, "x").cells] == [cell.source for cell in theirs]


TITLE = "# %% [markdown]\n# # Title\n\n"
EXERCISE = "# %% exercise: f\ndef f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n\n"
TEST = "# %% test: f points=1\nassert f() == 1\n\n"
REFUSALS = {
    "a typo in a header": (
        TITLE + "# %% exercize: f\ndef f(): pass\n",
        4,
        "unknown cell header '# %% exercize: f'",
    ),
    "no space before [markdown]": (TITLE + "# %%[markdown]\n# text\n", 4, "unknown cell header"),
    "no space after the hash": (TITLE + "#%%\nx = 1\n", 4, "unknown cell header"),
    "points left out": (TITLE + EXERCISE + "# %% test: f\nassert f()\n", 10, "unknown cell header"),
    "tags that are no list": (TITLE + "# %% tags=[demo]\nx = 1\n", 4, 'as in tags=["demo"]'),
    "text before the first header": ("x = 1\n" + TITLE, 1, "a lesson starts with the cell header"),
    "no title": ("# %% [markdown]\n# text\n", 1, "the first cell is the title"),
    "an exercise without a test": (TITLE + EXERCISE, 4, "exercise 'f' has no test"),
    "a test without an exercise": (TITLE + TEST, 4, "test 'f' has no exercise"),
    "a test before its exercise": (
        TITLE + TEST + EXERCISE,
        4,
        "test 'f' has no exercise of that name before it",
    ),
    "a duplicate exercise": (
        TITLE + EXERCISE + TEST + EXERCISE,
        13,
        "duplicate exercise 'f': the first is at line 4",
    ),
    "a duplicate test": (TITLE + EXERCISE + TEST + TEST, 13, "duplicate test 'f': the first is at line 10"),
    "a test for nothing": (TITLE + EXERCISE + TEST.replace("=1", "=0", 1), 10, "gives 0 points"),
    "an unclosed solution": (
        TITLE + EXERCISE.replace("    ### END SOLUTION\n", "") + TEST,
        6,
        "'### BEGIN SOLUTION' has no '### END SOLUTION'",
    ),
    "an unopened solution": (
        TITLE + EXERCISE.replace("    ### BEGIN SOLUTION\n", "") + TEST,
        7,
        "'### END SOLUTION' has no partner",
    ),
    "a solution inside a solution": (
        TITLE + EXERCISE.replace("    return 1\n", "    ### BEGIN SOLUTION\n    return 1\n") + TEST,
        6,
        "'### BEGIN SOLUTION' has no partner",
    ),
    "an exercise without a solution": (
        TITLE + "# %% exercise: f\ndef f(): pass\n\n" + TEST,
        4,
        "nothing is left to write",
    ),
    "a solution outside an exercise": (
        TITLE + "# %%\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n",
        5,
        "stands outside of any exercise cell",
    ),
    "hidden tests outside a test": (
        TITLE + "# %%\n### BEGIN HIDDEN TESTS\nx = 1\n### END HIDDEN TESTS\n",
        5,
        "stands outside of any test cell",
    ),
    "a marker with more on its line": (
        TITLE + EXERCISE.replace("### BEGIN SOLUTION", "### BEGIN SOLUTION here"),
        6,
        "a marker stands alone on its line",
    ),
    "a word left for later": (
        TITLE + "# %% [markdown]\n# Text.\n# TODO: more\n",
        6,
        "'TODO' is a placeholder",
    ),
    "a result left out": (TITLE + "# %% [markdown]\n# THE-RESULT\n", 5, "'THE-RESULT' is a placeholder"),
    "an item left out": (
        TITLE + "# %% [markdown]\n# - **clipping**: CLIPPING\n",
        5,
        "'CLIPPING' is a placeholder",
    ),
    "an exercise that defines something else": (
        TITLE + EXERCISE.replace("def f", "def g") + TEST,
        4,
        "exercise 'f' does not define f",
    ),
    "a syntax error": (TITLE + "# %%\nx = 1\ny = = 2\n", 6, "not valid Python"),
    "a test that needs a demo": (
        TITLE + EXERCISE + '# %% tags=["demo"]\nmodel = 1\n\n# %% test: f points=1\nassert f() == model\n',
        13,
        "uses 'model', which only the demo cell at line 10 defines",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refused_with_file_and_line(tmp_path: Path, case: str) -> None:
    text, line, message = REFUSALS[case]
    path = written(tmp_path, text)
    with pytest.raises(LessonError) as refusal:
        read(path, "unit/lesson")
    assert str(refusal.value).startswith(f"{path}:{line}: ")
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_header_inside_a_string_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, TITLE + '# %%\ntext = """\n# %% [markdown]\n"""\n')
    with pytest.raises(LessonError, match=r"inside a string|not valid Python"):
        read(path, "unit/lesson")


@pytest.mark.parametrize(
    "line",
    [
        "`TODO` marks work",
        "```\n# # TODO\n# ```",
        "the format: ASCII",
        "**Q:** What is BM25?",
        "$XXX^T$ and $X: X$",
    ],
)
def test_what_only_looks_like_a_placeholder_is_fine(tmp_path: Path, line: str) -> None:
    read(written(tmp_path, TITLE + f"# %% [markdown]\n# {line} and words\n"), "unit/lesson")


def test_a_name_from_a_demo_that_is_also_given_is_fine(tmp_path: Path) -> None:
    text = TITLE + 'x = 1\n\n# %% tags=["demo"]\nx = 2\n\n# %%\nprint(x)\n'
    read(written(tmp_path, text.replace("x = 1", "# %%\nx = 1")), "unit/lesson")


def test_a_name_that_is_local_where_it_occurs_is_not_that_of_a_demo(tmp_path: Path) -> None:
    demo = '# %% tags=["demo"]\nx = [y * y for y in range(3)]\n\n'
    function = "# %%\ndef f(x):\n    return [y for y in x]\n"
    read(written(tmp_path, TITLE + demo + function), "unit/lesson")
    for text, name in (
        (demo + function.replace("f(x)", "f()"), "x"),
        (demo.replace("y * y", "(z := y)") + function.replace("[y", "[y + z"), "z"),
    ):
        with pytest.raises(LessonError, match=f"uses '{name}', which only the demo cell"):
            read(written(tmp_path, TITLE + text), "unit/lesson")


def test_an_exercise_may_forbid_calls(tmp_path: Path) -> None:
    forbidding = EXERCISE.replace("f\n", 'f forbid=["torch.softmax", ".softmax"]\n', 1)
    assert read(written(tmp_path, TITLE + forbidding + TEST), "u/l").cells[1].forbid == (
        "torch.softmax",
        ".softmax",
    )
    with pytest.raises(LessonError, match=r":4: forbid=\[softmax\] is not a list of strings"):
        read(
            written(tmp_path, TITLE + forbidding.replace('"torch.softmax", ".softmax"', "softmax") + TEST),
            "u/l",
        )


def test_without_markers_drops_hidden_tests_and_keeps_solutions() -> None:
    hidden = "a\n### BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS\n"
    source = hidden + "    ### BEGIN SOLUTION\n    c\n    ### END SOLUTION\nd"
    assert without_markers(source) == "a\n    c\nd"
