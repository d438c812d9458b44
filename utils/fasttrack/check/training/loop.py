"""Checks of 01_tensors/03_training, on the loop: accuracy, one epoch, evaluation, one batch learned by heart.

Oracle: the same updates in NumPy, with the gradient of the cross-entropy written out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, fixtures
from fasttrack.check.inputs import distinct_sizes, integers, normal
from fasttrack.check.training.ask import ask

TIGHT = {"rtol": 1e-9, "atol": 1e-10}


@check
def accuracy(learner: Any, seed: int) -> None:
    """The share of rows whose largest logit is the target's. Oracle: a count in NumPy."""
    for n, classes in ((7, 5), (1, 3), (9, 10), (4, 4), (30, 2)):
        logits = normal(seed + n, n, classes)
        best = logits.numpy().argmax(1)
        targets = integers(seed, classes, n)
        right = max(1, n // 2 - 1)
        targets[:right] = torch.from_numpy(best[:right])  # some right, and where there is room some wrong
        targets[right:] = torch.from_numpy((best[right:] + 1) % classes)
        want = right / n
        worst = float((logits.numpy().argmin(1) == targets.numpy()).mean())
        columns = logits.argmax(0)
        expect(learner, logits, targets).close(
            want,
            mistakes={
                "a share, not a count: divide by the number of rows": float(right),
                "a share, not a count": right,
                "a Python float: .item() makes one of a tensor": torch.tensor(want),
                "per cent: a share lies between 0 and 1": 100 * want,
                "the share of errors: it is one minus that": 1 - want,
                "the largest logit wins, not the smallest": worst,
                "the largest logit of each row: dim=1, not dim=0": RuntimeError,
                **(
                    {"the largest logit of each row, not of each column": float((columns == targets).float().mean())}
                    if n == classes
                    else {}
                ),
            },
            **TIGHT if n in (1, 4, 30) else {"rtol": 1e-6},
        )  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """An epoch as it should be, or with one thing wrong."""

    scale: float = 2  # what the model does in training mode; 1 in evaluation
    zero: bool = True
    stale: bool = False  # gradients from before count in the first step
    step: bool = True
    summed: bool = False
    batches: int | None = None


def gradient(weight: np.ndarray, x: np.ndarray, y: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """The loss of each row, and the gradient of their mean with respect to the weight `(classes, features)`."""
    z = scale * x @ weight.T
    z = z - z.max(1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    rows = np.arange(len(y))
    error = np.exp(log_p)
    error[rows, y] -= 1
    return -log_p[rows, y], scale * error.T @ x / len(y)


def descend(
    weight: torch.Tensor, pairs: list[tuple[np.ndarray, np.ndarray]], lr: float, how: Variant
) -> tuple[list[np.ndarray], torch.Tensor]:
    """The losses of each batch, taken before its update, and the weight at the end."""
    w = weight.numpy().copy()
    total = np.ones_like(w) if how.stale else np.zeros_like(w)
    losses = []
    for k, (x, y) in enumerate(pairs[: how.batches]):
        loss, g = gradient(w, x, y, how.scale)
        g = g * len(y) if how.summed else g
        total = total + g if not how.zero or (k == 0 and how.stale) else g
        losses.append(loss)
        if how.step:
            w = w - lr * total
    return losses, torch.from_numpy(w)


@check
def train_epoch(learner: Any, seed: int) -> None:
    """One update for each batch; the mean loss over examples. Oracle: the updates in NumPy."""
    classes, features, batch_size = distinct_sizes(seed, 3)
    for case, n in enumerate((2 * batch_size + 1, batch_size, 3 * batch_size)):
        weight = normal(seed + case, classes, features, dtype=torch.float64)
        x = normal(seed + case + 10, n, features, dtype=torch.float64)
        y = integers(seed + case + 20, classes, n)
        pairs = [
            (x[i : i + batch_size].numpy(), y[i : i + batch_size].numpy()) for i in range(0, n, batch_size)
        ]

        def outcome(how: Variant, mean: str = "rows", pairs: Any = pairs, weight: Any = weight) -> Any:
            losses, left = descend(weight, pairs, 0.3, how)
            means = [float(loss.mean()) for loss in losses]
            answer = {
                "rows": float(np.concatenate(losses).mean()),
                "batches": float(np.mean(means)),
                "sum": float(np.sum(means)),
                "last": means[-1],
                "rows summed": float(np.concatenate(losses).sum()),
                "per batch": means,
            }[mean]
            return answer, left

        right = outcome(Variant())
        ask(learner, fixtures.trained, weight, x, y, batch_size, 0.3).close(
            right,
            mistakes={
                "the model was in evaluation mode: call model.train() first": outcome(Variant(scale=1)),
                "gradients from before the epoch took part: zero_grad before each backward": outcome(
                    Variant(stale=True)
                ),
                "gradients of all batches pile up: zero_grad before each backward": outcome(
                    Variant(zero=False, stale=True)
                ),
                "the parameters did not change: optimizer.step() after backward": outcome(
                    Variant(step=False)
                ),
                "only the first batch was used": outcome(Variant(batches=1)),
                "the update used the sum of the losses, not their mean": outcome(Variant(summed=True)),
                "the mean over examples, not over batches: the last batch may be smaller": outcome(
                    Variant(), "batches"
                ),
                "the mean, not the sum of the batches' losses": outcome(Variant(), "sum"),
                "the mean, not the sum over all examples": outcome(Variant(), "rows summed"),
                "the mean over the epoch, not the loss of the last batch": outcome(Variant(), "last"),
                "one number, not a list": outcome(Variant(), "per batch"),
                "a Python float: .item() makes one of a tensor": (
                    torch.tensor(right[0], dtype=torch.float64),
                    right[1],
                ),
                "the updates are right; return the mean loss": (None, right[1]),
            },
            **TIGHT,
        )


@check
def evaluate(learner: Any, seed: int) -> None:
    """(loss, accuracy) over all examples, without a trace. Oracle: the loss in NumPy."""
    classes, features, batch_size = distinct_sizes(seed, 3)
    for case, (n, training) in enumerate(
        ((2 * batch_size + 1, True), (batch_size, False), (3 * batch_size + 1, True), (1, False))
    ):
        weight = 2 * normal(seed + case, classes, features, dtype=torch.float64)
        x = normal(seed + case + 10, n, features, dtype=torch.float64)
        best = (x @ weight.T).argmax(1)
        y = torch.where(torch.arange(n) % 3 == 2, (best + 1) % classes, best)
        y[-1] = (best[-1] + 1) % classes if n > 1 else best[-1]

        def outcome(
            scale: float = 1, mean: str = "rows", args: Any = (weight, x, y, n)
        ) -> tuple[float, float]:
            weight, x, y, n = args
            loss, _ = gradient(weight.numpy(), x.numpy(), y.numpy(), scale)
            hits = ((x @ weight.T).argmax(1) == y).double().numpy()
            cuts = range(batch_size, n, batch_size)
            parts = [np.array([p.mean() for p in np.split(values, cuts)]) for values in (loss, hits)]
            if mean == "rows":
                return float(loss.mean()), float(hits.mean())
            return tuple(float(p.mean() if mean == "batches" else p[-1]) for p in parts)  # type: ignore[return-value]

        right = outcome()
        ask(learner, fixtures.evaluated, weight, x, y, batch_size, training).close(
            [right, False, training, weight],
            mistakes={
                "dropout was on: call model.eval() first": [outcome(2), False, training, weight],
                "gradients were recorded: put the loop under torch.no_grad()": [
                    right,
                    True,
                    training,
                    weight,
                ],
                "the model comes back in the mode it was in: yours stays in evaluation mode": [
                    right,
                    False,
                    False,
                    weight,
                ],
                "the model comes back in the mode it was in: yours is always in training mode": [
                    right,
                    False,
                    True,
                    weight,
                ],
                "the mean over examples, not over batches: the last batch may be smaller": [
                    outcome(mean="batches"),
                    False,
                    training,
                    weight,
                ],
                "over all batches, not the last one": [outcome(mean="last"), False, training, weight],
                "the loss first, then the accuracy": [right[::-1], False, training, weight],
            },
            **TIGHT if n != 2 * batch_size + 1 else {"rtol": 1e-6, "atol": 1e-7},
        )  # fmt: skip


@check
def overfit_one_batch(learner: Any, seed: int) -> None:
    """Many updates on one batch, and the loss before each. Oracle: the updates in NumPy."""
    classes, features, n = distinct_sizes(seed, 3)
    for case, steps in enumerate((4, 1, 9)):
        weight = normal(seed + case, classes, features, dtype=torch.float64)
        x = normal(seed + case + 10, n, features, dtype=torch.float64)
        y = integers(seed + case + 20, classes, n)
        pair = (x.numpy(), y.numpy())

        def outcome(
            how: Variant, count: int = steps, pair: Any = pair, weight: Any = weight
        ) -> tuple[list[float], torch.Tensor]:
            losses, left = descend(weight, [pair] * count, 0.3, how)
            return [float(loss.mean()) for loss in losses], left

        right = outcome(Variant())
        longer = outcome(Variant(), steps + 1)
        ask(learner, fixtures.overfitted, weight, x, y, steps, 0.3).close(
            right,
            mistakes={
                "the model was in evaluation mode: call model.train() first": outcome(Variant(scale=1)),
                "gradients from before took part: zero_grad before each backward": outcome(
                    Variant(stale=True)
                ),
                "gradients pile up: zero_grad before each backward": outcome(Variant(zero=False, stale=True)),
                "the parameters did not change: optimizer.step() after backward": outcome(
                    Variant(step=False)
                ),
                "the loss before each update, not after it": (longer[0][1:], right[1]),
                "one update too many": longer,
                "floats, not tensors: .item() makes one of a tensor": (
                    [torch.tensor(value, dtype=torch.float64) for value in right[0]],
                    right[1],
                ),
                "the loss of every step, not only of the last": (right[0][-1], right[1]),
            },
            **TIGHT,
        )
