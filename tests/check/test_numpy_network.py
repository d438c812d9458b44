"""The checks of 03_backprop/02_numpy_network on known functions, on wrong ones, and on a seed's inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax
from torch.nn import functional

from fasttrack.check import CheckFailed, numpy_network

Layers = list[tuple[np.ndarray, np.ndarray]]


def relative_error(f: Any, x: np.ndarray, grad: np.ndarray, h: float = 1e-5) -> float:
    if grad.shape != x.shape:
        raise ValueError("another shape")
    steps = h * np.eye(x.size).reshape(-1, *x.shape)
    found = np.array([(f(x + step) - f(x - step)) / (2 * h) for step in steps]).reshape(x.shape)
    size = np.linalg.norm(grad.ravel()) + np.linalg.norm(found.ravel())
    return float(np.linalg.norm((grad - found).ravel()) / size) if size else 0.0


def linear_back(g: np.ndarray, x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.einsum("no,io->ni", g, w), np.einsum("ni,no->io", x, g), np.einsum("no->o", g)


def summed(grad: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    padded = (1,) * (grad.ndim - len(shape)) + shape
    return grad.sum(tuple(k for k, size in enumerate(padded) if size == 1), keepdims=True).reshape(shape)


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    return float(-log_softmax(logits, 1)[np.arange(len(targets)), targets].mean())


def cross_entropy_back(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    grad: np.ndarray = (softmax(logits, 1) - np.eye(logits.shape[1], dtype=logits.dtype)[targets]) / len(
        targets
    )
    return grad  # fmt: skip


def forward(layers: Layers, x: np.ndarray) -> np.ndarray:
    for k, (w, b) in enumerate(layers):
        x = (np.maximum(x, 0) if k else x) @ w + b
    return x


def by_hand(layers: Layers, x: np.ndarray, targets: np.ndarray) -> tuple[float, Layers]:
    inputs = [x]
    for w, b in layers[:-1]:
        inputs.append(np.maximum(inputs[-1] @ w + b, 0))
    logits = inputs[-1] @ layers[-1][0] + layers[-1][1]
    g, grads = cross_entropy_back(logits, targets), []
    for (w, _), h in zip(layers[::-1], inputs[::-1], strict=True):
        grads.append((h.T @ g, g.sum(0)))
        g = (g @ w.T) * (h > 0)
    return cross_entropy(logits, targets), grads[::-1]


def by_torch(layers: Layers, x: np.ndarray, targets: np.ndarray) -> tuple[float, Layers]:
    pairs = [[torch.tensor(value, requires_grad=True) for value in pair] for pair in layers]
    h = torch.tensor(x)
    for k, (w, b) in enumerate(pairs):
        h = (h.relu() if k else h) @ w + b
    loss = functional.cross_entropy(h, torch.tensor(targets))
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.item(), [(w.grad.numpy(), b.grad.numpy()) for w, b in pairs]  # type: ignore[union-attr]


def step(layers: Layers, grads: Layers, lr: float) -> Layers:
    return [(w - lr * dw, b - lr * db) for (w, b), (dw, db) in zip(layers, grads, strict=True)]


def run(
    layers: Layers, x: np.ndarray, targets: np.ndarray, order: np.ndarray, batch_size: int, lr: float
) -> tuple[Layers, float]:
    total = 0.0
    for rows in np.split(order, range(batch_size, len(order), batch_size)):
        loss, grads = by_hand(layers, x[rows], targets[rows])
        layers = step(layers, grads, lr)
        total += len(rows) * loss
    return layers, total / len(order)


def read(x: np.ndarray, targets: np.ndarray, epochs: int = 40) -> Layers:
    rng = np.random.default_rng(0)
    layers = [
        (rng.normal(size=(64, 96)) / 6, np.zeros(96)),
        (rng.normal(size=(96, 10)) / 7, np.zeros(10)),
    ]
    for _ in range(epochs):
        layers, _ = run(layers, x, targets, rng.permutation(len(x)), 32, 0.3)
    return layers


RIGHT: dict[str, Any] = {
    "gradient_check": relative_error,
    "linear_forward": lambda x, w, b: np.einsum("ni,io->no", x, w) + b,
    "linear_backward": linear_back,
    "unbroadcast": summed,
    "relu_forward": lambda x: np.clip(x, 0, None),
    "relu_backward": lambda g, x: np.where(x > 0, g, 0),
    "softmax_cross_entropy": cross_entropy,
    "softmax_cross_entropy_backward": cross_entropy_back,
    "network_forward": forward,
    "loss_and_grads": by_hand,
    "torch_loss_and_grads": by_torch,
    "sgd_step": step,
    "train_epoch": run,
    "train_digits": read,
}

# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, Any, str]] = [
    ("gradient_check", lambda *args: 2 * relative_error(*args), "not by their mean"),
    ("gradient_check", lambda f, x, grad, h=1e-6: relative_error(f, x, grad, h), "h is 1e-5 by default"),
    ("gradient_check", lambda f, x, grad, h=1e-5: relative_error(f, x, grad), "h is an argument"),
    ("linear_forward", lambda x, w, b: x @ w, "the bias is missing"),
    ("linear_backward", lambda g, x, w: (g @ w.T, x.T @ g, g), "sum over the batch"),
    ("linear_backward", lambda g, x, w: (g @ w.T, x.T @ g / len(x), g.mean(0)), "no 1/n here"),
    ("linear_backward", lambda g, x, w: [g @ w.T, x.T @ g, g.sum(0)], "a tuple of three arrays"),
    ("unbroadcast", lambda grad, shape: grad, "still has its full shape"),
    ("relu_forward", np.abs, "the absolute value"),
    ("relu_backward", lambda g, x: g * (x >= 0), "at x = 0"),
    ("relu_backward", lambda g, x: np.maximum(g, 0), "the sign of the gradient"),
    ("softmax_cross_entropy", lambda z, y: len(y) * cross_entropy(z, y), "not their sum"),
    ("softmax_cross_entropy", lambda z, y: np.float64(cross_entropy(z, y)), "makes a Python float"),
    ("softmax_cross_entropy_backward", lambda z, y: len(y) * cross_entropy_back(z, y), "1/n is missing"),
    ("network_forward", lambda layers, x: np.maximum(forward(layers, x), 0), "no ReLU after the last"),
    ("loss_and_grads", lambda *args: (by_hand(*args)[0], by_hand(*args)[1][::-1]), "turn the list round"),
    ("loss_and_grads", lambda *args: by_hand(*args)[::-1], "the loss first"),
    ("torch_loss_and_grads", lambda *args: by_hand(*args)[1], "return the loss, too"),
    ("sgd_step", lambda layers, grads, lr: step(layers, grads, -lr), "uphill"),
    ("sgd_step", lambda layers, grads, lr: step(layers, grads, 1), "lr is missing"),
    ("train_epoch", lambda *args: run(*args)[::-1], "the layers first"),
    ("train_epoch", lambda la, x, y, order, size, lr: run(la, x, y, np.sort(order), size, lr), "given order"),
    ("train_digits", lambda x, y: read(x, y, 0), "about as good as guessing"),
    ("train_digits", lambda x, y: read(x, y, 1), "not even the training images"),
    ("train_digits", lambda x, y: (read(x, y, 1), []), "return the layers alone"),
]


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(numpy_network, name)(RIGHT[name], seed=seed)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "hint"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(
    name: str, learner: Callable[..., Any], hint: str, seed: int
) -> None:
    with pytest.raises(CheckFailed, match=hint):
        getattr(numpy_network, name)(learner, seed=seed)


@pytest.mark.parametrize("name", ["linear_backward", "relu_backward", "softmax_cross_entropy_backward"])
def test_a_gradient_that_is_slightly_off_fails(name: str) -> None:
    def off(*args: Any) -> Any:
        answer = RIGHT[name](*args)
        scale = np.float32(1 + 1e-4) if args[0].dtype == np.float32 else 1 + 1e-9
        return tuple(part * scale for part in answer) if isinstance(answer, tuple) else answer * scale

    with pytest.raises(CheckFailed):
        getattr(numpy_network, name)(off)


def test_layers_of_wrong_shape_are_no_network() -> None:
    with pytest.raises(CheckFailed, match=r"a list of tuples \(w, b\)"):
        numpy_network.train_digits(lambda x, y: [(np.zeros((10, 64)), np.zeros(10))])
