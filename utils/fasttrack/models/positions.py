"""Telling attention where a token stands: sinusoids, a learned table, rotations (RoPE), distances (ALiBi).

The functions are those of lesson 06/03, typed and under the same checks. RoPE pairs element i with element
i + head_size / 2, as Llama in transformers does ("split halves"); the paper pairs neighbours. Left out: scaling RoPE
to longer texts, ALiBi's interleaved slopes for a number of heads that is no power of two.
"""

from __future__ import annotations

import torch
from torch import nn


def sinusoidal_encoding(time: int, n_embd: int) -> torch.Tensor:
    """Sines in the even columns, cosines in the odd ones: float32 `(time, n_embd)`, `n_embd` even.

    Pair i turns by 10000 ** (-2i / n_embd) radians a position (Vaswani et al., 2017). Built in lesson 06/03.
    """
    angles = rope_angles(torch.arange(time), n_embd)  # (time, n_embd // 2)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1).float()


class LearnedPositions(nn.Module):
    """Adds a row of its own to each position, as GPT-2: `(batch, time, n_embd)` -> the same. Built in lesson 06/03.

    Raises ValueError for more than `block_size` positions.
    """

    def __init__(self, block_size: int, n_embd: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(block_size, n_embd))

    def forward(self, x: torch.Tensor, positions: torch.Tensor | None = None) -> torch.Tensor:
        """`x` plus the rows of its positions: 0, 1, 2 … or those that int64 `(batch, time)` names."""
        block_size = len(self.weight)
        time = x.shape[-2] if positions is None else int(positions.max()) + 1
        if time > block_size:
            raise ValueError(
                f"LearnedPositions: {time} positions, but block_size is {block_size}: shorten the input"
            )
        return x + (self.weight[:time] if positions is None else self.weight[positions])


def rope_angles(positions: torch.Tensor, head_size: int, base: float = 10000.0) -> torch.Tensor:
    """How far each pair is turned at each position, in radians: int64 `(time,)` -> float64 `(time, head_size // 2)`."""
    exponents = torch.arange(0, head_size, 2, dtype=torch.float64, device=positions.device) / head_size
    return positions[:, None] * base**-exponents


def rope(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    """Queries or keys turned by their positions: `(..., time, head_size)`, int64 `(time,)` -> shape and dtype of `x`.

    Element i and element i + head_size / 2 are a pair (split halves, Llama's). Su et al., 2021; built in lesson 06/03.
    """
    angles = rope_angles(positions, x.shape[-1], base)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)  # (time, head_size // 2)
    first, second = x.chunk(2, -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


def alibi_slopes(n_head: int) -> torch.Tensor:
    """How much of its score each head takes away for a step of distance: float32 `(n_head,)`, 2 ** (-8h / n_head)."""
    return 2.0 ** (-8 * torch.arange(1, n_head + 1) / n_head)


def alibi_bias(n_head: int, time: int) -> torch.Tensor:
    """What is added to the scores: minus slope times distance, float32 `(n_head, time, time)`, queries by keys.

    Press et al., 2021. The future gets its distance, too: a causal mask is a matter of its own. Built in lesson 06/03.
    """
    at = torch.arange(time)
    return -alibi_slopes(n_head)[:, None, None] * (at[:, None] - at).abs()
