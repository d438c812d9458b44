"""The one split of the names that every lesson of unit 04 trains and is measured on.

Which part a name belongs to depends on the name alone, so a name that a list holds twice cannot be trained on and
tested on, and a name added to the list moves no other. Left out: names that differ in one letter may be parted.
Built in lesson 04/01.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from typing import Literal, NamedTuple

from fasttrack.data.corpora import names


class Split(NamedTuple):
    """Names to train on, names to choose settings by, names to be measured on once."""

    train: list[str]
    dev: list[str]
    test: list[str]


def split_names(names: Iterable[str]) -> Split:
    """About 80, 10 and 10 % of the names, by the last decimal digit of a name's SHA-256; the order is kept."""
    parts = Split([], [], [])
    for name in names:
        digit = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10
        parts[max(0, digit - 7)].append(name)
    return parts


def names_split(source: Literal["bundled", "karpathy"] = "bundled") -> Split:
    """`split_names(names(source))`: 15,863, 1,970 and 1,976 of the bundled names.

    Raises DataUnavailable if "karpathy" is not on this machine and cannot be downloaded.
    """
    return split_names(names(source))


def lecture_split(names: Iterable[str]) -> Split:
    """names.txt as the public makemore lectures split it, for comparing with their figures only.

    The list is shuffled under Python's seed 42 and cut at 80 and 90 %. Since 2,539 names stand in names.txt twice,
    13 % of its dev names are then also trained on.
    """
    shuffled = list(names)
    random.Random(42).shuffle(shuffled)
    first, second = int(0.8 * len(shuffled)), int(0.9 * len(shuffled))
    return Split(shuffled[:first], shuffled[first:second], shuffled[second:])
