"""The checks of 11_rag/02_dense_retrieval on the package's own functions, wrong ones, and lazy ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional

from fasttrack.check import CheckFailed
from fasttrack.check import dense as check
from fasttrack.check.dense.hybrid import fused, library
from fasttrack.check.dense.stores import after_sync, rows_of
from fasttrack.rag import dense, index, store

SEEDS = [0, 1, 7, 1234]
RIGHT: dict[str, Any] = {
    "cosine": dense.cosine,
    "lsa": dense.lsa,
    "mean_pool": dense.mean_pool,
    "BiEncoder": dense.BiEncoder,
    "info_nce": dense.info_nce,
    "exact_search": index.exact_search,
    "kmeans": index.kmeans,
    "IVF": index.IVF,
    "create_store": store.create_store,
    "search_store": store.search_store,
    "sync_store": store.sync_store,
    "hybrid_search": store.hybrid_search,
}


def test_every_check_has_a_right_answer_here() -> None:
    assert set(RIGHT) == set(check.__all__)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", RIGHT)
def test_the_package_passes_the_checks_of_the_lesson_under_any_seed(name: str, seed: int) -> None:
    getattr(check, name)(RIGHT[name], seed=seed)


def turned(function: Callable[..., Any]) -> Callable[..., Any]:
    """A search whose answers are in the wrong order."""
    return lambda *args, **kwargs: list(function(*args, **kwargs))[::-1]


def scattered(vectors: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
    """The mean of what is padding."""
    return dense.mean_pool(vectors, ~padding)


class Ragged(index.IVF):
    """Its lists are in falling order."""

    def __init__(self, vectors: torch.Tensor, centroids: torch.Tensor) -> None:
        super().__init__(vectors, centroids)
        self.lists = [ids.flip(0) for ids in self.lists]


def both_ways(q: torch.Tensor, p: torch.Tensor, groups: torch.Tensor, temperature: float) -> torch.Tensor:
    return (dense.info_nce(q, p, groups, temperature) + dense.info_nce(p, q, groups, temperature)) / 2


def detached(q: torch.Tensor, p: torch.Tensor, groups: torch.Tensor, temperature: float) -> torch.Tensor:
    return dense.info_nce(q.detach(), p, groups, temperature)


# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, Any, str]] = [
    ("cosine", lambda a, b: dense.cosine(a, b).abs(), "expected"),
    ("cosine", lambda a, b: dense.cosine(a, b).double(), "expected"),
    ("lsa", lambda x, size: dense.lsa(x, size) * 2, "expected"),
    ("lsa", lambda x, size: -dense.lsa(x, size).abs(), "expected"),
    ("mean_pool", scattered, "mean of the padding"),
    ("mean_pool", lambda v, padding: functional.normalize(dense.mean_pool(v, padding), dim=1), "expected"),
    ("info_nce", both_ways, "one direction is enough"),
    ("info_nce", lambda *args: -dense.info_nce(*args), "the sign is turned"),
    ("info_nce", detached, "does not require grad"),
    ("exact_search", lambda q, v, k: index.exact_search(q, v, k)[::-1], "scores first"),
    ("kmeans", lambda x, c, steps: index.kmeans(x, c, steps + 1), "one step too many"),
    ("kmeans", lambda x, c, steps: index.kmeans(x, c, steps - 1), "one step too few"),
    ("IVF", Ragged, "expected"),
    ("create_store", lambda folder, rows: store.create_store(folder, rows[::-1]), "expected"),
    ("search_store", turned(store.search_store), "best first"),
    ("sync_store", lambda table, rows: store.sync_store(table, rows)[::-1], "in the order"),
    ("hybrid_search", turned(store.hybrid_search), "expected"),
]


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "words"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(name: str, learner: Any, words: str, seed: int) -> None:
    with pytest.raises(CheckFailed, match=words):
        getattr(check, name)(learner, seed=seed)


def test_the_oracle_of_fusion_on_a_case_by_hand() -> None:
    rows = rows_of(0, 3)
    for row, text, vector in zip(
        rows, ("zebra zebra", "zebra", "river"), ([1.0, 0], [0.5, 1], [1, 1]), strict=True
    ):
        row["text"], row["vector"] = text, vector
    assert fused(rows, [0.0, 1.0], 2) == pytest.approx({"p0": 1 / 61, "p1": 1 / 62 + 1 / 61, "p2": 1 / 62})


def test_the_oracle_of_syncing_on_a_case_by_hand() -> None:
    rows = rows_of(0, 3)
    wanted = [{**rows[0], "vector": [9.0]}, {**rows[1], "text": "new"}, {**rows[2], "id": "other"}]
    held, counts = after_sync(rows, wanted)
    assert counts == (1, 1, 1)
    assert [held[found] for found in ("p0", "p1", "other")] == [rows[0], wanted[1], wanted[2]]


def test_the_library_has_as_many_zebras_as_the_oracle_counts() -> None:
    counts = sorted(row["text"].split().count("zebra") for row in library(3, 24))
    assert counts == [0] * 16 + list(range(1, 9))
    assert {len(row["text"].split()) for row in library(3, 24)} == {10}
