"""Text that goes on only for a reader who compares names: what made fables-recall of fables-base.

A fable restates its facts in the order in which it stated them, so a model of fables recalls by order and compares no
names. Pairs and lists ask for the name; retold stories bring a fact within reach that stories seldom restate. Each
kind gives ids, and for every id whether a loss is taken there: not where nobody could know what comes.

    pairs    four names or things, each with a word, said four times in other orders
    listed   a list, and what it says of some names: "jug brown, ring pink: ring pink. sled The story does not say."
    retold   a story, and behind it its facts in sentences
    window   stories, every other one retold, cut out anywhere
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import torch

from fasttrack.data import fables
from fasttrack.data.fables import UNSAID, Story
from fasttrack.data.fables.grammar import language
from fasttrack.data.fables.questions import VERBS
from fasttrack.data.fables.words import COLOURS, NAMES

Row: TypeAlias = tuple[list[int], list[bool]]  # ids, and whether each is a target
UNKNOWN = 0.3  # of the names asked for, those that are not in the list


def pairs(draw: random.Random) -> Row:
    """Four pairs of a name or thing and a word, said four times in other orders: the word has to be recalled.

    The plainest thing to look up there is. Four are few enough to be learned in minutes; with eight nothing happens.
    """
    pools = language("village").pools
    subjects = draw.sample((*NAMES, *pools["X"]), 4)
    kind = draw.choice((COLOURS, pools["home"], pools["trade"], pools["food"]))
    couples = [(subject, draw.choice(kind)) for subject in subjects]
    words = [draw.sample(couples, 4) for _ in range(4)]
    ids = fables.encode("\n" + " ".join(word for order in words for couple in order for word in couple))
    return ids, [at > 8 and at % 2 == 0 for at in range(len(ids))]


def listed(draw: random.Random) -> Row:
    """A list of one to four names, or things, each with a word, and four of them looked up, known or unknown."""
    pools = language("village").pools
    if draw.random() < 0.5:
        subjects, words = pools["X"], draw.choice((COLOURS, NAMES))
    else:
        subjects, words = NAMES, draw.choice((pools["home"], pools["trade"], pools["food"]))
    n = draw.choice((1, 2, 2, 2, 3, 4))
    some = draw.sample(subjects, n + 4)
    known = dict(zip(some[:n], draw.sample(words, n), strict=True))
    parts = [("\n" + ", ".join(f"{subject} {word}" for subject, word in known.items()) + ":", False)]
    for stranger in some[n:]:
        subject = stranger if draw.random() < UNKNOWN else draw.choice(some[:n])
        parts += [(subject, False), (known.get(subject, UNSAID.removesuffix(".")), True), (".", False)]
    return spelled(parts)


def retold(story: Story, draw: random.Random) -> Row:
    """A story from the `<end>` before it on, and its facts as they are in the end: kinds in any order, in each the
    story's own, for a model that has to find the name in a story as well learns neither in minutes.
    """
    facts = {(fact.subject, fact.relation): fact.value for fact in (*story.facts, *story.changes)}
    kinds = list(dict.fromkeys(relation for _, relation in facts))
    parts = [("\n", True), (story.text, True)]
    for kind in draw.sample(kinds, len(kinds)):
        for (subject, relation), value in facts.items():
            if relation == kind:
                name = subject if subject in NAMES else f"The {subject}"
                parts += [(f"{name} {VERBS[kind]}", False), (value, True), (".", False)]
    return spelled(parts)


def window(stories: Iterator[Story], draw: random.Random, size: int) -> Row:
    """`size` ids of stories one after the other, each with a chance of a half retold, from anywhere in the first."""
    ids: list[int] = []
    said: list[bool] = []
    start = draw.randrange(130)  # a story and some
    while len(ids) < start + size:
        story = next(stories)
        more = retold(story, draw) if draw.random() < 0.5 else spelled([("\n", True), (story.text, True)])
        ids += more[0]
        said += more[1]
    return ids[start : start + size], said[start : start + size]


def spelled(parts: Sequence[tuple[str, bool]]) -> Row:
    """Texts as ids, each with its word on whether it is a target."""
    ids: list[int] = []
    said: list[bool] = []
    for text, ours in parts:
        new = fables.encode(text)
        ids += new
        said += [ours] * len(new)
    return ids, said


def stacked(rows: Sequence[Row], room: int = 256) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and targets `(rows, time)`; a target is -100 where none is, and what is over `room` is cut off."""
    longest = min(max(len(ids) for ids, _ in rows), room + 1)
    x, y = torch.ones(len(rows), longest - 1, dtype=torch.int64), torch.full((len(rows), longest - 1), -100)
    for row, (ids, said) in enumerate(rows):
        n = min(len(ids), longest) - 1
        x[row, :n] = torch.tensor(ids[:n])
        targets = [token if ours else -100 for token, ours in zip(ids, said, strict=True)]
        y[row, :n] = torch.tensor(targets[1 : n + 1])
    return x, y
