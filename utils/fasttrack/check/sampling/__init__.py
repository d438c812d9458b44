"""Checks of 07_gpt/03_sampling: from logits to text, by exact probabilities."""

from fasttrack.check.sampling.beams import beam_search
from fasttrack.check.sampling.cutting import temperature, top_k
from fasttrack.check.sampling.drawing import generate
from fasttrack.check.sampling.exact import exact_probs, greedy
from fasttrack.check.sampling.penalty import repetition_penalty
from fasttrack.check.sampling.shares import min_p, top_p
from fasttrack.check.sampling.texts import distinct_n, perplexity

__all__ = [
    "beam_search",
    "distinct_n",
    "exact_probs",
    "generate",
    "greedy",
    "min_p",
    "perplexity",
    "repetition_penalty",
    "temperature",
    "top_k",
    "top_p",
]
