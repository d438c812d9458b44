"""`fasttrack doctor` in the terminal: its lines, its exit code, and that nothing makes it fail itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fasttrack import cli
from fasttrack.commands import doctor
from fasttrack.doctor import Mark, examination, machine, places, pytorch, requirements
from fasttrack.doctor.pytorch import Torch


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PyTorch that answers at once."""
    monkeypatch.setattr(pytorch, "start", lambda: None)
    monkeypatch.setattr(pytorch, "answer", lambda process: Torch("2.13.0", "CPU", "", 0, ""))


def run(tmp_path: Path) -> tuple[int, list[str]]:
    result = CliRunner().invoke(cli.app, ["doctor", "--work", str(tmp_path)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output.splitlines()


def test_a_good_machine_is_one_line_each_and_exit_code_0(tmp_path: Path) -> None:
    code, lines = run(tmp_path)
    assert code == 0
    assert lines[-1] == "All you need is here. Begin with: fasttrack lab"
    whats = [line[2:16].strip() for line in lines[:-2] if line[0] in "✓!"]
    assert whats == [
        *("Python", "PyTorch", "packages", "ipykernel", "JupyterLab", "nbgrader", "memory"),
        *("disk", "cores", "GPU", "your work", "downloads", "port", "bubblewrap"),
    ]


def test_what_stands_in_the_way_has_its_command_and_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pytorch, "answer", lambda process: "import torch fails: aborted")
    code, lines = run(tmp_path)
    assert code == 1
    at = lines.index("✗ PyTorch       import torch fails: aborted")
    assert lines[at + 1].startswith(" " * 16)
    assert lines[at + 1].endswith('-m pip install --force-reinstall "torch>=2.4"')
    assert lines[-1] == "1 thing stands in the way. Below each ✗ is what to do."


def test_a_missing_torch_is_one_problem_and_not_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytorch, "answer", lambda process: "ModuleNotFoundError: No module named 'torch'")
    _, lines = run(tmp_path)
    assert sum(line.startswith("✗") for line in lines) == 1


def test_a_note_does_not_stand_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "usable_cores", lambda: 1)
    code, lines = run(tmp_path)
    assert code == 0
    assert any(line.startswith("! cores         1;") for line in lines)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (requirements, "packages"),
        (requirements, "lab"),
        (machine, "measured_memory"),
        (machine, "free_disk"),
        (places, "work_folder"),
        (places, "port"),
        (examination, "downloads"),
    ],
)
def test_a_probe_that_fails_is_a_line_and_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    def broken(*arguments: object) -> None:
        raise ImportError("a broken library")

    monkeypatch.setattr(module, name, broken)
    code, lines = run(tmp_path)
    assert code == 0
    (line,) = [line for line in lines if "could not be looked at" in line]
    assert line.startswith("! ")
    assert line.endswith("could not be looked at: ImportError: a broken library")
    assert any("bubblewrap" in line for line in lines)


def test_without_any_list_of_requirements_it_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> None:
        raise requirements.metadata.PackageNotFoundError("llm-fasttrack")

    monkeypatch.setattr(requirements, "asked", none)
    code, lines = run(tmp_path)
    assert code == 1
    assert lines[0].startswith("✗ LLM FastTrack it does not say what it needs")
    assert any("PyTorch" in line for line in lines)


def test_a_terminal_without_the_marks_gets_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        encoding = "cp1252"

    monkeypatch.setattr(doctor, "out", Old())
    assert [doctor.shown(mark) for mark in Mark] == ["ok", "! ", "NO"]
