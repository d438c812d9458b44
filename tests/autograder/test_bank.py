"""Reading a bank of answers: what is understood, and every refusal with its file and line."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder import bank
from autograder.bank import Answer, Bank
from autograder.course import Course
from autograder.lesson import Lesson, LessonError, read

NAME = "01_unit/01_doubling"


@pytest.fixture
def lesson(course: Course) -> Lesson:
    return read(course.source(NAME), NAME)


def test_answers_are_understood(course: Course, lesson: Lesson) -> None:
    answers = bank.read(course.answers / f"{NAME}.py", lesson)
    assert [answer.about for answer in answers.of("double", "right")] == ["adds", "a lambda"]
    squares = answers.of("double", "wrong")[0]
    assert squares == Answer(
        "wrong", "double", "squares", "you squared it", "def double(x):\n    return x * x", 8
    )


def test_an_equivalent_mutant_is_lines_of_a_diff(tmp_path: Path, lesson: Lesson) -> None:
    text = "# %% equivalent: double — no test can tell\n# -    return 2 * x\n# +    return x * 2\n"
    path = tmp_path / "bank.py"
    path.write_text(text)
    (answer,) = bank.read(path, lesson).of("double", "equivalent")
    assert answer.diff == ("-    return 2 * x", "+    return x * 2")


RIGHT = "# %% right: double — adds\ndef double(x):\n    return x + x\n"
REFUSALS = {
    "text before the first header": ("x = 1\n" + RIGHT, 1, "a bank starts with a cell header"),
    "a typo in a header": (
        "# %% rigth: double — adds\n",
        1,
        "unknown cell header '# %% rigth: double — adds'",
    ),
    "no reason": (RIGHT + "# %% right: double\n", 4, "unknown cell header"),
    "another cell": (RIGHT + "# %%\nimport math\n", 4, "unknown cell header"),
    "an unknown exercise": ("# %% right: treble — adds\n", 1, "01_unit/01_doubling has no exercise 'treble'"),
    "a wrong answer without a hint": (
        RIGHT + RIGHT.replace("right", "wrong"),
        4,
        "a wrong answer says which hint it must get",
    ),
    "an empty hint": (
        '# %% wrong: double — adds  hint=""\n',
        1,
        "a wrong answer says which hint it must get",
    ),
    "a hint in two strings": (
        '# %% wrong: double — adds  hint="a" "b"\n',
        1,
        'hint="a" "b" is not one quoted string',
    ),
    "a right answer with a hint": (
        '# %% right: double — adds  hint="a"\n',
        1,
        "a right answer has no hint",
    ),
    "a syntax error": (
        RIGHT + "# %% right: double — b\n\ndef double(x)\n",
        6,
        "not valid Python: expected ':'",
    ),
    "nothing defined": (RIGHT + "# %% right: double — b\nx = 2\n", 4, "the answer does not define double"),
    "the same answer twice": (
        RIGHT + RIGHT.replace("adds", "again").replace("x + x", "x  +  x"),
        4,
        "the same answer as at line 1",
    ),
    "an equivalent mutant in plain code": (
        RIGHT + "# %% equivalent: double — b\nx = 2\n",
        5,
        "a line of a diff starts with",
    ),
    "an equivalent mutant without a change": (
        RIGHT + "# %% equivalent: double — b\n#      return 2 * x\n",
        4,
        "says what the mutant changes",
    ),
}


@pytest.mark.parametrize(("text", "line", "message"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refused_with_file_and_line(
    tmp_path: Path, lesson: Lesson, text: str, line: int, message: str
) -> None:
    path = tmp_path / "bank.py"
    path.write_text(text)
    with pytest.raises(LessonError) as caught:
        bank.read(path, lesson)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


def test_a_missing_bank_is_refused(tmp_path: Path, lesson: Lesson) -> None:
    with pytest.raises(LessonError, match="has no right and wrong answers yet"):
        bank.read(tmp_path / "none.py", lesson)


words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1).filter(
    lambda word: not word.startswith("hint=")
)
bodies = st.sampled_from(["return x", "return x + x", 'return f"# %% {x}"', "# a comment\n\n    return None"])


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    kind: bank.Kind = draw(st.sampled_from(["right", "wrong", "equivalent"]))
    name = draw(st.sampled_from(["double", "quadruple"]))
    source = f"def {name}(x):\n    {draw(bodies)}"
    if kind == "equivalent":
        source = "# -    return 2 * x\n# +    return x * 2"
    hint = draw(st.text(st.characters(codec="utf-8"), min_size=1)) if kind == "wrong" else ""
    return Answer(kind, name, " ".join(draw(st.lists(words, min_size=1))), hint, source, 0)


@given(drawn=st.lists(answers(), unique_by=lambda answer: (answer.name, answer.source)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_what_is_read(tmp_path: Path, lesson: Lesson, drawn: list[Answer]) -> None:
    path = tmp_path / "bank.py"
    path.write_text(Bank(path, tuple(drawn)).text, encoding="utf-8")
    found = bank.read(path, lesson)
    assert [replace(answer, line=0) for answer in found.answers] == drawn
    lines = found.text.split("\n")
    assert all(lines[answer.line - 1].startswith(f"# %% {answer.kind}") for answer in found.answers)
