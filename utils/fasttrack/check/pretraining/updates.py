"""Check of 07_gpt/02_pretraining, on an update in parts. Oracle: the same update in NumPy, on the whole batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fasttrack.check import check
from fasttrack.check.fixtures import pretraining as fixtures
from fasttrack.check.inputs import distinct_sizes, integers, normal
from fasttrack.check.training.ask import ask


def gradient(weight: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean loss of a `fixtures.Table` in training mode (logits doubled), and its gradient `(v, v)`."""
    z = 2 * weight[x.ravel()]
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    rows = np.arange(len(p))
    loss = float(-np.log(p[rows, y.ravel()]).mean())
    p[rows, y.ravel()] -= 1
    out = np.zeros_like(weight)
    np.add.at(out, x.ravel(), 2 * p / len(p))
    return loss, out


def cut(grad: np.ndarray, clip: float) -> np.ndarray:
    norm = float(np.sqrt((grad**2).sum()))
    return grad * min(1.0, clip / norm)


@check
def train_step(learner: Any, seed: int) -> None:
    """One update, the batch in parts. Oracle: NumPy, the whole batch at once."""
    v, a, b = distinct_sizes(seed, 3)
    v += 3
    for case, (rows, time, accumulate, share) in enumerate(
        ((2 * a, b, 2, 0.5), (3 * b, a, 3, 2.0), (a, b, 1, 0.3), (4 * a, 1, 4, 0.7), (b, a, b, 5.0))
    ):
        weight = normal(seed + case, v, v, dtype=torch.float64)
        x, y = integers(seed + 20 + case, v, rows, time), integers(seed + 40 + case, v, rows, time)
        w, lr = weight.numpy(), 0.3
        losses, grads = zip(
            *(
                gradient(w, i.numpy(), j.numpy())
                for i, j in zip(x.chunk(accumulate), y.chunk(accumulate), strict=True)
            ),
            strict=True,
        )
        loss, grad = gradient(w, x.numpy(), y.numpy())
        norm = float(np.sqrt((grad**2).sum()))
        clip = share * norm
        parts = list(x.chunk(accumulate))
        stale = np.ones_like(w)

        def seen(
            moved: np.ndarray,
            returned: Any,
            parts: Any = parts,
            each: bool = True,
            w: np.ndarray = w,
            lr: float = lr,
        ) -> dict[str, Any]:
            return {
                "returned": returned,
                "weight": torch.from_numpy(w - lr * moved),
                "parts of x": parts,
                "backward after each part": each,
            }

        def length(moved: np.ndarray) -> float:
            return float(np.sqrt((moved**2).sum()))

        told, after = (loss, norm), cut(grad, clip)
        old = grad + stale
        summed = grad * accumulate
        mistakes: dict[str, Any] = {
            "the gradients are not cut: clip them before step": seen(grad, told),
            "old gradients took part: zero_grad before the first backward": seen(
                cut(old, clip), (loss, length(old))
            ),
            "step was not called, or before the gradients were there": seen(np.zeros_like(w), told),
            "return the norm before it is cut": seen(after, (loss, min(norm, clip))),
            "return two numbers: the loss and the norm": seen(after, loss),
            "return the loss and the norm": seen(after, None),
            "first the loss, then the norm": seen(after, told[::-1]),
            "floats: .item() makes one of a tensor": seen(
                after, tuple(torch.tensor(value, dtype=torch.float64) for value in told)
            ),
            "a float: .item() makes one of the loss": seen(
                after, (torch.tensor(loss, dtype=torch.float64), norm)
            ),
            "the whole batch went through the model at once: cut x and y into `accumulate` parts": seen(
                after, told, parts=[x]
            ),
            "call backward for each part: a sum of losses keeps all parts' activations in memory": seen(
                after, told, each=False
            ),
        }
        if accumulate > 1:
            separate, moved, paid, last = w.copy(), np.zeros_like(w), 0.0, 0.0
            for i, j in zip(x.chunk(accumulate), y.chunk(accumulate), strict=True):
                part_loss, part_grad = gradient(separate, i.numpy(), j.numpy())
                step, last = cut(part_grad, clip), length(part_grad)
                separate, moved, paid = separate - lr * step, moved + step, paid + part_loss / accumulate
            clipped, each_cut = [np.zeros_like(w)], np.zeros_like(w)
            for part in grads:
                clipped.append(cut(clipped[-1] + part / accumulate, clip))
                each_cut = each_cut + cut(part / accumulate, clip)
            each_whole = sum((cut(part, clip) / accumulate for part in grads), np.zeros_like(w))
            once = "cut once, after the last backward: a part's gradient is not the batch's"
            mistakes |= {
                "gradients add up to the sum over the parts: divide each part's loss by accumulate": seen(
                    cut(summed, clip), (loss, norm * accumulate)
                ),
                "gradients add up over the parts, and so do losses: divide by accumulate": seen(
                    cut(summed, clip), (sum(losses), norm * accumulate)
                ),
                "the loss it returns is the whole batch's mean: divide the sum by accumulate": seen(
                    after, (sum(losses), norm)
                ),
                "the loss it returns is the last part's only: add up over the parts": seen(
                    after, (losses[-1], norm)
                ),
                "the loss it returns is the last part's share only: add up over the parts": seen(
                    after, (losses[-1] / accumulate, norm)
                ),
                "the loss was divided by accumulate twice": seen(after, (loss / accumulate, norm)),
                "only the last part's gradient is left: zero_grad once, before the first part": seen(
                    cut(grads[-1] / accumulate, clip), (loss, length(grads[-1]) / accumulate)
                ),
                "one update for the whole batch, not one for each part": seen(moved, (paid, last)),
                once: seen(clipped[-1], (loss, length(clipped[-2] + grads[-1] / accumulate))),
                f"{once}; the norm is the one before": seen(clipped[-1], (loss, length(clipped[-1]))),
                f"{once}; add up whole parts": seen(cut(each_cut, clip), (loss, length(each_cut))),
                f"{once}; add up parts as they are": seen(cut(each_whole, clip), (loss, length(each_whole))),
                "a part is of consecutive rows: x[i::accumulate] takes every accumulate-th": seen(
                    after, told, parts=[x[i::accumulate] for i in range(accumulate)]
                ),
                "the parts come in the order of the batch": seen(after, told, parts=parts[::-1]),
            }
        called = (
            f"train_step(model, optimizer, x {tuple(x.shape)}, y, accumulate={accumulate}, clip={clip:.4g})"
        )
        ask(learner, fixtures.stepped, weight, x, y, lr, accumulate, clip, called=called).close(
            seen(after, told), mistakes=mistakes, rtol=1e-5, atol=1e-6
        )
    weight = 9 * normal(seed, v, v, dtype=torch.float64)
    x, y = integers(seed + 1, v, a, b), integers(seed + 2, v, a, b)
    loss, grad = gradient(weight.numpy(), x.numpy(), y.numpy())
    norm = float(np.sqrt((grad**2).sum()))
    ask(
        learner,
        fixtures.stepped,
        weight,
        x,
        y,
        0.3,
        called=f"train_step(model, optimizer, x {tuple(x.shape)}, y)",
    ).close(
        {
            "returned": (loss, norm),
            "weight": weight - 0.3 * torch.from_numpy(cut(grad, 1.0)),
            "parts of x": [x],
            "backward after each part": True,
        },
        rtol=1e-5,  # clip_grad_norm_ adds 1e-6 to the norm
        atol=1e-6,
    )
