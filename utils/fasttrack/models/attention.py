"""Scaled dot-product attention and one head of it, as Vaswani et al. (2017) wrote it down.

The functions are those of lesson 06/01, typed and under the same checks. A mask is bool, True = may attend, and
broadcasts to `(..., query_time, key_time)`; a query that may attend to nothing gets weights and output 0, as in
PyTorch's `scaled_dot_product_attention`. Left out: dropout, many heads at once (lesson 06/02).
"""

from __future__ import annotations

import math

import torch
from torch import nn


def causal_mask(time: int) -> torch.Tensor:
    """Which keys each query may see: bool `(time, time)`, row i True up to column i."""
    return torch.ones(time, time, dtype=torch.bool).tril()


def attention_weights(q: torch.Tensor, k: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """How much each query takes from each key: `(..., query_time, head_size)` and `(..., key_time, head_size)` to
    `(..., query_time, key_time)`, rows that sum to 1, or to 0 where the mask leaves no key.
    """
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (..., query_time, key_time)
    if mask is None:
        return scores.softmax(-1)
    # A row without a key comes out of softmax as nan. It is filled too, and so is its gradient.
    return scores.masked_fill(~mask, -math.inf).softmax(-1).masked_fill(~mask, 0.0)


def scaled_dot_product_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """For each query the mean of the values `(..., key_time, value_size)`, weighted by `attention_weights`:
    `(..., query_time, value_size)`.
    """
    return attention_weights(q, k, mask) @ v


class Head(nn.Module):
    """One head of self-attention: `(batch, time, n_embd)` -> `(batch, time, head_size)`."""

    def __init__(self, n_embd: int, head_size: int) -> None:
        super().__init__()
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Attention of the positions of `x` among each other, where `mask` allows it."""
        return scaled_dot_product_attention(self.query(x), self.key(x), self.value(x), mask)
