"""The bubblewrap command of a sandbox: what can be seen inside, and nothing else.

When the judge runs as root, a first bubblewrap shows only the folders needed and makes them reachable, and the
sandbox proper is made in it by an ordinary user: so the learner's code never has root's identity, which no limit
on processes binds.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import autograder
import fasttrack
from autograder.course import CourseError

NOBODY = "65534"
LEARNER = "1000"  # the uid inside
SCRATCH = "/tmp"
HERE = "/judge"  # inside: our two packages
CHECKS = ("__init__", "expect", "failure", "fixtures", "reach", "values")  # the rest are oracles
SYSTEM = (
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/bin/sh",
    "/etc/ld.so.cache",
    "/proc/cpuinfo",
    "/proc/meminfo",
)
MERGED = ("/bin", "/lib", "/lib32", "/lib64")  # links to /usr on most systems
SHARED = 64 << 20  # bytes of /dev/shm


def bubblewrap() -> str:
    """Where bubblewrap is. Raises CourseError if it is not there."""
    found = shutil.which("bwrap")
    if not found:
        raise CourseError(
            "bubblewrap is not installed (apt install bubblewrap); without it nothing is walled off"
        )
    return found


def command(program: list[str], scratch: int | None, seccomp: int | None = None) -> list[str]:
    """`program` in a sandbox whose scratch folder holds `scratch` bytes; `seccomp` is a descriptor of a filter.

    Without `scratch`, for a program that forks others: /proc lies there, where each fork mounts its own scratch.
    """
    room = ("--size", str(scratch), "--perms", "0700", "--tmpfs") if scratch else ("--bind", "/proc")
    inner = [
        bubblewrap(),
        *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--uid", LEARNER, "--gid", LEARNER, "--hostname", "sandbox"),
        *(*room, SCRATCH),  # before what may lie in it
        *folders(),
        *("--dev", "/dev", "--size", str(SHARED), "--perms", "1777", "--tmpfs", "/dev/shm"),
        *("--chdir", SCRATCH, "--remount-ro", "/dev", "--remount-ro", "/"),
        *(("--seccomp", str(seccomp)) if seccomp is not None else ()),
        *program,
    ]
    return inner if os.geteuid() else [*ordinary_user(), *inner]


def ordinary_user() -> list[str]:
    """The start of a command that runs the rest as nobody, who can reach the folders needed and sees no others."""
    setpriv = shutil.which("setpriv")
    if not setpriv:
        raise CourseError(
            "setpriv (package util-linux) is not installed: root needs it to give up its rights"
        )
    seen = [
        *visible(),
        *packages(),
        "/usr",
        *(path for path in SYSTEM if path.startswith("/etc") and exists(path)),
    ]
    binds = [word for path in seen for word in ("--ro-bind", path, path)]
    return [
        *(bubblewrap(), "--die-with-parent", "--unshare-pid", "--cap-add", "ALL"),
        *(*parents(seen), *binds, *links(), "--dev", "/dev", "--proc", "/proc", "--dir", SCRATCH),
        *(setpriv, "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"),
    ]


@cache
def folders() -> tuple[str, ...]:
    """What is bound where: the interpreter, its packages, system libraries, our own code without the oracles."""
    ours, course = packages()
    seen = [*visible(), *filter(exists, SYSTEM)]
    words = parents([*seen, f"{HERE}/autograder/x"])
    for path in seen:
        words += ["--ro-bind", path, path]
    for package in packages():
        if any(Path(package).is_relative_to(path) for path in seen):
            if "-packages/" not in package:  # not installed there: the course's own folder is in sight
                raise CourseError(
                    f"{package} lies in the Python environment: make one beside the course, as .venv"
                )
            words += ["--tmpfs", package, "--remount-ro", package]
    words += ["--ro-bind", f"{ours}/__init__.py", f"{HERE}/autograder/__init__.py"]
    words += ["--ro-bind", f"{ours}/inside", f"{HERE}/autograder/inside"]
    words += ["--ro-bind", course, f"{HERE}/fasttrack", "--tmpfs", f"{HERE}/fasttrack/check"]
    for name in (entry for check in CHECKS for entry in (check, f"{check}.py")):  # a package or a module
        if exists(f"{course}/check/{name}"):
            words += ["--ro-bind", f"{course}/check/{name}", f"{HERE}/fasttrack/check/{name}"]
    return (*words, "--remount-ro", f"{HERE}/fasttrack/check", *links())


def visible() -> list[str]:
    """The interpreter and the packages installed for it: its virtual environment, and where its files really are."""
    executable = Path(sys.executable).resolve()
    found = {Path(sys.prefix), Path(sys.base_prefix), executable.parents[1]}
    return sorted(str(path) for path in found)


def exists(path: str) -> bool:
    return Path(path).exists()


def packages() -> tuple[str, str]:
    """The folders of `autograder` and `fasttrack`."""
    return str(Path(autograder.__file__).parent), str(Path(fasttrack.__file__).parent)


def links() -> Iterator[str]:
    for name in map(Path, MERGED):
        if name.is_symlink():
            yield from ("--symlink", str(name.readlink()), str(name))
        elif name.exists():
            yield from ("--ro-bind", str(name), str(name))


def parents(paths: Iterable[str]) -> list[str]:
    """Make the folders above `paths`, open to everyone; bubblewrap would make them its maker's alone."""
    above = {str(folder) for path in paths for folder in Path(path).parents} - {"/", "/proc"}
    return [word for folder in sorted(above) for word in ("--perms", "0755", "--dir", folder)]
