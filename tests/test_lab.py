"""`fasttrack lab`: the learner's copies, the server's settings, and what goes wrong."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fasttrack import cli, lab
from fasttrack.learner.update import update

LESSON = Path("01_tensors/01_tensors.ipynb")


def test_the_released_lessons_are_found() -> None:
    assert (lab.released() / LESSON).is_file()


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("a file, not a folder")
    result = CliRunner().invoke(cli.app, ["lab", "--work", str(tmp_path / "work")])
    assert result.exit_code == 2
    assert "cannot be written: " in result.output
    assert result.output.strip().endswith("choose another folder with --work")


def test_the_server_opens_the_first_lesson_with_a_token(tmp_path: Path) -> None:
    update(tmp_path)
    launch = lab.Launch.prepare(tmp_path, None, browser=False)
    token = launch.environment["JUPYTER_TOKEN"]
    assert launch.url.endswith(f"/lab/tree/{LESSON.as_posix()}?token={token}")
    assert len(token) >= 32
    assert "--no-browser" in launch.command
    assert f"--ServerApp.root_dir={tmp_path}" in launch.command
    assert token != lab.Launch.prepare(tmp_path, None, browser=True).environment["JUPYTER_TOKEN"]


def test_a_port_in_use_is_said_and_the_default_moves_on(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(lab.LabError, match=f"port {port} is in use"):
            lab.free_port(port)
        result = CliRunner().invoke(cli.app, ["lab", "--work", str(tmp_path), "--port", str(port)])
    assert result.exit_code == 2
    assert f"port {port} is in use; choose another with --port" in result.output
    assert lab.free_port(port) == port
    assert CliRunner().invoke(cli.app, ["lab", "--work", str(tmp_path), "--port", "65536"]).exit_code == 2
    assert lab.free_port(None) >= lab.FIRST_PORT


def test_without_jupyterlab_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(lab.LabError, match=r'pip install "llm-fasttrack\[lab\]"'):
        lab.Launch.prepare(tmp_path, None, browser=False)


def test_validate_goes_by_our_settings(tmp_path: Path) -> None:
    update(tmp_path)
    program = (
        "from nbgrader.apps import NbGrader\n"
        "app = NbGrader(); app.load_config_file()\n"
        "print(app.config.Execute.timeout, app.config.Execute.skip_cells_with_tag)"
    )
    environment = lab.Launch.prepare(tmp_path, None, browser=False).environment
    run = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == ["120", "demo"]


def test_the_environment_keeps_the_users_own_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(tmp_path)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/mine")
    paths = (
        lab.Launch.prepare(tmp_path, None, browser=False).environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    )
    assert paths == [str(lab.PACKAGE / "jupyter"), "/mine"]
