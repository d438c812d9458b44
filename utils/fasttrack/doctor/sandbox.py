"""Bubblewrap, the sandbox in which instructors grade: learners never need it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from fasttrack.doctor.finding import Finding, fine, note

FOR_WHOM = "only instructors need it, to grade"
WALLS = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--uid", "1000")
SWITCHES = (  # of the kernel: the value with which an ordinary user cannot start a sandbox, and the other one
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("user.max_user_namespaces", "0", "15000"),
)


def bubblewrap(
    program: str | None,
    platform: str = sys.platform,
    settings: Path = Path("/proc/sys"),
) -> Finding:
    """Whether `program`, where bwrap is, starts a sandbox. It starts one."""
    if not platform.startswith("linux"):
        return note("bubblewrap", f"exists on Linux only; {FOR_WHOM}", "grade on Linux, or on Windows in WSL")
    if program is None:
        return note("bubblewrap", f"not installed; {FOR_WHOM}", "sudo apt-get install bubblewrap")
    command = [program, *WALLS, "--ro-bind", "/", "/", "/bin/sh", "-c", ":"]
    try:
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=10
        )
        problem = (
            (run.stderr.strip().splitlines() or [f"exit code {run.returncode}"])[0] if run.returncode else ""
        )
    except subprocess.TimeoutExpired:
        problem = "no answer within 10 s"
    except OSError as error:
        problem = f"{program}: {error.strerror}"
    if problem:
        problem = problem.removeprefix("bwrap: ").rstrip(".")
        return note("bubblewrap", f"starts no sandbox: {problem}; {FOR_WHOM}", remedy(settings))
    return fine("bubblewrap", f"starts a sandbox; {FOR_WHOM}")


def remedy(settings: Path, switches: Iterable[tuple[str, str, str]] = SWITCHES) -> str:
    """What lets an ordinary user start a sandbox: the switch of the kernel that forbids it, else the container's."""
    for name, closed, opened in switches:
        file = settings.joinpath(*name.split("."))
        if file.exists() and file.read_text("ascii").strip() == closed:
            return f"sudo sysctl -w {name}={opened}"
    return "in a container: start it with --privileged, or grade on the machine itself"


def where() -> str | None:
    """Where bwrap is."""
    return shutil.which("bwrap")
