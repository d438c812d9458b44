"""What grading says of a test, a lesson and a submission, typed: no failure passes for a wrong answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How one test ended. Only PASSED earns points; only WRONG says that the answer is wrong."""

    PASSED = "passed"
    WRONG = "wrong"  # the check compared, and the answer differs
    ERROR = "error"  # the learner's code raised
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"  # the learner's process died
    FORBIDDEN = "forbidden"  # it uses the call that would make the exercise trivial
    MALFORMED = "malformed"  # what came back is not data, or the file is no notebook
    MISSING = "missing"  # the exercise's cell is not in the notebook
    NOT_ATTEMPTED = "not_attempted"  # the stub is untouched


@dataclass(frozen=True)
class TestResult:
    """One test of one submission. `message` is what the learner reads; `mistake` the named one, or ""."""

    name: str
    outcome: Outcome
    max_points: int
    message: str = ""
    mistake: str = ""
    seconds: float = 0.0

    __test__ = False  # not for pytest to collect

    @property
    def points(self) -> int:
        return self.max_points if self.outcome is Outcome.PASSED else 0


@dataclass(frozen=True)
class Verdict:
    """One lesson of one submission: its tests in order, and the notebook with the outputs of its cells."""

    lesson: str
    results: tuple[TestResult, ...]
    notebook: bytes
    seconds: float = 0.0
    notes: tuple[str, ...] = ()  # repairs and suspicions, a line each
    cold_because: str = ""  # why its process was not forked from a warm one, where it was to be

    @property
    def points(self) -> int:
        return sum(result.points for result in self.results)

    @property
    def max_points(self) -> int:
        return sum(result.max_points for result in self.results)
