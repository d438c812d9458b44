"""Checks of 01_tensors/03_training, on the loop: accuracy, one epoch, evaluation, one batch learned by heart.

Oracle: the same updates in NumPy, see `updates`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, fixtures
from fasttrack.check.inputs import distinct_sizes, integers, normal
from fasttrack.check.training.ask import ask
from fasttrack.check.training.updates import Variant, descend, gradient

TIGHT = {"rtol": 1e-9, "atol": 1e-10}
SINGLE = {"rtol": 1e-6, "atol": 1e-7}  # a share of float32, as `(…).float().mean().item()` gives it, is right
STUCK = "the parameters did not change: the gradients were cleared before step could use them, or step was not called"
SOFTMAX = "cross_entropy gets logits: it applies softmax itself, and here it was applied twice"


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
                "the largest logit of each row: dim=1, not dim=0": RuntimeError("non-singleton dimension 0"),
                "a comparison gives bool: make numbers of it": RuntimeError("could not infer output dtype"),
                **(
                    {"the largest logit of each row, not of each column": float((columns == targets).float().mean())}
                    if n == classes
                    else {}
                ),
            },
            **SINGLE,
        )  # fmt: skip


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

        def outcome(
            how: Variant, mean: str = "rows", pairs: Any = pairs, weight: Any = weight
        ) -> dict[str, Any]:
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
            return {"returned": answer, "weight": left}

        right = outcome(Variant())
        called = f"train_epoch(model, loader, optimizer), {n} examples in batches of {batch_size}"
        ask(learner, fixtures.trained, weight, x, y, batch_size, 0.3, called=called).close(
            right,
            mistakes={
                "the model was in evaluation mode: call model.train() first": outcome(Variant(scale=1)),
                "gradients from before the epoch took part: zero_grad before each backward": outcome(
                    Variant(stale=True)
                ),
                "gradients of all batches pile up: zero_grad before each backward": outcome(
                    Variant(zero=False, stale=True)
                ),
                STUCK: outcome(Variant(step=False)),
                SOFTMAX: outcome(Variant(softmax=True)),
                "the loss of each batch before its update, not after it": outcome(Variant(after=True)),
                "only the first batch was used": outcome(Variant(batches=1)),
                "the update used the sum of the losses, not their mean": outcome(Variant(summed=True)),
                "the mean over examples, not over batches: the last batch may be smaller": outcome(
                    Variant(), "batches"
                ),
                "the mean, not the sum of the batches' losses": outcome(Variant(), "sum"),
                "the mean, not the sum over all examples": outcome(Variant(), "rows summed"),
                "the mean over the epoch, not the loss of the last batch": outcome(Variant(), "last"),
                "one number, not a list": outcome(Variant(), "per batch"),
                "a Python float: .item() makes one of a tensor": {
                    **right,
                    "returned": torch.tensor(right["returned"], dtype=torch.float64),
                },
                "the updates are right; return the mean loss": {**right, "returned": None},
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
            loss_over: str = "rows", hits_over: str = "rows", args: Any = (weight, x, y, n), **how: Any
        ) -> Any:
            weight, x, y, n = args
            loss, _ = gradient(weight.numpy(), x.numpy(), y.numpy(), **{"scale": 1, **how})
            hits = ((x @ weight.T).argmax(1) == y).double().numpy()
            cuts = range(batch_size, n, batch_size)

            def mean(values: np.ndarray, over: str) -> float:
                parts = [values] if over == "rows" else np.split(values, cuts)
                return float(np.mean([part.mean() for part in (parts[-1:] if over == "last" else parts)]))

            return mean(loss, loss_over), mean(hits, hits_over)

        def after(
            answer: Any, *, recorded: bool = False, mode: bool = training, weight: Any = weight
        ) -> dict[str, Any]:
            state = {"gradients recorded": recorded, "model.training afterwards": mode, "weight": weight}
            return {"returned": answer, **state}

        right = outcome()
        called = (
            f"evaluate(model, loader), {n} examples in batches of {batch_size}, model.training {training}"
        )
        ask(learner, fixtures.evaluated, weight, x, y, batch_size, training, called=called).close(
            after(right),
            mistakes={
                "dropout was on: call model.eval() first": after(outcome(scale=2)),
                "gradients were recorded: put the loop under torch.no_grad()": after(right, recorded=True),
                "the model comes back in the mode it was in: yours stays in evaluation mode": after(
                    right, mode=False
                ),
                "the model comes back in the mode it was in: yours is always in training mode": after(
                    right, mode=True
                ),
                SOFTMAX: after(outcome(twice=True)),
                "the mean over examples, not over batches: the last batch may be smaller": after(
                    outcome("batches", "batches")
                ),
                "the accuracy over examples, not the mean of the batches' accuracies": after(
                    outcome("rows", "batches")
                ),
                "the loss over examples, not the mean of the batches' losses": after(
                    outcome("batches", "rows")
                ),
                "over all batches, not the last one": after(outcome("last", "last")),
                "the loss first, then the accuracy": after(right[::-1]),
            },
            **SINGLE,
        )


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
        ) -> dict[str, Any]:
            losses, left = descend(weight, [pair] * count, 0.3, how)
            return {"returned": [float(loss.mean()) for loss in losses], "weight": left}

        right = outcome(Variant())
        called = f"overfit_one_batch(model, optimizer, x, targets, {steps})"
        ask(learner, fixtures.overfitted, weight, x, y, steps, 0.3, called=called).close(
            right,
            mistakes={
                "the model was in evaluation mode: call model.train() first": outcome(Variant(scale=1)),
                "gradients from before took part: zero_grad before each backward": outcome(
                    Variant(stale=True)
                ),
                "gradients pile up: zero_grad before each backward": outcome(Variant(zero=False, stale=True)),
                STUCK: outcome(Variant(step=False)),
                SOFTMAX: outcome(Variant(softmax=True)),
                "the loss before each update, not after it": outcome(Variant(after=True)),
                "one update too many": outcome(Variant(), steps + 1),
                "floats, not tensors: .item() makes one of a tensor": {
                    **right,
                    "returned": [torch.tensor(value, dtype=torch.float64) for value in right["returned"]],
                },
                "the loss of every step, not only of the last": {**right, "returned": right["returned"][-1]},
            },
            **TIGHT,
        )
