"""Checks of 11_rag/03_rag on the extractive reader and its measure. Oracles: NumPy's matrices, and a list of words."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fasttrack.check import check, expect
from fasttrack.check.rag.inputs import WORDS, different, sentence

Passages = list[list[list[str]]]
Places = list[tuple[int, int]]


@check
def best_sentences(learner: Any, seed: int) -> None:
    """Passages of words, rarities in eighths. Oracle: a matrix of words, in NumPy."""
    rng = random.Random(seed)
    a, b, c, d, e, f, g = rng.sample(WORDS, 7)
    # Each way to go wrong gives another order here.
    telling: Passages = [
        [[b, b, f], [a, c, f]],
        [[f, a, f], [g, c, b, c], [b, b, d, a]],
        [[c], [], [e, b, f]],
    ]
    weights = {a: 0.875, b: 1.125, c: 1.625, d: 1.25, e: 0.25}
    cases: list[tuple[list[str], Passages, dict[str, float], int]] = [
        ([b, b, a, c], telling, weights, 99),
        ([b, b, a, c], telling, weights, 3),
        ([a], [[[a, b]], [[a]], [[a], [a]]], {a: 1.0, b: 1.0}, 3),
        ([a], [[[b, a], [a, c], [d, a]]], {a: 1.0}, 2),  # equal scores
        ([g], telling, weights, 5),
        ([a], telling, weights, 0),
        ([], telling, weights, 2),
        ([a], [], weights, 2),
        ([a, f], [[[f, f], [a]]], {a: 1.0}, 2),
    ]
    while len(cases) < 20:
        passages = [
            [[rng.choice(WORDS[:14]) for _ in range(rng.randint(0, 7))] for _ in range(rng.randint(0, 4))]
            for _ in range(rng.randint(1, 4))
        ]
        rarity = {word: rng.randint(1, 40) / 8 for word in WORDS[:11]}
        question = [rng.choice(WORDS[:14]) for _ in range(rng.randint(1, 4))]
        scores = sorted(score for score in scored(question, passages, rarity).values() if score)
        if all(high - low > 1e-9 for low, high in itertools.pairwise(scores)):
            cases.append((question, passages, rarity, rng.randint(1, 6)))
    for question, passages, rarity, n in cases:
        want = chosen(scored(question, passages, rarity), n)
        expect(learner, question, passages, rarity, n).equals(
            want, mistakes=different(wrong_choices(question, passages, rarity, n), want)
        )


def scored(
    question: Sequence[str],
    passages: Passages,
    rarity: Mapping[str, float],
    *,
    length: float = 0.5,
    rank: float = 0.5,
    first: int = 1,
    often: bool = False,
    asked_often: bool = False,
    distinct: bool = False,
) -> dict[tuple[int, int], float]:
    """The score of each sentence; the keywords are mistakes."""
    vocabulary = sorted({word for passage in passages for line in passage for word in line} | set(question))
    weights = np.array([rarity.get(word, 0.0) for word in vocabulary])
    asks = np.array([question.count(word) for word in vocabulary], dtype=float)
    asks = asks if asked_often else np.minimum(asks, 1)
    scores = {}
    for p, passage in enumerate(passages):
        for s, line in enumerate(passage):
            held = np.array([line.count(word) for word in vocabulary], dtype=float)
            size = len(set(line)) if distinct else len(line)
            shared = float(((held if often else np.minimum(held, 1)) * asks * weights).sum()) if line else 0.0
            scores[p, s] = shared / size**length / max(p + first, 1) ** rank if line else 0.0
    return scores


def chosen(scores: Mapping[tuple[int, int], float], n: int) -> Places:
    """The best places; equal scores in the order of the places."""
    order = sorted(scores, key=lambda place: (-round(scores[place], 12), place))
    return [place for place in order if scores[place] > 0][:n]


def wrong_choices(
    question: list[str], passages: Passages, rarity: dict[str, float], n: int
) -> dict[str, Any]:
    right = scored(question, passages, rarity)
    want = chosen(right, n)
    plain = dict.fromkeys(rarity, 1.0)
    lowest = sorted((place for place in right if right[place]), key=lambda place: right[place])
    return {
        "a score is divided by the square root of the sentence's number of words": chosen(
            scored(question, passages, rarity, length=0), n
        ),
        "divide by the square root of the number of words, not by the number": chosen(
            scored(question, passages, rarity, length=1), n
        ),
        "the rank of the passage counts: divide by the square root of p + 1": chosen(
            scored(question, passages, rarity, rank=0), n
        ),
        "divide by the square root of p + 1, not by p + 1": chosen(
            scored(question, passages, rarity, rank=1), n
        ),
        "the first passage has p + 1 = 1": chosen(scored(question, passages, rarity, first=2), n),
        "a word counts once, however often the sentence has it": chosen(
            scored(question, passages, rarity, often=True), n
        ),
        "a word counts once, however often the question has it": chosen(
            scored(question, passages, rarity, asked_often=True), n
        ),
        "the length counts repetitions": chosen(scored(question, passages, rarity, distinct=True), n),
        "rare words tell more: add their rarity, not 1 for each": chosen(
            scored(question, passages, plain), n
        ),
        "the highest score comes first": lowest[:n],
        "at most n": chosen(right, 10**6),
        "sentences with score 0 are never returned": sorted(right, key=lambda place: (-right[place], place))[
            :n
        ],
        "the best ones first, over all passages": sorted(want),
        "places, not scores": [right[place] for place in want],
        "a place is a tuple": [list(place) for place in want],
        "both are counted from 0": [(p + 1, s + 1) for p, s in want],
        "first the passage, then the sentence": [(s, p) for p, s in want],
        "a word that rarity does not have counts 0": KeyError,
        "an empty sentence shares no word": ZeroDivisionError,
        "of equal scores the first comes first": sorted(
            (place for place in right if right[place]),
            key=lambda place: (round(right[place], 12), place),
            reverse=True,
        )[:n],
    }


@check
def token_f1(learner: Any, seed: int) -> None:
    """Repeated words, nothing shared, empty sides. Oracle: words taken out of a list one by one."""
    rng = random.Random(seed)
    a, b, c, d = rng.sample(WORDS, 4)
    cases = [
        (f"{a} {a} {a} {b} {c}.", f"{a} {a} {d}"),
        (f"The {a}, {b.upper()}!", f"the {b} {a}"),
        (f"{a} {b}", f"{a} {b} {c} {d}"),
        (f"{a} {b} {c} {d} {d}", f"{d}"),
        (a, b),
        ("", a),
        (a, ""),
        ("", ""),
        ("?!", "..."),
        (a, f"{a.capitalize()}."),
        ("d_k is 64", "d_k = 64"),
    ]
    for _ in range(8):
        cases.append((sentence(rng, rng.randint(1, 9)), sentence(rng, rng.randint(1, 9))))
    for got, gold in cases:
        want, mistakes = overlap(got, gold)
        expect(learner, got, gold).close(want, mistakes=different(mistakes, want), rtol=1e-9, atol=1e-12)


def overlap(got: str, gold: str) -> tuple[float, dict[str, Any]]:
    """F1, and what other measures give."""

    def shared(left: list[str], right: list[str]) -> int:
        rest, hits = list(right), 0
        for word in left:
            if word in rest:
                rest.remove(word)
                hits += 1
        return hits

    def f1(left: list[str], right: list[str]) -> float:
        hits = shared(left, right)
        if not hits:
            return 0.0
        precision, recall = hits / len(left), hits / len(right)
        return 2 * precision * recall / (precision + recall)

    x, y = re.findall(r"\w+", got.lower()), re.findall(r"\w+", gold.lower())
    hits, either = shared(x, y), len(x) + len(y)
    mistakes: dict[str, Any] = {
        "a word counts as often as both sides have it: sets forget that": f1(sorted(set(x)), sorted(set(y))),
        "a word is shared as often as the side that has it less": f1_of(sum(word in y for word in x), x, y),
        "that is precision alone": hits / len(x) if x else 0.0,
        "that is recall alone": hits / len(y) if y else 0.0,
        "the harmonic mean, not the arithmetic": (hits / len(x) + hits / len(y)) / 2 if x and y else 0.0,
        "that is the overlap over the union": hits / (either - hits) if either > hits else 0.0,
        "the harmonic mean has a 2 above": hits / either if either else 0.0,
        "capitals and punctuation do not count: use words": f1(got.split(), gold.split()),
        "punctuation does not count: use words": f1(got.lower().split(), gold.lower().split()),
        "capitals do not count": f1(re.findall(r"\w+", got), re.findall(r"\w+", gold)),
        "where nothing is shared the value is 0.0": ZeroDivisionError,
        "two texts without words share nothing: 0.0": 1.0 if not x and not y else -1.0,
        "a float, 0.0": 0 if not hits else -1,
    }
    return f1(x, y), mistakes


def f1_of(hits: int, x: list[str], y: list[str]) -> float:
    return 2 * hits / (len(x) + len(y)) if hits else 0.0
