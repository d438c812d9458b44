"""Checks of 11_rag/02_dense_retrieval, on nearest vectors. Oracles: sorting all of them, and loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, require
from fasttrack.check.fixtures import dense as fixtures
from fasttrack.check.inputs import EXACT, distinct_sizes, normal
from fasttrack.check.training.ask import Told, ask


def ranked(
    query: torch.Tensor, vectors: torch.Tensor, ids: list[int], k: int
) -> tuple[list[float], list[int]]:
    """The best k of these ids by dot product."""
    scored = sorted(((float((query * vectors[i]).sum()), i) for i in ids), reverse=True)[:k]
    return [score for score, _ in scored], [i for _, i in scored]


def together(found: list[tuple[list[float], list[int]]]) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor([s for s, _ in found], dtype=torch.float64), torch.tensor([i for _, i in found])


@check
def exact_search(learner: Any, seed: int) -> None:
    """The largest dot products. Oracle: sorting all of them."""
    a, b, c = distinct_sizes(seed, 3)
    for j, (batch, n, size, k) in enumerate(((a, 20, b, 4), (1, c + 4, 3, 1), (b, c, a, c), (2, 5, 1, 50))):
        queries = normal(seed + j, batch, size, dtype=torch.float64)
        vectors = 2 * normal(seed + 9 + j, n, size, dtype=torch.float64)
        want = together([ranked(q, vectors, list(range(n)), k) for q in queries])
        worst = together([ranked(-q, vectors, list(range(n)), k) for q in queries])
        worst = -worst[0], worst[1]
        unit = vectors / vectors.norm(dim=1, keepdim=True)
        by_angle = together([ranked(q, unit, list(range(n)), k) for q in queries])
        expect(learner, queries, vectors, k).close(
            want,
            mistakes={
                "scores first, then ids": (want[1], want[0]),
                "the smallest come first: the best have the largest dot product": worst,
                "best first: yours are in rising order": (want[0].flip(1), want[1].flip(1)),
                "the dot product as it is: do not normalise the vectors": by_angle,
                "k is larger than the number of vectors here: return as many as there are": RuntimeError,
            },
            **EXACT,
        )


def cells_of(x: np.ndarray, centroids: np.ndarray) -> list[int]:
    """Of each row, the centroid at the smallest Euclidean distance."""
    return [int(np.argmin([((row - c) ** 2).sum() for c in centroids])) for row in x]


def lloyd(
    x: torch.Tensor, centroids: torch.Tensor, steps: int, *, empty: float | None = None, by_dot: bool = False
) -> torch.Tensor:
    """Lloyd's algorithm; a centroid without rows stays, or becomes `empty`."""
    rows, places = x.numpy(), centroids.numpy().copy()
    for _ in range(steps):
        cell = (rows @ places.T).argmax(1).tolist() if by_dot else cells_of(rows, places)
        for c in range(len(places)):
            own = [row for row, one in zip(rows, cell, strict=True) if one == c]
            if own:
                places[c] = np.sum(own, axis=0) / len(own)
            elif empty is not None:
                places[c] = empty
    return torch.from_numpy(places)


@check
def kmeans(learner: Any, seed: int) -> None:
    """Centroids after some steps. Oracle: Lloyd's algorithm in loops."""
    a, b, c = distinct_sizes(seed, 3)
    for k, (n, size, cells, steps) in enumerate(
        ((30, b, 4, 3), (40, 2, a + 2, 1), (12, c, 3, 0), (25, 3, 5, 8), (9, 1, 1, 2))
    ):
        x = normal(seed + k, n, size, dtype=torch.float64) + (torch.arange(n) % 3)[:, None]
        start = 2 * normal(seed + 20 + k, cells, size, dtype=torch.float64)
        if k in (1, 3):
            start[-1] = 50.0  # nothing is near it
        expect(learner, x, start, steps).close(
            lloyd(x, start, steps),
            mistakes={
                "one step too many": lloyd(x, start, steps + 1),
                "one step too few": lloyd(x, start, max(0, steps - 1)),
                "one step alone: repeat it `steps` times": lloyd(x, start, 1),
                "a centroid without rows stays where it is: yours became nan": lloyd(
                    x, start, steps, empty=np.nan
                ),
                "a centroid without rows stays where it is: yours became 0": lloyd(
                    x, start, steps, empty=0.0
                ),
                "nearest is by distance, not by dot product": lloyd(x, start, steps, by_dot=True),
            },
            rtol=1e-9,
            atol=1e-9,
        )
    x = normal(seed, 8, 3)
    expect(learner, x, x[:2].clone(), 2).dtype(torch.float32)


