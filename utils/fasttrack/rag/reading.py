"""What the fables reader is trained on: numbered passages, questions, and answers with their sources.

The answer is what the passages state, copied, with the number of the first passage that states it: "mill [2]". Where
passages contradict each other it names each value once, "mill [2] or inn [4]"; where none states it, it is `UNSAID`.
Passages come from several stories, in any order, some with a word replaced, so that only reading them helps.

The model says it in a sentence, "Kira [2] lives in the mill", and `shorten` takes the answer out. First the name, then
where that stands, then what stands there: each is one step of looking up. Two at once it hardly learns.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import NamedTuple

from fasttrack.data import fables
from fasttrack.data.fables import UNSAID, Fact, Story
from fasttrack.data.fables.grammar import language
from fasttrack.data.fables.questions import PHRASINGS, VERBS
from fasttrack.data.fables.split import Split, wordings
from fasttrack.data.fables.words import COLOURS, NAMES
from fasttrack.rag import village
from fasttrack.rag.village import Passage, passages

ASKED = {"person": ("home", "trade", "food"), "thing": ("colour", "owner", "found")}
SAID = re.compile(r"\[([0-9])\] (?:(?:lives|in|the|is|a|loves|belongs|to|was|found|by) )*(\w+)")
MOST = 5  # passages in one reading
AT_ONCE = 5  # questions about them; what else they state is to be completed
VALUES = 3  # as many different ones an answer names
Part = tuple[str, bool]  # of a sentence; whether it has to be looked up


class Reading(NamedTuple):
    """Passages and what was asked about them: question, answer, and the sentence that says it, in parts.

    Without a question, what is to be looked up has to be put in, and the rest of the sentence is given.
    """

    passages: tuple[str, ...]
    asked: tuple[tuple[str, str, tuple[Part, ...]], ...]


def encoded(reading: Reading) -> tuple[list[int], list[bool]]:
    """The ids of a reading, all its questions one after the other, and which of them the model has to say."""
    parts = [(f"<user> {numbered(reading.passages)}", False)]
    for i, (question, _, sentence) in enumerate(reading.asked):
        if question:
            parts.append((f"{'<user> ' if i else ''}Question: {question} <assistant>", False))
            parts += [(text, True) for text, _ in sentence]
        else:
            parts += [("<assistant>", False), *sentence]
        parts.append(("\n", True))
    ids: list[int] = []
    said: list[bool] = []
    for text, ours in parts:
        new = fables.encode(text)
        ids += new
        said += [ours] * len(new)
    return ids, said


def prompt_of(texts: Sequence[str], question: str) -> str:
    """What stands before an answer: "<user> [1] … [2] … Question: … <assistant>"."""
    return f"<user> {numbered(texts)}Question: {question} <assistant>"


def numbered(texts: Sequence[str]) -> str:
    """The passages, each behind its number."""
    return "".join(f"[{i}] {text} " for i, text in enumerate(texts, start=1))


def answer_to(shown: Sequence[Passage], subject: str, relation: str) -> tuple[str, tuple[Part, ...]] | None:
    """The right answer from the passages shown, and the sentence for it; None where they state too many."""
    values: dict[str, int] = {}
    about: list[int] = []
    for i, passage in enumerate(shown, start=1):
        about += [i] if passage.facts[0].subject == subject else []
        for fact in passage.facts:
            if (fact.subject, fact.relation) == (subject, relation):
                values.setdefault(fact.value, i)
    name = subject if subject in NAMES else f"The {subject}"
    if not values:
        found = [(f"[{about[0]}]", True)] if about else []
        return UNSAID, ((name, False), *found, (f": {UNSAID}", True))
    if len(values) > VALUES:
        return None
    parts: list[Part] = [(name, False)]
    for n, (value, i) in enumerate(values.items()):
        parts += [("or", True)] if n else []
        parts += [(f"[{i}]", True), (VERBS[relation], False), (value, True)]
    return " or ".join(f"{value} [{i}]" for value, i in values.items()), tuple(parts)


def shorten(sentence: str) -> str:
    """The answer in a sentence of the model: values with their citations, `UNSAID`, or else the sentence as it is."""
    if sentence.endswith(UNSAID):
        return UNSAID
    found = [f"{value} [{number}]" for number, value in SAID.findall(sentence)]
    return " or ".join(found) or sentence


def altered(passage: Passage, draw: random.Random) -> Passage:
    """The passage with one value replaced by another word of its kind, wherever it stands in it."""
    fact = draw.choice(passage.facts)
    kind = "spot" if fact.relation == "found" else fact.relation
    nouns = language("village").pools
    pool = {"owner": NAMES, "colour": COLOURS}.get(kind) or nouns[kind]
    words = fables.tokenize(passage.text)
    new = draw.choice([word for word in pool if word not in words])

    def swap(word: str) -> str:
        return new if word == fact.value else word

    return Passage(
        fables.detokenize(swap(word) for word in words),
        tuple(Fact(swap(subject), relation, swap(value)) for subject, relation, value in passage.facts),
    )


def reading(
    stories: Sequence[Story], draw: random.Random, split: Split = "train", most: int = MOST
) -> Reading:
    """Up to `most` passages of the stories, in any order, and up to `AT_ONCE` questions about them."""
    pool = [passage for story in stories for passage in passages(story)]
    shown = draw.sample(pool, min(len(pool), draw.randint(1, most)))
    if draw.random() < 0.5:
        at = draw.randrange(len(shown))
        other = altered(shown[at], draw)
        if draw.random() < 0.3:
            shown[at] = other
        else:
            shown.insert(draw.randrange(len(shown) + 1), other)
            del shown[most:]
    if draw.random() < 0.03:
        shown = []
    subjects = [fact.subject for passage in shown for fact in passage.facts]
    subjects += [fact.subject for story in stories for fact in story.facts]
    subjects += [draw.choice(NAMES), draw.choice(language("village").pools["X"])]
    stated: list[tuple[str, str, tuple[Part, ...]]] = []
    unsaid: list[tuple[str, str, tuple[Part, ...]]] = []
    for subject in dict.fromkeys(subjects):
        for relation in ASKED["person" if subject in NAMES else "thing"]:
            if found := answer_to(shown, subject, relation):
                texts = PHRASINGS[relation]
                question = texts[draw.choice(wordings(subject, relation, len(texts), split))].format(subject)
                (unsaid if found[0] == UNSAID else stated).append((question, *found))
    refused = min(len(unsaid), max(2, AT_ONCE - len(stated))) if stated else 1
    asked = draw.sample(unsaid, min(refused, 2))
    stated = draw.sample(stated, len(stated))
    stated.sort(key=lambda pair: " or " not in pair[1])  # contradictions are rare: none is left out
    asked += stated[: AT_ONCE - len(asked)]
    draw.shuffle(asked)
    asked += [("", *entry[1:]) for entry in draw.sample(stated, len(stated)) if entry not in asked]
    return Reading(tuple(passage.text for passage in shown), tuple(asked))


def drill(draw: random.Random, n: int) -> Reading:
    """`n` records of persons and things, and for half of the facts in them a sentence to be completed.

    In every other drill two records are of one subject, and contradict each other.
    """
    pools = language("village").pools | {
        "owner": NAMES,
        "colour": COLOURS,
        "found": language("village").pools["spot"],
    }
    shown = []
    subjects = draw.sample((*NAMES, *pools["X"]), n)
    if draw.random() < 0.5:
        one, other = draw.sample(range(n), 2)
        subjects[one] = subjects[other]
    for subject in subjects:
        *two, third = ASKED["person" if subject in NAMES else "thing"]
        relations = [*two, third] if draw.random() < 0.5 else two
        shown.append(
            village.record(subject, {relation: draw.choice(pools[relation]) for relation in relations})
        )
    facts = list(dict.fromkeys((fact.subject, fact.relation) for passage in shown for fact in passage.facts))
    asked = []
    for subject, relation in draw.sample(facts, len(facts) // 2):
        if found := answer_to(shown, subject, relation):
            asked.append(("", *found))
    return Reading(tuple(passage.text for passage in shown), tuple(asked))


def listing(draw: random.Random, n: int) -> Reading:
    """One of the two steps alone: numbered names and things whose numbers, or sentences whose values, are recalled."""
    pools = language("village").pools
    if draw.random() < 0.5:
        subjects = draw.sample((*NAMES, *(f"The {thing}" for thing in pools["X"])), n)
        texts = [f"{subject}." for subject in subjects]
        asked = [
            ("", "", ((subject, False), (f"[{i}]", True))) for i, subject in enumerate(subjects, start=1)
        ]
    else:
        relation = draw.choice(tuple(VERBS))
        pool = {"owner": NAMES, "colour": COLOURS, "found": pools["spot"]}.get(relation) or pools[relation]
        values = [draw.choice(pool) for _ in range(n)]
        texts = [f"{VERBS[relation]} {value}." for value in values]
        asked = [
            ("", "", ((f"[{i}] {VERBS[relation]}", False), (value, True)))
            for i, value in enumerate(values, start=1)
        ]
    return Reading(tuple(texts), tuple(draw.sample(asked, n) + draw.sample(asked, n)))
