"""One search over a store of passages: by words and by vectors, the two rankings fused. Built in lesson 11/03."""

from __future__ import annotations

from collections.abc import Mapping

from fasttrack.rag.bm25 import BM25
from fasttrack.rag.dense import LSA, cosine
from fasttrack.rag.fusion import reciprocal_rank_fusion
from fasttrack.rag.text import analyze

DEEP = 30  # places of each ranking that are fused
# What papers and formulas write, and what the course says in words.
SYNONYMS = {
    "\\sqrt": " square root ",
    "√": " square root ",
    "d_k": " head size ",
    "d_model": " n_embd ",
    "RAG": " retrieval ",
}


def spoken(text: str) -> str:
    """A text with notation put into the words that the course uses."""
    for written, words in SYNONYMS.items():
        text = text.replace(written, words)
    return text


class HybridSearch:
    """BM25 and latent semantic analysis over passages by id; `words` and `meaning` are the two rankings alone."""

    def __init__(self, passages: Mapping[str, str], size: int = 128) -> None:
        """`size`: of the vectors, or fewer where there are fewer passages. Raises ValueError for an empty store."""
        if not passages:
            raise ValueError("the store is empty: there is no passage to search")
        self.passages = dict(passages)
        self.ids = list(self.passages)
        documents = [analyze(spoken(text)) for text in self.passages.values()]
        self.bm25 = BM25(documents)
        self.lsa = LSA(documents, min(size, len(documents), len(self.bm25.ids)))
        self.vectors = self.lsa.embed(documents)  # (passages, size)

    def words(self, question: str, k: int) -> list[str]:
        """The ids of the `k` best passages by BM25."""
        return [self.ids[hit.document] for hit in self.bm25.search(analyze(spoken(question)), k)]

    def meaning(self, question: str, k: int) -> list[str]:
        """The ids of the `k` passages with the nearest vectors; none if no word of the question is known."""
        near = cosine(self.lsa.embed([analyze(spoken(question))]), self.vectors)[0]
        found = near.topk(min(k, len(self.ids)))
        return [self.ids[i] for i, score in zip(found.indices, found.values, strict=True) if score > 0]

    def __call__(self, question: str, k: int) -> list[tuple[str, str]]:
        """The `k` best passages of both, fused, as pairs of id and text."""
        fused = reciprocal_rank_fusion([self.words(question, DEEP), self.meaning(question, DEEP)])
        return [(found, self.passages[found]) for found, _ in fused[:k]]
