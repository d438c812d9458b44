"""A learner process at work: cells to run, names to look up, handles to operate on, each request with a deadline.

A session ends for good when the process dies, breaks the protocol or does not answer in time: every request then
raises Stop, which no `except Exception` of a check catches.
"""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from weakref import WeakValueDictionary

from autograder.inside.data import Decoder, Encoder, Node, WireError
from autograder.inside.frames import pack
from autograder.judge.remote import CallableHandle, Handle, Reference, RemoteError
from autograder.judge.sandbox import Limits, Sandbox
from autograder.judge.wire import LearnerDied, OutOfMemory, OutOfTime
from autograder.outcome import Outcome
from fasttrack.check.reach import LearnerError, Reply

PLACES = ("torch", "torch.nn.functional", "math")  # of functions that do not say where they live
TEXT = 4000  # characters of a message


class Stop(BaseException):
    """The test or cell under way cannot go on; `outcome` says why."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        self.outcome, self.message = outcome, message
        super().__init__(message)


class Session:
    """Talks to one learner process. `alive` until a Stop that ends the process."""

    def __init__(
        self,
        limits: Limits,
        until: float,
        *,
        isolated: bool = True,
        warm: bool = False,
        forbidden: tuple[str, ...] = (),
    ) -> None:
        """Start a process. `until` (of time.monotonic) is when the lesson's time is up."""
        self.limits, self.lesson_until = limits, until
        self.alive = True
        self.handles: WeakValueDictionary[int, Handle] = WeakValueDictionary()
        self.released: set[int] = set()
        self.noticed: set[str] = set()  # forbidden calls, since `begin`
        self.stop: Stop | None = None  # since `begin`
        self.error: LearnerError | None = None  # the last one, since `begin`
        self.count = 0
        self.sandbox = Sandbox(limits, isolated=isolated, warm=warm, forbidden=forbidden)
        greeting = pack(
            {"id": 0, "do": "watch", "names": [], "seconds": limits.start_seconds, "drop": []}, []
        )
        self.until = time.monotonic() + limits.start_seconds
        self.sandbox.greet(greeting, self.until)

    def begin(self, seconds: float, forbidden: Sequence[str] = ()) -> None:
        """Give the next cell or test `seconds`, and watch for the calls it forbids."""
        self.until = min(time.monotonic() + seconds, self.lesson_until)
        self.noticed, self.stop, self.error = set(), None, None
        self.request("watch", names=list(forbidden))

    def run(self, source: str, output: int) -> tuple[Any, LearnerError | None]:
        """Run a cell; its outputs, at most `output` bytes of them, and what it raised."""
        message, decoder = self.request("run", source=source, limit=output)
        if message.get("error") is not None:
            raise RemoteError.of(self.exception(message["error"]))
        shown = self.decoded(decoder, message.get("value"), last=True)
        raised = message.get("raised")
        return shown, None if raised is None else self.as_error(raised)

    def name(self, name: str) -> Any:
        """What a name means in the learner's notebook. Raises RemoteError (a NameError) if it means nothing."""
        return self.value(*self.request("name", name=name))

    def operate(self, name: str, *values: Any) -> Any:
        encoder = Encoder(self.node)
        nodes = [self.encoded(encoder, value) for value in values]
        return self.value(*self.request("operate", encoder, name=name, args=nodes))

    def call(self, do: str, target: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Reply:
        """Call `target` there, be it a handle or something importable, and say how it left its arguments."""
        encoder = Encoder(self.node)
        nodes = [self.encoded(encoder, value) for value in (target, *args, *kwargs.values())]
        message, decoder = self.request(do, encoder, args=nodes, names=list(kwargs))
        error = message.get("error")
        value = None if error is not None else self.decoded(decoder, message.get("value"))
        left = self.left(message.get("left", []), decoder, args, kwargs)
        return Reply(value, None if error is None else self.exception(error), left)

    def left(
        self, changed: Any, decoder: Decoder, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments as the call left them: those that changed, in place of those that were sent."""
        values = [*args, *kwargs.values()]
        if type(changed) is not list or len(changed) > len(values):
            self.malformed("no word on the arguments")
        for pair in changed:
            if type(pair) is not list or len(pair) != 2 or type(pair[0]) is not int:
                self.malformed("no word on the arguments")
            if not 0 < pair[0] <= len(values):
                self.malformed("an argument that was not sent")
            values[pair[0] - 1] = self.decoded(decoder, pair[1])
        self.finish(decoder)
        names = dict(zip(kwargs, values[len(args) :], strict=True))
        return tuple(values[: len(args)]), names

    def request(
        self, do: str, encoder: Encoder | None = None, **fields: Any
    ) -> tuple[dict[str, Any], Decoder]:
        """One exchange; the answer and the decoder of its payload. Raises Stop."""
        remaining = self.until - time.monotonic()
        if not self.alive or self.stop:
            raise self.stop or Stop(Outcome.CRASHED, "the process has ended")
        if remaining <= 0:
            self.fail(Outcome.TIMEOUT, "its time is up")
        self.count += 1
        drop, self.released = self.released, set()
        message = {"id": self.count, "do": do, "seconds": remaining, "drop": list(drop), **fields}
        try:
            answer, payload = self.sandbox.channel.exchange(
                pack(message, encoder.chunks if encoder else []), self.until + self.limits.grace_seconds
            )
            if answer.get("id") != self.count or type(answer["id"]) is not int:
                raise WireError("an answer to another question")
        except OutOfTime:
            self.fail(Outcome.TIMEOUT, "its time is up, and it cannot be interrupted", ends=True)
        except OutOfMemory:
            self.fail(Outcome.MEMORY, f"more than {self.limits.memory >> 20} MB of memory", ends=True)
        except LearnerDied:
            cause = self.sandbox.cause()
            outcome = Outcome.TIMEOUT if "SIGXCPU" in cause else Outcome.CRASHED
            self.fail(outcome, f"the notebook's process has ended: {cause}", ends=True)
        except WireError as error:
            self.malformed(str(error))
        noticed = answer.get("forbidden", [])
        if type(noticed) is list:
            self.noticed.update(name for name in noticed if type(name) is str)
        if "unfit" in answer:
            self.fail(Outcome.MALFORMED, f"what came back is not data: {clean(answer['unfit'])}")
        return answer, Decoder(payload, self.handle)

    def value(self, message: dict[str, Any], decoder: Decoder) -> Any:
        """The value an answer holds. Raises RemoteError if it holds an exception."""
        if message.get("error") is not None:
            raise RemoteError.of(self.exception(message["error"]))
        return self.decoded(decoder, message.get("value"), last=True)

    def decoded(self, decoder: Decoder, node: Node, *, last: bool = False) -> Any:
        """The value of a node; after the `last` one, the payload must be used up."""
        try:
            value = decoder.value(node)
        except (WireError, ValueError, OverflowError, RuntimeError) as error:
            self.malformed(str(error))
        if last:
            self.finish(decoder)
        return value

    def finish(self, decoder: Decoder) -> None:
        try:
            decoder.end()
        except WireError as error:
            self.malformed(str(error))

    def exception(self, node: Node) -> LearnerError:
        """An exception as data, remembered. Raises Stop if it says that the time was up."""
        self.error = self.as_error(node)
        if self.error.kinds[0] == "OutOfTime":
            self.fail(Outcome.TIMEOUT, f"its time is up\n{self.error.where}".strip())
        return self.error

    def as_error(self, node: Node) -> LearnerError:
        match node:
            case {"kinds": [str(), *_] as kinds, "message": str(message), "where": str(where)} if all(
                type(kind) is str for kind in kinds
            ):
                return LearnerError(tuple(map(clean, kinds[:50])), clean(message), clean(where))
        self.malformed("an exception that is none")

    def handle(self, tag: str, body: Node) -> Handle:
        """The handle that a node stands for: one handle for one object."""
        match body:
            case [number, str(kind), None | str() as name, bool(able)] if (
                tag == "h" and type(number) is int and 0 < number < 1 << 53
            ):
                handle = self.handles.get(number)
                if handle is None:
                    make = CallableHandle if able else Handle
                    reference = Reference(self, number, clean(kind)[:100], name and clean(name)[:100])
                    handle = self.handles[number] = make(reference)
                self.released.discard(number)
                return handle
        raise WireError(f"an unknown kind of value, {clean(tag)!r}")

    def node(self, value: Any) -> Node:
        """The node of what a check may send and is not data."""
        if isinstance(value, Handle):
            if value._fasttrack.session is not self:
                raise WireError("an object of a process that has ended")
            return {"h": value._fasttrack.number}
        if type(value) is slice:
            return {"s": [value.start, value.stop, value.step]}
        if value is ...:
            return {"e": 0}
        return {"m": importable(value)}

    def encoded(self, encoder: Encoder, value: Any) -> Node:
        try:
            return encoder.node(value)
        except WireError as error:
            raise TypeError(f"a check may not send this to the learner: {error}") from error

    def malformed(self, why: str) -> NoReturn:
        self.fail(Outcome.MALFORMED, f"what came back is not data: {why}", ends=True)

    def fail(self, outcome: Outcome, message: str, *, ends: bool = False) -> NoReturn:
        """Stop what is under way; with `ends`, the process as well."""
        self.stop = Stop(outcome, message)
        if ends:
            self.end()
        raise self.stop

    def end(self) -> None:
        if self.alive:
            self.alive = False
            self.sandbox.end()


def clean(text: Any) -> str:
    """Text with something of the learner's process in it as any file can hold it, cut to a sensible length."""
    return str(text)[:TEXT].encode(errors="backslashreplace").decode()[:TEXT]


def importable(value: Any) -> list[str]:
    """Module and name by which the learner's process finds a function, class or module of the check's."""
    if inspect.ismodule(value):
        return [value.__name__, ""]
    name = getattr(value, "__qualname__", None)
    for module in (getattr(value, "__module__", None), *PLACES):
        for path in (name, getattr(value, "__name__", None)):
            if isinstance(module, str) and isinstance(path, str) and module in sys.modules:
                found: Any = sys.modules[module]
                for part in path.split("."):
                    found = getattr(found, part, None)
                if found is value:
                    return [module, path]
    raise WireError(f"{value!r} is neither data nor importable by name")
