"""A learner's process started from nothing, in a bubblewrap sandbox or without one; and what all such processes share:
their environment, and the file that keeps what they say before they can be asked.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from autograder.judge import walls
from autograder.judge.syscalls import seccomp_filter

ENVIRONMENT = {
    "PATH": "/usr/bin",
    "USER": "learner",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR")},
}
PROGRAM = "import sys; from autograder.inside.main import main; main(sys.argv[1])"


class Cold:
    """A learner process with these two ends of pipes.

    Its scratch folder holds `scratch` bytes; without them it is not isolated. For the rest see `sandbox.Process`.
    """

    def __init__(self, settings: dict[str, Any], scratch: int | None, source: int, sink: int) -> None:
        isolated = scratch is not None
        self.folder = walls.SCRATCH if isolated else tempfile.mkdtemp(prefix="learner-")
        self.remove = not isolated
        settings = settings | {"source": source, "sink": sink, "folder": self.folder}
        program = python(PROGRAM, settings)
        filtered = filter_of_calls() if isolated else None
        self.file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `end`)
        try:
            self.process = subprocess.Popen(
                walls.command(program, scratch, filtered) if isolated else program,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.file,
                env=environment(self.folder, isolated=isolated),
                pass_fds=[source, sink, *([] if filtered is None else [filtered])],
                start_new_session=True,
            )
        finally:
            if filtered is not None:
                os.close(filtered)
        self.pid = self.process.pid

    def poll(self) -> int | None:
        return self.process.poll()

    def wait(self, seconds: float) -> int:
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error

    def said(self) -> str:
        return last_line(self.file)

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        self.file.close()
        if self.remove:
            shutil.rmtree(self.folder, ignore_errors=True)


def python(program: str, settings: dict[str, Any]) -> list[str]:
    """The command that runs a program of `autograder.inside`."""
    return [sys.executable, "-s", "-P", "-c", program, json.dumps(settings)]


def environment(folder: str, *, isolated: bool = True) -> dict[str, str]:
    """Everything the learner's code finds in its environment; nothing is inherited. `folder` is its own."""
    ours, course = walls.packages()
    path = walls.HERE if isolated else f"{Path(ours).parent}:{Path(course).parent}"
    return {**ENVIRONMENT, "HOME": folder, "TMPDIR": folder, "PYTHONPATH": path}


def filter_of_calls() -> int | None:
    """A descriptor from which bubblewrap reads the filter of system calls, if there is one."""
    program = seccomp_filter()
    if not program:
        return None
    reader, writer = os.pipe()
    os.write(writer, program)  # far less than a pipe holds
    os.close(writer)
    return reader


def last_line(file: IO[bytes]) -> str:
    """Of what was written to a file that others still write to."""
    lines = os.pread(file.fileno(), 10_000, 0).decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
