"""The hierarchical model of letters, after WaveNet (van den Oord et al., 2016): contexts joined two by two.

The classes and functions are those of lesson 04/05, typed and under the same checks. Left out of WaveNet itself:
gated units, residual and skip connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import nn
from torch.nn import functional

from fasttrack.models.batchnorm import BatchNorm1d


class FlattenConsecutive(nn.Module):
    """`n` neighbours side by side: `(batch, time, channels)` -> `(batch, time // n, n * channels)`.

    A single position that is left over loses its dimension: `(batch, n * channels)`. Raises ValueError if `n` does
    not divide `time`.
    """

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Groups of `n` positions of `x`, the oldest first."""
        batch, time, channels = x.shape
        if time % self.n:
            raise ValueError(f"FlattenConsecutive({self.n}): {time} positions are no groups of {self.n}")
        x = x.reshape(batch, time // self.n, self.n * channels)
        return x.squeeze(1)


class Sequential(nn.Module):
    """Layers in turn."""

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What the last layer makes of what the one before it makes, and so on."""
        for layer in self.layers:
            x = layer(x)
        return x


def wavenet(vocab_size: int, block_size: int, n_embd: int, n_hidden: int) -> Sequential:
    """A tree over `block_size` characters, a power of two: ids `(batch, block_size)` -> `(batch, vocab_size)`.

    Parameters come from torch's global generator. Raises ValueError if `block_size` is no power of two.
    """
    if block_size < 2 or block_size & (block_size - 1):
        raise ValueError(f"wavenet: block_size {block_size} is no power of two")
    layers: list[nn.Module] = [nn.Embedding(vocab_size, n_embd)]
    channels = n_embd
    while block_size > 1:
        layers += [
            FlattenConsecutive(2),
            nn.Linear(2 * channels, n_hidden, bias=False),
            BatchNorm1d(n_hidden),
            nn.Tanh(),
        ]
        channels = n_hidden
        block_size //= 2
    last = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        last.weight *= 0.1
    return Sequential([*layers, last])


def sample_names(
    model: nn.Module, itos: Sequence[str], block_size: int, count: int, generator: torch.Generator
) -> list[str]:
    """`count` names, all drawn at once, letter by letter, in evaluation mode; the mode is put back."""
    mode = model.training
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    open_ = torch.ones(count, dtype=torch.bool)  # names without their closing dot
    columns = []
    with torch.no_grad():
        while open_.any():
            drawn = torch.multinomial(model(contexts).softmax(1), 1, generator=generator)  # (count, 1)
            drawn[~open_] = 0
            open_ &= drawn[:, 0] != 0
            contexts = torch.cat([contexts[:, 1:], drawn], 1)
            columns.append(drawn)
    model.train(mode)
    return ["".join(itos[i] for i in row if i) for row in torch.cat(columns, 1).tolist()] if columns else []


def receptive_field(kernel_size: int, dilations: Iterable[int]) -> int:
    """How many inputs one output of a stack of dilated convolutions sees."""
    return 1 + sum((kernel_size - 1) * dilation for dilation in dilations)


def causal_dilated_conv(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, dilation: int
) -> torch.Tensor:
    """At each position the same linear map of it and positions before it, `dilation` apart.

    `x` `(batch, time, channels)`, zeros before its start; `weight` `(out, n * channels)`, the oldest position's
    columns first; `bias` `(out,)` or None -> `(batch, time, out)`.
    """
    _, time, channels = x.shape
    n = weight.shape[1] // channels
    padded = functional.pad(x, (0, 0, (n - 1) * dilation, 0))
    seen = [padded[:, k * dilation : k * dilation + time] for k in range(n)]
    return functional.linear(torch.cat(seen, 2), weight, bias)


def logits_everywhere(model: Sequential, ids: torch.Tensor, block_size: int) -> torch.Tensor:
    """The logits of a `wavenet` in evaluation mode after each position: `(batch, time)` -> `(batch, time, vocab_size)`.

    Each level of the tree is one dilated convolution over all positions; dots stand before the start of `ids`.
    """
    x = functional.pad(ids, (block_size - 1, 0))
    dilation = n = 1
    for layer in model.layers:
        if isinstance(layer, FlattenConsecutive):
            n = layer.n
        elif isinstance(layer, nn.Linear):  # the last one sees one position: n is 1 by its shape
            x = causal_dilated_conv(x, layer.weight, layer.bias, dilation)
            dilation *= n
        else:
            x = layer(x)
    return x[:, block_size - 1 :]
