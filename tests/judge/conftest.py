"""A learner process shared by the tests of a module, and small lessons to judge."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from autograder.judge.sandbox import Limits
from autograder.judge.session import Session


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A learner process in its sandbox, for tests that leave it as it was."""
    session = Session(Limits(memory=2 << 30), time.monotonic() + 600)
    yield session
    session.end()
