"""Storytellers with habits, and villages with neighbours: fables of the village under other distributions.

No word here is new to a model that knows the village. A `Teller` has habits: of each way to say a thing always the
same one. `Neighbours` have fixed homes, trades and foods, which who knows them need not be told. What a story costs at
least is known exactly, as for all fables.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Sequence
from math import log
from typing import NamedTuple

import torch

from fasttrack.data import fables
from fasttrack.data.fables.grammar import Choice, Language
from fasttrack.data.fables.telling import Dice, Told, tell
from fasttrack.data.fables.words import HE, SHE, VILLAGE

PLOT = ("event", "deed_a", "deed_b")  # the rules that decide what happens: a teller knows many stories
POOLS = {"home": VILLAGE.homes, "trade": VILLAGE.trades, "food": VILLAGE.foods}


class Tale(NamedTuple):
    """A story's tokens, and the least it can cost a reader who knows how it is told, in nats."""

    tokens: tuple[str, ...]
    nats: float


class Teller(Dice):
    """Tells what happens always in the same words; in which, `number` says."""

    def __init__(self, number: int, random_: Callable[[], float]) -> None:
        super().__init__(random_)
        self.number = number
        self.cost = 0.0

    def alternative(self, told: Told, choice: Choice, language: Language) -> int:
        count = len(choice.alternatives)
        if choice.rule not in PLOT:
            return random.Random(f"teller {self.number} {choice.rule}").randrange(count)
        self.cost += log(count)
        return super().alternative(told, choice, language)

    def word(self, told: Told, slot: str, pool: Sequence[str], used: Collection[str]) -> str:
        self.cost += log(len(pool) - sum(word in pool for word in used))
        return super().word(told, slot, pool, used)


class Neighbours(Dice):
    """Sixteen people who live where they live; which village, `number` says."""

    def __init__(self, number: int, random_: Callable[[], float]) -> None:
        super().__init__(random_)
        draw = random.Random(f"village {number}")
        half = len(VILLAGE.homes) // 2
        names = draw.sample(SHE, half) + draw.sample(HE, half)
        columns = {relation: draw.sample(pool, 2 * half) for relation, pool in POOLS.items()}
        self.people = {
            name: {"": name} | {relation: words[k] for relation, words in columns.items()}
            for k, name in enumerate(names)
        }
        self.cost = 0.0

    def alternative(self, told: Told, choice: Choice, language: Language) -> int:
        self.cost += log(len(choice.alternatives))
        return super().alternative(told, choice, language)

    def word(self, told: Told, slot: str, pool: Sequence[str], used: Collection[str]) -> str:
        who, _, relation = slot.partition(".")
        if who not in ("A", "B") or relation not in ("", *POOLS):
            self.cost += log(len(pool) - sum(word in pool for word in used))
            return super().word(told, slot, pool, used)
        said = {one: {w for s, w in told.world.items() if s.partition(".")[0] == one} for one in "AB"}
        for facts in self.people.values():
            if said[who] & set(facts.values()):
                return facts[relation]
        rival = said["B" if who == "A" else "A"]
        strangers = [facts for facts in self.people.values() if not rival & set(facts.values())]
        self.cost += log(len(strangers))
        return strangers[int(self.random() * len(strangers))][relation]


Kind = type[Teller] | type[Neighbours]


def tales(kind: Kind, number: int, n: int, seed: int = 0) -> list[Tale]:
    """`n` stories as teller or village `number` has them; other seeds give other stories."""
    dice = kind(number, random.Random(f"tales {kind.__name__} {number} {seed}").random)
    told = []
    for _ in range(n):
        dice.cost = 0.0
        tokens = tuple(tell("village", "all", dice).tokens)
        told.append(Tale(tokens, dice.cost))
    return told


def rows(told: Iterable[Tale]) -> list[list[int]]:
    """Each tale as ids, `<end>` before and after it, as the base has read stories."""
    table = {token: i for i, token in enumerate(fables.vocabulary())}
    return [[0, *(table[token] for token in tale.tokens)] for tale in told]


def stream(told: Iterable[Tale]) -> torch.Tensor:
    """All tales one after the other, `<end>` between them: int64 (n,), to draw windows from."""
    return torch.tensor([0, *(i for row in rows(told) for i in row[1:])])


def floor(told: Sequence[Tale]) -> float:
    """The least loss on these tales, in nats per token."""
    return sum(tale.nats for tale in told) / sum(len(tale.tokens) for tale in told)
