"""What several heads should compute: PyTorch's own module with given parameters, and a loop over heads."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional

from fasttrack.check.inputs import normal

Values = Mapping[str, torch.Tensor]


def parameters(seed: int, n_embd: int) -> dict[str, torch.Tensor]:
    """Parameters of one attention by name, float64: queries and keys that saturate no softmax."""
    found = {}
    for k, layer in enumerate(("query", "key", "value", "proj")):
        weight = normal(seed + 10 * k, n_embd, n_embd, dtype=torch.float64)
        found[f"{layer}.weight"] = weight / n_embd**0.5
        found[f"{layer}.bias"] = normal(seed + 10 * k + 5, n_embd, dtype=torch.float64)
    return found


def mask_of(seed: int, *shape: int) -> torch.Tensor:
    """A bool mask, True at about 70 %, without a row that is all False."""
    mask = torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < 0.7
    mask[..., 0] |= ~mask.any(-1)
    return mask


def by_pytorch(
    values: Values, n_head: int, x: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Output and weights `(batch, n_head, query_time, key_time)` of nn.MultiheadAttention.

    Where a query may attend to nothing PyTorch's module gives nan; there the weights are 0, and the output is the
    bias of the last layer.
    """
    batch, query_time, n_embd = x.shape
    module = nn.MultiheadAttention(n_embd, n_head, batch_first=True, dtype=x.dtype)
    with torch.no_grad():
        module.in_proj_weight.copy_(torch.cat([values[f"{one}.weight"] for one in ("query", "key", "value")]))
        module.in_proj_bias.copy_(torch.cat([values[f"{one}.bias"] for one in ("query", "key", "value")]))
        module.out_proj.weight.copy_(values["proj.weight"])
        module.out_proj.bias.copy_(values["proj.bias"])
        hidden = None
        if mask is not None:  # PyTorch's module wants True where attention is forbidden, once for each head
            whole = mask.expand(batch, query_time, memory.shape[1])
            hidden = ~whole.repeat_interleave(n_head, 0)
        output, weights = module(x, memory, memory, attn_mask=hidden, average_attn_weights=False)
    if mask is not None:
        closed = ~whole.any(-1)  # (batch, query_time)
        output[closed] = values["proj.bias"]
        weights = weights.masked_fill(closed[:, None, :, None], 0.0)
    return output, weights


def by_head(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    n_head: int,
    mask: torch.Tensor | None = None,
    *,
    scale: float | None = None,
) -> torch.Tensor:
    """One head after the other on its block of columns, joined: `(batch, query_time, n_embd)`."""
    size = q.shape[-1] // n_head
    joined = []
    for at in range(0, n_head * size, size):
        block = slice(at, at + size)
        joined.append(
            functional.scaled_dot_product_attention(
                q[..., block], k[..., block], v[..., block], attn_mask=mask, scale=scale
            )
        )
    return torch.cat(joined, -1)


def in_heads(x: torch.Tensor, n_head: int) -> torch.Tensor:
    """The blocks of columns, stacked: `(batch, n_head, time, head_size)`."""
    size = x.shape[-1] // n_head
    return torch.stack([x[..., at : at + size] for at in range(0, n_head * size, size)], -3)


def interleaved(x: torch.Tensor, n_head: int) -> torch.Tensor:
    """The columns put so that blocks of them are what every n_head-th column was."""
    return torch.cat([x[..., k::n_head] for k in range(n_head)], -1)


def woven(x: torch.Tensor, n_head: int) -> torch.Tensor:
    """The inverse of `interleaved`."""
    return interleaved(x, x.shape[-1] // n_head)


def linear(values: Values, layer: str, x: torch.Tensor, *, bias: bool = True) -> torch.Tensor:
    """One of the four layers applied to x."""
    return functional.linear(x, values[f"{layer}.weight"], values[f"{layer}.bias"] if bias else None)
