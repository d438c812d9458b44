"""Checks of 11_rag/02_dense_retrieval: vectors of texts, their training, searching them, and storing them."""

from fasttrack.check.dense.encoders import BiEncoder, cosine, lsa, mean_pool
from fasttrack.check.dense.finding import search_store
from fasttrack.check.dense.hybrid import hybrid_search
from fasttrack.check.dense.loss import info_nce
from fasttrack.check.dense.searching import IVF, exact_search, kmeans
from fasttrack.check.dense.stores import create_store, sync_store

__all__ = [
    "IVF",
    "BiEncoder",
    "cosine",
    "create_store",
    "exact_search",
    "hybrid_search",
    "info_nce",
    "kmeans",
    "lsa",
    "mean_pool",
    "search_store",
    "sync_store",
]
