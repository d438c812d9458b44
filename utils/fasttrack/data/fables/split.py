"""What the test split keeps to itself: pairs of an owner and a thing, and wordings of questions.

Both are chosen by SHA-256, so they are the same on every machine and have no pattern to learn. Each name has exactly
`HELD_OUT` held-out things in each domain; in a train story neither owner has one, in a test story both have. Of each
question one wording in three, another for each name and thing, is asked in the test split alone.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Literal, TypeAlias

from fasttrack.data.fables.grammar import language
from fasttrack.data.fables.words import NAMES

Split: TypeAlias = Literal["train", "test", "all"]
SPLITS: tuple[Split, ...] = ("train", "test", "all")
HELD_OUT = 2  # of a domain's 40 things, for each name


def digest(*words: str) -> int:
    """A number that is always the same for the same words and says nothing about them."""
    return int.from_bytes(hashlib.sha256(" ".join(words).encode()).digest()[:8], "big")


@cache
def held_out(domain: str) -> dict[str, frozenset[str]]:
    """The things that each name has in test stories only."""
    things = language(domain).pools["X"]
    return {
        name: frozenset(sorted(things, key=lambda thing: digest(name, thing))[:HELD_OUT]) for name in NAMES
    }


@cache
def allowed(domain: str, split: Split) -> dict[str, tuple[str, ...]]:
    """The things that each name can have first in a split's stories. Raises ValueError for an unknown split."""
    if split not in SPLITS:
        raise ValueError(f"fables: there is no split {split!r}; choose one of {', '.join(SPLITS)}")
    things = language(domain).pools["X"]
    return {
        name: tuple(thing for thing in things if split == "all" or (thing in kept) == (split == "test"))
        for name, kept in held_out(domain).items()
    }


def wordings(subject: str, attribute: str, count: int, split: Split) -> tuple[int, ...]:
    """Which of `count` wordings ask for an attribute of a name or thing in a split."""
    kept = digest(subject, attribute) % count
    return tuple(i for i in range(count) if split == "all" or (i == kept) == (split == "test"))
