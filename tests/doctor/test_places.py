"""The folders that are written and the port that is answered at: good ones and bad ones; nothing is left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fasttrack import lab
from fasttrack.doctor import Mark, machine, places


def test_a_folder_that_is_not_there_yet_is_fine_and_not_made(tmp_path: Path) -> None:
    found = places.work_folder(tmp_path / "work")
    assert (found.mark, found.found) == (
        Mark.FINE,
        f"{tmp_path / 'work'} is not there yet; fasttrack lab makes it",
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 notebooks in"), (1, "1 notebook in"), (2, "2 notebooks in")]
)
def test_notebooks_are_counted_and_no_trace_is_left(tmp_path: Path, count: int, said: str) -> None:
    for number in range(count):
        (tmp_path / "unit").mkdir(exist_ok=True)
        (tmp_path / "unit" / f"{number}.ipynb").touch()
    before = sorted(tmp_path.rglob("*"))
    assert places.work_folder(tmp_path).found.startswith(said)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("")
    found = places.work_folder(tmp_path / "work")
    assert (found.mark, found.found) == (Mark.WRONG, f"{tmp_path / 'work'} is a file, not a folder")
    assert found.do == "choose another folder: fasttrack lab --work FOLDER"


def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(dir: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert places.work_folder(tmp_path).found == f"{tmp_path} cannot be written: Permission denied"
    cache = places.cache_folder(tmp_path)
    assert cache.mark is Mark.NOTE
    assert "FASTTRACK_CACHE" in cache.do


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_found_out(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert places.work_folder(tmp_path / "work").mark is Mark.WRONG
    tmp_path.chmod(0o700)


def test_a_cache_that_can_be_made_is_fine(tmp_path: Path) -> None:
    assert places.cache_folder(tmp_path / "cache").mark is Mark.FINE
    assert machine.existing(tmp_path / "cache") == tmp_path


def test_ports() -> None:
    assert places.port(lambda wanted: 8888).found == "8888 is free"
    assert places.port(lambda wanted: 8890).found == "8888 is taken, JupyterLab would answer at 8890"

    def none(wanted: int | None) -> int:
        raise lab.LabError("port 8888 to 8987 is in use")

    found = places.port(none)
    assert found.mark is Mark.WRONG
    assert found.do == "fasttrack lab --port 9000"
