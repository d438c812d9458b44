"""Checks of 11_rag/01_bm25 on measures of rankings. Oracles: counting in plain loops."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

from fasttrack.check import check, expect
from fasttrack.check.bm25.oracle import different
from fasttrack.check.inputs import EXACT

Case = tuple[list[Any], list[Any], int]


def cases(seed: int) -> Iterator[Case]:
    """Rankings, what is relevant, and k: few and many relevant, none found, a ranking shorter than k."""
    rng = random.Random(seed)
    yield list("dacbe"), ["b", "a", "x"], 4
    yield ["u/b", "u/a"], ["u/a"], 5
    yield ["b", "a"], ["a", "c", "d"], 5
    yield list(range(10)), [9, 4, 2, 0, 5, 6, 8, 77], 4
    for _ in range(5):
        ranking = rng.sample(range(30), rng.randint(5, 15))
        yield ranking, rng.sample(range(30), rng.randint(1, 12)), rng.randint(1, 18)
    yield [3, 1], [2, 7], 2
    yield [], [1], 3
    yield [4, 3], [4], 1
    yield [4, 3], [3], 1


@check
def recall_at_k(learner: Any, seed: int) -> None:
    """The share of the relevant that is found. Oracle: counting."""
    for ranking, relevant, k in cases(seed):
        hits = sum(name in relevant for name in ranking[:k])
        want = hits / len(relevant)
        mistakes: dict[str, Any] = {
            "recall is a share of all that is relevant, even if k is smaller": hits / min(k, len(relevant)),
            "divided by k that is precision: recall is a share of the relevant": hits / k,
            "this is precision: recall is a share of the relevant": hits / max(len(ranking[:k]), 1),
            "a share, not whether there is any": float(hits > 0),
            "a share, not a count": float(hits),
            "only the first k count": sum(name in relevant for name in ranking) / len(relevant),
            "the first k, not k - 1": sum(name in relevant for name in ranking[: k - 1]) / len(relevant),
            "the first k, not k + 1": sum(name in relevant for name in ranking[: k + 1]) / len(relevant),
            "a ranking may have fewer than k": IndexError,
        }
        expect(learner, ranking, relevant, k).close(want, mistakes=different(mistakes, want), **EXACT)


@check
def reciprocal_rank(learner: Any, seed: int) -> None:
    """1 over the first rank that counts. Oracle: the least of all ranks of relevant documents."""
    for ranking, relevant, _ in cases(seed):
        ranks = sorted(ranking.index(name) + 1 for name in relevant if name in ranking)
        want = 1 / ranks[0] if ranks else 0.0
        named = [ranking.index(name) + 1 for name in relevant if name in ranking]
        mistakes: dict[str, Any] = {
            "ranks are counted from 1": 1 / (ranks[0] - 1) if ranks and ranks[0] > 1 else ZeroDivisionError,
            "the rank itself: 1 over it is wanted": float(ranks[0]) if ranks else 0.0,
            "the first in the ranking, not the first that relevant names": 1 / named[0] if named else 0.0,
            "the first relevant document alone: yours is the last": 1 / ranks[-1] if ranks else 0.0,
            "the first relevant document alone, not the sum over all": sum(1 / rank for rank in ranks),
            "the first relevant document alone, not the mean over all": sum(1 / rank for rank in ranks)
            / len(relevant),
            "0.0 if no relevant document is in the ranking": None if not ranks else want,
            "no relevant document may be in the ranking": ValueError,
        }
        if not ranks:
            del mistakes["ranks are counted from 1"]
        expect(learner, ranking, relevant).close(want, mistakes=different(mistakes, want), **EXACT)


@check
def ndcg(learner: Any, seed: int) -> None:
    """Discounted gains, normalised. Oracle: both sums in loops."""
    for ranking, relevant, k in cases(seed):
        most = min(k, len(relevant))
        found = gains(ranking, relevant, k)
        want = found / ideal(most)
        ranks = [rank for rank, name in enumerate(ranking[:k], 1) if name in relevant]
        mistakes: dict[str, Any] = {
            "divide by the sum of the best possible ranking": found,
            "the best possible ranking has no more than k places": found / ideal(len(relevant)),
            "the best possible ranking has no more relevant documents than there are": found / ideal(k),
            "the best possible ranking has all relevant documents, also those that yours missed": found
            / ideal(len(ranks))
            if ranks
            else ZeroDivisionError,
            "the gain falls with the logarithm of the rank, not with the rank": sum(1 / r for r in ranks)
            / sum(1 / r for r in range(1, most + 1)),
            "the best possible ranking is that of all documents, however short yours is": found
            / (ideal(min(most, len(ranking))) or 1),
            "the same logarithm above and below: yours is ln above, log2 below": found
            / math.log(2)
            / ideal(most),
            "the same logarithm above and below: yours is log2 above, ln below": found
            * math.log(2)
            / ideal(most),
            "ranks are counted from 1: the first gains 1 / log2(2)": sum(1 / math.log2(r + 2) for r in ranks)
            / sum(1 / math.log2(r + 2) for r in range(1, most + 1)),
            "only the first k count": gains(ranking, relevant, len(ranking)) / ideal(most),
            "the places near the top gain more: the discount is missing": len(ranks) / most,
            "divided by the number of relevant documents, not by their best sum": found / len(relevant),
            "log2 of rank + 1: at rank 1 the logarithm of the rank is 0": ZeroDivisionError,
            "a ranking may have fewer than k": IndexError,
        }
        expect(learner, ranking, relevant, k).close(want, mistakes=different(mistakes, want), **EXACT)


def gains(ranking: list[Any], relevant: list[Any], k: int) -> float:
    total = 0.0
    for rank in range(1, min(k, len(ranking)) + 1):
        if ranking[rank - 1] in relevant:
            total += 1 / math.log2(rank + 1)
    return total


def ideal(count: int) -> float:
    """What relevant documents gain at all of the first `count` ranks."""
    return sum(1 / math.log2(rank + 1) for rank in range(1, count + 1))
