"""Checks of 11_rag/01_bm25: terms, an inverted index, BM25 and its parts, tf-idf, measures of rankings."""

from fasttrack.check.bm25.engine import BM25
from fasttrack.check.bm25.measures import ndcg, recall_at_k, reciprocal_rank
from fasttrack.check.bm25.scoring import bm25, idf, term_weight, top_k
from fasttrack.check.bm25.terms import analyze, inverted_index, tokenize
from fasttrack.check.bm25.vectors import tf_idf

__all__ = [
    "BM25",
    "analyze",
    "bm25",
    "idf",
    "inverted_index",
    "ndcg",
    "recall_at_k",
    "reciprocal_rank",
    "term_weight",
    "tf_idf",
    "tokenize",
    "top_k",
]
