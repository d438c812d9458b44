"""Questions that a story answers, and questions that it does not.

Every answer is one word of the story; to what the story does not say the answer is `UNSAID`. Left out: questions
with yes or no, which guessing answers.
"""

from __future__ import annotations

import random
from typing import Literal, NamedTuple, TypeAlias

from fasttrack.data.fables.grammar import language
from fasttrack.data.fables.split import digest, wordings
from fasttrack.data.fables.telling import Told
from fasttrack.data.fables.words import NAMES

Kind: TypeAlias = Literal["stated", "changed", "unanswerable"]

UNSAID = "The story does not say."
PHRASINGS = {
    "home": ("Where does {} live?", "What is the home of {}?", "Tell me where {} lives."),
    "trade": ("What is the trade of {}?", "What work does {} do?", "Tell me the trade of {}."),
    "food": (
        "What does {} love to eat?",
        "What is the favourite food of {}?",
        "Tell me which food {} loves.",
    ),
    "colour": ("What colour is the {}?", "Which colour does the {} have?", "Tell me the colour of the {}."),
    "owner": ("Who owns the {}?", "To whom does the {} belong?", "Tell me who has the {}."),
    "found": ("Where was the {} found?", "By what was the {} found?", "Tell me where the {} was found."),
}

VERBS = {  # what stands between the subject of a fact and its value, in a sentence of its own
    "home": "lives in the",
    "trade": "is a",
    "food": "loves",
    "colour": "is",
    "owner": "belongs to",
    "found": "was found by the",
}


class Question(NamedTuple):
    """A question about a story, its answer in as few words as possible, and what kind it is.

    kind: "stated", the story says it and it never changed; "changed", it became different, and the answer is how it
    is in the end; "unanswerable", the story does not say. `phrasing`: which of the three wordings of `attribute`.
    """

    text: str
    answer: str
    kind: Kind
    subject: str
    attribute: str
    phrasing: int


def questions(told: Told) -> tuple[Question, ...]:
    """Every question about the people and things of a story, and a few about what it leaves unsaid.

    Each comes in every wording of the story's split. The unsaid: foods that were not stated, a home, trade or food of
    someone who does not appear, colour or owner of a thing that does not, where something was found that never was
    lost. They depend on the story alone.
    """
    asked: list[Question] = []
    for slot in told.first:
        who, _, attribute = slot.partition(".")
        if attribute:
            kind: Kind = "changed" if told.world[slot] != told.first[slot] else "stated"
            asked += worded(told, told.world[who], attribute, told.world[slot], kind)
    for subject, attribute in unsaid(told):
        asked += worded(told, subject, attribute, UNSAID, "unanswerable")
    return tuple(asked)


def worded(told: Told, subject: str, attribute: str, answer: str, kind: Kind) -> list[Question]:
    """A question in all wordings that the story's split may use."""
    texts = PHRASINGS[attribute]
    return [
        Question(texts[i].format(subject), answer, kind, subject, attribute, i)
        for i in wordings(subject, attribute, len(texts), told.split)
    ]


def unsaid(told: Told) -> list[tuple[str, str]]:
    """What the story does not say: subjects and attributes, drawn by a dice that the story's words decide."""
    world = told.world
    draw = random.Random(digest(*told.tokens))
    strangers = draw.sample([name for name in NAMES if name not in (world["A"], world["B"])], 2)
    things = [thing for thing in language(told.domain).pools["X"] if thing not in (world["X"], world["Y"])]
    pairs = [(world[who], "food") for who in "AB" if f"{who}.food" not in world]
    pairs += [(name, draw.choice(("home", "trade", "food"))) for name in strangers]
    pairs.append((draw.choice(things), draw.choice(("colour", "owner"))))
    never_lost = [which for which in "XY" if f"{which}.found" not in world]
    pairs.append((world[draw.choice(never_lost)], "found"))
    return pairs
