"""Attention with several heads, within one sequence and from one sequence to another (Vaswani et al., 2017).

The functions and classes are those of lesson 06/02, under the same checks; attention itself is PyTorch's fused one,
so weights are not to be had. Left out: dropout, and fewer heads of keys and values than of queries.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional


def split_heads(x: torch.Tensor, n_head: int) -> torch.Tensor:
    """`(batch, time, n_embd)` -> `(batch, n_head, time, n_embd // n_head)`: head k gets the k-th block of columns.

    Raises ValueError if `n_head` does not divide `n_embd`.
    """
    batch, time, n_embd = x.shape
    if n_embd % n_head:
        raise ValueError(f"split_heads: {n_embd} columns do not divide into {n_head} heads")
    return x.reshape(batch, time, n_head, n_embd // n_head).transpose(1, 2)


def merge_heads(x: torch.Tensor) -> torch.Tensor:
    """The heads' columns side by side: `(batch, n_head, time, head_size)` -> `(batch, time, n_head * head_size)`."""
    return x.transpose(1, 2).flatten(2)


def padding_mask(lengths: torch.Tensor | Sequence[int], time: int) -> torch.Tensor:
    """Which positions are real: bool `(batch, time)`, True for the first `lengths[b]` positions of row b."""
    lengths = torch.as_tensor(lengths, dtype=torch.int64)
    return torch.arange(time, device=lengths.device) < lengths[:, None]


def multi_head_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, n_head: int, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Each head attends in its own block of columns: `(batch, query_time, n_embd)`, for `k` and `v` of `key_time`.

    `mask` is bool, broadcastable to `(batch, query_time, key_time)`, True = may attend, the same for all heads.
    """
    q, k, v = (split_heads(one, n_head) for one in (q, k, v))
    over_heads = None if mask is None else mask.unsqueeze(-3)  # (..., 1, query_time, key_time)
    return merge_heads(functional.scaled_dot_product_attention(q, k, v, attn_mask=over_heads))


class Heads(nn.Module):
    """What both kinds of attention hold: four linear layers and the number of heads.

    Raises ValueError if `n_head` does not divide `n_embd`.
    """

    def __init__(self, n_embd: int, n_head: int) -> None:
        super().__init__()
        if n_embd % n_head:
            raise ValueError(f"n_embd {n_embd} does not divide into {n_head} heads")
        self.n_head = n_head
        self.query = nn.Linear(n_embd, n_embd)
        self.key = nn.Linear(n_embd, n_embd)
        self.value = nn.Linear(n_embd, n_embd)
        self.proj = nn.Linear(n_embd, n_embd)


class CrossAttention(Heads):
    """Positions of one sequence attend to those of another, the memory, in `n_head` heads."""

    def forward(
        self, x: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """`x` `(batch, query_time, n_embd)`, `memory` `(batch, key_time, n_embd)` -> the shape of `x`.

        `mask` as in `multi_head_attention`. A query that may attend nowhere gets the bias of `proj` alone.
        """
        joined = multi_head_attention(self.query(x), self.key(memory), self.value(memory), self.n_head, mask)
        answer: torch.Tensor = self.proj(joined)
        return answer


class MultiHeadAttention(Heads):
    """Positions of one sequence attend to each other, in `n_head` heads."""

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """`(batch, time, n_embd)` -> the same shape; `mask` as in `CrossAttention`, with `x` as its own memory."""
        joined = multi_head_attention(self.query(x), self.key(x), self.value(x), self.n_head, mask)
        answer: torch.Tensor = self.proj(joined)
        return answer
