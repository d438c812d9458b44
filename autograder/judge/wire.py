"""The judge's side of the pipe: frames with deadlines, from a peer that may be hostile.

What comes back is data, decoded strictly (`inside.data`), or one of the errors below. No answer of the peer can
make the judge run code, allocate more than the limits say, or wait beyond the deadline.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from typing import Any

from autograder.inside.data import Bytes, WireError
from autograder.inside.frames import LENGTHS, PIECE, lengths, parse

__all__ = ["Channel", "LearnerDied", "OutOfMemory", "OutOfTime", "WireError"]

TICK = 0.25  # seconds between looks at the peer while waiting for it


class OutOfTime(Exception):
    """The peer did not answer by the deadline."""


class OutOfMemory(Exception):
    """The peer's processes use more memory than they may."""


class LearnerDied(Exception):
    """The peer is gone."""


class Channel:
    """A pipe to the peer and one from it. `look` is called now and then; it raises if the peer must be ended.

    Errors: OutOfTime, LearnerDied, WireError, and whatever `look` raises. After any of them the channel is in an
    unknown state and must not be used again.
    """

    def __init__(self, to_peer: int, from_peer: int, look: Callable[[], None], payload_limit: int) -> None:
        self.to_peer, self.from_peer = to_peer, from_peer
        self.look, self.payload_limit = look, payload_limit
        self.looked = time.monotonic()
        os.set_blocking(to_peer, False)
        os.set_blocking(from_peer, False)
        self.readable, self.writable = select.poll(), select.poll()
        self.readable.register(from_peer, select.POLLIN)
        self.writable.register(to_peer, select.POLLOUT)

    def exchange(self, frame: list[Bytes], deadline: float) -> tuple[dict[str, Any], bytearray]:
        """Send a frame and read the one that answers it, by the `deadline` (of time.monotonic)."""
        self.send(frame, deadline)
        header, payload = lengths(self.read(LENGTHS.size, deadline))
        if payload > self.payload_limit:
            raise WireError(f"an answer of {payload} bytes; {self.payload_limit} are allowed")
        return parse(self.read(header, deadline)), self.read(payload, deadline)

    def send(self, frame: list[Bytes], deadline: float) -> None:
        for piece in frame:
            view = memoryview(piece)
            while view:
                try:
                    view = view[os.write(self.to_peer, view[:PIECE]) :]
                except BlockingIOError:
                    self.wait(self.writable, deadline)
                except BrokenPipeError as error:
                    raise LearnerDied from error

    def read(self, size: int, deadline: float) -> bytearray:
        """Exactly `size` bytes. Memory grows with what has come, not with what was announced."""
        data = bytearray()
        while len(data) < size:
            self.wait(self.readable, deadline)
            try:
                piece = os.read(self.from_peer, min(size - len(data), PIECE))
            except BlockingIOError:
                continue
            if not piece:
                raise LearnerDied
            data += piece
        return data

    def wait(self, poll: select.poll, deadline: float) -> None:
        """Until the pipe is ready; looks at the peer every TICK meanwhile."""
        while True:
            now = time.monotonic()
            if now > deadline:
                raise OutOfTime
            if now - self.looked > TICK:
                self.look()
                self.looked = time.monotonic()
            if poll.poll(1000 * min(TICK, deadline - now + 0.001)):
                return

    def close(self) -> None:
        os.close(self.to_peer)
        os.close(self.from_peer)
