"""A network whose numbers stay in range: where parameters start, batch normalisation, and an MLP of both.

The functions and classes are those of lesson 04/03, typed and under the same checks. Left out: synchronising the
statistics of several devices, and `momentum=None`, PyTorch's name for a plain mean over all batches.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

GAINS = {"linear": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2)}  # as torch.nn.init.calculate_gain


def expected_initial_loss(vocab_size: int, logit_std: float = 0.0) -> float:
    """The cross-entropy, in nats, of logits that are normal with this standard deviation, whatever the target.

    An approximation for `exp(logit_std**2)` well below `vocab_size`.
    """
    return math.log(vocab_size) + logit_std**2 / 2


def saturation(h: torch.Tensor, limit: float = 0.97) -> float:
    """The share of tanh outputs, of any shape, that lie beyond `limit` on either side."""
    return (h.abs() > limit).float().mean().item()


def dead_units(slope: torch.Tensor, limit: float = 0.0) -> torch.Tensor:
    """Which units have a slope of at most `limit` in size for every example: `(..., units)` -> bool `(units,)`."""
    return (slope.abs() <= limit).flatten(0, -2).all(0)


def kaiming_std(fan_in: int, nonlinearity: str = "linear") -> float:
    """The standard deviation of weights that keeps the scale of a signal through a layer (He et al. 2015).

    Raises ValueError unless `nonlinearity` is "linear", "tanh" or "relu".
    """
    if nonlinearity not in GAINS:
        raise ValueError(f"kaiming_std: no gain for {nonlinearity!r}; choose from {', '.join(GAINS)}")
    return GAINS[nonlinearity] / math.sqrt(fan_in)


def normalize(x: torch.Tensor, eps: float = 1e-5) -> torch.Tensor:
    """Each feature to mean 0 and variance 1 over all examples: `(batch, features)` or `(batch, time, features)`."""
    dims = tuple(range(x.dim() - 1))
    mean = x.mean(dims, keepdim=True)
    var = x.var(dims, correction=0, keepdim=True)
    return (x - mean) / torch.sqrt(var + eps)


class BatchNorm1d(nn.Module):
    """Batch normalisation over all dimensions but the last (Ioffe and Szegedy 2015).

    Takes `(batch, features)` or `(batch, time, features)`; `torch.nn.BatchNorm1d` wants `(batch, features, time)`
    for the latter. Parameters `weight` and `bias`, buffers `running_mean` and `running_var`, each `(features,)`.
    In training mode, raises ValueError for a single example, which has no variance.
    """

    running_mean: torch.Tensor
    running_var: torch.Tensor

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`x` normalised by its own statistics in training mode, by the running ones in evaluation mode."""
        if self.training:
            dims = tuple(range(x.dim() - 1))
            count = len(x.flatten(0, -2))
            if count < 2:
                raise ValueError("BatchNorm1d: one example has no variance; train on more, or call eval()")
            mean, var = x.mean(dims), x.var(dims, correction=0)  # (features,)
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var * count / (count - 1), self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


def fold_batchnorm(
    linear_weight: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    running_mean: torch.Tensor,
    running_var: torch.Tensor,
    eps: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight `(out, in)` and bias `(out,)` of the one linear layer that equals linear then BatchNorm, evaluated."""
    scale = weight / torch.sqrt(running_var + eps)  # (out,)
    return scale[:, None] * linear_weight, bias - scale * running_mean


def update_to_data(before: Sequence[torch.Tensor], after: Sequence[torch.Tensor]) -> list[float]:
    """log10 of the size of an update relative to its tensor, by standard deviations; one for each tensor."""
    return [((b - a).std() / a.std()).log10().item() for a, b in zip(before, after, strict=True)]


class BatchNormMLP(nn.Module):
    """Embedding, `n_layer` times linear, BatchNorm and tanh, then logits.

    Maps ids `(batch, block_size)` to `(batch, vocab_size)`. All weights are drawn from `generator`.
    The loss starts near `ln(vocab_size)`.
    """

    def __init__(
        self,
        vocab_size: int,
        block_size: int,
        n_embd: int,
        n_hidden: int,
        n_layer: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers: list[nn.Module] = [nn.Flatten()]
        fan_in = block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)  # BatchNorm would take a bias away again
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(fan_in, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(fan_in), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits `(batch, vocab_size)` of `x` int64 `(batch, block_size)`."""
        logits: torch.Tensor = self.output(self.hidden(self.embedding(x)))
        return logits
