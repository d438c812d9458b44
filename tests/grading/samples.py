"""Graded things made by hand."""

from autograder.grading.store import Graded
from autograder.outcome import Outcome, TestResult


def graded(who: str = "ada", lesson: str = "01_unit/01_doubling", key: str = "k1", points: int = 2) -> Graded:
    """A notebook with one test passed and one wrong."""
    results = (
        TestResult("double", Outcome.PASSED, points, seconds=0.5),
        TestResult("quadruple", Outcome.WRONG, 1, 'expected 12, "got" 6', "you doubled once", 0.25),
    )
    return Graded(who, lesson, key, results, 1.5, ("ids were lost — matched by name",))
