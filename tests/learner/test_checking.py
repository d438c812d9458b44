"""`fasttrack check`: every test of a notebook in a fresh kernel, and what is said of each exercise."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fasttrack import cli
from fasttrack.learner import kernel, running
from fasttrack.learner.standing import State, standings
from fasttrack.learner.update import update
from tests.learner.conftest import Release
from tests.learner.samples import ANSWERS, LESSON, STAND_IN, answered, doubling, light, put


def check(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["check", *map(str, words)])


def rows(result: Result) -> dict[str, str]:
    """What is said of each exercise: its line without its name."""
    found = [line.split(maxsplit=1) for line in result.output.splitlines() if line[:1].isalpha()]
    return {name: " ".join(rest.split()) for name, rest in found if name in ANSWERS}


CASES = {
    "passed": (ANSWERS, "2/2 passed", "1/1 passed", ""),
    "wrong": (
        {**ANSWERS, "double": "def double(x):\n    return x"},
        "0/2 wrong",
        "0/1 wrong",
        "expected 6, got 3",
    ),
    "not written": ({}, "0/2 not written yet", "0/1 not written yet", ""),
    "written half": ({"quadruple": ANSWERS["quadruple"]}, "0/2 not written yet", "0/1 not written yet", ""),
    "no Python": (
        {**ANSWERS, "double": "def double(:"},
        "0/2 error",
        "0/1 error",
        "    its cell: SyntaxError: invalid syntax (line 1)\n",
    ),
    "crash": (
        {**ANSWERS, "double": "import os; os._exit(1)"},
        "0/2 not run",
        "0/1 not run",
        "the kernel died",
    ),
}


@pytest.mark.parametrize(("answers", "double", "quadruple", "told"), CASES.values(), ids=CASES)
def test_each_exercise_has_its_verdict_and_its_points(
    work: Path, answers: dict[str, str], double: str, quadruple: str, told: str
) -> None:
    path = put(work, light(doubling(), **answers))
    before = path.read_bytes()
    result = check(path)
    assert rows(result) == {"double": double, "quadruple": quadruple}
    assert told in result.output
    assert "a demo was run" not in result.output
    assert result.exit_code == (0 if double == "2/2 passed" else 1)
    assert path.read_bytes() == before


def test_our_own_checks_are_told_as_they_are_without_their_first_line(work: Path) -> None:
    """The one test here whose kernel imports torch."""
    result = check(put(work, answered(doubling(), double="def double(x):\n    return x")), "--timeout", "0.5")
    assert rows(result) == {"double": "0/2 wrong", "quadruple": "0/1 not written yet"}
    assert "\n    called    double(3)\n    expected  6\n    got       3\n" in result.output
    assert "not right yet" not in result.output


def test_a_cell_that_never_ends_is_stopped_and_the_rest_runs(work: Path) -> None:
    answers = {
        "double": "def double(x):\n    while True: pass",
        "quadruple": "def quadruple(x):\n    return 4 * x",
    }
    result = check(put(work, light(doubling(), **answers, **{"cell-002": "pass"})), "--timeout", "2")
    assert rows(result) == {"double": "0/2 timed out", "quadruple": "1/1 passed"}
    assert "its test: not done in 2 s: an endless loop?" in result.output
    assert "--timeout" in result.output


def test_cells_before_the_first_exercise_have_longer(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = "import time; time.sleep(3)\n" + STAND_IN
    path = put(work, light(doubling(), **ANSWERS, **{"cell-001": slow}))
    assert check(path, "--timeout", "2").exit_code == 0
    monkeypatch.setattr(running, "IMPORTING", 0.1)
    result = check(path, "--timeout", "2")
    assert "cell 2, `import time; time.sleep(3)`: not done in 2 s" in result.output
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("double", "told"), [(ANSWERS["double"], True), ("def double(x):\n    return x", False)]
)
def test_another_cell_that_fails_is_told_unless_the_exercise_before_it_is_why(
    work: Path, double: str, told: bool
) -> None:
    answers = {**ANSWERS, "double": double, "cell-002": "assert double(4) == 4.5, 'look'"}
    result = check(put(work, light(doubling(), **answers)))
    assert ("cell 4, `assert double(4) == 4.5, 'look'`: AssertionError: look" in result.output) == told


def test_a_call_that_the_lesson_forbids_is_no_answer(work: Path, release: Release) -> None:
    raw = doubling()
    raw["cells"][2]["metadata"]["fasttrack"] = {"forbid": ["operator.mul", ".mul"]}
    release(raw)
    mine = light(
        doubling(), **{**ANSWERS, "double": "import operator as o\ndef double(x):\n    return o.mul(x, 2)"}
    )
    result = check(put(work, mine))
    assert rows(result) == {"double": "0/2 uses what it must not", "quadruple": "1/1 passed"}
    assert "    write it without operator.mul (line 3 of its cell)\n" in result.output


def test_one_exercise_alone(work: Path) -> None:
    path = put(work, light(doubling(), double=ANSWERS["double"]))
    result = check(path, "double")
    assert (rows(result), result.exit_code) == ({"double": "2/2 passed"}, 0)


def test_the_last_exercise_alone_says_nothing_of_those_before_it(work: Path) -> None:
    result = check(put(work, light(doubling(), quadruple="def quadruple(x):\n    return 4 * x")), "quadruple")
    assert result.output.splitlines()[1:] == ["quadruple    1/1  passed", "", "1 of 1 passed, 1 of 1 points"]


def test_an_edited_test_is_run_as_released(work: Path) -> None:
    result = check(put(work, light(doubling(), double="double = None", test_double="pass")), "double")
    assert rows(result) == {"double": "0/2 error"}


def test_status_knows_what_check_found(work: Path) -> None:
    update(work)
    path = put(work, light(doubling(), **ANSWERS))
    assert set(standings(work)[0].states.values()) == {State.UNTESTED}
    assert check(LESSON, "--work", work).exit_code == 0
    assert set(standings(work)[0].states.values()) == {State.PASSED}
    put(work, light(doubling(), **{**ANSWERS, "quadruple": "quadruple = 4"}))
    assert list(standings(work)[0].states.values()) == [State.PASSED, State.UNTESTED]
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["zzz.ipynb"], "zzz.ipynb: no such notebook; there are 01_unit/01_doubling"),
        (["01_unit"], "01_unit: a unit; say one of its lessons: 01_unit/01_doubling"),
        (["01_dobling"], "01_dobling: no such notebook; did you mean 01_unit/01_doubling?"),
        (["01_doubling", "triple"], "no exercise triple; there are double, quadruple"),
    ],
)
def test_bad_input_is_one_line(work: Path, words: list[str], told: str) -> None:
    put(work, doubling())
    result = check(*words, "--work", work)
    assert result.exit_code == 2
    assert told in result.output
    assert len(result.output.splitlines()) == 1


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is empty"),
        (b'{"nbformat": 4, "cells": []}', "no exercise in it"),
        (b"{", "not a whole notebook"),
    ],
)
def test_a_file_that_is_no_lesson_is_one_line(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "some.ipynb"
    path.write_bytes(data)
    result = check(path)
    assert result.exit_code == 2
    assert told in result.output
    assert len(result.output.splitlines()) == 1


def test_without_jupyter_it_says_what_to_install(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(work, doubling())
    monkeypatch.setitem(__import__("sys").modules, "jupyter_client.manager", None)
    result = check(path)
    assert result.exit_code == 2
    assert 'pip install "llm-fasttrack[lab]"' in result.output
    with pytest.raises(kernel.NoKernel):
        kernel.Kernel(work)
