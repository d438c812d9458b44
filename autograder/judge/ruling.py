"""What the end of a check says by itself: from an exception to an outcome."""

from __future__ import annotations

from autograder.judge.remote import RemoteError
from autograder.judge.session import Stop
from autograder.outcome import Outcome
from fasttrack.check.failure import CheckFailed, NotWritten
from fasttrack.check.reach import LearnerError

TEXT = 4000  # characters of a message


def judged(
    name: str, error: BaseException | None, stop: Stop | None, raised: LearnerError | None
) -> tuple[Outcome, str, str]:
    """What the end of a check says by itself: `stop` and `raised` are what the session saw last."""
    stop = error if isinstance(error, Stop) else stop
    if stop:
        return stop.outcome, f"{name}: {stop.message}"[:TEXT], ""
    if error is None:
        return Outcome.PASSED, "", ""
    message = f"{error}"[:TEXT]
    if isinstance(error, NotWritten) or (
        isinstance(error, RemoteError) and error.error.is_a(NotImplementedError)
    ):
        return Outcome.NOT_ATTEMPTED, f"not written yet: {name}", ""
    if isinstance(error, CheckFailed):
        facts = dict(error.facts)
        mistake = facts.get("mistake", "")
        if "raised" not in facts:
            return Outcome.WRONG, message, mistake
        return Outcome.MEMORY if raised and out_of_memory(raised) else Outcome.ERROR, message, mistake
    if isinstance(error, RemoteError):
        kind = Outcome.MEMORY if out_of_memory(error.error) else Outcome.ERROR
        return kind, f"{name}: your code raised an error\n{message}", ""
    if isinstance(error, AssertionError):
        return Outcome.WRONG, message or f"{name}: not right yet", ""
    kind_of = type(error).__name__
    return Outcome.ERROR, f"{name}: the check could not go on with what came back ({kind_of}: {message})", ""


def out_of_memory(error: LearnerError) -> bool:
    """Whether an exception says so, in Python's words or in torch's."""
    return error.is_a(MemoryError) or "can't allocate memory" in error.message
