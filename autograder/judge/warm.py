"""The warm parent as the judge sees it: started once in a worker, asked for a learner process each time.

Starting Python and importing torch takes a second or two, a fork of a process that has done both a few hundredths.
Nothing is given up for it: each fork has namespaces, scratch, limits and a filter of system calls of its own, as a
cold process has (`inside.zygote`).
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from autograder.inside.zygote import LONGEST, READY
from autograder.judge import walls
from autograder.judge.cold import environment, last_line, python
from autograder.judge.syscalls import seccomp_filter

PROGRAM = "import sys; from autograder.inside.zygote import serve; serve(sys.argv[1])"
# In the order in which a cold process has them: the shell, what it imports when it starts, then what cells import.
SHELL = ("shell", "serve", "main", "limits", "standin")
PACKAGES = (
    *(f"autograder.inside.{name}" for name in SHELL),
    *(f"IPython.core.{name}" for name in ("completer", "magics", "oinspect", "application", "logger")),
    "numpy.random",
    "torch",
)
# What most cells import; scikit-learn would take a third of the memory that small limits leave a fork.
LESSONS = ("fasttrack.check", "fasttrack.data", "fasttrack.models.base")
KILLED = -signal.SIGKILL
TRIES = 2  # a parent that is gone is started once more


class NotWarm(Exception):
    """No learner process can be forked; says why."""


class Fork:
    """A learner process that was forked. See `sandbox.Process`; `pid` is the first of its pid namespace."""

    def __init__(self, zygote: Zygote, told: socket.socket, pidfd: int) -> None:
        self.zygote, self.told, self.pidfd = zygote, told, pidfd
        self.pid = int(Path(f"/proc/self/fdinfo/{pidfd}").read_text().split("Pid:")[1].split()[0])
        self.status: int | None = None

    def poll(self) -> int | None:
        with suppress(TimeoutError):
            return self.wait(0)
        return None

    def wait(self, seconds: float) -> int:
        if self.status is None:
            if not readable(self.told.fileno(), seconds):
                raise TimeoutError
            self.status = int(self.told.recv(16) or KILLED)
        return self.status

    def said(self) -> str:
        return last_line(self.zygote.file)

    def end(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        readable(self.pidfd, None)  # a pid namespace is empty before its first process is gone
        os.close(self.pidfd)
        self.told.close()


class Zygote:
    """A warm parent in its sandbox. Raises NotWarm if it does not come up within `seconds`."""

    def __init__(self, seconds: float) -> None:
        inside = [path for path in walls.visible() if Path(path).is_relative_to(walls.SCRATCH)]
        if inside:
            raise NotWarm(f"{inside[0]} lies where each fork has its scratch")
        self.requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        settings = {
            "socket": theirs.fileno(),
            "packages": PACKAGES,
            "lessons": LESSONS,
            "proc": walls.SCRATCH,
        }
        self.file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `end`)
        with theirs:
            self.process = subprocess.Popen(
                walls.command(python(PROGRAM, settings), None),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.file,
                env=environment(walls.SCRATCH),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self.requests.settimeout(seconds)
        said = b""
        with suppress(OSError):
            said = self.requests.recv(LONGEST)
        if said != READY:
            why = said.decode() or last_line(self.file) or "the warm parent does not start"
            self.end()
            raise NotWarm(why)

    def fork(self, request: dict[str, Any], source: int, sink: int, seconds: float) -> Fork:
        """A learner process. Raises NotWarm if none can be walled off, OSError if the parent is gone."""
        told, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        told.settimeout(seconds)
        try:
            with theirs:
                packed = json.dumps(request).encode()
                socket.send_fds(self.requests, [packed], [source, sink, theirs.fileno()])
            said, descriptors, _, _ = socket.recv_fds(told, LONGEST, 1)
            if descriptors:
                return Fork(self, told, descriptors[0])
        except OSError:
            told.close()
            raise
        told.close()
        if said:
            raise NotWarm(said.decode())
        raise ConnectionError("the warm parent does not answer")

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.requests.close()
        self.file.close()


class Warm:
    """This worker's parent: started when it is first needed. `why_not` is set once none can be had."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.zygote: Zygote | None = None
        self.why_not = ""

    def fork(self, request: dict[str, Any], source: int, sink: int, seconds: float) -> Fork:
        with self.lock:
            for _ in range(TRIES):
                if self.why_not:
                    raise NotWarm(self.why_not)
                try:
                    self.zygote = self.zygote or Zygote(seconds)
                    return self.zygote.fork(request, source, sink, seconds)
                except NotWarm as error:
                    self.why_not = str(error)
                    self.end()
                except OSError as error:
                    lost = error
                    self.end()
            raise NotWarm(self.why_not or str(lost))

    def end(self) -> None:
        if self.zygote:
            self.zygote.end()
        self.zygote = None


WARM = Warm()
atexit.register(WARM.end)


def fork(settings: dict[str, Any], scratch: int, source: int, sink: int, seconds: float) -> Fork:
    """A learner process from this worker's parent, its scratch folder of `scratch` bytes. Raises NotWarm."""
    request = {
        "uid": int(walls.LEARNER),
        "proc": walls.SCRATCH,
        "mounts": [
            ("tmpfs", "/dev/shm", f"size={walls.SHARED},mode=1777"),
            ("devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=620"),
            ("tmpfs", walls.SCRATCH, f"size={scratch},mode=0700"),  # last: it covers /proc
        ],
        "filter": seccomp_filter().hex(),
        "settings": settings | {"folder": walls.SCRATCH},
    }
    return WARM.fork(request, source, sink, seconds)


def readable(fd: int, seconds: float | None) -> bool:
    """Whether there is something to read, at the latest after so many seconds; without them, once there is."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(None if seconds is None else 1000 * seconds))
