"""One walk through the grammar, for telling and for reading: only who makes the choices differs.

`tell` goes from step to step and keeps the state of the world. Where there is a choice it asks a chooser: `Dice` draws
one, `Reader` finds it in the next word of a given text. What a choice costs, the logarithm of the number of
alternatives, falls on the word that shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Protocol

from fasttrack.data.fables.grammar import Become, Choice, Language, Pronoun, Say, Slot, Step, language
from fasttrack.data.fables.split import Split, allowed
from fasttrack.data.fables.text import END
from fasttrack.data.fables.words import SHE

LOG = [0.0, *(log(n) for n in range(1, 200))]  # nats of a choice among n
WOMEN = frozenset(SHE)
OWNED_BY = {"X": "A", "Y": "B"}


@dataclass(slots=True)
class Told:
    """A story on its way: what has been said, what was chosen, and how the world stands."""

    domain: str
    split: Split
    tokens: list[str] = field(default_factory=list)
    marks: list[tuple[int, float, str]] = field(
        default_factory=list
    )  # position, nats, kind: not the fixed words
    derivation: list[tuple[str, str]] = field(default_factory=list)  # slot and word, or rule and number
    world: dict[str, str] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)  # each slot's value when it was stated
    changed: set[str] = field(default_factory=set)
    logprob: float = 0.0  # nats, under the split's own distribution
    pending: float = 0.0  # nats of choices that no word has shown yet

    def show(self, word: str, kind: str) -> None:
        """Say a word that is not fixed."""
        self.marks.append((len(self.tokens), self.pending, kind if self.pending == 0 else "free"))
        self.tokens.append(word)
        self.pending = 0.0

    def become(self, slot: str, word: str) -> None:
        """A fact is stated, or changes."""
        if slot in self.first:
            self.changed.add(slot)
        else:
            self.first[slot] = word
        self.world[slot] = word


class Chooser(Protocol):
    """Who decides."""

    def alternative(self, told: Told, choice: Choice, language: Language) -> int:
        """The number of an alternative of a rule."""

    def word(self, told: Told, slot: str, pool: Sequence[str], used: Collection[str]) -> str:
        """A word of the pool that is not used."""


class Dice:
    """Every alternative, and every word that is left, with the same probability. `random`: uniform in [0, 1)."""

    def __init__(self, random: Callable[[], float]) -> None:
        self.random = random

    def alternative(self, told: Told, choice: Choice, language: Language) -> int:
        return int(self.random() * len(choice.alternatives))

    def word(self, told: Told, slot: str, pool: Sequence[str], used: Collection[str]) -> str:
        while (word := pool[int(self.random() * len(pool))]) in used:
            pass
        return word


def tell(domain: str, split: Split, chooser: Chooser) -> Told:
    """A whole story, its end included."""
    told, grammar = Told(domain, split), language(domain)
    walk(told, (grammar.story, Say((END,))), grammar, allowed(domain, split), chooser)
    return told


def walk(
    told: Told,
    steps: tuple[Step, ...],
    grammar: Language,
    things: dict[str, tuple[str, ...]],
    chooser: Chooser,
) -> None:
    """Take the steps one after the other."""
    for step in steps:
        match step:
            case Say(words):
                if told.pending:
                    told.show(words[0], "free")
                    words = words[1:]
                told.tokens.extend(words)
            case Slot(slot, kind, rivals, renew):
                if not renew and slot in told.world:
                    told.show(told.world[slot], "tracked" if slot in told.changed else "recalled")
                else:
                    choose(told, slot, kind, rivals, grammar, things, chooser)
            case Choice(rule, alternatives):
                chosen = chooser.alternative(told, step, grammar) if len(alternatives) > 1 else 0
                if len(alternatives) > 1:
                    told.derivation.append((rule, str(chosen)))
                    told.pending += LOG[len(alternatives)]
                    told.logprob -= LOG[len(alternatives)]
                walk(told, alternatives[chosen], grammar, things, chooser)
            case Pronoun(who, hers, his):
                word = hers if told.world[who] in WOMEN else his
                if told.pending:
                    told.show(word, "free")
                else:
                    told.tokens.append(word)
            case Become(slot, source, spoken):
                told.become(slot, told.world[source])
                if spoken:
                    told.show(told.world[slot], "recalled")


def choose(
    told: Told,
    slot: str,
    kind: str,
    rivals: tuple[str, ...],
    grammar: Language,
    things: dict[str, tuple[str, ...]],
    chooser: Chooser,
) -> None:
    """State a fact, or change it."""
    used = [told.world[rival] for rival in rivals if rival in told.world]
    pool = grammar.pools[kind]
    free = known = len(pool) - len(used)  # what is left: in this split, and to a reader who knows no split
    if slot in OWNED_BY:
        pool = things[told.world[OWNED_BY[slot]]]
        free = len(pool) - sum(thing in pool for thing in used)
        if told.split == "train":
            known = free
    word = chooser.word(told, slot, pool, used)
    told.logprob -= LOG[free]
    told.pending += LOG[known]
    told.derivation.append((slot, word))
    told.become(slot, word)
    told.show(word, "free")
