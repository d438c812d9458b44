"""Checks of 06_attention/04_transformer_block, on depth and on counting. Oracles: NumPy, PyTorch's block."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import nn

from fasttrack.check import check, expect
from fasttrack.check.fixtures import transformer_block as fixtures
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.training.ask import ask


@check
def gradient_norms(learner: Any, seed: int) -> None:
    """How long the gradient is before, between and after layers. Oracle: the chain rule by hand, in NumPy."""
    a, b, c = distinct_sizes(seed, 3)
    double, single = torch.float64, torch.float32
    for case, (batch, time, n_embd, count, kind, scale, recording, dtype) in enumerate(
        (
            (a, b, c, 3, "linear", 0.5, False, double),
            (b, 1, a, 5, "tanh", 1.5, True, double),
            (1, a, b, 1, "tanh", 1.0, False, double),
            (2, c, 4, 12, "linear", 0.2, False, double),
            (c, 2, a, 0, "linear", 1.0, True, double),
            (
                a,
                2,
                b,
                2,
                "linear",
                1e-15,
                False,
                single,
            ),  # 1e-30 at the input: its squares are not in float32
        )
    ):
        weights = [
            scale * normal(seed + 20 * case + k, n_embd, n_embd, dtype=dtype) / math.sqrt(n_embd)
            for k in range(count)
        ]
        x, upstream = (normal(seed + 50 + case + k, batch, time, n_embd, dtype=dtype) for k in (0, 9))
        grads = backward(weights, kind, x, upstream)
        norms = [float(np.sqrt((grad**2).sum())) for grad in grads]

        def told(norms: Any, grad: Any = None, held: bool = False, kept: bool = recording) -> dict[str, Any]:
            return {
                "norms": norms,
                "x.requires_grad": kept,
                "x.grad": grad,
                "layers with a gradient afterwards": [f"layer {k}" for k in range(count)] if held else [],  # noqa: B023
            }

        at_x = torch.from_numpy(grads[0])
        gone = "ask torch.autograd.grad, or work with copies: your call leaves gradients behind"
        mistakes: dict[str, Any] = {
            "the order is that of the stream, the input's gradient first": told(norms[::-1]),
            "one more than there are layers: the gradient before the first layer is missing": told(norms[1:]),
            "one more than there are layers: the gradient after the last layer is missing": told(norms[:-1]),
            "the norm is the root of the sum of squares: the root is missing": told([n**2 for n in norms]),
            "squares below 1e-45 are 0 in float32: .double() before the norm": told(
                [float(torch.from_numpy(g).to(dtype).norm()) for g in grads]
            ),
            "the norm, over all elements: yours is the mean square's root": told(
                [n / math.sqrt(x.numel()) for n in norms]
            ),
            "the norm, over all elements: yours is the largest size": told([float(np.abs(g).max()) for g in grads]),
            "the norm, over all elements: yours adds up their sizes": told([float(np.abs(g).sum()) for g in grads]),
            "the gradient of the loss: yours are norms of the stream": told(
                [float(np.sqrt((h**2).sum())) for h in forward(weights, kind, x)]
            ),
            "a list of floats: .item() makes one of a tensor": told([torch.tensor(n, dtype=x.dtype) for n in norms]),
            "a list of floats, not a tensor": told(torch.tensor(norms, dtype=x.dtype)),
            f"{gone} on x and on the layers": told(norms, at_x, True, True),
            f"{gone} on x": told(norms, at_x, False, True),
            f"{gone} on the layers' parameters": told(norms, None, True),
            f"{gone} on the layers' parameters; and x requires grad": told(norms, None, True, True),
            "x requires grad after your call: detach it first, requires_grad_() switches the caller's own": told(
                norms, None, False, True
            ),
        }  # fmt: skip
        called = f"gradient_norms(layers, x, loss), {count} {kind} layers, x of shape {(batch, time, n_embd)}"
        called += ", float32, gradients down to 1e-30" if dtype == single else ""
        ask(learner, fixtures.norms_by_depth, weights, kind, x, upstream, recording, called=called).close(
            told(norms),
            mistakes=mistakes,
            rtol=1e-9 if dtype == double else 1e-4,
            atol=1e-300,
        )


def forward(weights: list[torch.Tensor], kind: str, x: torch.Tensor) -> list[np.ndarray]:
    states = [x.double().numpy()]
    for weight in weights:
        out = states[-1] @ weight.double().numpy().T
        states.append(np.tanh(out) if kind == "tanh" else out)
    return states


def backward(
    weights: list[torch.Tensor], kind: str, x: torch.Tensor, upstream: torch.Tensor
) -> list[np.ndarray]:
    """The gradient at every state, first the one at x."""
    grads = [upstream.double().numpy()]
    for weight, out in zip(weights[::-1], forward(weights, kind, x)[:0:-1], strict=True):
        slope = 1 - out**2 if kind == "tanh" else 1.0
        grads.append((grads[-1] * slope) @ weight.double().numpy())
    return grads[::-1]


@check
def count_block_parameters(learner: Any, seed: int) -> None:
    """12 n² + 13 n. Oracle: the elements of PyTorch's own block, made without memory."""
    a, b, c = distinct_sizes(seed, 3)
    for n in (12 * a, 1, 64 + b, 768, 1600, 10 * c + 1, 12288):
        with torch.device("meta"):
            layer = nn.TransformerEncoderLayer(n, 1, 4 * n)
        total = sum(parameter.numel() for parameter in layer.parameters())
        expect(learner, n).equals(
            total,
            mistakes={
                "the matrices are right, biases and norms are missing": 12 * n * n,
                "the norms are missing: two of them, each with weight and bias": total - 4 * n,
                "there are two norms": total - 2 * n,
                "a norm has a weight and a bias": total - 2 * n,
                "the biases of the linear layers are missing": 12 * n * n + 4 * n,
                "attention has four matrices, not three: proj is the fourth": total - n * n - n,
                "attention's biases are missing: one of n_embd for each of its four matrices": total - 4 * n,
                "the biases of the feed-forward network are missing: 4 n_embd and n_embd": total - 5 * n,
                "3 n_embd too few: query, key and value have a bias each, and the hidden layer has 4 n_embd of them": (
                    total - 3 * n
                ),
                "the feed-forward network has two matrices": total - 4 * n * n,
                "the hidden layer has 4 * n_embd units": total - 6 * n * n - 3 * n,
                "an int: every count is a whole number": float(total),
            },
        )
