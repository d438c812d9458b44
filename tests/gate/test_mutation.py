"""The mutation score of every lesson: the tests catch the small faults that can be made in the reference."""

from pathlib import Path

import pytest

from autograder.course import Course
from autograder.gate import mutate

COURSE = Course.here(Path(__file__).parent)
TARGET = 0.95


@pytest.mark.parametrize(
    "lesson",
    [pytest.param(lesson, marks=pytest.mark.xdist_group(f"mutate {lesson}")) for lesson in COURSE.lessons()],
)
def test_mutation_score(lesson: str) -> None:
    score = mutate.run(COURSE, lesson)
    survivors = "\n\n".join(f"{mutant.name}\n{mutant.diff}" for mutant in score.survivors)
    assert score.share >= TARGET, f"{score.caught} of {score.total} mutants caught; survivors:\n{survivors}"
    assert not score.findings, "\n".join(map(str, score.findings))
