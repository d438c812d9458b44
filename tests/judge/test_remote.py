"""A handle does what its object does, and nothing of the learner's runs on this side."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from autograder.judge.remote import Handle, RemoteError
from autograder.judge.session import Session, Stop
from autograder.outcome import Outcome
from fasttrack.check import fixtures
from fasttrack.check.failure import CheckFailed, NotWritten
from fasttrack.check.fixtures import beside
from fasttrack.check.reach import call
from fasttrack.check.values import describe, difference, kind

SOURCE = '''
import torch
import numpy as np
from contextlib import contextmanager


class Value:
    """A number that remembers what was done to it."""

    def __init__(self, data, log=()):
        self.data, self.log = data, log

    def __add__(self, other):
        return Value(self.data + getattr(other, "data", other), self.log + ("add",))

    __radd__ = __add__

    def __sub__(self, other):
        return Value(self.data - getattr(other, "data", other), self.log + ("sub",))

    def __rsub__(self, other):
        return Value(other - self.data, self.log + ("rsub",))

    def __mul__(self, other):
        return Value(self.data * getattr(other, "data", other), self.log + ("mul",))

    __rmul__ = __mul__

    def __truediv__(self, other):
        return Value(self.data / getattr(other, "data", other), self.log + ("div",))

    def __pow__(self, other):
        return Value(self.data**other, self.log + ("pow",))

    def __rpow__(self, other):
        return Value(other**self.data, self.log + ("rpow",))

    def __iadd__(self, other):
        self.data += other
        return self

    def __neg__(self):
        return Value(-self.data, self.log + ("neg",))

    def __abs__(self):
        return abs(self.data)

    def __matmul__(self, other):
        return (self.data, other)

    def __eq__(self, other):
        return self.data == getattr(other, "data", other)

    def __lt__(self, other):
        return self.data < getattr(other, "data", other)

    __hash__ = None

    def __repr__(self):
        return f"Value({self.data})"

    def __float__(self):
        return float(self.data)

    def __bool__(self):
        return self.data != 0


class Box:
    """Items, by index, by key, one after the other."""

    size = 3

    def __init__(self, *items):
        self.items = list(items)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, key):
        return self.items[key]

    def __setitem__(self, key, value):
        self.items[key] = value

    def __delitem__(self, key):
        del self.items[key]

    def __contains__(self, item):
        return item in self.items

    def __iter__(self):
        yield from self.items

    def __enter__(self):
        self.items.append("in")
        return self

    def __exit__(self, kind, error, trace):
        self.items.append(kind.__name__ if kind else "out")
        return kind is KeyError

    def __index__(self):
        return 7

    def append(self, item, *, twice=False):
        self.items += [item] * (1 + twice)
        return len(self.items)

    @property
    def first(self):
        return self.items[0]

    @property
    def broken(self):
        raise ZeroDivisionError("no")


def count(n):
    yield from range(n)


def changed(x, y=0):
    x.append(1)
    return y


def filled(x):
    x[0] = 9.0


def same(x):
    return x


def fail(kind=ValueError):
    raise kind("because")


def stub(x):
    raise NotImplementedError


def apply(f, x):
    return f(x)


def lists(depth):
    return [lists(depth - 1)] if depth else []


class Sneaky(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


class Liar:
    __array_interface__ = {"shape": (1,), "typestr": "<f8", "data": (16, False), "version": 3}
    __class__ = int

    def __len__(self):
        return -1

    def __bool__(self):
        return 1

    def __float__(self):
        return Float(1)

    def __eq__(self, other):
        return True


class Float(float):
    pass


class Other:
    def __eq__(self, other):
        return True


Other.__name__ = "int"
'''

DIRECT: dict[str, Any] = {"__name__": "direct"}
exec(SOURCE, DIRECT)


@pytest.fixture(scope="module")
def remote(session: Session) -> Callable[[str], Any]:
    session.begin(120)
    _, error = session.run(SOURCE, 10_000)
    assert error is None

    def name(word: str) -> Any:
        session.begin(20)
        return session.name(word)

    return name


def mutated(box: Any) -> Any:
    box[0] = "new"
    box[1:3] = [7, 8]
    del box[-1]
    return [*box, len(box)]


def entered(box: Any) -> Any:
    with box as inner:
        inner.append("body")
    with box:
        raise KeyError("swallowed")
    return list(box)


def added_in_place(value: Any) -> Any:
    value += 3
    value.data *= 2
    return value.data


def deleted(value: Any) -> Any:
    del value.log
    return hasattr(value, "log")


OPERATIONS: list[Callable[[Any, Any], Any]] = [
    lambda Value, Box: (Value(2) + Value(3)).data,
    lambda Value, Box: (2 + Value(3) * 4 - 1).log,
    lambda Value, Box: (10 - Value(3)).data,
    lambda Value, Box: (Value(3) / Value(2)).data,
    lambda Value, Box: (Value(3) ** 2).data + (2 ** Value(3)).data,
    lambda Value, Box: (-Value(3)).data,
    lambda Value, Box: abs(Value(-3)),
    lambda Value, Box: Value(1) @ [2],
    lambda Value, Box: (torch.tensor([1.0, 2.0]) + Value(2)).data,
    lambda Value, Box: (
        Value(1) == Value(1),
        Value(1) == 2,
        Value(1) != 2,
        Value(1) < 2,
        Value(2) > Value(1),
    ),
    lambda Value, Box: repr(Value(5)),
    lambda Value, Box: f"{Value(5)}",
    lambda Value, Box: float(Value(5)),
    lambda Value, Box: (bool(Value(0)), bool(Value(1))),
    lambda Value, Box: Value(1) // 2,
    lambda Value, Box: Value(1) + None,
    lambda Value, Box: added_in_place(Value(2)),
    lambda Value, Box: deleted(Value(2)),
    lambda Value, Box: Value(2).nothing,
    lambda Value, Box: getattr(Value(2), "nothing", "default"),
    lambda Value, Box: [*Box(1, "a", None)],
    lambda Value, Box: (len(Box(1, 2)), 2 in Box(1, 2), 3 in Box(1, 2), not Box()),
    lambda Value, Box: Box(1, 2, 3)[0],
    lambda Value, Box: Box(1, 2, 3)[1:],
    lambda Value, Box: Box(1, 2, 3)[::-2],
    lambda Value, Box: Box(1)[5],
    lambda Value, Box: mutated(Box(1, 2, 3, 4)),
    lambda Value, Box: entered(Box()),
    lambda Value, Box: Box(1).append(2, twice=True),
    lambda Value, Box: Box(5).first,
    lambda Value, Box: Box(5).broken,
    lambda Value, Box: hasattr(Box(), "first"),
    lambda Value, Box: Box.size,
    lambda Value, Box: Box.__name__,
    lambda Value, Box: list(range(10))[Box()],
    lambda Value, Box: Box(Box(1), Box(2))[1].items,
    lambda Value, Box: next(iter(Box(4))),
    lambda Value, Box: next(iter(Box())),
    lambda Value, Box: dict(zip("ab", Box(1, 2), strict=True)),
    lambda Value, Box: (callable(Box), callable(Box()), Box().items),
    lambda Value, Box: Value(1)(2),
    lambda Value, Box: Box(1) is not Box(1),
    lambda Value, Box: Box(*[Value(1)] * 2)[0] is Box(Value(1))[0],
]


def tried(operation: Callable[[Any, Any], Any], *classes: Any) -> Any:
    """What comes of it: a value, or the name of the builtin exception."""
    try:
        return operation(*classes)
    except RemoteError as error:
        return error.error.kinds[0]
    except Exception as error:
        return type(error).__name__


@pytest.mark.parametrize("operation", OPERATIONS, ids=range(len(OPERATIONS)))
def test_an_operation_gives_the_same_here_and_there(operation: Any, remote: Any) -> None:
    here = tried(operation, DIRECT["Value"], DIRECT["Box"])
    there = tried(operation, remote("Value"), remote("Box"))
    assert difference(there, here) is None


def test_one_object_has_one_handle(remote: Any) -> None:
    box = remote("Box")(remote("Value")(1))
    assert box[0] is box[0]
    assert remote("Box") is remote("Box")
    assert copy.deepcopy(box) is box
    with pytest.raises(TypeError):
        pickle.dumps(box)


def test_dropped_handles_are_forgotten_there(remote: Any, session: Session) -> None:
    make = remote("Value")
    for i in range(50):
        make(i)
    kept = make(50)
    session.begin(20)
    session.run("import gc, __main__\nleft = sum(type(o) is Value for o in gc.get_objects())", 100)
    assert remote("left") == 1
    assert kept.data == 50


def test_a_call_says_how_it_left_its_arguments(remote: Any) -> None:
    reply = call(remote("changed"), ([1],), {"y": [2]})
    assert reply.left == (([1, 1],), {"y": [2]})
    x = np.zeros(3)
    assert call(remote("filled"), (x,), {}).left[0][0].tolist() == [9, 0, 0]
    assert not x.any()
    reply = call(remote("same"), (torch.ones(2, 3).T,), {})
    assert difference(reply.left[0][0], torch.ones(3, 2)) is None
    assert reply.value.stride() == (1, 3)


def test_an_error_comes_with_its_classes_and_the_learners_line(remote: Any) -> None:
    error = call(remote("fail"), (), {}).error
    assert error is not None
    assert error.kinds == ("ValueError", "Exception", "BaseException")
    assert (error.message, error.where.split(": ")[1]) == ("because", 'raise kind("because")')


@pytest.mark.parametrize(
    "name", ["SystemExit", "KeyboardInterrupt", "StopIteration", "MemoryError", "GeneratorExit"]
)
def test_any_exception_is_data(name: str, remote: Any) -> None:
    import builtins

    error = call(remote("fail"), (getattr(builtins, name),), {}).error
    assert error is not None
    assert error.kinds[0] == name


def test_callables_cross_by_name(remote: Any) -> None:
    assert remote("apply")(torch.exp, torch.zeros(2)).tolist() == [1, 1]
    assert remote("apply")(len, [1, 2]) == 2
    with pytest.raises(TypeError, match="importable"):
        remote("apply")(lambda x: x, 1)
    with pytest.raises(TypeError, match="importable"):
        remote("apply")(np.float64(1), 1)


def test_a_fixture_runs_beside_the_learner(remote: Any) -> None:
    x = torch.arange(3.0)
    for learner in (DIRECT["same"], remote("same")):
        assert beside(learner, fixtures.gradient, x).tolist() == [1, 1, 1]
    for learner in (DIRECT["stub"], remote("stub")):
        with pytest.raises(NotWritten):
            beside(learner, fixtures.gradient, x)
    for learner in (DIRECT["fail"], remote("fail")):
        with pytest.raises(CheckFailed, match="raised"):
            beside(learner, fixtures.gradient, x)


def test_iteration_is_bounded(remote: Any, session: Session, monkeypatch: Any) -> None:
    monkeypatch.setattr(session, "limits", replace(session.limits, items=20))
    assert list(remote("count")(19)) == list(range(19))
    with pytest.raises(OverflowError):
        list(remote("count")(1000))


def test_no_object_passes_for_data(remote: Any) -> None:
    for name, want in [("Sneaky", 3), ("Liar", 3), ("Other", 3), ("Float", 3.0)]:
        made = remote(name)(3) if name in ("Sneaky", "Float") else remote(name)()
        assert type(made) is Handle
        assert difference(made, want) is not None
        assert not isinstance(made, int | float)
        assert kind(made).endswith(" object")
        assert describe(made).startswith(("a ", "an "))


@pytest.mark.parametrize(
    "attribute", ["__array_interface__", "__array__", "__torch_function__", "__dlpack__"]
)
def test_numpy_and_torch_find_no_memory_to_read(attribute: str, remote: Any) -> None:
    assert not hasattr(remote("Liar")(), attribute)


@pytest.mark.parametrize("operation", [bool, float, lambda liar: 3 in liar])
def test_an_operator_of_the_wrong_type_is_an_error_there(operation: Any, remote: Any) -> None:
    assert tried(lambda liar, _: operation(liar), remote("Liar")(), None) in ("TypeError", 1.0)


def test_a_name_that_means_nothing_is_a_name_error(remote: Any) -> None:
    with pytest.raises(NameError, match="'nothing' is not defined"):
        remote("nothing")


def test_what_cannot_be_sent_stops_the_test_and_not_the_process(remote: Any, session: Session) -> None:
    with pytest.raises(Stop) as stop:
        remote("lists")(100)
    assert stop.value.outcome is Outcome.MALFORMED
    assert remote("lists")(1) == [[]]


def test_a_call_that_does_not_end_is_interrupted(session: Session, remote: Any) -> None:
    session.begin(20)
    session.run("def forever():\n    while True: pass", 100)
    forever = session.name("forever")
    session.begin(0.3)
    with pytest.raises(Stop) as stop:
        forever()
    assert stop.value.outcome is Outcome.TIMEOUT
    with pytest.raises(Stop):
        forever()
    assert remote("count").__name__ == "count"
