"""Checks of normalising a batch, and of folding a BatchNorm into the layer before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional
from torch.nn.utils.fusion import fuse_linear_bn_weights

from fasttrack.check import check, expect, fixtures
from fasttrack.check.batchnorm.mistaken import cancelled
from fasttrack.check.inputs import EXACT, distinct_sizes, normal
from fasttrack.check.training.ask import ask

EPS = 1e-5


@check
def normalize(learner: Any, seed: int) -> None:
    """Mean 0 and variance 1 for each feature, over all other dimensions. Oracle: NumPy, feature by feature."""
    a, b, c = distinct_sizes(seed, 3)
    cases: tuple[tuple[tuple[int, ...], float | None], ...] = (
        ((a + 1, b), 0.5), ((a, b, c), 0.2), ((5 * a, c), None), ((b, b), None), ((1, a, b), 0.1),
        ((c, c, c), None), ((1, b), None),
    )  # fmt: skip
    for case, (shape, given) in enumerate(cases):
        eps = EPS if given is None else given
        scale, shift = 1 + torch.arange(shape[-1]), 3 * normal(seed + 50, shape[-1], dtype=torch.float64)
        x = scale * normal(seed + case, *shape, dtype=torch.float64) + shift
        expect(learner, x, *(() if given is None else (given,))).close(
            by_loop(x, eps), mistakes=wrong(x, eps), **EXACT
        )
    still = normal(seed + 20, 4, 3, dtype=torch.float64)
    still[:, 1] = 2.5  # never changes: eps keeps 0 / 0 away
    nothing = "a feature that does not vary gives 0, not nan: eps belongs under the root"
    expect(learner, still).close(by_loop(still, EPS), mistakes={nothing: without_eps(still)}, **EXACT)
    far = 3000 + normal(seed + 21, 64, 3)  # float32: E[x²] - E[x]² would have no digits left
    answer, want = expect(learner, far), by_loop(far.double(), EPS).float()
    answer.close(want, mistakes=cancelled(answer.value, want), rtol=2e-3, atol=2e-3)
    gradients(learner, seed)


def by_loop(x: torch.Tensor, eps: float) -> torch.Tensor:
    values = x.numpy().copy()
    for k in range(values.shape[-1]):
        feature = values[..., k]
        values[..., k] = (feature - feature.mean()) / np.sqrt(feature.var() + eps)
    return torch.from_numpy(values)


def without_eps(x: torch.Tensor) -> torch.Tensor:
    dims = tuple(range(x.dim() - 1))
    return (x - x.mean(dims)) / x.std(dims, correction=0)


def wrong(x: torch.Tensor, eps: float) -> dict[str, Any]:
    """What known mistakes make of `x`."""
    dims = tuple(range(x.dim() - 1))
    mean, var = x.mean(dims), x.var(dims, correction=0)
    count = x[..., 0].numel()
    own = x - x.mean(-1, keepdim=True)
    mistakes: dict[str, Any] = {
        "is your epsilon inside the root? yours is added to the standard deviation": (x - mean)
        / (var.sqrt() + eps),
        "eps is missing, or not the one that is passed": (x - mean) / var.sqrt(),
        "the variance divides, and not its root": (x - mean) / (var + eps),
        "the mean is still there: subtract it": x / (var + eps).sqrt(),
        "the mean is gone, the scale is not: divide": x - mean,
        "over the examples, for each feature: yours is over the features of each example (that is LayerNorm)": own
        / (x.var(-1, correction=0, keepdim=True) + eps).sqrt(),
        "one mean for each feature, not one for the whole tensor": (x - x.mean())
        / (x.var(correction=0) + eps).sqrt(),
        "eps is an argument": (x - mean) / (var + EPS).sqrt(),
        "the shape: one mean for each feature, lined up with the last dimension": RuntimeError("must match"),
    }
    if count > 1:
        unbiased = x.var(dims, correction=1)
        mistakes["divide by n in the variance: torch's var divides by n - 1 unless correction=0"] = (
            x - mean
        ) / (unbiased + eps).sqrt()
    if x.dim() == 3:
        each = (x - x.mean(0)) / (x.var(0, correction=0) + eps).sqrt()
        mistakes["over batch and time together: yours has a mean for each time"] = each
        example = (x - x.mean(1, keepdim=True)) / (x.var(1, correction=0, keepdim=True) + eps).sqrt()
        mistakes["over batch and time together: yours has a mean for each example"] = example
    return mistakes


def gradients(learner: Any, seed: int) -> None:
    """Mean and variance depend on every example, and so does the gradient. Oracle: PyTorch's own batch_norm."""
    a, b = distinct_sizes(seed + 1, 2)
    x, upstream = (normal(seed + k, a + 2, b, dtype=torch.float64) for k in (30, 31))
    leaf = x.clone().requires_grad_()
    out = functional.batch_norm(leaf, None, None, training=True, eps=EPS)
    (want,) = torch.autograd.grad(out, leaf, upstream)
    cut = upstream / (x.var(0, correction=0) + EPS).sqrt()
    called = "normalize(x) and the gradient at x, x of shape (batch, features)"
    ask(learner, fixtures.gradient_through, x, upstream, called=called).close(
        want,
        mistakes={
            "mean and variance belong to the graph: gradients must flow through them": cut,
            "no gradient reaches x": None,
        },
        rtol=1e-7,
        atol=1e-9,
    )


