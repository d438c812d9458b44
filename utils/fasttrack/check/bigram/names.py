"""Checks of 04_makemore/01_bigram, on names: the split, the vocabulary, the pairs. Oracles: loops over names."""

from __future__ import annotations

import hashlib
import random
import zlib
from typing import Any

import torch

from fasttrack.check import check, expect


def made_up(seed: int, letters: str, count: int) -> list[str]:
    """`count` names of 1 to 6 of these letters, in no order."""
    rng = random.Random(seed)
    return ["".join(rng.choices(letters, k=rng.randint(1, 6))) for _ in range(count)]


@check
def split_names(learner: Any, seed: int) -> None:
    """Parts by a hash of the name alone. Oracle: hashlib, name by name."""
    for names in (
        six_names(seed),
        made_up(seed, "abcdefghij", 60),
        made_up(seed + 1, "xyzé", 30) * 2,  # every name twice
        ["anna"],
        [],
    ):
        digits = [last_digit(name) for name in names]
        train, dev, test = want = by_digit(names, digits)
        n, cut = len(names), (int(0.8 * len(names)), int(0.9 * len(names)))
        shuffled = names[:]
        random.Random(42).shuffle(shuffled)
        once = list(dict.fromkeys(names))
        mistakes: dict[str, Any] = {
            "in this order: train, dev, test": (train, test, dev),
            "digits 0 to 7 are train, 8 is dev, 9 is test": by_digit(names, [9 - d for d in digits]),
            "digit 8 is dev, not train": ([x for x in names if x in train + dev], [], test),
            "digits 0 to 7 are train: eight digits, not seven": by_digit(names, [d + (d == 7) for d in digits]),
            "keep the order of the names": (sorted(train), sorted(dev), sorted(test)),
            "a name that is listed twice counts twice: keep both, they share a part": (
                list(dict.fromkeys(train)),
                list(dict.fromkeys(dev)),
                list(dict.fromkeys(test)),
            ),
            "the part goes by the name's own hash, not by its place in the list": (
                names[: cut[0]],
                names[cut[0] : cut[1]],
                names[cut[1] :],
            ),
            "a shuffled list can put the same name into two parts: go by the name's hash": (
                shuffled[: cut[0]],
                shuffled[cut[0] : cut[1]],
                shuffled[cut[1] :],
            ),
            "the last decimal digit, not the last hexadecimal one": by_digit(
                names, [int(hashlib.sha256(name.encode()).hexdigest()[-1], 16) for name in names]
            ),
            "SHA-256, from hashlib: another hash gives another split": by_digit(
                names, [zlib.crc32(name.encode()) % 10 for name in names]
            ),
            (
                "every name of the list, not every tenth place"
                if n >= 10
                else "all names came to train: each name's own digit decides, not its place in the list"
            ): by_digit(names, [i % 10 for i in range(n)]),
            "a tuple of three lists: yours is a list": list(want),
        }  # fmt: skip
        if len(once) < n:
            single = by_digit(once, [last_digit(name) for name in once])
            mistakes["each name as often as it is listed, and a tuple, not a list"] = list(single)
            mistakes["a set has no order and holds each name once: go through the list itself"] = (
                single[0][::-1],
                *single[1:],
            )
            mistakes["both copies of a name belong in the same part"] = by_digit(
                names,
                [d if names.index(x) == i else 0 for i, (x, d) in enumerate(zip(names, digits, strict=True))],
            )
        # Last: on a short list this one is at times the same as another, another time not.
        mistakes["hash(name) is another number each time Python starts: use hashlib"] = by_digit(
            names, [hash(name) % 10 for name in names]
        )
        expect(learner, names).equals(want, mistakes=mistakes)


