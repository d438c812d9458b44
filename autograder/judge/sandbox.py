"""The learner's process: what it may use, how it is started, and an end that leaves nothing behind."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from autograder.course import CourseError
from autograder.inside.data import Bytes
from autograder.judge.cold import Cold
from autograder.judge.processes import uses_more
from autograder.judge.warm import NotWarm, fork
from autograder.judge.wire import Channel, LearnerDied, OutOfMemory, OutOfTime, WireError

MB = 1 << 20


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


class Process(Protocol):
    """A learner's process as it was started: `warm.Fork` or `cold.Cold`. `pid` is above all that it starts."""

    pid: int

    def poll(self) -> int | None:
        """Its exit status, negative for a signal, or None while it runs."""

    def wait(self, seconds: float) -> int:
        """As `poll`, once it has ended. Raises TimeoutError if it has not by then."""

    def said(self) -> str:
        """The last line of what it said when it did not come up, or ""."""

    def end(self) -> None:
        """Kill it with all it started; they are gone when this returns."""


class Sandbox:
    """One learner process, started and limited; `end` stops it and all that it started.

    `forbidden` are names whose calls are to be noticed. With `warm` it comes from the worker's warm parent; where
    that is not possible it starts cold, and `cold_because` says why. Without `isolated` the same program runs with
    the rights of this one. Raises CourseError if the sandbox cannot be made.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        isolated: bool = True,
        warm: bool = False,
        forbidden: tuple[str, ...] = (),
    ) -> None:
        self.limits, self.isolated, self.ended = limits, isolated, False
        self.cold_because = ""
        source, to_peer = os.pipe()
        from_peer, sink = os.pipe()
        try:
            self.process = self.start(source, sink, forbidden, warm=isolated and warm)
        finally:
            os.close(source)
            os.close(sink)
        self.channel = Channel(to_peer, from_peer, self.look, limits.answer)

    def start(self, source: int, sink: int, forbidden: tuple[str, ...], *, warm: bool) -> Process:
        limits = self.limits
        settings = {
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
        if warm:
            try:
                return fork(settings, limits.scratch, source, sink, limits.start_seconds)
            except NotWarm as error:
                self.cold_because = str(error)
        return Cold(settings, limits.scratch if self.isolated else None, source, sink)

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
            why = self.process.said() or repr(error)
            self.end()
            raise CourseError(f"the learner process does not start: {why}") from error

    def cause(self) -> str:
        """Why the process is gone, once it is: `signal SIGXCPU`, `exit status 3`."""
        try:
            status = self.process.wait(1)
        except TimeoutError:
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
        self.process.end()
        self.channel.close()
