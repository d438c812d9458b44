"""Checks of training in NumPy: a step, an epoch, and a network that must read digits.

Oracles: torch.sub and torch.autograd on the check's own copies, accuracy counted here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, require
from fasttrack.check.inputs import EXACT, distinct_sizes
from fasttrack.check.numpy_network.arrays import Layers, array, as_lists, labels, layers_of, plain
from fasttrack.check.numpy_network.network import How, by_torch, leaves_of, outputs
from fasttrack.check.values import describe
from fasttrack.data import digits

GOAL = 0.96


def stepped(layers: Layers, grads: Layers, lr: float) -> Layers:
    """One step downhill, by PyTorch's `sub`; a negative lr leads uphill."""
    pairs = []
    for pair, changes in zip(layers, grads, strict=True):
        w, b = (
            torch.sub(torch.from_numpy(value), torch.from_numpy(change), alpha=lr).numpy()
            for value, change in zip(pair, changes, strict=True)
        )
        pairs.append((w, b))
    return pairs


@check
def sgd_step(learner: Any, seed: int) -> None:
    """New layers, one step downhill. Oracle: torch.sub."""
    a, b, c = distinct_sizes(seed, 3)
    for k, (sizes, lr) in enumerate((((a, b, c), 0.1), ((a, b), 2.0), ((b, b, b, c), 0.03))):
        layers, grads = layers_of(seed + k, sizes), layers_of(seed + 30 + k, sizes)
        want = stepped(layers, grads, lr)
        expect(learner, layers, grads, lr).close(
            want,
            mistakes={
                "uphill: subtract lr times the gradient": stepped(layers, grads, -lr),
                "lr is missing": stepped(layers, grads, 1.0),
                "lr is a factor of the gradient, not of the parameter": [
                    (lr * w - gw, lr * b - gb) for (w, b), (gw, gb) in zip(layers, grads, strict=True)
                ],
                "the biases take the step, too": [
                    (w, b) for (w, _), (_, b) in zip(want, layers, strict=True)
                ],
                "nothing has changed: return the new layers": layers,
                "nothing is returned": None,
                "pairs as tuples: (w, b)": as_lists(want),
                "that is the step alone: subtract it from the parameters": [
                    (lr * gw, lr * gb) for gw, gb in grads
                ],
                "only the last layer came back": want[-1:],
                "a list of pairs, not a tuple": tuple(want),
            },
            **EXACT,
        )


@dataclass(frozen=True)
class Epoch:
    """An epoch as it should be, or with one thing wrong."""

    moving: bool = True  # each gradient is taken where the step before led
    shuffled: bool = True
    targets_too: bool = True
    last: bool = True  # the smaller batch at the end counts
    mean: str = "rows"
    sign: float = 1.0
    once: bool = False  # the first batch alone


def epoch(
    layers: Layers, x: np.ndarray, targets: np.ndarray, order: np.ndarray, size: int, lr: float, how: Epoch
) -> tuple[Layers, float]:
    """The layers after all batches, and the mean loss."""
    start, rows = layers, order if how.shuffled else np.arange(len(x))
    losses: list[float] = []
    counts: list[int] = []
    for at in range(0, len(rows), size):
        batch = rows[at : at + size]
        goals = batch if how.targets_too else np.arange(at, at + len(batch))
        if (len(batch) < size and not how.last) or (at and how.once):
            break
        loss, grads = by_torch(layers if how.moving else start, x[batch], targets[goals])
        layers = stepped(layers, grads, how.sign * lr)
        losses.append(loss)
        counts.append(len(batch))
    mean = {
        "rows": float(np.average(losses, weights=counts)),
        "batches": float(np.mean(losses)),
        "sum": float(np.dot(losses, counts)),
        "last": losses[-1],
        "all rows": float(np.dot(losses, counts) / len(rows)),
        "added": float(np.sum(losses)),
    }
    return layers, mean[how.mean]


