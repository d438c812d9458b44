"""Checks of 04_makemore/05_wavenet, on convolutions. Oracles: a walk to the oldest input, PyTorch's conv1d."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from fasttrack.check import check, expect, fixtures
from fasttrack.check.fixtures import beside
from fasttrack.check.inputs import EXACT, distinct_sizes, integers, normal
from fasttrack.check.training.ask import Told
from fasttrack.check.values import describe


@check
def receptive_field(learner: Any, seed: int) -> None:
    """How many inputs reach one output. Oracle: the set of inputs, followed down layer by layer."""
    drawn = [int(one) for one in integers(seed, 9, 3) + 1]
    for kernel_size, dilations in (
        (3, [1, 2, 5]),
        (2, [1, 2, 4]),
        (2, []),
        (1, [1, 2]),
        (4, [3]),
        (2, [2**k for k in range(10)] * 3),
        (2 + seed % 4, drawn),
    ):
        reached = {0}
        for dilation in reversed(dilations):
            reached = {at - k * dilation for at in reached for k in range(kernel_size)}
        want = 1 - min(reached)
        total, product = sum(dilations), 1
        for _ in dilations:
            product *= kernel_size
        wrong = {
            "the output sees its own position, too: one more": want - 1,
            "a kernel of k inputs spans k - 1 gaps: count the gaps": 1 + kernel_size * total,
            "the first input is counted in every layer": 1
            + sum((kernel_size - 1) * d + 1 for d in dilations),
            "dilations that are no powers of the kernel's size: add up the gaps": product,
            "the dilations make no difference: a gap is `dilation` positions long": 1
            + (kernel_size - 1) * len(dilations),
            "the kernel's size makes no difference": 1 + total,
        }
        expect(learner, kernel_size, dilations).equals(want, mistakes=wrong)


@check
def causal_dilated_conv(learner: Any, seed: int) -> None:
    """One linear map of every position and those before it. Oracle: conv1d of the padded input, float64."""
    a, b, c, d = distinct_sizes(seed, 4)
    for case, (batch, time, channels, out, n, dilation, biased) in enumerate(
        (
            (a, 9, b, c, 2, 2, True),
            (b, 11, c, d, 3, 2, True),
            (1, 5, a, b, 2, 1, False),
            (c, 1, a, a, 2, 4, True),
            (a, 8, 1, b, 4, 3, False),
            (d, 6, c, 1, 1, 5, True),
        )
    ):
        x = normal(seed + case, batch, time, channels, dtype=torch.float64)
        weight = normal(seed + 10 + case, out, n * channels, dtype=torch.float64)
        bias = normal(seed + 20 + case, out, dtype=torch.float64) if biased else None
        want = convolved(x, weight, bias, dilation, n)
        mistakes = {
            "it looks ahead: the zeros belong before the start of x": convolved(
                x, weight, bias, dilation, n, left=0
            ),
            "it looks ahead by half: all of the zeros belong before the start of x": convolved(
                x, weight, bias, dilation, n, left=(n - 1) * dilation // 2
            ),
            "the oldest position's columns come first in weight: yours are in the opposite order": convolved(
                x, turned(weight, n), bias, dilation, n
            ),
            "the positions are `dilation` apart: yours are neighbours": convolved(x, weight, bias, 1, n),
            "columns of one position stand together in weight: reshape to (out, n, channels), not (out, channels, n)":
                convolved(x, regrouped(weight, n), bias, dilation, n),
            "time positions in, time positions out: put zeros before the start of x": convolved(
                x, weight, bias, dilation, n, padded=False
            ),
            "the bias is missing": convolved(x, weight, None, dilation, n),
            "before the start there are zeros; yours repeats the first position": convolved(
                x, weight, bias, dilation, n, repeat=True
            ),
            "channels come last: (batch, time, out)": want.transpose(1, 2),
            **({} if n == 2 else wrong_kernels(batch, time, channels, out, n, dilation)),
            "the end of x comes round to its start: torch.roll is a circle": around(
                x, weight, bias, dilation, n
            ),
        }  # fmt: skip
        expect(learner, x, weight, bias, dilation).close(want, mistakes=mistakes, **EXACT)
    x, weight = normal(seed, a, 7, b), normal(seed + 1, c, 2 * b)
    called = f"the gradient at x {describe(x)} of the sum of the output, weight {describe(weight)}"
    slope = beside(learner, fixtures.gradient, x, weight, None, 2)
    leaf = x.clone().requires_grad_()
    (want,) = torch.autograd.grad(convolved(leaf, weight, None, 2, 2).sum(), leaf)
    Told(slope, called).close(want)


def wrong_kernels(
    batch: int, time: int, channels: int, out: int, n: int, dilation: int
) -> dict[str, Exception]:
    """The errors of an answer that is right for kernels of two positions only."""
    return {
        "n follows from the shapes, weight.shape[1] // channels: yours is always 2": RuntimeError(
            f"({batch * time}x{2 * channels} and {n * channels}x{out})"
        ),
        "n follows from the shapes: put (n - 1) * dilation zeros in front, not dilation": RuntimeError(
            f"Expected size {time} but got size {time - (n - 2) * dilation}"
        ),
    }


def convolved(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    dilation: int,
    n: int,
    *,
    left: int | None = None,
    padded: bool = True,
    repeat: bool = False,
) -> torch.Tensor:
    """The map by conv1d, which wants channels before time; `left` of the zeros stand before the start."""
    gap = (n - 1) * dilation if padded else 0
    left = gap if left is None else left
    kernel = weight.reshape(len(weight), n, -1).permute(0, 2, 1)  # (out, channels, n)
    rows = x.transpose(1, 2)  # (batch, channels, time)
    mode = "replicate" if repeat else "constant"
    rows = functional.pad(rows, (left, gap - left), mode=mode)
    if rows.shape[2] <= (n - 1) * dilation:  # no output at all without padding
        return rows.new_zeros(len(x), 0, len(weight))
    return functional.conv1d(rows, kernel, bias, dilation=dilation).transpose(1, 2)


def turned(weight: torch.Tensor, n: int) -> torch.Tensor:
    """The columns of the newest position first."""
    return weight.reshape(len(weight), n, -1).flip(1).reshape(weight.shape)


def regrouped(weight: torch.Tensor, n: int) -> torch.Tensor:
    """The columns as someone reads them who takes them for (channels, n)."""
    return weight.reshape(len(weight), -1, n).transpose(1, 2).reshape(weight.shape)


def around(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, dilation: int, n: int
) -> torch.Tensor:
    """Positions before the start are those at the end."""
    seen = [x.roll((n - 1 - k) * dilation, 1) for k in range(n)]
    return functional.linear(torch.cat(seen, 2), weight, bias)
