"""The learner's process: how it is started, what it may use, and an end that leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course import CourseError
from autograder.inside.data import Bytes
from autograder.judge import walls
from autograder.judge.processes import uses_more
from autograder.judge.syscalls import seccomp_filter
from autograder.judge.wire import Channel, LearnerDied, OutOfMemory, OutOfTime, WireError

MB = 1 << 20
PROGRAM = "import sys; from autograder.inside.main import main; main(sys.argv[1])"
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


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds, bytes and counts."""

    cell_seconds: float = 60
    test_seconds: float = 60
    lesson_seconds: float = 600
    start_seconds: float = 60
    grace_seconds: float = 2  # from asking the code to stop to ending the process
    cpu_seconds: int = 900
    memory: int = 3072 * MB  # of all processes together
    processes: int = 64  # and threads
    file_size: int = 256 * MB
    scratch: int = 512 * MB
    open_files: int = 256
    cell_output: int = 512 * 1024
    lesson_output: int = 8 * MB
    answer: int = 64 * MB  # raw bytes in one answer
    items: int = 100_000  # that one iteration may yield
    restarts: int = 3


class Sandbox:
    """One learner process, started and limited; `end` stops it and all that it started.

    `forbidden` are names whose calls are to be noticed. Without `isolated` the same program runs with the rights
    of this one. Raises CourseError if the sandbox cannot be made.
    """

    def __init__(self, limits: Limits, *, isolated: bool = True, forbidden: tuple[str, ...] = ()) -> None:
        self.limits, self.isolated, self.ended = limits, isolated, False
        self.folder = walls.SCRATCH if isolated else tempfile.mkdtemp(prefix="learner-")
        source, to_peer = os.pipe()
        from_peer, sink = os.pipe()
        filtered = self.filter() if isolated else None
        inherited = [source, sink] if filtered is None else [source, sink, filtered]
        self.said = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `end`)
        try:
            self.process = subprocess.Popen(
                self.command(source, sink, forbidden, filtered),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.said,
                env=self.environment(),
                pass_fds=inherited,
                start_new_session=True,
            )
        finally:
            for fd in inherited:
                os.close(fd)
        self.channel = Channel(to_peer, from_peer, self.look, limits.answer)

    @staticmethod
    def filter() -> int | None:
        """A descriptor from which bubblewrap reads the filter of system calls, if there is one."""
        program = seccomp_filter()
        if not program:
            return None
        reader, writer = os.pipe()
        os.write(writer, program)  # far less than a pipe holds
        os.close(writer)
        return reader

    def command(self, source: int, sink: int, forbidden: tuple[str, ...], filtered: int | None) -> list[str]:
        limits = self.limits
        settings = {
            "source": source,
            "sink": sink,
            "folder": self.folder,
            "forbidden": forbidden,
            "limits": {
                "cpu": limits.cpu_seconds,
                "memory": limits.memory,
                "file_size": limits.file_size,
                "open_files": limits.open_files,
                "processes": limits.processes
                if self.isolated
                else 0,  # else it would count all of this user's
            },
        }
        program = [sys.executable, "-s", "-P", "-c", PROGRAM, json.dumps(settings)]
        return walls.command(program, limits.scratch, filtered) if self.isolated else program

    def environment(self) -> dict[str, str]:
        """Everything the learner's code finds in its environment; nothing is inherited."""
        ours, course = walls.packages()
        path = walls.HERE if self.isolated else f"{Path(ours).parent}:{Path(course).parent}"
        return {**ENVIRONMENT, "HOME": self.folder, "TMPDIR": self.folder, "PYTHONPATH": path}

    def look(self) -> None:
        """Raise LearnerDied or OutOfMemory if it is so."""
        if self.process.poll() is not None:
            raise LearnerDied
        if uses_more(self.process.pid, self.limits.memory):
            raise OutOfMemory

    def greet(self, frame: list[Bytes], deadline: float) -> tuple[dict[str, Any], bytearray]:
        """The first exchange. Raises CourseError, with the reason, if the process never came up."""
        try:
            return self.channel.exchange(frame, deadline)
        except (LearnerDied, OutOfTime, OutOfMemory, WireError) as error:
            self.said.seek(0)
            lines = self.said.read(10_000).decode(errors="replace").strip().splitlines()
            self.end()
            raise CourseError(
                f"the learner process does not start: {lines[-1] if lines else error!r}"
            ) from error

    def cause(self) -> str:
        """Why the process is gone, once it is: `signal SIGXCPU`, `exit status 3`."""
        try:
            status = self.process.wait(1)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        number = -status if status < 0 else status - 128
        with suppress(ValueError):
            return f"signal {signal.Signals(number).name}"
        return f"exit status {status}"

    def end(self) -> None:
        """Stop everything at once. Harmless when called again."""
        if self.ended:
            return
        self.ended = True
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.channel.close()
        self.said.close()
        if not self.isolated:
            shutil.rmtree(self.folder, ignore_errors=True)
