"""Checks of 04_makemore/01_bigram, on the network: its loss, its gradient, its training. Oracle: NumPy in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, fixtures
from fasttrack.check.inputs import EXACT, distinct_sizes, integers, normal
from fasttrack.check.training.ask import ask


@check
def one_step_loss(learner: Any, seed: int) -> None:
    """Cross-entropy of one linear layer on one-hot inputs, plus decay. Oracle: NumPy, value and gradient."""
    a, b = distinct_sizes(seed, 2)
    for case, (size, n, decay) in enumerate(
        ((a, b + 4, 0.0), (b, 3, 0.5), (27, 40, 0.01), (a, a, 2.0), (b, 1, 0.0), (2, 30, 0.1))
    ):
        W = 2 * normal(seed + case, size, size, dtype=torch.float64)
        x, y = integers(seed + case, size, n), integers(seed + case + 10, size, n)
        given = (decay,) if decay else ()
        expect(learner, W, x, y, *given).close(
            scalar(loss(W.numpy(), x, y, decay)), mistakes=wrong_losses(W, x, y, decay), **EXACT
        )
        slope = torch.from_numpy(gradient(W.numpy(), x, y, decay))
        ask(learner, fixtures.gradient, W, x, y, *given).close(
            slope,
            mistakes={
                "decay must reach the gradient: compute it from W, not from W.detach()": torch.from_numpy(
                    gradient(W.numpy(), x, y, 0)
                )
            }
            if decay
            else {},
            **EXACT,
        )
    W = 1e4 * normal(seed + 30, a, a, dtype=torch.float64)
    x, y = integers(seed + 31, a, 9), integers(seed + 32, a, 9)
    expect(learner, W, x, y).close(
        scalar(loss(W.numpy(), x, y, 0.0)),
        mistakes={
            "nan for large logits: exp overflows, log_softmax and cross_entropy do not": torch.tensor(
                torch.nan
            ).double(),
            "inf for large logits: exp overflows, log_softmax and cross_entropy do not": torch.tensor(
                torch.inf
            ).double(),
        },
        **EXACT,
    )


def scalar(value: float) -> torch.Tensor:
    return torch.tensor(float(value), dtype=torch.float64)


def log_probs(W: np.ndarray) -> np.ndarray:
    shifted = W - W.max(1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))


def loss(W: np.ndarray, x: torch.Tensor, y: torch.Tensor, decay: float) -> float:
    return float(-log_probs(W)[x.numpy(), y.numpy()].mean() + decay * (W**2).mean())


def gradient(W: np.ndarray, x: torch.Tensor, y: torch.Tensor, decay: float) -> np.ndarray:
    """(softmax - one-hot) / n, added up over the pairs of each row; the decay's 2 W / number of elements."""
    probs, slope = np.exp(log_probs(W)), 2 * decay * W / W.size
    for i, j in zip(x.tolist(), y.tolist(), strict=True):
        slope[i] += probs[i] / len(x)
        slope[i, j] -= 1 / len(x)
    return slope


def wrong_losses(W: torch.Tensor, x: torch.Tensor, y: torch.Tensor, decay: float) -> dict[str, Any]:
    w = W.numpy()
    plain = loss(w, x, y, 0.0)
    squares = float((w**2).mean())
    chosen = -log_probs(w)[x.numpy(), y.numpy()]
    twice = np.exp(log_probs(w))
    wrong = {
        "the mean over the pairs, not the sum": chosen.sum() + decay * squares,
        "x picks the row of W, y the logit in it: yours are swapped": loss(w, y, x, decay),
        "x picks a row of W: yours took a column": loss(w.T.copy(), x, y, decay),
        "softmax once: cross_entropy takes logits": loss(twice, x, y, 0.0) + decay * squares,
        "minus the log-probability": -plain + decay * squares,
        "the log-probability, not the probability": float(-np.exp(-chosen).mean()) + decay * squares,
        "normalise the logits: yours are taken for log-probabilities": float(-w[x.numpy(), y.numpy()].mean())
        + decay * squares,
    }
    if decay:
        wrong |= {
            "weight_decay makes no difference": plain,
            "the mean of the squares of W, not their sum": plain + decay * float((w**2).sum()),
            "the squares of W, not their absolute values": plain + decay * float(np.abs(w).mean()),
            "the mean of the squares, not the square of the mean": plain + decay * float(w.mean() ** 2),
            "the decay is added to the loss, not subtracted": plain - decay * squares,
            "the squares of the whole of W, not only of the rows in x": plain
            + decay * float((w[x.numpy()] ** 2).mean()),
            "weight_decay times the mean of the squares, without a half": plain + decay * squares / 2,
            "multiply by weight_decay": plain + squares,
        }
    mistakes: dict[str, Any] = {words: scalar(value) for words, value in wrong.items()}
    return mistakes | {
        "one number: the mean over the pairs": torch.from_numpy(chosen),
        "a tensor, not a float: a float cannot be differentiated": plain + decay * squares,
    }


