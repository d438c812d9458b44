"""GPT-2's architecture: token and position embeddings, pre-norm blocks, a norm, and the embedding again as output.

The classes and functions are those of lesson 07/01, typed and under the same checks, with one matrix product for
queries, keys and values and PyTorch's fused causal attention. Left out: dropout, and a cache of keys and values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import nn
from torch.nn import functional

from fasttrack.models.block import FeedForward, LayerNorm
from fasttrack.models.multi_head import merge_heads, split_heads
from fasttrack.models.positions import LearnedPositions


@dataclass(frozen=True)
class GPTConfig:
    """The shape of a GPT. Raises ValueError if a size is not positive or `n_head` does not divide `n_embd`."""

    vocab_size: int
    block_size: int
    n_layer: int
    n_head: int
    n_embd: int

    def __post_init__(self) -> None:
        for name, size in vars(self).items():
            if size < 1:
                raise ValueError(f"GPTConfig: {name} is {size}; it must be at least 1")
        if self.n_embd % self.n_head:
            raise ValueError(f"GPTConfig: n_embd {self.n_embd} does not divide into {self.n_head} heads")


# Radford et al. 2019, table 2; the parameter counts there are rounded and partly wrong.
GPT2 = {
    "gpt2": GPTConfig(50257, 1024, n_layer=12, n_head=12, n_embd=768),
    "gpt2-medium": GPTConfig(50257, 1024, n_layer=24, n_head=16, n_embd=1024),
    "gpt2-large": GPTConfig(50257, 1024, n_layer=36, n_head=20, n_embd=1280),
    "gpt2-xl": GPTConfig(50257, 1024, n_layer=48, n_head=25, n_embd=1600),
}


class CausalSelfAttention(nn.Module):
    """Attention in `n_head` heads to the same and earlier positions: `(batch, time, n_embd)` -> the same shape.

    `mask`, bool `(batch, time, time)`, True = may attend, takes the place of the causal mask: it must not look ahead.
    """

    def __init__(self, n_embd: int, n_head: int) -> None:
        super().__init__()
        self.n_head = n_head
        self.qkv = nn.Linear(n_embd, 3 * n_embd)
        self.proj = nn.Linear(n_embd, n_embd)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        q, k, v = (split_heads(part, self.n_head) for part in self.qkv(x).chunk(3, -1))
        over_heads = None if mask is None else mask.unsqueeze(-3)  # (batch, 1, time, time)
        joined = functional.scaled_dot_product_attention(
            q, k, v, attn_mask=over_heads, is_causal=mask is None
        )
        y: torch.Tensor = self.proj(merge_heads(joined))
        return y


class GPTBlock(nn.Module):
    """The pre-norm block of lesson 06/04 with causal attention."""

    def __init__(self, n_embd: int, n_head: int) -> None:
        super().__init__()
        self.norm1 = LayerNorm(n_embd)
        self.attention = CausalSelfAttention(n_embd, n_head)
        self.norm2 = LayerNorm(n_embd)
        self.feed_forward = FeedForward(n_embd)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """`(batch, time, n_embd)` -> the same shape; `mask` as in CausalSelfAttention."""
        x = x + self.attention(self.norm1(x), mask)
        x = x + self.feed_forward(self.norm2(x))
        return x


Module = TypeVar("Module", bound=nn.Module)


def init_weights(model: Module, n_layer: int) -> Module:
    """GPT-2's start, and the model itself: matrices normal with standard deviation 0.02, biases 0.

    Matrices called `proj`, which write to the residual stream, get 0.02 / sqrt(2 * n_layer): the stream is a sum of
    `2 * n_layer` outputs of theirs. Norms keep the gain they have. Built in lesson 07/01.
    """
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        elif parameter.dim() == 2:
            std = 0.02 / math.sqrt(2 * n_layer) if name.endswith("proj.weight") else 0.02
            nn.init.normal_(parameter, std=std)
    return model


class GPT(nn.Module):
    """Ids int64 `(batch, time)` -> logits `(batch, time, vocab_size)`.

    Weights start as GPT-2's: normal with standard deviation 0.02, the layers that write to the residual stream
    divided by `sqrt(2 * n_layer)`, biases 0. The output shares the embedding's matrix. Raises ValueError for more
    than `block_size` positions. Built in lesson 07/01.

    Several texts in one row (lesson 09/03) come with a `mask`, bool `(batch, time, time)`, True = may attend, which
    must not look ahead, and with `positions`, int64 `(batch, time)`, which count anew in each text.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = LearnedPositions(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(GPTBlock(config.n_embd, config.n_head) for _ in range(config.n_layer))
        self.norm = LayerNorm(config.n_embd)
        init_weights(self, config.n_layer)

    def hidden(
        self, ids: torch.Tensor, mask: torch.Tensor | None = None, positions: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The last norm's output, `(batch, time, n_embd)`: what the logits, or another head, are made of."""
        x = self.positions(self.embedding(ids), positions)
        for block in self.blocks:
            x = block(x, mask)
        out: torch.Tensor = self.norm(x)
        return out

    def forward(
        self, ids: torch.Tensor, mask: torch.Tensor | None = None, positions: torch.Tensor | None = None
    ) -> torch.Tensor:
        return functional.linear(self.hidden(ids, mask, positions), self.embedding.weight)


def count_parameters(config: GPTConfig) -> int:
    """How many parameters `GPT(config)` has; the shared matrix of embedding and output counts once."""
    c = config.n_embd
    block = 12 * c**2 + 13 * c  # 4 + 8 matrices; biases 4c + 5c, two norms 4c
    return (config.vocab_size + config.block_size) * c + config.n_layer * block + 2 * c


def load_gpt2_weights(model: GPT, state: Mapping[str, torch.Tensor]) -> GPT:
    """Put a GPT-2 checkpoint's tensors, named as in transformers or on the hub, into `model`, and return it.

    The checkpoint keeps its linear layers as `(in, out)`; PyTorch's are `(out, in)`. Raises ValueError, before
    anything is changed, if a tensor is missing or has another shape.
    """
    prefix = "transformer." if any(name.startswith("transformer.") for name in state) else ""
    new: dict[str, torch.Tensor] = {}
    for name, parameter in model.named_parameters():
        source = prefix + gpt2_name(name)
        if source not in state:
            raise ValueError(f"load_gpt2_weights: the checkpoint has no {source}")
        value = state[source]
        if name.endswith(".weight") and name.split(".")[-2] in ("qkv", "proj", "fc"):
            value = value.T
        if value.shape != parameter.shape:
            wanted, got = tuple(parameter.shape), tuple(value.shape)
            raise ValueError(f"load_gpt2_weights: {source} is {got}, the model's {name} is {wanted}")
        new[name] = value
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(new[name])
    return model


def gpt2_name(name: str) -> str:
    """What a GPT-2 checkpoint calls a parameter of `GPT`: "blocks.0.norm1.weight" -> "h.0.ln_1.weight"."""
    if name == "positions.weight":
        return "wpe.weight"
    for ours, theirs in (
        ("embedding.", "wte."),
        ("blocks.", "h."),
        (".norm1.", ".ln_1."),
        (".norm2.", ".ln_2."),
        (".attention.qkv.", ".attn.c_attn."),
        (".attention.proj.", ".attn.c_proj."),
        (".feed_forward.fc.", ".mlp.c_fc."),
        (".feed_forward.proj.", ".mlp.c_proj."),
    ):
        name = name.replace(ours, theirs)
    return "ln_f" + name.removeprefix("norm") if name.startswith("norm.") else name
