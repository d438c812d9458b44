"""What a step of pretraining is made of: a batch, a learning rate, an optimizer, an update; and how good the model is.

The functions are those of lesson 07/02, typed and under the same checks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Protocol, cast

import torch
from torch import nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

Batch = tuple[torch.Tensor, torch.Tensor]  # x, y: int64 (batch, block_size); y is x one token later


def get_batch(
    tokens: torch.Tensor,
    batch: int,
    block_size: int,
    generator: torch.Generator,
    starts: torch.Tensor | None = None,
) -> Batch:
    """`batch` random windows of `tokens` `(n,)`: x and, one token later, y, both `(batch, block_size)`.

    A window may begin anywhere, or at one of `starts` only; every beginning that leaves room for a whole window is
    equally likely. Raises ValueError if there is none.
    """
    last = len(tokens) - block_size - 1
    places = torch.arange(max(last + 1, 0)) if starts is None else starts[starts <= last]
    if not len(places):
        raise ValueError(
            f"get_batch: {len(tokens)} tokens hold no window of {block_size + 1}: give more, or a smaller block_size"
        )
    begin = places[torch.randint(len(places), (batch,), generator=generator)]
    windows = tokens[begin[:, None] + torch.arange(block_size + 1)].long()  # (batch, block_size + 1)
    return windows[:, :-1], windows[:, 1:]


def lr_schedule(step: int, lr: float, warmup: int, steps: int, min_lr: float = 0.0) -> float:
    """The learning rate of update `step`, counted from 0.

    It climbs in equal parts to `lr` over the first `warmup` updates, then falls along half a cosine, which would
    reach `min_lr` at update `steps`; from there on it stays.
    """
    if step < warmup:
        return lr * (step + 1) / warmup
    if step >= steps:
        return min_lr
    done = (step - warmup) / (steps - warmup)  # 0 to 1
    return min_lr + (lr - min_lr) * (1 + math.cos(math.pi * done)) / 2


class Optimizer(Protocol):
    """What an update asks of an optimizer."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients."""

    def step(self) -> object:
        """Change every parameter."""


def configure_optimizer(
    model: nn.Module,
    lr: float,
    weight_decay: float,
    betas: tuple[float, float] = (0.9, 0.95),
    leave_out: Iterable[nn.Parameter] = (),
) -> torch.optim.AdamW:
    """AdamW in two groups: matrices decay, vectors (biases and the gains of norms) do not."""
    others = {id(parameter) for parameter in leave_out}
    parameters = [p for p in model.parameters() if p.requires_grad and id(p) not in others]
    groups = [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=betas, fused=True)


def train_step(
    model: nn.Module,
    optimizer: Optimizer,
    x: torch.Tensor,
    y: torch.Tensor,
    accumulate: int = 1,
    clip: float = 1.0,
) -> tuple[float, float]:
    """One update on a batch that passes through the model in `accumulate` equal parts.

    The gradient is that of the whole batch's mean loss, cut to a norm of `clip`. Returns that loss, in nats per token,
    and the gradient's norm before it was cut. Several processes, by DistributedDataParallel, exchange gradients once.
    """
    optimizer.zero_grad(set_to_none=True)
    total = torch.zeros((), device=x.device)
    for part, (part_x, part_y) in enumerate(zip(x.chunk(accumulate), y.chunk(accumulate), strict=True)):
        alone = isinstance(model, DistributedDataParallel) and part + 1 < accumulate
        with cast(DistributedDataParallel, model).no_sync() if alone else nullcontext():
            loss = functional.cross_entropy(model(part_x).flatten(0, 1), part_y.flatten()) / accumulate
            torch.autograd.backward(loss)
        total += loss.detach()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return total.item(), norm.item()


@torch.no_grad()
def estimate_loss(model: nn.Module, batches: Iterable[Batch]) -> float:
    """The mean loss over all targets of `batches`, in nats per token, in evaluation mode; targets of -100 are left out.

    The mode the model was in is restored.
    """
    was_training = model.training
    model.eval()
    total, count = 0.0, 0
    for x, y in batches:
        loss = functional.cross_entropy(
            model(x).flatten(0, 1), y.flatten(), reduction="sum", ignore_index=-100
        )
        total += loss.item()
        count += int((y != -100).sum())
    model.train(was_training)
    return total / count


def padded(sequences: Sequence[Sequence[int]], pad: int = 0) -> Batch:
    """Whole sequences as one batch: x and y `(len(sequences), longest - 1)`, y -100 where a sequence has ended."""
    longest = max(len(sequence) for sequence in sequences)
    x = torch.full((len(sequences), longest - 1), pad)
    y = torch.full((len(sequences), longest - 1), -100)
    for row, sequence in enumerate(sequences):
        ids = torch.as_tensor(sequence, dtype=torch.int64)
        x[row, : len(ids) - 1] = ids[:-1]
        y[row, : len(ids) - 1] = ids[1:]
    return x, y
