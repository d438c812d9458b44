"""How far a learner is: what counts as passed, what does not, and files that are no notebooks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fasttrack import cli, lab
from fasttrack.commands import status
from fasttrack.learner import records
from fasttrack.learner.notebook import parse, read
from fasttrack.learner.standing import Standing, State, codes, next_lesson, standings
from fasttrack.learner.update import update
from tests.learner.samples import ANSWERS, LESSON, Json, answered, correct, doubling, put, raised, ran

ROOT = Path(__file__).parents[2]


def only(work: Path) -> Standing:
    (one,) = standings(work)
    return one


@pytest.mark.parametrize(
    ("outputs", "state"),
    [
        ([correct("double")], State.PASSED),
        ([correct("other")], State.UNTESTED),
        ([], State.UNTESTED),
        ([correct("double"), raised("CheckFailed", "double: not right yet")], State.WRONG),
        ([raised("NotWritten")], State.NOT_WRITTEN),
        ([raised("NameError")], State.ERROR),
        (["nonsense", {"output_type": 3}], State.UNTESTED),
    ],
)
def test_the_last_output_of_the_test_says_where_an_exercise_stands(
    work: Path, outputs: list[Json], state: State
) -> None:
    put(work, ran(answered(doubling(), **ANSWERS), "double", *outputs))
    assert only(work).states == {"double": state, "quadruple": State.UNTESTED}
    assert only(work).earned == (2 if state is State.PASSED else 0)


def test_a_stub_is_not_passed_whatever_its_test_shows(work: Path) -> None:
    put(work, ran(doubling(), "double", correct("double")))
    assert only(work).states["double"] is State.NOT_WRITTEN


def test_an_answer_that_ran_after_its_test_is_to_be_tested_again(work: Path) -> None:
    raw = ran(answered(doubling(), **ANSWERS), "double", correct("double"))
    raw["cells"][2]["execution_count"] = 3
    put(work, raw)
    assert only(work).states["double"] is State.UNTESTED


def test_what_check_found_holds_until_the_code_before_it_changes(work: Path) -> None:
    raw = ran(answered(doubling(), **ANSWERS), "double", correct("double"))
    mine = read(put(work, raw))
    test = mine.cells[4]
    records.keep_checked(work, LESSON, {"double": records.Checked("wrong", codes(mine)[id(test)])})
    assert only(work).states["double"] is State.WRONG
    records.keep_checked(work, LESSON, {"double": records.Checked("timed out", codes(mine)[id(test)])})
    assert only(work).states["double"] is State.PASSED
    records.keep_checked(work, LESSON, {"double": records.Checked("wrong", codes(mine)[id(test)])})
    raw["cells"][3]["source"] += "  # changed, before the test"
    put(work, raw)
    assert only(work).states["double"] is State.PASSED


@pytest.mark.parametrize(
    "record",
    [b"", b"[]", b"{}", b'{"double": 3}', b'{"double": {"outcome": "nonsense", "code": 1}}', b"\xff"],
)
def test_a_broken_record_counts_as_none(work: Path, record: bytes) -> None:
    put(work, ran(answered(doubling(), **ANSWERS), "double", correct("double")))
    path = work / ".fasttrack" / "checks" / f"{LESSON}.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(record)
    assert only(work).states["double"] is State.PASSED


def test_a_record_with_an_unknown_outcome_counts_as_none(work: Path) -> None:
    mine = read(put(work, ran(answered(doubling(), **ANSWERS), "double", correct("double"))))
    known = {"double": records.Checked("nonsense", codes(mine)[id(mine.cells[4])])}
    records.keep_checked(work, LESSON, known)
    assert only(work).states["double"] is State.PASSED


def colab(raw: Json) -> Json:
    """The notebook as Colab saves it: ids in the metadata, its own metadata, outputs with an id."""
    for cell in raw["cells"]:
        cell["metadata"] |= {"id": cell.pop("id"), "colab": {"base_uri": "https://localhost:8080/"}}
        for output in cell.get("outputs", []):
            output["metadata"] = {"tags": None}
        if "outputs" in cell:
            cell["metadata"]["outputId"] = "0b1c"
    return raw | {"nbformat_minor": 0, "metadata": raw["metadata"] | {"colab": {"provenance": []}}}


def test_a_file_saved_by_colab_is_read(work: Path) -> None:
    put(work, colab(ran(answered(doubling(), **ANSWERS), "double", correct("double"))))
    assert only(work).states == {"double": State.PASSED, "quadruple": State.UNTESTED}


@pytest.mark.parametrize("kept", ["id", "name"])
def test_an_answer_that_lost_its_metadata_is_found(work: Path, kept: str) -> None:
    raw = ran(answered(doubling(), **ANSWERS), "double", correct("double"))
    raw["cells"][2]["metadata"] = {}
    if kept == "name":
        raw["cells"][2]["id"] = "x"
    put(work, raw)
    assert only(work).states["double"] is State.PASSED


WHOLE = json.dumps(doubling()).encode()
BROKEN = {
    "empty": (b"", "the file is empty"),
    "half": (WHOLE[:300], "not a whole notebook (no JSON, line 1)"),
    "binary": (b"\x89PNG\xff\x00", "not a whole notebook (no JSON)"),
    "list": (b"[1, 2]", "JSON, but not a notebook"),
    "deep": (b"[" * 100_000, "not a whole notebook (no JSON"),
    "old": (b'{"nbformat": 3, "worksheets": []}', "saved in the old format 3"),
    "foreign": (b'{"nbformat": 4, "cells": []}', "it holds none of the exercises"),
    "other": (
        b'{"nbformat": 4, "cells": [7], "metadata": {"fasttrack": {"lesson": "02_x/01_y"}}}',
        "it holds 02_x/01_y",
    ),
}


@pytest.mark.parametrize(("data", "told"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_no_lesson_is_one_line_below_the_table(work: Path, data: bytes, told: str) -> None:
    put(work, data)
    assert told in only(work).problem
    result = CliRunner().invoke(cli.app, ["status", "--work", str(work)])
    assert result.exit_code == 0
    (line,) = (line for line in result.output.splitlines() if told in line)
    assert line.startswith(f"{work / LESSON}.ipynb: ")


def test_the_way_goes_on_in_the_last_lesson_begun() -> None:
    def one(name: str, state: State) -> Standing:
        return Standing(f"u/{name}", {"x": state}, {"x": 1}, started=state is not State.NOT_WRITTEN)

    passed, wrong, fresh = State.PASSED, State.WRONG, State.NOT_WRITTEN
    cases = [
        ([fresh, fresh], 0),
        ([passed, fresh], 1),
        ([fresh, wrong, fresh], 1),
        ([fresh, passed, fresh], 2),
        ([fresh, passed], 0),
        ([passed, passed], None),
    ]
    for states, place in cases:
        every = [one(str(number), state) for number, state in enumerate(states)]
        assert next_lesson(every) is (None if place is None else every[place]), states


def test_the_table_shows_sums_and_what_to_do(work: Path) -> None:
    put(work, ran(answered(doubling(), **ANSWERS), "double", correct("double")))
    said = [line for line, _ in status.lines(standings(work), work)]
    assert said[1].split() == ["01_unit", "1", "/", "2", "2", "/", "3"]
    assert said[2].split() == ["01_doubling", "█████░░░░░", "1", "/", "2", "2", "/", "3"]
    assert said[3].split() == ["all", "1", "/", "2", "2", "/", "3"]
    assert said[4:7] == ["", f"{LESSON}, written, but its test was not run since: quadruple", ""]
    assert said[7].startswith("next: quadruple in ")
    assert max(map(len, said[:4])) <= 80


def test_everything_passed_is_said(work: Path) -> None:
    raw = ran(answered(doubling(), **ANSWERS), "double", correct("double"))
    put(work, ran(raw, "quadruple", correct("quadruple")))
    assert [line for line, _ in status.lines(standings(work), work)][-1] == "Every exercise is passed."


def test_without_a_folder_it_says_what_to_run_first(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.app, ["status", "--work", str(tmp_path / "none")])
    assert result.exit_code == 2
    assert "no such folder; run `fasttrack lab` first" in result.output


LESSONS = ["01_tensors/01_tensors", "06_attention/01_self_attention", "11_rag/01_bm25"]


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_executed_solution_of_a_real_lesson_passes_everything(tmp_path: Path, lesson: str) -> None:
    """Released cells with the sources, outputs and run numbers of the executed solution."""
    raw = json.loads((ROOT / "notebooks" / f"{lesson}.ipynb").read_text())
    solved = {c["id"]: c for c in json.loads((ROOT / "solutions" / f"{lesson}.ipynb").read_text())["cells"]}
    for cell in raw["cells"]:
        if cell["cell_type"] == "code" and cell["id"] in solved:
            cell |= {key: solved[cell["id"]][key] for key in ("source", "outputs", "execution_count")}
    path = tmp_path / f"{lesson}.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps(raw))
    (one,) = (one for one in standings(tmp_path) if one.lesson == lesson)
    assert set(one.states.values()) == {State.PASSED}
    assert one.done
    assert (
        one.earned
        == one.possible
        == sum(cell.points for cell in parse(path.read_bytes()).cells if cell.is_test)
    )


def test_the_whole_course_is_read_without_torch_or_nbformat(tmp_path: Path) -> None:
    update(tmp_path)
    program = (
        "import sys; from fasttrack.cli import app\n"
        f"try: app(['status', '--work', {str(tmp_path)!r}])\n"
        "except SystemExit: pass\n"
        "print('heavy:', [name for name in ('torch', 'nbformat', 'numpy') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "heavy: []"
    rows = [line.split()[0] for line in run.stdout.splitlines() if line.startswith("  ") and "/" in line]
    assert [row for row in rows if row] == [lesson.split("/")[1] for lesson in lab.lessons()]
