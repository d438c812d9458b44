"""The cards: what the recap of each released notebook asks, with its Markdown as the author wrote it.

`fasttrack.data.course.recap` has the same cards as plain text, for searching.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fasttrack import lab

RECAP = re.compile(r"^## +Recap *$(.*?)(?=^#{1,2} |\Z)", re.MULTILINE | re.DOTALL)
PAIR = re.compile(r"\*\*Q:\*\*\s*(.+?)\s*\\?\n\*\*A:\*\*\s*(.+?)\s*(?=\n\*\*Q:\*\*|\Z)", re.DOTALL)
TITLE = re.compile(r"^# +(.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Card:
    """A question with its answer, both Markdown. `id` stays when the answer, the lesson's name or its place change.

    So it stays when only marks, case or spaces of the question change, too: it is made of the question's words.
    """

    id: str
    lesson: str
    title: str
    question: str
    answer: str

    @property
    def unit(self) -> str:
        return self.lesson.partition("/")[0]


class NoSuchLesson(ValueError):
    """No lesson goes by that name; the message names those there are."""


def deck(released: Path | None = None) -> list[Card]:
    """All cards in the order of the course."""
    folder = released or lab.released()
    cards: dict[str, Card] = {}
    for path in sorted(folder.glob("*/*.ipynb")):
        for title, question, answer in recap(path):
            lesson = f"{path.parent.name}/{path.stem}"
            name = card_id(question)
            if name in cards:  # two lessons ask the same: the later one's card is told apart by its lesson
                name = card_id(f"{lesson} {question}")
            cards[name] = Card(name, lesson, title, question, answer)
    return list(cards.values())


def recap(notebook: Path) -> Iterator[tuple[str, str, str]]:
    """The title of a lesson, and a question and its answer, for each card of its recap."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    prose = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    title = next((found[1] for text in prose if (found := TITLE.search(text))), notebook.stem)
    for section in RECAP.findall("\n\n".join(prose)):
        for question, answer in PAIR.findall(section):
            yield title, question, answer


def card_id(question: str) -> str:
    """Twelve hexadecimal digits that stand for the words of a question."""
    words = " ".join(re.findall(r"\w+", question.casefold()))
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def choose(cards: Sequence[Card], lessons: Sequence[str]) -> list[Card]:
    """The cards of the lessons or units whose names begin so, as "06", "06_attention/02"; all, if none is named.

    Raises NoSuchLesson for a name that no lesson has.
    """
    names = list(dict.fromkeys(card.lesson for card in cards))
    for wanted in lessons:
        if not any(begins(name, wanted) for name in names):
            units = ", ".join(dict.fromkeys(name.partition("/")[0] for name in names))
            raise NoSuchLesson(
                f"no lesson with cards is called {wanted!r}; units are {units}, a lesson {names[0]}"
            )
    return [card for card in cards if not lessons or any(begins(card.lesson, one) for one in lessons)]


def begins(lesson: str, wanted: str) -> bool:
    """Whether a lesson's unit and name begin like those wanted: "06/02" is one of "06_attention/02_multi_head"."""
    pairs = zip(
        wanted.strip("/").removesuffix(".ipynb").split("/"), [*lesson.split("/"), "", ""], strict=False
    )
    return bool(wanted.strip("/")) and all(name.startswith(start) and name for start, name in pairs)
