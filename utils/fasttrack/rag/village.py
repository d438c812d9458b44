"""A store of facts from stories: records as passages, each in need of no other, and questions about them.

A story becomes one sentence for each person and thing in it, which names whom it is about and says how everything
stands in the end (Chen et al., 2023, "Dense X retrieval", have a model write such sentences). Left out: the events.
"""

from __future__ import annotations

from typing import NamedTuple

from fasttrack.data import fables
from fasttrack.data.fables import Fact, Question, Story
from fasttrack.data.fables.split import Split, digest

# How the record of a person and of a thing may be worded; which way it is depends on the words alone.
PERSON = ("{name} is a {trade} and lives in the {home}", "{name} lives in the {home} and is a {trade}")
FOOD = " and loves {food}"
THING = ("The {thing} is {colour} and belongs to {owner}", "The {thing} belongs to {owner} and is {colour}")
FOUND = " and was found by the {found}"


class Passage(NamedTuple):
    """A record, and the facts that it states."""

    text: str
    facts: tuple[Fact, ...]


def passages(story: Story) -> tuple[Passage, ...]:
    """A story as records, one for each person and each thing."""
    now = {(fact.subject, fact.relation): fact.value for fact in (*story.facts, *story.changes)}
    subjects = dict.fromkeys(fact.subject for fact in story.facts)
    return tuple(record(one, {what: now[who, what] for who, what in now if who == one}) for one in subjects)


def record(subject: str, about: dict[str, str]) -> Passage:
    """The record of a person or thing, and the facts that it states: relation and value."""
    forms, more = (PERSON, FOOD) if "home" in about else (THING, FOUND)
    form = forms[digest(subject, *about.values()) % len(forms)]
    form += more if more.split("{")[1].strip("}") in about else ""
    text = form.format(name=subject, thing=subject, **about) + "."
    return Passage(text, tuple(Fact(subject, relation, value) for relation, value in about.items()))


def village(n: int = 16, seed: int = 0, split: Split = "test") -> list[Story]:
    """`n` stories in which no name and no thing comes twice, so that each question has one answer in all of them.

    Raises ValueError for more than 18 stories: there are 40 things.
    """
    if n > 18:
        raise ValueError(f"village: {n} stories need {2 * n} things that are all different; take at most 18")
    chosen: list[Story] = []
    taken: set[str] = set()
    for story in fables.stories(10**9, seed, split=split):
        if len(chosen) == n:
            break
        subjects = {fact.subject for fact in story.facts}
        if not subjects & taken:
            chosen.append(story)
            taken |= subjects
    return chosen


def answerable(story: Story) -> list[Question]:
    """The story's questions that its records answer."""
    return [question for question in story.questions if question.kind != "unanswerable"]