@check
def fold_batchnorm(learner: Any, seed: int) -> None:
    """One linear layer for linear, then BatchNorm in evaluation. Oracle: torch.nn.utils.fusion."""
    for case, (out, fan_in, eps) in enumerate(
        (*zip(distinct_sizes(seed, 3), distinct_sizes(seed + 1, 3), (0.5, 1e-5, 1e-3), strict=True), (2, 2, 0.1))
    ):  # fmt: skip
        out, fan_in = out + 7, fan_in + 7  # a failure shows shapes, not numbers
        w = normal(seed + case, out, fan_in, dtype=torch.float64)
        gain, shift, mean = (
            normal(seed + case + k, out, dtype=torch.float64) + 0.5 for k in (10, 20, 30)
        )  # a gain may be negative
        var = 0.2 + normal(seed + case + 40, out, dtype=torch.float64) ** 2
        with torch.no_grad():
            folded = fuse_linear_bn_weights(w, None, mean, var, eps, gain, shift)
        want = (folded[0].detach(), folded[1].detach())
        scale = gain / (var + eps).sqrt()
        mistakes: dict[str, Any] = {
            "the root is missing: divide by the root of running_var + eps": pair(w, gain / (var + eps), shift, mean),
            "is your epsilon inside the root?": pair(w, gain / (var.sqrt() + eps), shift, mean),
            "eps is missing": pair(w, gain / var.sqrt(), shift, mean),
            "weight, the gain, is missing": pair(w, 1 / (var + eps).sqrt(), shift, mean),
            "divide by running_var's root, do not multiply": pair(w, gain * (var + eps).sqrt(), shift, mean),
            "the running mean must be scaled, too": (scale[:, None] * w, shift - mean),
            "the running mean is subtracted before the scale: its sign is turned": (
                scale[:, None] * w,
                shift + scale * mean,
            ),
            "the running mean is missing": (scale[:, None] * w, shift),
            "bias is missing": (scale[:, None] * w, -scale * mean),
            "bias comes after the scale: it is not scaled": (scale[:, None] * w, scale * (shift - mean)),
            "the linear weight must be scaled, too": (w, shift - scale * mean),
            "first the weight, then the bias": (want[1], want[0]),
            "an output is a row of the (out, in) weight: scale rows": RuntimeError("must match"),
        }  # fmt: skip
        if out == fan_in:
            mistakes["an output is a row of the (out, in) weight: yours scales columns"] = (
                w * scale,
                shift - scale * mean,
            )
        expect(learner, w, gain, shift, mean, var, eps).close(want, mistakes=mistakes, **EXACT)


def pair(
    w: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor, mean: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    return scale[:, None] * w, shift - scale * mean
