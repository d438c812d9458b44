"""The learner's side of the pipe: one request at a time, answered in the learner's process.

A request is `{"id", "do", "seconds", "drop", ...}`; the answer repeats the id and holds a `value` or an `error`,
`left` (arguments the call changed) and `forbidden` (calls that were noticed).
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import Any

from . import errors, frames
from .data import Bytes, Decoder, Encoder, Node, WireError
from .operations import OPERATIONS
from .shell import Shell, run
from .table import Table
from .watch import Watch

AGAIN = 0.5  # seconds: code that catches OutOfTime gets it again


class Server:
    def __init__(self, shell: Shell, watch: Watch) -> None:
        self.shell, self.watch = shell, watch
        self.table = Table()
        self.armed = False
        signal.signal(signal.SIGALRM, self.alarm)

    def serve(self, source: int, sink: int) -> None:
        """Answer requests until the judge is gone."""
        while True:
            try:
                message, payload = frames.read(source)
            except EOFError:
                os._exit(0)
            frames.write(sink, self.answer(message, payload))

    def answer(self, message: dict[str, Any], payload: bytearray) -> list[Bytes]:
        """The frame that answers a request, whatever the learner's code does."""
        reply: dict[str, Any] = {"id": message["id"]}
        chunks: list[Bytes] = []
        try:
            try:
                self.arm(message["seconds"])
                self.table.drop(message["drop"])
                reply |= self.perform(message, payload, chunks)
                if self.watch.called:
                    reply["forbidden"] = sorted(self.watch.called)
                frame = frames.pack(reply, chunks)
            finally:
                self.disarm()
        except WireError as error:
            frame = frames.pack({"id": message["id"], "unfit": str(error)}, [])
        except BaseException as error:
            self.disarm()
            frame = frames.pack({"id": message["id"], "error": errors.as_data(error)}, [])
        return frame

    def perform(self, message: dict[str, Any], payload: bytearray, chunks: list[Bytes]) -> dict[str, Any]:
        """Do what is asked; the answer without its id, its raw bytes added to `chunks`."""
        do = message["do"]
        encoder = Encoder(self.table.node)
        encoder.chunks = chunks
        if do == "run":
            shown, error = run(self.shell, message["source"], message["limit"])
            return {"value": encoder.node(shown), "raised": errors.as_data(error) if error else None}
        if do == "name":
            if message["name"] not in self.shell.user_ns:
                raise NameError(f"name {message['name']!r} is not defined")
            return {"value": encoder.node(self.shell.user_ns[message["name"]])}
        if do == "watch":
            self.watch.begin(message["names"])
            return {"value": None}
        arguments = Arguments(message["args"], payload, self.table)
        if do == "operate":
            with self.working(True):
                value = OPERATIONS[message["name"]](*arguments.values)
            return {"value": encoder.node(value)}
        target, *args = arguments.values
        names = message["names"]  # of the keyword arguments, which come last
        split = len(args) - len(names)
        reply: dict[str, Any] = {}
        try:
            with self.working(do == "call"):
                value = target(*args[:split], **dict(zip(names, args[split:], strict=True)))
            reply["value"] = encoder.node(value)
        except (WireError, errors.OutOfTime):
            raise
        except BaseException as error:
            reply["error"] = errors.as_data(error)
        reply["left"] = arguments.changed(encoder)
        return reply

    @contextlib.contextmanager
    def working(self, yes: bool) -> Iterator[None]:
        """Forbidden calls count while a check has the learner's object at work."""
        self.watch.working += yes
        try:
            yield
        finally:
            self.watch.working -= yes

    def arm(self, seconds: float) -> None:
        self.armed = True
        signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)

    def disarm(self) -> None:
        self.armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)

    def alarm(self, *_: object) -> None:
        if self.armed:
            raise errors.OutOfTime("stopped: its time is up")


class Arguments:
    """The arguments of one request, and which of them changed while they were here."""

    def __init__(self, nodes: list[Node], payload: bytearray, table: Table) -> None:
        self.nodes, self.payload = nodes, payload
        self.marks: dict[int, Node] = {}  # by id(): what stood for a value that is not data

        def other(tag: str, body: Node) -> Any:
            value = table.value(tag, body)
            self.marks[id(value)] = {tag: body}
            return value

        decoder = Decoder(payload, other)
        self.values: list[Any] = []
        self.ends = [0]
        for node in nodes:
            self.values.append(decoder.value(node))
            self.ends.append(decoder.at)
        decoder.end()

    def changed(self, encoder: Encoder) -> list[list[Any]]:
        """`[position, node]` of each argument that is no longer what came; a node of None if it is not data."""
        found: list[list[Any]] = []
        for at, (node, value) in enumerate(zip(self.nodes, self.values, strict=True)):
            if type(node) is not list and (type(node) is not dict or node.keys() & {"h", "m", "s", "e"}):
                continue  # cannot change, or is no data
            again = Encoder(self.mark)
            try:
                same = repr(again.node(value)) == repr(node)
            except WireError:
                found.append([at, None])
                continue
            if not same or b"".join(again.chunks) != self.payload[self.ends[at] : self.ends[at + 1]]:
                found.append([at, encoder.node(value)])
        return found

    def mark(self, value: Any) -> Node:
        return self.marks.get(id(value), {"new": 0})