def probed(
    vectors: torch.Tensor,
    centroids: torch.Tensor,
    cell: list[int],
    query: torch.Tensor,
    n_probe: int,
    *,
    by_dot: bool = False,
) -> list[int]:
    """The ids in the cells nearest to the query."""
    far = [float(((query - c) ** 2).sum()) if not by_dot else -float((query * c).sum()) for c in centroids]
    near = sorted(range(len(centroids)), key=lambda c: far[c])[:n_probe]
    return [i for i, one in enumerate(cell) if one in near]


@check
def IVF(learner: Any, seed: int) -> None:  # noqa: N802
    """The lists of the cells, and searches in a few of them. Oracle: loops over cells and vectors."""
    a, b, _ = distinct_sizes(seed, 3)
    for j, (n, size, cells) in enumerate(((40, b + 1, 6), (25, a, 4), (10, 3, 1))):
        vectors = normal(seed + j, n, size, dtype=torch.float64)
        centroids = 1.5 * normal(seed + 10 + j, cells, size, dtype=torch.float64)
        if j == 1:
            centroids[2] = 40.0  # a cell that stays empty
        cell = cells_of(vectors.numpy(), centroids.numpy())
        queries = normal(seed + 20 + j, 4, size, dtype=torch.float64)
        asked = [
            (queries[0], 3, 1),
            (queries[1], 4, min(2, cells)),
            (queries[2], 99, max(1, cells - 1)),
            (queries[3], 5, cells),
        ]
        if j == 1:
            asked.append((centroids[2].clone(), 3, 1))  # into the empty cell
        called = f"IVF(vectors ({n}, {size}), centroids ({cells}, {size}))"
        seen = ask(
            learner,
            fixtures.searched,
            vectors,
            centroids,
            asked,
            called=called,
            errors={
                "k can be larger than what is found: return as many as there are": "selected index k out of",
            },
        ).value
        by_dot = (vectors @ centroids.T).argmax(1).tolist()
        Told(seen["lists"], called + ".lists").equals(
            [[i for i, one in enumerate(cell) if one == c] for c in range(cells)],
            mistakes={
                "nearest is by distance, not by dot product": [
                    [i for i, one in enumerate(by_dot) if one == c] for c in range(cells)
                ],
                "a list for each centroid, the empty ones, too": [
                    ids for c in range(cells) if (ids := [i for i, one in enumerate(cell) if one == c])
                ],
            },
        )
        require(
            len(seen["found"]) == len(asked), ("called", called), ("expected", "an answer to each search")
        )
        for (query, k, n_probe), answer in zip(asked, seen["found"], strict=True):
            everywhere = ranked(query, vectors, list(range(n)), k)
            right = ranked(query, vectors, probed(vectors, centroids, cell, query, n_probe), k)
            nearest_first = ranked(query, vectors, probed(vectors, centroids, cell, query, 1), k)
            dotted = ranked(query, vectors, probed(vectors, centroids, cell, query, n_probe, by_dot=True), k)
            rising = right[0][::-1], right[1][::-1]
            inside = probed(vectors, centroids, cell, query, n_probe)
            within = right[0], [inside.index(i) for i in right[1]]

            def pair(found: tuple[list[float], list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
                return torch.tensor(found[0], dtype=torch.float64), torch.tensor(found[1], dtype=torch.int64)

            Told(answer, f"{called}.search(query, k={k}, n_probe={n_probe})").close(
                pair(right),
                mistakes={
                    "it looks into every cell: only the n_probe nearest are searched": pair(everywhere),
                    "it looks into one cell: n_probe of them are asked for": pair(nearest_first),
                    "the nearest cells are nearest by distance, not by dot product": pair(dotted),
                    "best first: yours are in rising order": pair(rising),
                    "these are places among the vectors looked at: turn them into ids": pair(within),
                    "scores first, then ids": pair(right)[::-1],
                },
                **EXACT,
            )
