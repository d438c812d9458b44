"""Oracle of 01_tensors/03_training: updates in NumPy, with the gradient of the cross-entropy written out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Variant:
    """Updates as they should be, or with one thing wrong."""

    scale: float = 2  # what the model does in training mode; 1 in evaluation
    zero: bool = True
    stale: bool = False  # gradients from before count in the first step
    step: bool = True
    summed: bool = False
    batches: int | None = None
    softmax: bool = False  # the loss gets probabilities in the place of logits
    after: bool = False  # the loss is measured after the update


def softmax(z: np.ndarray) -> np.ndarray:
    powers = np.exp(z - z.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def gradient(
    weight: np.ndarray, x: np.ndarray, y: np.ndarray, scale: float, *, twice: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The loss of each row, and the gradient of their mean with respect to the weight `(classes, features)`.

    `twice` puts a softmax before the cross-entropy, which applies one itself.
    """
    rows, once = np.arange(len(y)), softmax(scale * x @ weight.T)
    p = softmax(once) if twice else once
    error = p.copy()
    error[rows, y] -= 1
    if twice:  # through the first softmax
        error = once * (error - (error * once).sum(1, keepdims=True))
    return -np.log(p[rows, y]), scale * error.T @ x / len(y)


def descend(
    weight: torch.Tensor, pairs: list[Pair], lr: float, how: Variant
) -> tuple[list[np.ndarray], torch.Tensor]:
    """The losses of each batch, taken before its update, and the weight at the end."""
    w = weight.numpy().copy()
    total = np.ones_like(w) if how.stale else np.zeros_like(w)
    losses = []
    for k, (x, y) in enumerate(pairs[: how.batches]):
        loss, g = gradient(w, x, y, how.scale, twice=how.softmax)
        g = g * len(y) if how.summed else g
        total = total + g if not how.zero or (k == 0 and how.stale) else g
        if how.step:
            w = w - lr * total
        losses.append(gradient(w, x, y, how.scale)[0] if how.after else loss)
    return losses, torch.from_numpy(w)
