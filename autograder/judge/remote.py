"""Handles: the learner's objects as a check sees them, while they live in the learner's process.

Whatever a check does to a handle (call it, add to it, index it, iterate over it, read an attribute) becomes one
request; what comes back is data by value, another handle, or the learner's exception as a RemoteError. No code of
the learner runs here, and nothing here trusts an answer: a handle never passes for data, and `bool(handle)`,
`len(handle)` and the like take an exact bool or int and nothing else.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from autograder.inside.operations import ARITHMETIC, COMPARISONS, UNARY
from fasttrack.check.reach import LearnerError, Reply

if TYPE_CHECKING:
    from autograder.judge.session import Session

DUNDERS = ("__name__", "__qualname__")  # NumPy and torch ask for others, such as an address in memory


class RemoteError(Exception):
    """The learner's code raised. Also an instance of the builtin exception that it raised, so `except` works."""

    def __init__(self, error: LearnerError) -> None:
        self.error = error
        Exception.__init__(self, str(error))

    def __str__(self) -> str:
        return str(self.error)

    @classmethod
    def of(cls, error: LearnerError) -> RemoteError:
        for name in error.kinds:
            kind = getattr(builtins, name, None)
            if isinstance(kind, type) and issubclass(kind, Exception) and kind is not StopIteration:
                return also(name)(error)
        return cls(error)


@cache
def also(name: str) -> type[RemoteError]:
    """RemoteError that is a builtin exception, too."""
    kind = getattr(builtins, name)
    return RemoteError if kind is Exception else type(f"Remote{name}", (RemoteError, kind), {})


@dataclass(frozen=True)
class Reference:
    """Which object a handle stands for."""

    session: Session
    number: int
    kind: str  # the name of its class, as the learner's process gives it
    name: str | None  # its own __name__


class Handle:
    """One of the learner's objects. Only what Python itself looks up is defined here; the rest is asked for."""

    __slots__ = ("__weakref__", "_fasttrack")
    _fasttrack: Reference

    def __init__(self, reference: Reference) -> None:
        object.__setattr__(self, "_fasttrack", reference)

    def __fasttrack_kind__(self) -> str:
        return f"{self._fasttrack.kind} object"

    def __fasttrack_call__(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Reply:
        return self._fasttrack.session.call("call", self, args, kwargs)

    def __fasttrack_beside__(
        self, fixture: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Reply:
        return self._fasttrack.session.call("beside", fixture, [self, *args], kwargs)

    def __getattr__(self, name: str) -> Any:
        if name == "__name__" and self._fasttrack.name is not None:
            return self._fasttrack.name
        if name == "_fasttrack" or (name.startswith("__") and name.endswith("__") and name not in DUNDERS):
            raise AttributeError(name)
        return operate(self, "getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        operate(self, "setattr", name, value)

    def __delattr__(self, name: str) -> None:
        operate(self, "delattr", name)

    def __getitem__(self, key: Any) -> Any:
        return operate(self, "getitem", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        operate(self, "setitem", key, value)

    def __delitem__(self, key: Any) -> None:
        operate(self, "delitem", key)

    def __contains__(self, item: Any) -> bool:
        return bool(exactly(self, bool, "contains", item))

    def __iter__(self) -> Iterator[Any]:
        iterator = operate(self, "iter")
        if not isinstance(iterator, Handle):
            malformed(self, "an iterator that is none")
        for _ in range(self._fasttrack.session.limits.items):
            try:
                yield operate(iterator, "next")
            except RemoteError as error:
                if error.error.kinds[0] == "StopIteration":
                    return
                raise
        raise RemoteError.of(LearnerError(("OverflowError",), "it yields without end"))

    def __next__(self) -> Any:
        try:
            return operate(self, "next")
        except RemoteError as error:
            if error.error.kinds[0] == "StopIteration":
                raise StopIteration from None
            raise

    def __len__(self) -> int:
        length = exactly(self, int, "len")
        return length if 0 <= length < 1 << 62 else malformed(self, "a length that is none")

    def __bool__(self) -> bool:
        return bool(exactly(self, bool, "bool"))

    def __int__(self) -> int:
        return int(exactly(self, int, "int"))

    def __index__(self) -> int:
        return int(exactly(self, int, "index"))

    def __float__(self) -> float:
        return float(exactly(self, float, "float"))

    def __repr__(self) -> str:
        return str(exactly(self, str, "repr"))

    def __str__(self) -> str:
        return str(exactly(self, str, "str"))

    def __hash__(self) -> int:
        return hash(self._fasttrack.number)

    def __enter__(self) -> Any:
        return operate(self, "enter")

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        names = (
            error.error.kinds
            if isinstance(error, RemoteError)
            else [k.__name__ for k in (kind or int).__mro__]
        )
        builtin = next((name for name in names if is_exception(name)), "Exception") if kind else None
        return bool(exactly(self, bool, "exit", builtin, str(error) if error else ""))

    def __deepcopy__(self, memo: Any) -> Handle:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("one object has one handle")

    def __del__(self) -> None:
        self._fasttrack.session.released.add(self._fasttrack.number)


class CallableHandle(Handle):
    """One of the learner's functions or classes, or an object that can be called."""

    __slots__ = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        reply = self.__fasttrack_call__(args, kwargs)
        if reply.error:
            raise RemoteError.of(reply.error)
        return reply.value


def operate(handle: Handle, name: str, *args: Any) -> Any:
    """One of `inside.operations` on the object and `args`."""
    return handle._fasttrack.session.operate(name, handle, *args)


def exactly(handle: Handle, kind: type, name: str, *args: Any) -> Any:
    """As `operate`, for an operation that gives a `kind` and nothing else."""
    value = operate(handle, name, *args)
    return value if type(value) is kind else malformed(handle, f"{name} that gives no {kind.__name__}")


def malformed(handle: Handle, why: str) -> NoReturn:
    handle._fasttrack.session.malformed(why)


def is_exception(name: str) -> bool:
    """Whether this is a builtin exception that is made of a message alone."""
    kind = getattr(builtins, name, None)
    if not isinstance(kind, type) or not issubclass(kind, Exception):
        return False
    return not issubclass(kind, UnicodeError | ExceptionGroup)


def forward(name: str) -> Callable[..., Any]:
    return lambda self, *args: operate(self, name, *args)


def backward(name: str) -> Callable[..., Any]:
    return lambda self, other: self._fasttrack.session.operate(name, other, self)


for operator in (*ARITHMETIC, *COMPARISONS, *UNARY):
    setattr(Handle, f"__{operator}__", forward(operator))
for operator in ARITHMETIC:
    setattr(Handle, f"__r{operator}__", backward(operator))
    setattr(Handle, f"__i{operator}__", forward(f"i{operator}"))
