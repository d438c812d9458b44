"""A class drawn from the answer banks: submissions whose true score is known.

Each simulated learner hands in every lesson: some complete, some blank, some half done, some saved by Colab,
some damaged the way real files are.
"""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder import bank
from autograder.bank import Bank
from autograder.build import release, replace
from autograder.course import Course
from autograder.grading import damage
from autograder.grading.damage import Harm
from autograder.lesson import Lesson, parse, read, used
from autograder.notebook import without_markers

PREFIX = "simulated-"
# How likely a learner answers each exercise right, and how likely wrong; the rest is left blank.
HABITS = {"complete": (1.0, 0.0), "blank": (0.0, 0.0), "half done": (0.5, 0.0), "mixed": (0.6, 0.3)}


def folder(course: Course) -> Path:
    """Where submissions lie."""
    return course.grading / "submitted"


def truth(course: Course) -> dict[tuple[str, str], int]:
    """The true scores of the simulated class, by learner and lesson; empty where there is none."""
    path = course.grading / "truth.json"
    if not path.exists():
        return {}
    return {(who, lesson): score for who, lesson, score in json.loads(path.read_text(encoding="utf-8"))}


def simulate(
    course: Course, names: list[str], learners: int, seed: int, harms: Sequence[Harm] = damage.HARMS
) -> dict[tuple[str, str], int]:
    """Write the submissions of `learners` learners and their true scores; an earlier simulated class goes.

    Real submissions beside it stay. The same seed draws the same class. The first files are as they should be,
    the others suffer one of `harms`.
    """
    lessons = [read(course.source(name), name) for name in names]
    banks = {
        name: bank.read(course.answers / f"{name}.py", lesson)
        for name, lesson in zip(names, lessons, strict=True)
    }
    released = {name: nbformat.reads(text, as_version=4) for name, text in release(course, lessons).items()}
    for old in folder(course).glob(f"{PREFIX}*"):
        shutil.rmtree(old)
    rng = random.Random(seed)
    scores: dict[tuple[str, str], int] = {}
    for number in range(1, learners + 1):
        who = f"{PREFIX}{number:0{len(str(learners))}}"
        habit = list(HABITS)[(number - 1) % len(HABITS)]
        harm = damage.none if number <= len(HABITS) else rng.choice(harms)
        for lesson in lessons:
            choice = draw(lesson, banks[lesson.name], rng, *HABITS[habit])
            handed_in = harm(filled_in(released[lesson.name], choice), rng)
            path = folder(course) / who / f"{lesson.name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(handed_in)
            tests = lesson.tests()
            scores[who, lesson.name] = sum(tests[name].points for name in choice if choice[name].right)
    rows = [[who, lesson, score] for (who, lesson), score in scores.items()]
    replace(course.grading / "truth.json", json.dumps(rows, indent=1) + "\n")
    return scores


@dataclass(frozen=True)
class Choice:
    """What a simulated learner writes in one exercise; None leaves the stub."""

    source: str | None
    right: bool


def draw(lesson: Lesson, answers: Bank, rng: random.Random, right: float, wrong: float) -> dict[str, Choice]:
    """One learner's answers to a lesson.

    An answer that uses an exercise which is not right, or whose test does, is left blank instead: its score would
    not be known.
    """
    tests = lesson.tests()
    chosen: dict[str, Choice] = {}
    for name, cell in lesson.exercises().items():
        rights = [without_markers(cell.source), *(answer.source for answer in answers.of(name, "right"))]
        wrongs = [answer.source for answer in answers.of(name, "wrong")]
        dice = rng.random()
        if dice < right:
            choice = Choice(rng.choice(rights), True)
        elif dice < right + wrong and wrongs:
            choice = Choice(rng.choice(wrongs), False)
        else:
            choice = Choice(None, False)
        uses = (used(parse(choice.source or "")) | used(parse(tests[name].source))) & chosen.keys()
        chosen[name] = choice if all(chosen[other].right for other in uses) else Choice(None, False)
    return chosen


def filled_in(released: NotebookNode, choice: Mapping[str, Choice]) -> NotebookNode:
    """A released notebook with a learner's answers in it."""
    notebook = copy.deepcopy(released)
    for cell in notebook.cells:
        written = choice.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if written and written.source is not None:
            cell.source = written.source
    return notebook
