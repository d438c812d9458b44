"""Check of 11_rag/03_rag on fused rankings. Oracle: the formula, id by id."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any

from fasttrack.check import check, expect
from fasttrack.check.rag.inputs import WORDS, different


@check
def reciprocal_rank_fusion(learner: Any, seed: int) -> None:
    """Rankings of different lengths, ties, other k."""
    rng = random.Random(seed)
    a, b, c, d, e = rng.sample(WORDS, 5)
    z = sorted((a, b), reverse=True)
    cases: list[tuple[list[list[str]], int]] = [
        ([[a, b, c], [d, c, e], [c, a]], 60),
        ([[z[0], c], [z[1], c]], 60),  # a tie, and the alphabet says otherwise
        ([[a, b, c], [c, d, a]], 60),
        ([[a, b]], 60),
        ([[], [d, e, a]], 60),
        ([[a, b, c, d], [d, c]], 1),
    ]
    while len(cases) < 14:
        rankings = [rng.sample(WORDS, rng.randint(0, 9)) for _ in range(rng.randint(2, 4))]
        case = (rankings, rng.choice((0, 1, 10, 60, 100)))
        scores = sorted(score for _, score in summed(*case))
        if all(high - low > 1e-9 for low, high in itertools.pairwise(scores)):
            cases.append(case)
    for rankings, k in cases:
        want = summed(rankings, k)
        mistakes = different(wrong_fusions(rankings, k, want), want)
        expect(learner, rankings, k).close(want, mistakes=mistakes, rtol=1e-9, atol=0)
    rankings = cases[0][0]
    expect(learner, rankings).close(
        summed(rankings, 60), mistakes={"k is 60 unless it is given": summed(rankings, 0)}, rtol=1e-9, atol=0
    )
    expect(learner, []).equals([])
    expect(learner, [[], []]).equals([])


def summed(rankings: Sequence[Sequence[str]], k: int, first: int = 1) -> list[tuple[str, float]]:
    """The formula for each id in the order met, sorted by score alone."""
    met = list(dict.fromkeys(found for ranking in rankings for found in ranking))
    scores = {
        one: sum(1 / (k + first + list(ranking).index(one)) for ranking in rankings if one in ranking)
        for one in met
        if k + first
    }
    return sorted(scores.items(), key=lambda pair: pair[1], reverse=True)


def wrong_fusions(rankings: Sequence[Sequence[str]], k: int, want: list[tuple[str, float]]) -> dict[str, Any]:
    scores = dict(want)
    met = list(dict.fromkeys(found for ranking in rankings for found in ranking))
    best = {
        one: max(1 / (k + 1 + list(ranking).index(one)) for ranking in rankings if one in ranking)
        for one in met
    }
    last = {one: 1 / (k + rank) for ranking in rankings for rank, one in enumerate(ranking, 1)}
    ranks = {
        one: float(sum(list(ranking).index(one) + 1 for ranking in rankings if one in ranking)) for one in met
    }
    return {
        "ranks count from 1, yours from 0": summed(rankings, k, first=0),
        "the highest score comes first": sorted(scores.items(), key=lambda pair: pair[1]),
        "of equal scores the id met first comes first, not the first in the alphabet": sorted(
            want, key=lambda pair: (-round(pair[1], 12), pair[0])
        ),
        "of equal scores the id met first comes first": sorted(
            [(one, scores[one]) for one in met], key=lambda pair: -round(pair[1], 12)
        ),
        "k is missing from the sum": summed(rankings, 0),
        "add the scores of all rankings that hold an id: yours keeps the last": sorted(
            last.items(), key=lambda pair: -pair[1]
        ),
        "add the scores of all rankings that hold an id: yours keeps the best": sorted(
            best.items(), key=lambda pair: -pair[1]
        ),
        "each rank counts 1 / (k + rank), not the rank itself": sorted(
            ranks.items(), key=lambda pair: pair[1]
        ),
        "pairs of id and score, not ids alone": [one for one, _ in want],
        "a list of pairs, not a dict": scores,
        "the pairs are tuples": [list(pair) for pair in want],
        "sort by score: yours stay in the order met": [(one, scores[one]) for one in met],
    }
