"""Nearest vectors, exactly and nearly: by hand (exact search, k-means cells), and over faiss. Built in lesson 11/02.

Vectors are compared by their dot product, which for vectors of length 1 is the cosine. Left out: compressed vectors
(PQ), deletion, anything that does not fit into memory.
"""

from __future__ import annotations

from typing import Any, Literal

import torch

Found = tuple[torch.Tensor, torch.Tensor]


def exact_search(queries: torch.Tensor, vectors: torch.Tensor, k: int) -> Found:
    """The `min(k, n)` largest dot products of each query `(batch, size)` with vectors `(n, size)`, best first.

    Returns scores `(batch, k)` and int64 ids `(batch, k)`.
    """
    scores, ids = torch.topk(queries @ vectors.T, min(k, len(vectors)), dim=1)
    return scores, ids


def nearest(x: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """Which centroid is nearest to each row, by Euclidean distance: int64 `(n,)`."""
    return torch.cdist(x, centroids).argmin(1)


def kmeans(x: torch.Tensor, centroids: torch.Tensor, steps: int) -> torch.Tensor:
    """Lloyd's algorithm: `steps` times, each centroid moves to the mean of the rows nearest to it.

    x `(n, size)`, centroids `(cells, size)` -> new centroids `(cells, size)`. One without rows stays where it is.
    """
    for _ in range(steps):
        cell = nearest(x, centroids)
        count = torch.bincount(cell, minlength=len(centroids))[:, None]  # (cells, 1)
        total = torch.zeros_like(centroids).index_add(0, cell, x)
        centroids = torch.where(count > 0, total / count, centroids)
    return centroids


class IVF:
    """An inverted file: vectors sorted into cells, of which a search looks into a few.

    lists  for each centroid the ids of the vectors nearest to it, ascending: a list of int64 tensors
    """

    def __init__(self, vectors: torch.Tensor, centroids: torch.Tensor) -> None:
        self.vectors, self.centroids = vectors, centroids
        cell = nearest(vectors, centroids)
        self.lists = [(cell == c).nonzero().flatten() for c in range(len(centroids))]

    def search(self, query: torch.Tensor, k: int, n_probe: int) -> Found:
        """Of the vectors in the `n_probe` cells nearest to the query `(size,)`, the best `k`, or as many as there are.

        Returns scores and int64 ids, best first.
        """
        near = (self.centroids - query).norm(dim=1).topk(n_probe, largest=False).indices  # (n_probe,)
        ids = torch.cat([self.lists[c] for c in near])
        scores, best = torch.topk(self.vectors[ids] @ query, min(k, len(ids)))
        return scores, ids[best]


def recall(found: torch.Tensor, exact: torch.Tensor) -> float:
    """The share of the exact search's ids that a search found: int64 `(batch, k)` both; -1 stands for nothing."""
    return (found[:, :, None] == exact[:, None, :]).any(1).double().mean().item()


def faiss_index(vectors: torch.Tensor, kind: Literal["exact", "ivf", "hnsw"], cells: int = 256) -> Any:
    """A faiss index of float32 vectors `(n, size)` by dot product, whose `search(queries, k)` returns two arrays.

    Set `.nprobe` of "ivf", `.hnsw.efSearch` of "hnsw": larger finds more and takes longer.
    """
    import faiss  # its start takes time that the rest of this module does not need

    index: Any
    size = vectors.shape[1]
    data = vectors.numpy()
    match kind:
        case "exact":
            index = faiss.IndexFlatIP(size)
        case "ivf":
            index = faiss.IndexIVFFlat(faiss.IndexFlatIP(size), size, cells, faiss.METRIC_INNER_PRODUCT)
            index.cp.min_points_per_centroid = 1  # else a small collection draws a warning
            index.train(data)
        case "hnsw":
            index = faiss.IndexHNSWFlat(size, 32, faiss.METRIC_INNER_PRODUCT)
    index.add(data)
    return index