def last_digit(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10


def six_names(seed: int) -> list[str]:
    """Two train names, not in order, a dev and a test name; two of the four come twice.

    The train names' digits are 7, with 9 as the last hexadecimal digit, and 0 or 1: every wrong split moves one.
    """
    rng = random.Random(seed)
    found: dict[int, str] = {}
    while not {1, 7, 8, 9} <= found.keys():
        name = "".join(rng.choices("abcdefghij", k=rng.randint(3, 6)))
        digit = max(1, last_digit(name))
        if digit != 7 or hashlib.sha256(name.encode()).hexdigest()[-1] == "9":
            found.setdefault(digit, name)
    low, high = sorted((found[7], found[1]))
    return [high, found[9], low, found[8], high, found[8]]


def by_digit(names: list[str], digits: list[int]) -> tuple[list[str], list[str], list[str]]:
    """Train: digits up to 7 (and hexadecimal ones above 9), dev: 8, test: 9."""
    pairs = list(zip(names, digits, strict=True))
    train = [name for name, digit in pairs if digit not in (8, 9)]
    return train, [name for name, digit in pairs if digit == 8], [name for name, digit in pairs if digit == 9]


@check
def build_vocab(learner: Any, seed: int) -> None:
    """Ids for the characters that occur, "." first. Oracle: a sorted list, built by insertion."""
    for names in (
        [name + "c'a"[k % 3] for k, name in enumerate(made_up(seed, "cab", 6))],  # ' sorts before the dot
        made_up(seed, "cabfe", 20),
        made_up(seed + 1, "zyx'-é", 40),  # ' and - sort before the dot
        ["q"],
        ["bb", "b", "ab"],
    ):
        used: list[str] = []
        for name in names:
            for character in name:
                if character not in used:
                    used.append(character)
        itos = [".", *sorted(used)]
        unsorted = [".", *used]
        alphabet = list(".abcdefghijklmnopqrstuvwxyz")
        last = [*sorted(used), "."]
        mistakes: dict[str, Any] = {}
        for name, wrong in {
            "the characters stand in sorted order after the dot": unsorted,
            "only characters that occur in the names": alphabet,
            '"." is id 0, not the last id': last,
            '"." is missing: it gets id 0': sorted(used),
            '"." has id 0 even where other characters sort before it: sort first, then put it in front': sorted(
                [*used, "."]
            ),
            "sorted as sorted() does, not from z to a": [".", *sorted(used, reverse=True)],
        }.items():
            mistakes[name] = numbered(wrong), wrong
        stoi = numbered(itos)
        mistakes |= {
            "first stoi, then itos": (itos, stoi),
            "itos is a list: item i is the character with id i": (stoi, dict(enumerate(itos))),
            "return both: stoi and itos": stoi,
            "return both: stoi and itos, not itos alone": itos,
            "ids count up from 0, the dot's": (
                {c: i + 1 for i, c in enumerate(sorted(used))} | {".": 0, itos[-1]: len(itos)},
                itos,
            ),
            "stoi holds the dot, too": ({c: i for c, i in stoi.items() if c != "."}, itos),
            "itos holds the dot, too": (stoi, itos[1:]),
        }
        expect(learner, names).equals((stoi, itos), mistakes=mistakes)


def numbered(characters: list[str]) -> dict[str, int]:
    return {character: i for i, character in enumerate(characters)}


@check
def bigrams(learner: Any, seed: int) -> None:
    """Neighbours within each name, with the dot on both sides. Oracle: indices in a loop."""
    for k, letters in enumerate(("abcde", "zebra", "ö-q")):
        order = random.Random(seed + k).sample(sorted(set(letters)), len(set(letters)))
        stoi = numbered([".", *order])
        for names in (made_up(seed + k, letters, 5), made_up(seed + 10 + k, letters, 1), [letters[0]]):
            want = pairs(names, stoi)
            x, y = want
            no_start, no_end = pairs(names, stoi, start=False), pairs(names, stoi, end=False)
            inner = pairs(names, stoi, start=False, end=False)
            run_on = torch.tensor([stoi[c] for c in "".join(names)], dtype=torch.int64)
            doubled = torch.tensor([0, *(stoi[c] for c in "..".join(names)), 0])
            mistakes: dict[str, Any] = {
                'the first pair of a name is "." and its first letter: the start is missing': no_start,
                'the last pair of a name is its last letter and ".": the end is missing': no_end,
                'a name starts and ends with ".": both ends are missing': inner,
                "no pair crosses from one name to the next": (run_on[:-1], run_on[1:]),
                "the pair (., .) between two names is none: the end of one name is the start of the next": (
                    doubled[:-1],
                    doubled[1:],
                ),
                "x comes first, y follows it": (y, x),
                "two tensors of shape (n,), not one of shape (n, 2)": torch.stack(want, 1),
                "two tensors of shape (n,), not one of shape (2, n)": torch.stack(want),
                "ids are integers, int64": (x.float(), y.float()),
                "tensors, not lists": (x.tolist(), y.tolist()),
                "ids come from stoi, not from the alphabet": KeyError,
                "the names in their order, and each name as often as it occurs": pairs(
                    sorted(set(names)), stoi
                ),
                "the pairs in the order of the names": pairs(sorted(names), stoi),
            }
            expect(learner, names, stoi).equals(want, mistakes=mistakes)


def pairs(
    names: list[str], stoi: dict[str, int], *, start: bool = True, end: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    first, second = [], []
    for name in names:
        word = "." * start + name + "." * end
        for i in range(1, len(word)):
            first.append(stoi[word[i - 1]])
            second.append(stoi[word[i]])
    return torch.tensor(first, dtype=torch.int64), torch.tensor(second, dtype=torch.int64)
