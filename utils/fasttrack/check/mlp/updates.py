"""Training in NumPy of a model that is linear in its parameters, `fixtures.mlp.Additive`, done rightly and wrongly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from fasttrack.check.inputs import integers, normal

Values = tuple[np.ndarray, np.ndarray]  # weight (block_size, vocab_size, vocab_size), bias (vocab_size,)


@dataclass(frozen=True)
class Problem:
    """A model's first parameters, and examples."""

    weight: torch.Tensor
    bias: torch.Tensor
    x: torch.Tensor
    y: torch.Tensor

    def values(self) -> Values:
        return self.weight.numpy(), self.bias.numpy()


def problem(seed: int, vocab_size: int, block_size: int, n: int) -> Problem:
    return Problem(
        normal(seed, block_size, vocab_size, vocab_size, dtype=torch.float64),
        normal(seed + 1, vocab_size, dtype=torch.float64),
        integers(seed + 2, vocab_size, n, block_size),
        integers(seed + 3, vocab_size, n),
    )


def losses_and_slopes(
    values: Values, x: torch.Tensor, y: torch.Tensor, *, scale: float = 2.0, softmax: bool = False
) -> tuple[np.ndarray, Values]:
    """The loss of each example, and the gradient of their mean. `scale` 2 is training mode, 1 evaluation.

    `softmax`: what comes of taking softmax before cross_entropy; without gradients.
    """
    weight, bias = values
    ids, targets, n = x.numpy(), y.numpy(), len(y)
    logits = scale * (bias + sum(weight[k][ids[:, k]] for k in range(ids.shape[1])))
    for _ in range(1 + softmax):
        shifted = logits - logits.max(1, keepdims=True)
        probs = np.exp(shifted) / np.exp(shifted).sum(1, keepdims=True)
        logits = probs
    each = -np.log(probs[np.arange(n), targets])
    probs[np.arange(n), targets] -= 1
    slope = scale * probs / n
    by_place = np.zeros_like(weight)
    for k in range(ids.shape[1]):
        np.add.at(by_place[k], ids[:, k], slope)
    return each, (by_place, slope.sum(0))


@dataclass(frozen=True)
class Habit:
    """How a training goes; right by default. `rate` is a rate that takes the place of those given."""

    zero: bool = True
    stale: bool = False
    step: bool = True
    scale: float = 2.0
    after: bool = False
    rate: float | None = None
    late: bool = False
    groups: tuple[bool, bool] = (True, True)
    steps: int | None = None
    first_rate: float | None = None


def descend(p: Problem, rates: list[float], size: int, seed: int, habit: Habit) -> tuple[list[float], Values]:
    """The loss before each update, and the parameters after all."""
    generator = torch.Generator().manual_seed(seed)
    weight, bias = (one.copy() for one in p.values())
    piled = [np.full_like(one, float(habit.stale)) for one in (weight, bias)]
    losses = []
    for step, given in enumerate(rates[: habit.steps]):
        previous = rates[step - 1] if step else habit.first_rate
        rate = (
            habit.rate
            if habit.rate is not None
            else previous
            if habit.late and previous is not None
            else given
        )
        i = torch.randint(len(p.x), (size,), generator=generator)
        each, slopes = losses_and_slopes((weight, bias), p.x[i], p.y[i], scale=habit.scale)
        cleared = habit.zero and not (habit.stale and not step)
        piled = [slope if cleared else old + slope for old, slope in zip(piled, slopes, strict=True)]
        if habit.step:
            weight = weight - (rate if habit.groups[0] else 7.0) * piled[0]
            bias = bias - (rate if habit.groups[1] else 7.0) * piled[1]
        if habit.after:
            each, _ = losses_and_slopes((weight, bias), p.x[i], p.y[i], scale=habit.scale)
        losses.append(float(each.mean()))
    return losses, (weight, bias)
