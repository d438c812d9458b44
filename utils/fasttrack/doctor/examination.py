"""All probes in the order in which their lines are read; one that fails is a line, too."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from fasttrack.doctor import machine, places, pytorch, requirements, sandbox
from fasttrack.doctor.finding import Finding, note, wrong


def examine(work: Path) -> Iterator[Finding]:
    """Findings, each as soon as it is known, for a learner whose notebooks are in `work`. Never raises."""
    torch = pytorch.start()
    try:
        wanted = requirements.asked()
    except (PackageNotFoundError, OSError, KeyError, ValueError) as error:
        yield wrong("LLM FastTrack", f"it does not say what it needs ({error})", "install the course again")
        wanted = None
    if wanted:
        yield from guarded("Python", lambda: requirements.python_version(wanted.python))
    said = pytorch.answer(torch)
    named = next((one for one in wanted.packages if one.name == "torch"), None) if wanted else None
    yield from guarded("PyTorch", lambda: pytorch.pytorch(said, named))
    if wanted:
        # Of torch there is a line already if it is not there at all.
        rest = [one for one in wanted.packages if one is not named or isinstance(said, pytorch.Torch)]
        yield from guarded("packages", lambda: requirements.packages(tuple(rest)))
        yield from guarded("JupyterLab", lambda: requirements.lab(wanted.lab, os.environ))
    yield from guarded("memory", lambda: machine.memory(*machine.measured_memory()))
    yield from guarded("disk", lambda: machine.disk(work, machine.free_disk(work)))
    yield from guarded("cores", lambda: machine.cores(machine.usable_cores()))
    yield from guarded("GPU", lambda: pytorch.gpu(said, pytorch.nvidia_driver()))
    yield from guarded("your work", lambda: places.work_folder(work))
    yield from guarded("downloads", lambda: places.cache_folder(downloads()))
    yield from guarded("port", places.port)
    yield from guarded("bubblewrap", lambda: sandbox.bubblewrap(sandbox.where()))


def downloads() -> Path:
    from fasttrack.data.registry import cache_folder  # needs packages that may be missing

    return cache_folder()


def guarded(what: str, probe: Callable[[], Finding | list[Finding]]) -> list[Finding]:
    """What a probe finds; that it failed, if it does, for one broken thing must not hide the others."""
    try:
        found = probe()
    except Exception as error:
        return [note(what, f"could not be looked at: {type(error).__name__}: {error}")]
    return found if isinstance(found, list) else [found]
