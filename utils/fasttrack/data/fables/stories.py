"""Stories as lessons use them: told from a seed or read from a text, one by one or as one long tensor of ids."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch

from fasttrack.data.fables.questions import Question, questions
from fasttrack.data.fables.reading import read
from fasttrack.data.fables.split import Split
from fasttrack.data.fables.telling import Dice, Told, tell
from fasttrack.data.fables.text import detokenize, tokenize
from fasttrack.data.fables.vocab import ids_by_token


class Fact(NamedTuple):
    """Something that a story says: ("Mara", "home", "mill"), ("kite", "colour", "red")."""

    subject: str
    relation: str
    value: str


@dataclass(frozen=True)
class Story:
    """A story, how it came about, and what is true in it.

    tokens      its tokens, the last of them `<end>`
    derivation  every choice in order: ("A", "Mara"), ("event", "0") ...
    logprob     the logarithm of its probability under its own split's distribution, in nats
    nats        for each token, the least it can cost a reader who knows the grammar (see `entropy_floor`): its
                negative log-probability given those before it; 0 where the story leaves no choice
    kinds       for each token: "free" (a choice shows here), "recalled" (a fact that was stated before), "tracked"
                (a fact that has changed since it was stated), "fixed" (the grammar leaves nothing else)
    facts       everything that is stated, as it was when it was stated
    changes     facts that are different in the end, as they are in the end
    questions   with their answers, some of them that the story does not say
    """

    domain: str
    split: Split
    tokens: tuple[str, ...]
    derivation: tuple[tuple[str, str], ...]
    logprob: float
    nats: tuple[float, ...]
    kinds: tuple[str, ...]
    facts: tuple[Fact, ...]
    changes: tuple[Fact, ...]
    questions: tuple[Question, ...]

    @cached_property
    def text(self) -> str:
        """The story as one paragraph, without its end."""
        return detokenize(self.tokens[:-1])

    def __str__(self) -> str:
        return self.text


def story(seed: int, domain: str = "village", split: Split = "train") -> Story:
    """The story of a seed: always the same one. Raises ValueError for an unknown domain or split."""
    return next(stories(1, seed, domain, split))


def stories(n: int, seed: int = 0, domain: str = "village", split: Split = "train") -> Iterator[Story]:
    """`n` stories, drawn independently. Other seeds give other stories; the first one is `story(seed)`."""
    dice = dice_of(seed, domain, split)
    return (finished(tell(domain, split, dice)) for _ in range(n))


def corpus(n_tokens: int, seed: int = 0, domain: str = "village", split: Split = "train") -> torch.Tensor:
    """The ids of the stories of `stories(..., seed)`, one after the other, each with its `<end>`: int64 (n_tokens,).

    The last story is cut off where the tensor is full. About 15,000 stories a second.
    """
    dice, table = dice_of(seed, domain, split), ids_by_token()
    ids: list[int] = []
    while len(ids) < n_tokens:
        ids.extend(map(table.__getitem__, tell(domain, split, dice).tokens))
    return torch.tensor(ids[:n_tokens])


def parse(text: str, split: Split | None = None) -> Story:
    """The story that a text tells, from its words alone: `parse(story.text) == story`.

    Without a `split` it is found by the pairs of owner and thing: "test" if both are held out, "train" if neither
    is, otherwise "all". Raises ValueError in one line that names the first token no story has there.
    """
    return finished(read(tokenize(text), split))


def dice_of(seed: int, domain: str, split: Split) -> Dice:
    """A dice for each seed, domain and split."""
    return Dice(random.Random(f"fables {domain} {split} {seed}").random)


def finished(told: Told) -> Story:
    """A walk through the grammar as a story."""
    nats, kinds = [0.0] * len(told.tokens), ["fixed"] * len(told.tokens)
    for at, cost, kind in told.marks:
        nats[at], kinds[at] = cost, kind
    changed = {slot: told.world[slot] for slot in told.first if told.world[slot] != told.first[slot]}
    return Story(
        told.domain,
        told.split,
        tuple(told.tokens),
        tuple(told.derivation),
        told.logprob,
        tuple(nats),
        tuple(kinds),
        facts(told, told.first),
        facts(told, changed),
        questions(told),
    )


def facts(told: Told, values: dict[str, str]) -> tuple[Fact, ...]:
    """The slots that are facts, as triples."""
    split = ((slot.partition("."), value) for slot, value in values.items())
    return tuple(Fact(told.world[who], relation, value) for (who, _, relation), value in split if relation)
