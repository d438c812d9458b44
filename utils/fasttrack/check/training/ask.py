"""`ask`: what a fixture gives beside the learner, compared as `expect` compares what a call returns."""

from __future__ import annotations

from typing import Any

from fasttrack.check import Expectation, expect
from fasttrack.check.fixtures import Fixture, beside
from fasttrack.check.values import difference


def ask(learner: Any, fixture: Fixture, *args: Any) -> Expectation:
    """`beside(learner, fixture, *args)`, to be compared; a failure shows the data that went in."""
    value = beside(learner, fixture, *args)
    return expect(lambda *_: value, *args)


def same(one: Any, other: Any) -> bool:
    """Whether two pieces of data agree exactly."""
    return difference(one, other) is None
