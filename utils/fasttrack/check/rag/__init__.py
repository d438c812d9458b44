"""Checks of 11_rag/03_rag: passages, fused rankings, prompts, citations, the pipeline, and two kinds of readers."""

from fasttrack.check.rag.citing import claims, unsupported
from fasttrack.check.rag.cutting import chunk, sections
from fasttrack.check.rag.fusion import reciprocal_rank_fusion
from fasttrack.check.rag.pipeline import answer
from fasttrack.check.rag.prompts import build_prompt, neutralise
from fasttrack.check.rag.quoting import best_sentences, token_f1
from fasttrack.check.rag.replies import read_reply

__all__ = [
    "answer",
    "best_sentences",
    "build_prompt",
    "chunk",
    "claims",
    "neutralise",
    "read_reply",
    "reciprocal_rank_fusion",
    "sections",
    "token_f1",
    "unsupported",
]
