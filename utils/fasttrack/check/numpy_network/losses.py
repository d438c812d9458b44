"""Checks of softmax with cross-entropy, forward and backward. Oracle: torch.nn.functional and autograd."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from fasttrack.check import check, expect
from fasttrack.check.inputs import distinct_sizes
from fasttrack.check.numpy_network.arrays import array, labels, plain, tolerance


def softmax(logits: np.ndarray, dim: int = 1) -> np.ndarray:
    return torch.softmax(torch.from_numpy(logits), dim).numpy()


@check
def softmax_cross_entropy(learner: Any, seed: int) -> None:
    """The mean of -log p of the targets, a float. Oracle: functional.cross_entropy."""
    n, classes, _ = distinct_sizes(seed, 3)
    wide = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4 + 1, -1e4 - 1], [0.0, 800.0, 1.0]])
    cases = [(array(seed, n, classes), labels(seed, classes, n)), (array(seed, n, n), labels(seed + 1, n, n))]
    cases += [(3 * array(seed, 1, classes, dtype=torch.float32), labels(seed, classes, 1))]
    cases += [(wide, np.array([2, 0, 0])), (array(seed, n, 2), np.zeros(n, dtype=np.int64))]
    for logits, targets in cases:
        rows = len(logits)
        want = functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(targets)).item()
        log_p = torch.log_softmax(torch.from_numpy(logits), 1).numpy()
        mistakes: dict[str, Any] = {
            "the mean over the rows, not their sum": rows * want,
            "the mean over the rows: one number, not one for each": -log_p[np.arange(rows), targets],
            "the sign: log-probabilities are negative, the loss is not": -want,
            "the mean of the probabilities: the logarithm is missing": float(
                np.exp(log_p)[np.arange(rows), targets].mean()
            ),
            "the natural logarithm, in nats": want / math.log(2),
            "the loss of the targets' classes only: [np.arange(n), targets]": float(-log_p.mean()),
            "log_p[:, targets] takes n columns: [np.arange(n), targets] takes one element from each row": float(
                -log_p[:, targets].mean()
            ),
            "softmax is missing: that is the mean logit": float(-logits[np.arange(rows), targets].mean()),
            "exp overflowed: subtract the maximum of each row first": math.nan,
            "a probability became 0 and its logarithm infinite: compute log-probabilities, not probabilities": (
                math.inf
            ),
            "the maximum of each row, not of the whole array: a row far below it becomes ln 0": -math.inf,
        }
        if rows == logits.shape[1]:
            down = torch.log_softmax(torch.from_numpy(logits), 0).numpy()
            mistakes["softmax goes along each row, dimension 1"] = float(
                -down[np.arange(rows), targets].mean()
            )
        plain(expect(learner, logits, targets)).close(
            want, mistakes=mistakes, **tolerance(getattr(torch, str(logits.dtype)))
        )


@check
def softmax_cross_entropy_backward(learner: Any, seed: int) -> None:
    """(probs - one_hot) / n. Oracle: autograd of functional.cross_entropy."""
    n, classes, _ = distinct_sizes(seed, 3)
    wide = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4 + 1, -1e4 - 1], [0.0, 800.0, 1.0]])
    cases = [(array(seed, n, classes), labels(seed, classes, n)), (array(seed, n, n), labels(seed + 1, n, n))]
    cases += [(array(seed, n, classes, dtype=torch.float32), labels(seed, classes, n))]
    cases += [(wide, np.array([2, 0, 0])), (array(seed, 1, classes), labels(seed, classes, 1))]
    for logits, targets in cases:
        rows = len(logits)
        leaf = torch.from_numpy(logits.copy()).requires_grad_()
        functional.cross_entropy(leaf, torch.from_numpy(targets)).backward()  # type: ignore[no-untyped-call]
        assert leaf.grad is not None
        want = leaf.grad.numpy()
        probs = softmax(logits)
        one_hot = (np.arange(logits.shape[1]) == targets[:, None]).astype(logits.dtype)
        columns = probs.copy()
        columns[:, targets] -= 1
        mistakes: dict[str, Any] = {
            "the loss is a mean over the rows: 1/n is missing": rows * want,
            "the sign is turned: probs - one_hot": -want,
            "the one_hot is missing: subtract 1 at the target of each row": probs / rows,
            "the one_hot and 1/n are missing": probs,
            "g[:, targets] -= 1 changes n columns in every row: g[np.arange(n), targets]": columns / rows,
            "subtract 1 at the target of each row, not a probability of 1 from all": (probs - 1) / rows,
            "only the targets' classes have a gradient here: every class has one": want * one_hot,
            "1/n belongs to the one_hot, too": probs / rows - one_hot,
            "1/n belongs to probs, too": probs - one_hot / rows,
            "divide by the number of rows, not of elements": rows * want / logits.size,
            "divide by the number of rows, not of classes": rows * want / logits.shape[1],
            "softmax is missing: that is logits - one_hot": (logits - one_hot) / rows,
        }
        if rows == logits.shape[1]:
            mistakes["softmax goes along each row, dimension 1"] = (softmax(logits, 0) - one_hot) / rows
        with np.errstate(over="ignore", invalid="ignore"):
            powers = np.exp(logits)
            overflown = (powers / powers.sum(1, keepdims=True) - one_hot) / rows
            shared = np.exp(logits - logits.max())
            vanished = (shared / shared.sum(1, keepdims=True) - one_hot) / rows
        if not np.isfinite(overflown).all():
            mistakes["exp overflowed: subtract the maximum of each row first"] = overflown
        if not np.isfinite(vanished).all():
            mistakes["the maximum of each row, not of all: a row far below it becomes 0/0"] = vanished
        expect(learner, logits, targets).close(
            want, mistakes=mistakes, **tolerance(getattr(torch, str(logits.dtype)))
        )
