"""`ask`: what a fixture gives beside the learner, compared as `expect` compares what a call returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fasttrack.check import CheckFailed, Expectation, NotWritten, expect, fixtures, require
from fasttrack.check.fixtures import Fixture, beside
from fasttrack.check.values import difference

Step = tuple[str, tuple[Any, ...]]


class Told(Expectation):
    """A value that is there already; a failure says in the words of `called` where it came from."""

    def __init__(self, value: Any, called: str) -> None:
        super().__init__(lambda: value, (), {})
        self._call = called


def ask(
    learner: Any, fixture: Fixture, *args: Any, called: str = "", errors: Mapping[str, str] | None = None
) -> Expectation:
    """`beside(learner, fixture, *args)`, to be compared; a failure shows `called`, or else the data that went in.

    `errors` names the mistakes that an error shows, each beside words of its message; it needs `called`.
    """
    try:
        value = beside(learner, fixture, *args)
    except NotWritten:
        raise
    except CheckFailed as failed:
        if not called:
            raise
        facts = [fact for fact in failed.facts if fact[0] != "called"]
        raised = dict(facts).get("raised", "")
        named = [("mistake", mistake) for mistake, words in (errors or {}).items() if words in raised]
        raise CheckFailed(failed.title, ("called", called), *facts, *named[:1]) from None
    return Told(value, called) if called else expect(lambda *_: value, *args)


def in_turn(learner: Any, made_of: tuple[Any, ...], steps: Sequence[Step], called: str) -> list[Any]:
    """What each call of `fixtures.conversation` returned; a call that changed its input in place fails by its name."""
    answer = ask(learner, fixtures.conversation, made_of, *steps, called=called)
    match answer.value:
        case (list(returned), (data, tuple(left))) if len(returned) == len(left) == len(steps):
            pass
        case _:
            raise CheckFailed("the calls gave no answers: run the test again", ("called", called))
    names = [
        ("__init__", made_of, data),
        *((step[0], step, after) for step, after in zip(steps, left, strict=True)),
    ]
    changed = next((name for name, before, after in names if not same(after, before)), "")
    mistake = f"{changed} changes its input in place: compute the answer in new tensors"
    require(not changed, ("called", called), ("mistake", mistake))
    return returned


def same(one: Any, other: Any) -> bool:
    """Whether two pieces of data agree exactly."""
    return difference(one, other) is None
