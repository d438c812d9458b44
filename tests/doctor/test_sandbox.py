"""Bubblewrap: not on this system, not installed, not allowed, fine; never in a learner's way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fasttrack.doctor import Mark, sandbox


def fake(tmp_path: Path, program: str) -> str:
    path = tmp_path / "bwrap"
    path.write_text(f"#!/bin/sh\n{program}\n")
    path.chmod(0o755)
    return str(path)


def test_elsewhere_than_on_linux_there_is_none() -> None:
    found = sandbox.bubblewrap(None, platform="darwin")
    assert found.mark is Mark.NOTE
    assert "exists on Linux only; only instructors need it" in found.found


def test_where_it_is_missing_the_command_is_said() -> None:
    found = sandbox.bubblewrap(None, platform="linux")
    assert (found.mark, found.do) == (Mark.NOTE, "sudo apt-get install bubblewrap")
    assert "only instructors need it" in found.found


def test_one_that_starts_is_fine(tmp_path: Path) -> None:
    assert sandbox.bubblewrap(fake(tmp_path, "exit 0"), platform="linux").mark is Mark.FINE


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (
            "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1",
            "setting up uid map: Permission denied",
        ),
        ("exit 7", "exit code 7"),
    ],
)
def test_one_that_may_not_start_says_why(tmp_path: Path, program: str, said: str) -> None:
    found = sandbox.bubblewrap(fake(tmp_path, program), platform="linux", settings=tmp_path)
    assert found.mark is Mark.NOTE
    assert found.found == f"starts no sandbox: {said}; only instructors need it, to grade"
    assert found.do.startswith("in a container:")


def test_one_that_is_no_program_says_so(tmp_path: Path) -> None:
    (tmp_path / "bwrap").write_text("")
    found = sandbox.bubblewrap(str(tmp_path / "bwrap"), platform="linux")
    assert "bwrap: Permission denied" in found.found


@pytest.mark.parametrize(
    ("switch", "value", "command"),
    [
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
    ],
)
def test_the_kernels_switch_that_forbids_it_is_named(
    tmp_path: Path, switch: str, value: str, command: str
) -> None:
    file = tmp_path / switch
    file.parent.mkdir()
    file.write_text(f"{value}\n")
    assert sandbox.remedy(tmp_path) == f"sudo sysctl -w {command}"
    file.write_text("7\n")
    assert sandbox.remedy(tmp_path).startswith("in a container")


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_the_real_one_answers_either_way() -> None:
    found = sandbox.bubblewrap(sandbox.where())
    assert found.found.startswith(("starts a sandbox", "starts no sandbox: "))
