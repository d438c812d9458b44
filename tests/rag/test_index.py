"""Indexes over faiss, against exact search."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from fasttrack.rag.index import IVF, exact_search, faiss_index, kmeans, recall


@pytest.fixture(scope="module")
def data() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(20, 16, generator=generator)
    near = centres[torch.randint(20, (1050,), generator=generator)]
    x = functional.normalize(near + 0.5 * torch.randn(1050, 16, generator=generator), dim=1)
    return x[:1000], x[1000:]


def test_faiss_s_exact_index_agrees_with_ours(data: tuple[torch.Tensor, torch.Tensor]) -> None:
    vectors, queries = data
    scores, ids = faiss_index(vectors, "exact").search(queries.numpy(), 5)
    want = exact_search(queries, vectors, 5)
    torch.testing.assert_close(torch.from_numpy(scores), want[0], rtol=1e-5, atol=1e-5)
    assert recall(torch.from_numpy(ids), want[1]) == 1.0


@pytest.mark.parametrize("kind", ["ivf", "hnsw"])
def test_an_approximate_index_finds_more_when_it_may_look_longer(
    data: tuple[torch.Tensor, torch.Tensor], kind: str
) -> None:
    vectors, queries = data
    index = faiss_index(vectors, kind, cells=20)  # type: ignore[arg-type]
    exact = exact_search(queries, vectors, 10)[1]
    found = []
    for effort in (1, 20):
        if kind == "ivf":
            index.nprobe = effort
        else:
            index.hnsw.efSearch = 10 * effort
        found.append(recall(torch.from_numpy(index.search(queries.numpy(), 10)[1]), exact))
    assert found[0] < found[1] or kind == "hnsw"  # which misses next to nothing here
    assert found[1] > 0.99


def test_all_cells_of_our_ivf_are_exact_search(data: tuple[torch.Tensor, torch.Tensor]) -> None:
    vectors, queries = data
    index = IVF(vectors, kmeans(vectors, vectors[:20], 5))
    assert sorted(i for ids in index.lists for i in ids.tolist()) == list(range(1000))
    exact = exact_search(queries, vectors, 10)[1]
    every = torch.stack([index.search(query, 10, 20)[1] for query in queries])
    assert recall(every, exact) == 1.0


def test_recall_counts_what_is_found_and_not_where() -> None:
    exact = torch.tensor([[1, 2, 3, 4]])
    assert recall(torch.tensor([[4, 3, 9, -1]]), exact) == 0.5
    assert recall(torch.tensor([[4, 3, 2, 1]]), exact) == 1.0
