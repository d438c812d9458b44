"""Checks of single layers, linear and ReLU, both ways. Oracle: torch.nn.functional and autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from fasttrack.check import check, expect
from fasttrack.check.inputs import distinct_sizes
from fasttrack.check.numpy_network.arrays import array, tolerance

DTYPES = (torch.float64, torch.float32)


def shapes(seed: int) -> list[tuple[int, int, int]]:
    """Rows, inputs and outputs: all different, one row, one output, and square, where shapes tell nothing."""
    n, d_in, d_out = distinct_sizes(seed, 3)
    return [(n, d_in, d_out), (n, n, n), (1, d_in, d_out), (n, 1, d_out), (n, d_in, 1), (1, 1, 1)]


@check
def linear_forward(learner: Any, seed: int) -> None:
    """x w + b. Oracle: functional.linear, which holds w transposed."""
    for n, d_in, d_out in shapes(seed):
        for dtype in DTYPES:
            x, w = array(seed, n, d_in, dtype=dtype), array(seed + 1, d_in, d_out, dtype=dtype)
            b = array(seed + 2, d_out, dtype=dtype)
            bare = functional.linear(torch.from_numpy(x), torch.from_numpy(w).T).numpy()
            mistakes: dict[str, Any] = {
                "the bias is missing": bare,
                "the bias is added, not subtracted": bare - b,
                "the shapes say x @ w: (n, d_in) @ (d_in, d_out)": ValueError,
            }
            if n == d_in == d_out:
                mistakes |= {
                    "x @ w, not x @ w.T: w has the shape (d_in, d_out)": x @ w.T + b,
                    "x @ w, not w @ x": w @ x + b,
                    "x * w multiplies element by element: a matrix product is @": x * w + b,
                    "b belongs to the columns, one number for each output": bare + b[:, None],
                }
            expect(learner, x, w, b).close(bare + b, mistakes=mistakes, **tolerance(dtype))


def gradients(f: Callable[..., torch.Tensor], grad_out: np.ndarray, *inputs: np.ndarray) -> list[np.ndarray]:
    """The gradients of the sum of `grad_out * f(*inputs)`, by autograd."""
    leaves = [torch.from_numpy(value.copy()).requires_grad_() for value in inputs]
    found = torch.autograd.grad(f(*leaves), leaves, torch.from_numpy(grad_out))
    return [grad.numpy() for grad in found]


@check
def linear_backward(learner: Any, seed: int) -> None:
    """(grad_x, grad_w, grad_b). Oracle: autograd of x w + b."""
    for n, d_in, d_out in shapes(seed):
        for dtype in DTYPES:
            x, w = array(seed, n, d_in, dtype=dtype), array(seed + 1, d_in, d_out, dtype=dtype)
            g = array(seed + 2, n, d_out, dtype=dtype)
            b = array(seed + 3, d_out, dtype=dtype)
            dx, dw, db = gradients(lambda x, w, b: x @ w + b, g, x, w, b)
            mistakes: dict[str, Any] = {
                "grad_b: each row adds its share, so sum over the batch": (dx, dw, g),
                "grad_b: a sum over the batch, not a mean": (dx, dw, g.mean(0)),
                "grad_b has the shape of b, (d_out,): no keepdims": (dx, dw, db[None]),
                "no 1/n here: the mean belongs to the loss, and is in grad_out already": (dx, dw / n, db / n),
                "no 1/n in grad_w: the mean belongs to the loss, and is in grad_out already": (dx, dw / n, db),
                "grad_out is missing: that is only the slope of the layer": (w.T, x.T, np.ones_like(b)),
                "the order is grad_x, grad_w, grad_b": (dw, dx, db),
                "the order is grad_x, grad_w, grad_b: yours starts with grad_w": (dw, db, dx),
                "grad_w comes out transposed: it has the shape of w": (dx, dw.T, db),
                "a tuple of three arrays": [dx, dw, db],
                "the shapes do not fit: which transposes lead to the shape of the input?": ValueError,
            }  # fmt: skip
            if n == d_in == d_out:
                mistakes |= {
                    "grad_x: g @ w.T. In a square case the shapes fit without the transpose, the numbers do not": (
                        g @ w,
                        dw,
                        db,
                    ),
                    "grad_w: x.T @ g. In a square case the shapes fit without the transpose, the numbers do not": (
                        dx,
                        x @ g,
                        db,
                    ),
                    "grad_w comes out transposed: x.T @ grad_out, not grad_out.T @ x": (dx, g.T @ x, db),
                    "grad_x: the factors are turned round": (w.T @ g, dw, db),
                    "grad_b: sum over the batch, dimension 0; yours sums over the outputs": (dx, dw, g.sum(1)),
                }  # fmt: skip
            expect(learner, g, x, w).close((dx, dw, db), mistakes=mistakes, **tolerance(dtype))


def bent(seed: int, shape: tuple[int, ...], dtype: torch.dtype) -> np.ndarray:
    """Normal numbers, every third of them 0."""
    x = array(seed, *shape, dtype=dtype)
    x.reshape(-1)[::3] = 0
    return x


@check
def relu_forward(learner: Any, seed: int) -> None:
    """max(x, 0). Oracle: functional.relu."""
    a, b, c = distinct_sizes(seed, 3)
    for shape in ((a, b), (b,), (1, 1), (a, b, c)):
        for dtype in DTYPES:
            x = 3 * bent(seed, shape, dtype)
            want = functional.relu(torch.from_numpy(x)).numpy()
            expect(learner, x).close(
                want,
                mistakes={
                    "that is the absolute value: a negative number becomes 0": np.abs(x),
                    "that is the mask of what is positive, not x": (x > 0).astype(x.dtype),
                    "that is the mask of what is positive, a bool": x > 0,
                    "the other half: positive numbers stay, negative ones become 0": np.minimum(x, 0),
                    "x itself came back": x,
                    "np.max gives one number: np.maximum works element by element": TypeError,
                },
                **tolerance(dtype),
            )


@check
def relu_backward(learner: Any, seed: int) -> None:
    """grad_out where x > 0, else 0. Oracle: autograd of functional.relu, whose slope at 0 is 0."""
    a, b, c = distinct_sizes(seed, 3)
    for shape in ((a, b), (b,), (a, b, c), (4, 4)):
        for dtype in DTYPES:
            x, g = bent(seed, shape, dtype), array(seed + 1, *shape, dtype=dtype)
            (want,) = gradients(functional.relu, g, x)
            expect(learner, g, x).close(
                want,
                mistakes={
                    "the mask comes from the input x: yours looks at the sign of the gradient": np.maximum(g, 0),
                    "the mask comes from the input x, not from grad_out: what is passed on is grad_out": np.where(
                        g > 0, x, 0
                    ),
                    "at x = 0 the slope is 0: x > 0, not x >= 0": np.where(x >= 0, g, 0),
                    "half a slope at x = 0: the convention here, as in PyTorch, is 0": g
                    * (np.sign(x) + 1).astype(g.dtype)
                    / 2,
                    "grad_out is missing: that is only the slope": (x > 0).astype(x.dtype),
                    "grad_out is missing: that is only the mask": x > 0,
                    "the slope is 1, not x": g * np.maximum(x, 0),
                    "the sign of x is no slope: below 0 it is 0, not -1": g * np.sign(x),
                    "the gradient went through unchanged: where x was cut off, nothing passes": g,
                    "the mask is turned round": np.where(x > 0, 0, g),
                    "a gradient may be negative: only x decides": np.where((x > 0) & (g > 0), g, 0),
                },
                **tolerance(dtype),
            )  # fmt: skip
