"""Checks of 06_attention/04_transformer_block, on the feed-forward network. Oracles: PyTorch's gelu, NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from fasttrack.check import check, expect
from fasttrack.check.fixtures import transformer_block as fixtures
from fasttrack.check.inputs import EXACT, distinct_sizes, normal
from fasttrack.check.training.ask import Told, ask
from fasttrack.check.transformer_block.norms import seen
from fasttrack.check.values import describe


def by_tanh(x: torch.Tensor, cubic: float = 0.044715, factor: float = math.sqrt(2 / math.pi)) -> torch.Tensor:
    return 0.5 * x * (1 + torch.tanh(factor * (x + cubic * x**3)))


WRONG: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "the form with tanh, GPT-2's: yours is the exact one, with erf": functional.gelu,
    "the form with tanh: yours is x · sigmoid(1.702 x), which is coarser": lambda x: x * torch.sigmoid(1.702 * x),
    "that is Swish, x · sigmoid(x)": functional.silu,
    "that is ReLU": functional.relu,
    "x³, not x²": lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**2))),
    "the root of 2/π, not 2/π": lambda x: by_tanh(x, factor=2 / math.pi),
    "the root of 2/π, not of 2π": lambda x: by_tanh(x, factor=math.sqrt(2 * math.pi)),
    "the root of 2/π is missing": lambda x: by_tanh(x, factor=1.0),
    "0.044715 is missing": lambda x: by_tanh(x, cubic=1.0),
    "the cubic term is missing": lambda x: by_tanh(x, cubic=0.0),
    **{
        f"the constant is 0.044715: yours is {slip}": partial(by_tanh, cubic=slip)
        for slip in (0.44715, 0.0044715, 0.04715, 0.04475, 0.044175, 0.047715, 0.044)
    },
    "the root of 2/π multiplies both terms in the brackets":
        lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * x + 0.044715 * x**3)),
    "the factor 1/2 is missing": lambda x: 2 * by_tanh(x),
    "the factor x is missing: yours is the gate alone": lambda x: by_tanh(x) / x,
    "1 + tanh, not tanh alone": lambda x: by_tanh(x) - 0.5 * x,
    "1 + tanh, not 1 - tanh": lambda x: x - by_tanh(x),
}  # fmt: skip


@check
def gelu(learner: Any, seed: int) -> None:
    """x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))). Oracle: functional.gelu(x, approximate="tanh")."""
    a, b, c = distinct_sizes(seed, 3)
    for k, (shape, dtype) in enumerate(
        (((a, b), torch.float64), ((b, a, c), torch.float64), ((1,), torch.float64), ((b, c), torch.float32))
    ):
        x = 1.5 * normal(seed + k, *shape, dtype=dtype)
        want = functional.gelu(x, approximate="tanh")
        rounding = EXACT if dtype == torch.float64 else {}
        expect(learner, x).close(want, mistakes={words: how(x) for words, how in WRONG.items()}, **rounding)
    ends = torch.tensor([0.0, -1e4, 1e4, -30.0, 30.0])
    expect(learner, ends).close(functional.gelu(ends, approximate="tanh"))
    x = normal(seed + 9, a, b, dtype=torch.float64)
    leaf = x.clone().requires_grad_()
    (want,) = torch.autograd.grad(functional.gelu(leaf, approximate="tanh").sum(), leaf)
    slope = ask(learner, fixtures.slope, x, called=f"the slope of gelu at x, x {describe(x)}").value
    Told(slope, "the slope of gelu, by autograd").close(want, rtol=1e-9, atol=1e-10)


Values = Mapping[str, torch.Tensor]


def shapes(n_embd: int) -> dict[str, tuple[int, ...]]:
    wide = 4 * n_embd
    return {
        "fc.weight": (wide, n_embd),
        "fc.bias": (wide,),
        "proj.weight": (n_embd, wide),
        "proj.bias": (n_embd,),
    }


@check
def FeedForward(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """fc, gelu, proj. Oracle: matrix products in NumPy with the same parameters."""
    sizes = distinct_sizes(seed, 3)
    for n_embd in sizes[:2]:
        want = shapes(n_embd)
        narrow = {
            **want,
            "fc.weight": (n_embd, n_embd),
            "fc.bias": (n_embd,),
            "proj.weight": (n_embd, n_embd),
        }
        ask(
            learner, fixtures.shapes, n_embd, called=f"the parameters of FeedForward({n_embd}), by name"
        ).equals(
            want,
            mistakes={
                "the hidden layer has 4 * n_embd units": narrow,
                "both layers have a bias": {name: want[name] for name in ("fc.weight", "proj.weight")},
                "the names are turned: fc widens, proj narrows": {
                    name.replace(*("fc", "proj") if "fc" in name else ("proj", "fc")): shape
                    for name, shape in want.items()
                },
                "no parameters are registered: layers are attributes, made in __init__": {},
            },
        )
    a, b, c = sizes
    for k, shape in enumerate(((b, c, a), (1, 1, b), (2, c, c), (c, a))):
        n_embd = shape[-1]
        values = {
            name: normal(seed + 10 * k + j, *size, dtype=torch.float64) / math.sqrt(n_embd)
            for j, (name, size) in enumerate(shapes(n_embd).items())
        }
        x = normal(seed + k + 50, *shape, dtype=torch.float64)
        right = forward(values, x)
        wrong = {words: forward(values, x, how) for words, how in WRONG.items()}
        wrong |= {
            "there is no gelu: two linear layers in a row are one": forward(values, x, lambda h: h),
            "gelu comes between the two layers: yours comes last, too": functional.gelu(
                right, approximate="tanh"
            ),
            "gelu comes between the two layers: yours comes last": functional.gelu(
                forward(values, x, lambda h: h), approximate="tanh"
            ),
            "what is added to the stream is the block's business: no residual here": right + x,
        }
        mistakes = {words: seen(value) for words, value in wrong.items()}
        called = f"FeedForward({n_embd})(x), x {describe(x)}"
        ask(learner, fixtures.output, [n_embd], values, x, called=called).close(
            seen(right), mistakes=mistakes, rtol=1e-9, atol=1e-10
        )


def forward(
    values: Values, x: torch.Tensor, middle: Callable[[torch.Tensor], torch.Tensor] | None = None
) -> torch.Tensor:
    """proj(middle(fc(x))), by NumPy; `middle` is the tanh form of gelu unless given."""
    weight, bias, out, shift = (
        values[name].numpy() for name in ("fc.weight", "fc.bias", "proj.weight", "proj.bias")
    )
    hidden = x.numpy() @ weight.T + bias
    if middle:
        hidden = middle(torch.from_numpy(hidden)).numpy()
    else:
        hidden = hidden / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)))
    return torch.from_numpy(hidden @ out.T + shift)
