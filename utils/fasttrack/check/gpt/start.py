"""Check of 07_gpt/01_gpt, on a model's start. Oracle: what a normal distribution promises of thousands of numbers."""

from __future__ import annotations

import math
import random
from typing import Any

import torch

from fasttrack.check import check, require
from fasttrack.check.fixtures import gpt as fixtures
from fasttrack.check.training.ask import ask

Fact = tuple[str, str]


@check
def init_weights(learner: Any, seed: int) -> None:
    """Every parameter by its kind. Oracle: mean, spread and extremes of a normal distribution."""
    draw = random.Random(seed)
    for k in range(2):
        blocks = 2 - k
        sizes = (draw.randint(90, 300), draw.randint(50, 90), blocks, 4, 4 * draw.randint(12, 16))
        n_layer, fill = draw.randint(3, 9) if k else blocks, draw.choice((0.75, 1.5, 0.5, 2.5))
        called = (
            f"init_weights(model, {n_layer}), a model with n_embd {sizes[4]} whose parameters were all {fill}"
        )
        told = [
            ask(learner, fixtures.initialised, sizes, fill, seed + k + again, n_layer, called=called).value
            for again in (0, 99)
        ]
        same = "the parameters are the same objects, and still trained"
        require(
            told[0][same] is True,
            ("called", called),
            (
                "mistake",
                "fill the parameters in place (nn.init does): yours were replaced, or no longer require grad",
            ),
        )
        require(
            told[0]["it returns the model"] is True,
            ("called", called),
            ("expected", "the model itself is returned"),
        )
        first, second = (one["parameters"] for one in told)
        for name, value in first.items():
            by_kind(called, name, value, n_layer, fill)
            if value.dim() == 2:
                require(
                    not torch.equal(value, second[name]),
                    ("called", called + ", under two seeds"),
                    ("mistake", f"{name} is the same under another seed: draw from torch's own generator"),
                )
        twins = [name for name in first if first[name].dim() == 2 and "blocks." in name]
        for one in twins:
            for other in twins:
                apart = one == other or first[one].shape != first[other].shape
                require(
                    apart or not torch.equal(first[one], first[other]),
                    ("called", called),
                    ("mistake", f"{one} and {other} hold the same numbers: draw each by itself"),
                )


def by_kind(called: str, name: str, value: torch.Tensor, n_layer: int, fill: float) -> None:
    """One parameter: a bias, a norm's gain, or a matrix."""
    seen = ("looked at", f"{name} {tuple(value.shape)} after {called}")
    if name.endswith("bias"):
        require(
            torch.equal(value, torch.zeros_like(value)),
            seen,
            ("expected", "zeros"),
            ("got", f"{value.flatten()[0].item():.4g}, …"),
            *[("mistake", "biases start at 0: this one was left as it was")][
                : int(bool((value == fill).all()))
            ],
        )
    elif value.dim() == 1:
        require(
            torch.equal(value, torch.full_like(value, fill)),
            seen,
            ("expected", f"{fill}: the gain of a norm stays as it is"),
            ("got", f"{value.flatten()[0].item():.4g}, …"),
        )
    else:
        matrix(seen, name, value, n_layer, fill)


def matrix(seen: Fact, name: str, value: torch.Tensor, n_layer: int, fill: float) -> None:
    """Its mean within 5 standard errors of 0, its spread within 5 of what it should be, tails of a normal."""
    writes = name.endswith("proj.weight")
    want = 0.02 / math.sqrt(2 * n_layer) if writes else 0.02
    value = value.double()
    count = value.numel()
    mean, std = value.mean().item(), value.std().item()
    slack = 5 / math.sqrt(2 * count)
    residual = 0.02 / math.sqrt(2 * n_layer)
    mistakes = {
        "proj writes to the residual stream: divide its 0.02 by sqrt(2 * n_layer)": 0.02
        if writes
        else math.nan,
        "only proj is divided by sqrt(2 * n_layer)": math.nan if writes else residual,
        "two branches in each block write to the stream: sqrt(2 * n_layer), not sqrt(n_layer)": 0.02
        / math.sqrt(n_layer),
        "divide by the square root of 2 * n_layer": 0.02 / (2 * n_layer),
        "divided, not multiplied, by sqrt(2 * n_layer)": 0.02 * math.sqrt(2 * n_layer),
        "0.02 is the standard deviation, not the variance": math.sqrt(0.02),
        "0.02 is the standard deviation, not the variance, and then divide it": math.sqrt(
            0.02 / (2 * n_layer)
        ),
        "the standard deviation is 0.02, not 1": 1.0,
        "0.02 is not squared": 0.02**2,
    }
    got = 0.0 if not math.isfinite(std) else std
    told = [
        ("mistake", words)
        for words, wrong in mistakes.items()
        if math.isfinite(wrong) and abs(got / wrong - 1) < slack and abs(wrong / want - 1) > slack
    ]
    if not told and abs(got / (want / math.sqrt(3)) - 1) < slack:
        told = [
            ("mistake", "0.02 is the standard deviation of a normal, not the bound of a uniform distribution")
        ]
    if bool((value == fill).all()):
        told = [("mistake", "this matrix was left as it was")]
    require(
        abs(std / want - 1) < slack,
        seen,
        ("expected", f"standard deviation {want:.5f}"),
        ("got", f"standard deviation {got:.5f}"),
        *told[:1],
    )
    require(
        abs(mean) < 5 * want / math.sqrt(count),
        seen,
        ("expected", "mean 0"),
        ("got", f"mean {mean:.5f}"),
    )
    require(
        bool(value.abs().max() > 2.6 * want),
        seen,
        ("expected", "a normal distribution"),
        ("got", f"no number beyond {value.abs().max().item() / want:.2f} standard deviations"),
        ("mistake", "a normal distribution, not a uniform or a truncated one"),
    )