@check
def train_epoch(learner: Any, seed: int) -> None:
    """A step for each batch in the given order; the mean loss over examples. Oracle: steps by PyTorch."""
    d, hidden, classes = distinct_sizes(seed, 3)
    for k, (n, size) in enumerate(((11, 4), (9, 3), (5, 5), (7, 20), (3, 1))):
        layers = layers_of(seed + k, (d, hidden, classes) if k != 1 else (d, classes))
        x, targets = array(seed + 40 + k, n, d), labels(seed + 50 + k, classes, n)
        order = np.random.default_rng(seed + k).permutation(n)

        done = partial(epoch, layers, x, targets, order, size, 0.3)
        want = done(Epoch())
        slow = epoch(layers, x, targets, order, n, 0.3, Epoch())
        mistakes: dict[str, Any] = {
            "all gradients were taken at the first layers: take each at those the last step gave": done(
                Epoch(moving=False)
            ),
            "the batches are to be taken in the given order": done(Epoch(shuffled=False)),
            "x is taken in the given order, targets are not: they no longer belong together": done(
                Epoch(targets_too=False)
            ),
            "the last, smaller batch counts, too": done(Epoch(last=n < size or n % size == 0)),
            "the last, smaller batch counts, too: yours takes no step with it": done(
                Epoch(last=n < size or n % size == 0, mean="all rows")
            ),
            "the mean over examples, not over batches: the last batch may be smaller": done(Epoch(mean="batches")),
            "the mean over examples: divide by their number": done(Epoch(mean="sum")),
            "the mean over examples, not the sum of the batches' losses": done(Epoch(mean="added")),
            "the mean over the epoch, not the loss of the last batch": done(Epoch(mean="last")),
            "uphill: subtract lr times the gradient": done(Epoch(sign=-1)),
            "the first batch alone was used: return after the loop": done(Epoch(once=True)),
            "one step with all rows: take batches of batch_size": slow,
            "the layers have not changed: give the loop's variable what sgd_step returns": (
                layers,
                done(Epoch(moving=False))[1],
            ),
            "the layers first, then the loss": want[::-1],
            "return the loss, too: (layers, loss)": want[0],
        }  # fmt: skip
        plain(expect(learner, layers, x, targets, order, size, 0.3)).close(want, mistakes=mistakes, **EXACT)


def share_right(layers: Layers, x: np.ndarray, targets: np.ndarray) -> float:
    with torch.no_grad():
        logits = outputs(leaves_of(layers), x, How())
    return float((logits.numpy().argmax(1) == targets).mean())


def is_network(layers: Any) -> bool:
    """Whether `layers` is a list of pairs of float64 arrays, whose shapes fit each other from 64 to 10."""
    if type(layers) is not list or not layers:
        return False
    width = 64
    for pair in layers:
        if type(pair) is not tuple or len(pair) != 2 or not all(type(a) is np.ndarray for a in pair):
            return False
        w, b = pair
        if (
            w.ndim != 2
            or w.shape[0] != width
            or b.shape != w.shape[1:]
            or {w.dtype, b.dtype} != {np.dtype("f8")}
        ):
            return False
        width = w.shape[1]
    return width == 10  # fmt: skip


@check
def train_digits(learner: Any, seed: int) -> None:
    """A network that reads at least 96 % of held-out digits, by any name. Oracle: its accuracy, counted here."""
    images, numerals = (part.numpy() for part in digits())
    x = images.reshape(-1, 64).astype(np.float64) / 16
    order = np.random.default_rng(0).permutation(len(x))  # the lesson's split: others differ by two per cent
    rng = np.random.default_rng(seed)
    train, held, targets = rng.permutation(order[:1437]), order[1437:], rng.permutation(10)[numerals]
    layers = expect(learner, x[train], targets[train]).value
    require(
        is_network(layers),
        ("expected", "a list of tuples (w, b), float64, each (d_in, d_out) and (d_out,), from 64 to 10"),
        ("got", describe(layers)),
        *(
            [("mistake", "return the layers alone, without the losses")]
            if type(layers) is tuple and layers and is_network(layers[0])
            else []
        ),
    )
    on_train, on_held = (share_right(layers, x[rows], targets[rows]) for rows in (train, held))
    require(
        on_held >= GOAL,
        ("called", "train_digits(array float64 (1437, 64), array int64 (1437,))"),
        ("expected", f"at least {GOAL:.0%} of 360 held-out digits right"),
        ("got", f"{on_held:.1%}, and {on_train:.1%} of the training images"),
        ("mistake", advice(on_train)),
    )


def advice(on_train: float) -> str:
    """What to look at, by the share of training images that are right, where too few of the others are."""
    if on_train < 0.3:
        return "about as good as guessing: do the layers that you return come from the last step? Or is lr too large?"
    if on_train < GOAL:
        return "not even the training images are learned: do all of them take part? Else more epochs, or a larger lr"
    return "the training images are learned, the others not: is the network needlessly large or deep?"
