"""Checks of 11_rag/03_rag on citations. Oracles: answers built from their claims, and a walk over windows of words."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from fasttrack.check import check, expect
from fasttrack.check.rag.inputs import WORDS, different, sentence

Claims = list[tuple[str, list[int]]]


@check
def claims(learner: Any, seed: int) -> None:
    """Answers put together from claims that are therefore known."""
    rng = random.Random(seed)
    cases: list[tuple[str, Claims]] = [
        ("mill [2] or inn [4]", [("mill", [2]), ("inn", [4])]),
        ("mill [2]", [("mill", [2])]),
        (
            "It is scaled. [1][3] It saturates [2]. Why?",
            [("It is scaled", [1, 3]), ("It saturates", [2]), ("Why?", [])],
        ),
        ("red  [12] [3] [3], and blue [1]\n", [("red", [12, 3, 3]), ("blue", [1])]),
        ("oranges [1] or android [2] and order[3]", [("oranges", [1]), ("android", [2]), ("order", [3])]),
        ("The story does not say.", [("The story does not say", [])]),
        ("[1] mill [2]", [("mill", [2])]),
        ("[1]", []),
        ("", []),
        ("a[i] is 4 [5]. or and so [6]", [("a[i] is 4", [5]), ("and so", [6])]),
        ("box [1] or  x ray [2], and fox", [("box", [1]), ("x ray", [2]), ("fox", [])]),
        ("one [0]\n\ntwo [10]; three", [("one", [0]), ("two", [10]), ("three", [])]),
        ("mill [1]\n[2] or inn [4]\n \n[3]", [("mill", [1, 2]), ("inn", [4, 3])]),
    ]
    for _ in range(10):
        made = [
            (
                " ".join(rng.sample(WORDS, rng.randint(1, 4))),
                [rng.randint(1, 20) for _ in range(rng.randint(1, 3))],
            )
            for _ in range(rng.randint(1, 4))
        ]
        text = ""
        for said, numbers in made:
            joint = rng.choice((" or ", " and ", ". ", "; ", ", or ", " ")) if text else ""
            text += joint + said + rng.choice((" ", "", ". "))
            text += rng.choice(("", " ", "\n")).join(f"[{number}]" for number in numbers)
        if rng.random() < 0.4:
            text += " tail."
            made.append(("tail", []))
        cases.append((text, made))
    for text, want in cases:
        expect(learner, text).equals(want, mistakes=different(wrong_claims(text, want), want))


def wrong_claims(text: str, want: Claims) -> dict[str, Any]:
    saids = [said for said, _ in want]
    flat = [number for _, numbers in want for number in numbers]
    pieces = re.split(r"\[([0-9]+)\]", text)
    raw = [(said, [int(number)]) for said, number in zip(pieces[::2], pieces[1::2], strict=False)]
    kept = grouped(text, r"((?:[ \n]*\[[0-9]+\])+)")

    def tidy(
        pairs: Sequence[tuple[str, list[int]]], joints: str = r"^(or|and) ", edge: str = " \n.,;"
    ) -> Claims:
        cut = [(re.sub(joints, "", said.strip(edge)).strip(" "), numbers) for said, numbers in pairs]
        return [(said, numbers) for said, numbers in cut if said]

    return {
        "numbers are ints": [(said, [str(number) for number in numbers]) for said, numbers in want],
        "citations on two lines belong together, too": tidy(grouped(text, r"((?: *\[[0-9]+\])+)")),
        "citations that follow each other belong to the same claim": tidy(raw),
        "the text after the last citation is a claim without numbers": tidy(kept[:-1]),
        "'or ' and 'and ' at the start of a claim go": tidy(kept, joints="^$"),
        "only whole words 'or ' and 'and ' go, with their space": tidy(kept, joints="^(or|and)"),
        "only one 'or ' or 'and ' goes": tidy(kept, joints="^((or|and) )+"),
        "'or ' and 'and ' stay inside a claim": tidy(kept, joints=r"\b(or|and) "),
        "'and ' at the start of a claim goes, too": tidy(kept, joints="^or "),
        "strip full stops, commas and semicolons from both ends": tidy(kept, edge=" \n"),
        "strip semicolons, too": tidy(kept, edge=" \n.,"),
        "strip line breaks, too": tidy(kept, edge=" .,;"),
        "a question mark belongs to the claim": tidy(kept, edge=" \n.,;?!"),
        "each claim has its own numbers": [(said, flat) for said in saids],
        "a number cited twice is there twice": [
            (said, list(dict.fromkeys(numbers))) for said, numbers in want
        ],
        "the numbers are in the order written": [(said, sorted(numbers)) for said, numbers in want],
        "pairs are tuples": [list(pair) for pair in want],
        "numbers of several digits are citations, too": tidy(grouped(text, r"((?:[ \n]*\[[0-9]\])+)")),
        "an empty claim is left out, with its citations": [
            (re.sub(r"^(or|and) ", "", said.strip(" \n.,;")).strip(" "), numbers) for said, numbers in kept
        ],
        "the citation follows its claim: yours takes the one before": tidy(
            [(said, before) for (said, _), before in zip(kept, [[], *(n for _, n in kept)], strict=False)]
        ),
    }


def grouped(text: str, pattern: str) -> Claims:
    """A text cut after what the pattern takes for a group of citations, untidied."""
    group = re.split(pattern, text)
    return [
        (said, [int(n) for n in re.findall(r"[0-9]+", marks)])
        for said, marks in zip(group[::2], [*group[1::2], ""], strict=True)
    ]


@check
def unsupported(learner: Any, seed: int) -> None:
    """Quotations, half quotations, wrong numbers. Oracle: every window of words of every passage cited."""
    rng = random.Random(seed)
    passages = [
        "Kira the baker lived in the Mill, by a road.",
        "The red kite is hers.",
        "A miller met her; the inn was red.",
    ]
    cases: list[tuple[Claims, list[str]]] = [
        ([("mill", [1]), ("inn", [1]), ("kite", [2, 1]), ("red", [])], passages),
        ([("mill", [3])], passages),
        ([("inn", [1, 3]), ("inn", [3, 1]), ("inn", [0]), ("inn", [4]), ("inn", [-1])], passages),
        ([("The mill", [1]), ("the baker", [1]), ("baker the", [1]), ("kira lived", [1])], passages),
        ([("mill by a road", [1]), ("hers.", [2]), ("RED KITE", [2]), ("her", [2])], passages),
        ([("kite is", [2]), ("is kite", [2]), ("road the red", [1, 2])], passages),
        ([], passages),
        ([("red", [1])], []),
    ]
    for _ in range(10):
        texts = [sentence(rng, rng.randint(3, 8)) for _ in range(rng.randint(1, 4))]
        made: Claims = []
        for _ in range(rng.randint(1, 6)):
            from_ = rng.choice(texts).rstrip(".").split()
            at = rng.randrange(len(from_))
            words = from_[at : at + rng.randint(1, 3)]
            if rng.random() < 0.3:
                rng.shuffle(words)
            made.append((" ".join(words), [rng.randint(0, len(texts) + 1) for _ in range(rng.randint(0, 2))]))
        cases.append((made, texts))
    for made, texts in cases:
        want = left(made, texts)
        expect(learner, made, texts).equals(want, mistakes=different(wrong_support(made, texts, want), want))


def plain(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def window(said: str, text: str) -> bool:
    """Whether the words stand in the text, tried at every place."""
    wanted, held = plain(said), plain(text)
    return any(held[at : at + len(wanted)] == wanted for at in range(len(held) - len(wanted) + 1))


def left(made: Claims, texts: Sequence[str], holds: Any = window) -> list[str]:
    """The claims that no passage cited holds."""
    found = []
    for said, numbers in made:
        cited = [texts[number - 1] for number in numbers if number in range(1, len(texts) + 1)]
        if not [text for text in cited if holds(said, text)]:
            found.append(said)
    return found


def wrong_support(made: Claims, texts: Sequence[str], want: list[str]) -> dict[str, Any]:
    def shifted(by: int) -> list[str]:
        return left([(said, [number + by for number in numbers]) for said, numbers in made], texts)

    every = [
        said
        for said, numbers in made
        if not numbers
        or not all(
            number in range(1, len(texts) + 1) and window(said, texts[number - 1]) for number in numbers
        )
    ]
    wraps = [
        said
        for said, numbers in made
        if not any(
            -len(texts) < number <= len(texts) and window(said, texts[number - 1]) for number in numbers
        )
    ]

    def by(holds: Callable[[list[str], list[str]], bool]) -> list[str]:
        return left(made, texts, lambda said, text: holds(plain(said), plain(text)))

    return {
        "whole words: 'mill' is not in 'miller'": by(lambda said, text: " ".join(said) in " ".join(text)),
        "capitals and punctuation do not count: compare words": left(made, texts, lambda said, text: said in text),
        "the words stand together and in this order": by(lambda said, text: set(said) <= set(text)),
        "one shared word is not enough: all of the claim's": by(lambda said, text: bool(set(said) & set(text))),
        "only the passages that a claim cites count": [
            said for said, _ in made if not any(window(said, text) for text in texts)
        ],
        "one passage that holds it is enough, not all that are cited": every,
        "the number 0 cites nothing; passages[-1] is the last one": wraps,
        "[1] is the first passage": shifted(1),
        "the claims that are not supported, not those that are": [said for said, _ in made if said not in want],
        "a claim without a citation is not supported": [said for said, numbers in made if said in want and numbers],
        "the claims alone, without their numbers": [(said, numbers) for said, numbers in made if said in want],
        "a number out of range cites nothing, and is no error": IndexError,
        "each claim once for each time it is made": sorted(set(want)),
    }  # fmt: skip
