"""`fasttrack update` on the learner's folder: what is replaced, merged, backed up and left alone."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fasttrack import cli, lab
from fasttrack.learner import update
from fasttrack.learner.notebook import dumps, read
from tests.learner.conftest import Release
from tests.learner.samples import ANSWERS, LESSON, answered, doubling, given, put

TODAY = datetime.date.today().isoformat()


def newer() -> dict[str, object]:
    raw = doubling()
    raw["cells"].insert(1, given(9, "A new paragraph.", "markdown"))
    return raw


def everything(work: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}


def test_a_lesson_that_is_not_there_is_copied_and_a_second_run_changes_no_byte(work: Path) -> None:
    assert [one.kind for one in update.update(work)] == ["new"]
    assert (work / f"{LESSON}.ipynb").read_bytes() == dumps(doubling())
    before = everything(work)
    assert update.update(work) == []
    assert everything(work) == before


def test_a_lesson_not_worked_in_is_replaced_without_a_backup(work: Path, release: Release) -> None:
    update.update(work)
    release(newer())
    assert [one.kind for one in update.update(work)] == ["replaced"]
    assert (work / f"{LESSON}.ipynb").read_bytes() == dumps(newer())
    assert not (work / ".backup").exists()


@pytest.mark.parametrize("recorded", [True, False], ids=["copied by this version", "copied before records"])
def test_answers_are_merged_and_the_old_file_is_backed_up(
    work: Path, release: Release, recorded: bool
) -> None:
    if recorded:
        update.update(work)
    mine = put(work, answered(doubling(), **ANSWERS))
    old = mine.read_bytes()
    release(newer())
    (done,) = update.update(work)
    assert done.kind == "merged"
    assert done.backup == work / ".backup" / TODAY / f"{LESSON}.ipynb"
    assert done.backup.read_bytes() == old
    cells = {cell.id: cell for cell in read(mine).cells}
    assert {name: cells[name].source for name in ANSWERS} == ANSWERS
    before = everything(work)
    assert update.update(work) == []
    assert everything(work) == before


def test_a_backup_is_never_overwritten(work: Path, release: Release) -> None:
    update.update(work)
    put(work, answered(doubling(), **ANSWERS))
    release(newer())
    (first,) = update.update(work)
    release(doubling())
    (second,) = update.update(work)
    assert first.backup != second.backup == work / ".backup" / f"{TODAY}-2" / f"{LESSON}.ipynb"
    assert first.backup is not None
    assert first.backup.exists()


def test_a_copy_of_the_same_release_from_before_records_is_not_touched(work: Path) -> None:
    mine = put(work, answered(doubling(), **ANSWERS, **{"cell-002": "double(400)"}))
    old = mine.read_bytes()
    assert update.update(work) == []
    assert mine.read_bytes() == old


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"mine", "not a whole notebook"),
        (b"", "the file is empty"),
        (
            b'{"nbformat": 4, "cells": [], "metadata": {"fasttrack": {"lesson": "a/b"}}}',
            "another lesson, a/b",
        ),
    ],
)
def test_a_file_that_is_no_notebook_of_the_lesson_is_left_and_said(
    work: Path, data: bytes, told: str
) -> None:
    mine = put(work, data)
    (done,) = update.update(work)
    assert (done.kind, mine.read_bytes()) == ("left", data)
    assert told in update.lines([done])[0]


def test_an_update_cut_off_between_the_file_and_its_record_is_finished_by_the_next(
    work: Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    update.update(work)
    mine = put(work, answered(doubling(), **ANSWERS))
    release(newer())
    with monkeypatch.context() as patched:
        patched.setattr(update.records, "keep_base", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            update.update(work)
    whole = mine.read_bytes()
    assert update.update(work) == []
    assert mine.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_one_clear_line(work: Path) -> None:
    work.write_text("a file, not a folder")
    with pytest.raises(lab.LabError, match=r"cannot be written: .*; choose another folder with --work"):
        update.update(work)


def test_the_command_says_what_it_did(work: Path, release: Release) -> None:
    work.mkdir()

    def said() -> list[str]:
        result = CliRunner().invoke(cli.app, ["update", "--work", str(work)])
        assert result.exit_code == 0
        return result.output.splitlines()

    assert said() == [f"new       {LESSON}"]
    assert said() == [f"{work} is up to date."]
    put(work, answered(doubling(), **ANSWERS))
    release(newer())
    lines = said()
    assert lines[0].startswith(f"merged    {LESSON}: your answers are kept, the old file is in {work}")
    assert lines[1:] == ["            given cells with new text: 1"]


def test_a_whole_course_that_is_new_is_one_line(tmp_path: Path) -> None:
    every = lab.lessons()
    assert update.lines(update.update(tmp_path)) == [
        f"new       {len(every)} lessons, {min(every)} to {max(every)}"
    ]


def test_the_command_needs_a_folder(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.app, ["update", "--work", str(tmp_path / "none")])
    assert result.exit_code == 2
    assert "no such folder; run `fasttrack lab` first" in result.output