@dataclass(frozen=True)
class Habit:
    """How a training goes: every field but the first is right by default."""

    steps: int
    sign: int = -1
    cleared: bool = True
    after: bool = False


@check
def train_bigram(learner: Any, seed: int) -> None:
    """Full-batch gradient descent from zeros. Oracle: the same steps in NumPy, in float64."""
    a, b = distinct_sizes(seed, 2)
    for case, (size, n, lr, steps, decay) in enumerate(
        ((a, 30, 2.0, 5, 0.0), (b, 12, 0.5, 3, 1.5), (27, 90, 10.0, 4, 0.0), (a, 8, 1.0, 1, 0.0),
         (b, 9, 1.0, 0, 0.0), (a + b, 50, 3.0, 6, 0.3))
    ):  # fmt: skip
        x, y = integers(seed + case, size, n), integers(seed + case + 10, size - (case == 3), n)

        def run(
            habit: Habit,
            lr: float = lr,
            decay: float = decay,
            size: int = size,
            x: torch.Tensor = x,
            y: torch.Tensor = y,
        ) -> tuple[torch.Tensor, list[float]]:
            return descended(x, y, size, lr, habit, decay)

        W, losses = run(Habit(steps))
        mistakes: dict[str, Any] = {}
        for words, (wrong_W, wrong_losses_) in {
            "gradients pile up: clear W.grad in every step": run(Habit(steps, cleared=False)),
            "uphill: subtract lr times the gradient": run(Habit(steps, sign=1)),
            "the loss before each step, not after it": run(Habit(steps, after=True)),
            "one step too many": run(Habit(steps + 1)),
            "one step too few": run(Habit(max(steps - 1, 0))),
            "lr is missing": run(Habit(steps), 1.0),
            "weight_decay is passed on to the loss": run(Habit(steps), decay=0.0),
            "one loss too many: one before each step": (W, run(Habit(steps + 1))[1]),
            "W has not moved": (torch.zeros(size, size), [losses[0]] * steps if losses else []),
        }.items():
            mistakes[words] = labelled(wrong_W, wrong_losses_)
        mistakes["return W detached: it still requires grad"] = labelled(W, losses, grad=True)
        mistakes["losses as floats, not as tensors: item()"] = labelled(
            W, [torch.tensor(one) for one in losses]
        )
        mistakes["first W, then the losses"] = labelled(losses, W)
        mistakes["start from zeros in float32"] = labelled(W.double(), losses)
        given = (decay,) if decay else ()
        ask(learner, fixtures.trained_table, x, y, size, lr, steps, *given).close(
            labelled(W, losses), mistakes=mistakes, rtol=2e-5, atol=2e-6
        )


def labelled(W: Any, losses: Any, grad: bool = False) -> dict[str, Any]:
    """As `fixtures.trained_table` gives it."""
    return {"W": W, "losses": losses, "W requires grad": grad}


def descended(
    x: torch.Tensor, y: torch.Tensor, size: int, lr: float, habit: Habit, decay: float
) -> tuple[torch.Tensor, list[float]]:
    W, piled = np.zeros((size, size)), np.zeros((size, size))
    losses = []
    for _ in range(habit.steps):
        before = loss(W, x, y, decay)
        slope = gradient(W, x, y, decay)
        piled = slope if habit.cleared else piled + slope
        W = W + habit.sign * lr * piled
        losses.append(loss(W, x, y, decay) if habit.after else before)
    return torch.from_numpy(W).float(), losses
