"""The transformer block: layer norm, a feed-forward network, and attention, joined by a residual stream.

The classes and functions are those of lesson 06/04, typed and under the same checks, computed by PyTorch's fused
kernels where the lesson writes the formula out. Left out: dropout, layer norm without bias, and gated feed-forward
networks.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from fasttrack.models.multi_head import MultiHeadAttention


class LayerNorm(nn.Module):
    """Each vector of the last dimension to mean 0 and variance 1, then scaled and shifted (Ba et al. 2016).

    Takes `(..., n_embd)`, gives the same shape. Parameters `weight` (ones at first) and `bias` (zeros), `(n_embd,)`
    each. The variance divides by `n_embd`, and `eps` stands under the root.
    """

    def __init__(self, n_embd: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(n_embd))
        self.bias = nn.Parameter(torch.zeros(n_embd))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`x` normalised over its last dimension: `(..., n_embd)` -> `(..., n_embd)`."""
        return functional.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)


class RMSNorm(nn.Module):
    """Each vector of the last dimension to a mean square of 1, then scaled (Zhang and Sennrich 2019); Llama's.

    Takes `(..., n_embd)`, gives the same shape. Parameter `weight`, `(n_embd,)`, ones at first.
    """

    def __init__(self, n_embd: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(n_embd))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`x` divided by the root of its mean square: `(..., n_embd)` -> `(..., n_embd)`."""
        return functional.rms_norm(x, self.weight.shape, self.weight, self.eps)


def gelu(x: torch.Tensor) -> torch.Tensor:
    """x times the normal distribution function at x, by GPT-2's formula with tanh; any shape.

    The exact form, `functional.gelu(x)` without an argument, is built on erf; the two differ by up to 5e-4.
    """
    return functional.gelu(x, approximate="tanh")


class FeedForward(nn.Module):
    """A network with one hidden layer of `4 * n_embd` units, for each position by itself: `fc`, gelu, `proj`."""

    def __init__(self, n_embd: int) -> None:
        super().__init__()
        self.fc = nn.Linear(n_embd, 4 * n_embd)
        self.proj = nn.Linear(4 * n_embd, n_embd)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`(..., n_embd)` -> `(..., n_embd)`."""
        out: torch.Tensor = self.proj(gelu(self.fc(x)))
        return out


class Block(nn.Module):
    """Attention, then a feed-forward network, each reading a normalised copy of the stream and adding to it.

    Pre-norm, as GPT-2 has it: the stream itself is never normalised, so a stack of blocks ends in a norm of its own.
    """

    def __init__(self, n_embd: int, n_head: int) -> None:
        super().__init__()
        self.norm1 = LayerNorm(n_embd)
        self.attention = MultiHeadAttention(n_embd, n_head)
        self.norm2 = LayerNorm(n_embd)
        self.feed_forward = FeedForward(n_embd)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """`(batch, time, n_embd)` -> the same shape; `mask` as in MultiHeadAttention, True = may attend."""
        x = x + self.attention(self.norm1(x), mask)
        x = x + self.feed_forward(self.norm2(x))
        return x


class PostNormBlock(Block):
    """The block of the first transformer (Vaswani et al. 2017), and BERT's: the stream is normalised after each sum."""

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """`(batch, time, n_embd)` -> the same shape; `mask` as in MultiHeadAttention."""
        x = self.norm1(x + self.attention(x, mask))
        out: torch.Tensor = self.norm2(x + self.feed_forward(x))
        return out
