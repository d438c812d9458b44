"""The course text: the prose of every lesson as passages that can be searched, and its recap questions.

Built from the released notebooks (`autograder build`, which says what is left out), so it changes whenever a lesson
does: rely on no number of passages and on no id for longer than a run.

Which passages answer a recap question? The judgement is the author's own: a card is written so that its answer is in
its lesson, so the lesson's passages are relevant and no others. That is coarse (most passages of a lesson do not hold
the answer, and another lesson may touch on it), but it was made by people, before and without any search engine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Passage:
    """A section of a lesson, or a part of a long one: about 60 to 200 words of plain text.

    `id` is unique and says where it is from, as in "06_attention/01_self_attention#7". `heading` is the nearest above.
    """

    id: str
    lesson: str
    heading: str
    text: str
    anchor: str = ""

    @property
    def link(self) -> str:
        """Where to read it, from the repository's root: the notebook, and the heading as JupyterLab addresses it."""
        return f"notebooks/{self.lesson}.ipynb#{self.anchor or self.heading.replace(' ', '-')}"


@dataclass(frozen=True)
class RecapQuestion:
    """A card from the recap of a lesson. Neither side of it is among the passages."""

    lesson: str
    question: str
    answer: str


@cache
def passages() -> tuple[Passage, ...]:
    """All passages of all lessons, in the order of the course."""
    return tuple(
        Passage(f"{lesson['lesson']}#{number}", lesson["lesson"], **passage)
        for lesson in lessons()
        for number, passage in enumerate(lesson["passages"], 1)
    )


@cache
def recap() -> tuple[RecapQuestion, ...]:
    """All recap questions of all lessons, in the order of the course."""
    return tuple(RecapQuestion(lesson["lesson"], **card) for lesson in lessons() for card in lesson["recap"])


@cache
def titles() -> dict[str, str]:
    """The title of each lesson, by its name: "06_attention/01_self_attention" is "Self-attention"."""
    return {lesson["lesson"]: lesson["title"] for lesson in lessons()}


def relevant(question: RecapQuestion) -> frozenset[str]:
    """The ids of the passages that count as right for a recap question: those of its lesson."""
    return frozenset(passage.id for passage in passages() if passage.lesson == question.lesson)


def lessons() -> list[dict[str, Any]]:
    """What the built files hold, one a lesson, in the order of the course."""
    folder = resources.files("fasttrack.data").joinpath("bundled", "course")
    files = [file for unit in folder.iterdir() if unit.is_dir() for file in unit.iterdir()]
    found = [json.loads(file.read_text("utf-8")) for file in files if file.name.endswith(".json")]
    return sorted(found, key=lambda lesson: lesson["lesson"])
