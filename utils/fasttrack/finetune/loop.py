"""The training loop of unit 09: a few updates of a pretrained model, with a learning rate for each group."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from fasttrack.pretrain.steps import Batch


def linear_schedule(step: int, warmup: int, steps: int) -> float:
    """The share of the learning rate that update `step`, counted from 0, takes.

    It climbs in equal parts to 1 over the first `warmup` updates, then falls in equal parts; update `steps`, which is
    never made, would get 0.
    """
    if step < warmup:
        return (step + 1) / warmup
    return (steps - step) / (steps - warmup)


def finetune(
    model: nn.Module,
    batch: Callable[[int], Batch],
    *,
    steps: int,
    lr: float | None = None,
    groups: Iterable[dict[str, Any]] | None = None,
    warmup: int = 10,
    weight_decay: float = 0.0,
    clip: float = 1.0,
    look: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Train `model` in place for `steps` updates of AdamW; returns the loss of each, in nats per target.

    `batch(step)` gives inputs `(batch, time)` and targets `(batch, time)`, -100 where no loss is taken; the model gives
    logits `(batch, time, classes)`. (Targets `(batch,)` with logits `(batch, classes)` do as well.) `groups` are the
    optimizer's parameter groups, each `{"params": [...], "lr": ...}`; without them, all parameters that require
    gradients when the loop begins train at `lr`, which groups without a rate of their own get too. A frozen parameter
    in a group stays as it is until something, `batch` for one, lets it require gradients. Each rate follows
    `linear_schedule`. The gradient of all that is in the groups is cut to a norm of `clip`. `look(done, loss)` is
    called after each update. The model trains in training mode; afterwards it is back in the mode it was in. Raises
    ValueError if a group has no rate, if nothing is to be trained, or if `warmup` leaves no update to come down.
    """
    if warmup >= steps:
        raise ValueError(f"finetune: {steps} steps with a warm-up of {warmup}: the warm-up has to be shorter")
    if groups is None:
        groups = [{"params": [p for p in model.parameters() if p.requires_grad]}]
    chosen = [{"lr": lr, **group, "params": list(group["params"])} for group in groups]
    trained = [p for group in chosen for p in group["params"]]
    if not trained:
        raise ValueError("finetune: no parameter to train: all are frozen, or the groups are empty")
    if any(group["lr"] is None for group in chosen):
        raise ValueError("finetune: give lr, or a learning rate in every group")
    optimizer = torch.optim.AdamW(chosen, betas=(0.9, 0.95), weight_decay=weight_decay, fused=True)
    peaks = [group["lr"] for group in optimizer.param_groups]
    was_training = model.training
    model.train()
    losses = []
    for step in range(steps):
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * linear_schedule(step, warmup, steps)
        x, y = batch(step)
        model.zero_grad(set_to_none=True)  # of parameters outside the groups too
        loss = functional.cross_entropy(model(x).flatten(0, -2), y.flatten())  # leaves out targets of -100
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(trained, clip)
        optimizer.step()
        losses.append(loss.item())
        if look is not None:
            look(step + 1, losses[-1])
    model.train(was_training)
    return losses
