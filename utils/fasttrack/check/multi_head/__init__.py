"""Checks of 06_attention/02_multi_head: heads side by side, from one sequence to another, and what they look at."""

from fasttrack.check.multi_head.counting import attention_parameters, exact_match
from fasttrack.check.multi_head.decoding import greedy_decode, shift_right
from fasttrack.check.multi_head.heads import merge_heads, multi_head_attention, split_heads
from fasttrack.check.multi_head.inside import head_contributions, head_weights
from fasttrack.check.multi_head.masks import causal_padding_mask, padding_mask
from fasttrack.check.multi_head.modules import CrossAttention, MultiHeadAttention

__all__ = [
    "CrossAttention",
    "MultiHeadAttention",
    "attention_parameters",
    "causal_padding_mask",
    "exact_match",
    "greedy_decode",
    "head_contributions",
    "head_weights",
    "merge_heads",
    "multi_head_attention",
    "padding_mask",
    "shift_right",
    "split_heads",
]
