"""Several rankings made one. The function is that of lesson 11/03, typed and under the same check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def reciprocal_rank_fusion(rankings: Iterable[Sequence[str]], k: int = 60) -> list[tuple[str, float]]:
    """All ids with their scores, best first: the sum of 1 / (k + rank) over the rankings that hold them.

    Ranks count from 1; of equal scores the id met first, ranking by ranking, comes first. Cormack et al. 2009.
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, found in enumerate(ranking, start=1):
            scores[found] = scores.get(found, 0.0) + 1 / (k + rank)
    return sorted(scores.items(), key=lambda item: -item[1])
