"""Checks of 06_attention/04_transformer_block, on norms. Oracles: torch.nn.LayerNorm and torch.nn.RMSNorm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from fasttrack.check import check, expect, require
from fasttrack.check.fixtures import transformer_block as fixtures
from fasttrack.check.inputs import EXACT, distinct_sizes, normal
from fasttrack.check.training.ask import ask
from fasttrack.check.transformer_block.mistaken import ACROSS, ACROSS_RMS, OFF, OFF_RMS, spread, square
from fasttrack.check.values import describe

Values = Mapping[str, torch.Tensor]


@check
def normalize_vector(learner: Any, seed: int) -> None:
    """One vector to mean 0 and variance 1. Oracle: functional.layer_norm in float64."""
    a, b, c = distinct_sizes(seed, 3)
    cases: list[tuple[list[float], tuple[float, ...]]] = [
        ([1.0, 2.0, 6.0], (0.5,)),
        *((normal(seed + n, n, dtype=torch.float64).tolist(), ()) for n in (a, b + 5)),
        ((3 + 0.01 * normal(seed + 20, c, dtype=torch.float64)).tolist(), ()),
        ((3 + 0.01 * normal(seed + 21, c, dtype=torch.float64)).tolist(), (0.01,)),
        ([2.5] * b, ()),
        ([-4.0], ()),
    ]
    for values, given in cases:
        eps = given[0] if given else 1e-5
        x = torch.tensor(values, dtype=torch.float64)
        want = functional.layer_norm(x, x.shape, eps=eps).tolist()
        wrong = {words: how(x, eps) for words, how in OFF.items() if len(values) > 1 or "n - 1" not in words}
        listed = {words: value.tolist() for words, value in wrong.items()}
        crash = {
            "a vector whose numbers are all equal gives zeros: eps belongs under the root": ZeroDivisionError
        }
        answer = expect(learner, values, *given)
        answer.close(want, mistakes=listed | crash, rtol=1e-10, atol=1e-11)
        require(
            type(answer.value) is list,
            ("called", f"normalize_vector({values})"),
            ("mistake", "a list of floats, not a tensor"),
        )


@check
def LayerNorm(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Over the last dimension, with a learned gain and shift. Oracle: torch.nn.LayerNorm with copied parameters."""
    a, b, c = distinct_sizes(seed, 3)
    for size in (b, a):
        gain, shift = torch.ones(size), torch.zeros(size)
        ask(learner, fixtures.parameters, size, called=f"the parameters of LayerNorm({size})").equals(
            {"weight": gain, "bias": shift},
            mistakes={
                "weight and bias are learned: make them nn.Parameter": {},
                "weight starts at 1: at 0 nothing would come through": {"weight": shift, "bias": shift},
                "bias starts at 0": {"weight": gain, "bias": gain},
                "weight and bias are both there: only weight is": {"weight": gain},
                "the names are swapped: weight multiplies": {"weight": shift, "bias": gain},
            },
        )
    for k, (shape, made_of, scale) in enumerate(
        (
            ((a, b, c), (c,), 1.0),
            ((a, b, c), (c, 0.3), 1.0),
            ((1, b, a), (a,), 0.01),
            ((b, 1, c), (c, 1e-3), 0.1),
            ((b, c), (c,), 3.0),
            ((c + 9,), (c + 9,), 1.0),
            ((2, a, b, c), (c, 1e-5), 0.01),
            ((a, 2, a), (a, 0.1), 1.0),
        )
    ):
        x = scale * (normal(seed + k, *shape, dtype=torch.float64) + 0.5)
        compare(
            learner,
            "LayerNorm",
            nn.LayerNorm(made_of[0], eps=(*made_of, 1e-5)[1]),
            made_of,
            drawn(seed + k, shape[-1]),
            x,
        )
    values = drawn(seed + 40, c)
    still = torch.full((2, a, c), 2.5, dtype=torch.float64)
    compare(learner, "LayerNorm", nn.LayerNorm(c), (c,), values, still)
    far = 3000 + normal(seed + 41, a, 2, 64)  # float32: E[x²] - E[x]² has no digits left
    plain = {"weight": torch.ones(64), "bias": torch.zeros(64)}
    called = "LayerNorm(64)(x), x float32, numbers near 3000"
    want = functional.layer_norm(far.double(), (64,)).float()
    lost = "take the mean of (x - mean)²: x² - mean² loses its digits where the mean is large"
    answer = ask(learner, fixtures.output, [64], plain, far, called=called)
    # Right in float64, as seen above, and float32 of this shape: only digits can be missing.
    digits = fits(answer.value, want)
    answer.close(seen(want), mistakes={lost: answer.value} if digits else None, rtol=2e-3, atol=2e-3)
    slopes(learner, "LayerNorm", nn.LayerNorm(c), (c,), values, seed)


def drawn(seed: int, size: int) -> dict[str, torch.Tensor]:
    """A gain and a shift that no mistake leaves without a trace."""
    weight, bias = (normal(seed + k, size, dtype=torch.float64) for k in (60, 70))
    return {"weight": 1 + weight, "bias": bias + 0.3}


def seen(out: torch.Tensor, untouched: bool = True) -> dict[str, Any]:
    """What `fixtures.output` gives."""
    return {"output": out, "x is left as it was": untouched}


def fits(found: Any, want: torch.Tensor) -> bool:
    """Whether `fixtures.output` gave a tensor of this dtype and shape, and x as it was."""
    match found:
        case {"output": torch.Tensor(dtype=want.dtype, shape=want.shape), "x is left as it was": True}:
            return True
    return False


def compare(
    learner: Any, name: str, oracle: nn.Module, made_of: tuple[Any, ...], values: Values, x: torch.Tensor
) -> None:
    """The output of a norm with these parameters, and what known mistakes would give."""
    want = oracle_with(oracle, values)(x).detach()
    eps = made_of[1] if len(made_of) > 1 else {"LayerNorm": 1e-5, "RMSNorm": 1e-6}[name]
    weight, bias = values["weight"], values.get("bias", torch.zeros_like(values["weight"]))
    raw = OFF if name == "LayerNorm" else OFF_RMS
    across = ACROSS if name == "LayerNorm" else ACROSS_RMS
    wrong = {words: how(x, eps) * weight + bias for words, how in raw.items()}
    if x.dim() == 3:
        wrong |= {words: how(x, eps) * weight + bias for words, how in across.items()}
    even = (want - bias) / weight
    wrong |= {"weight is missing": even + bias, "weight and bias are not used": even}
    if name == "LayerNorm":
        wrong |= {
            "bias is missing": even * weight,
            "weight multiplies and bias is added: yours are swapped": even * bias + weight,
            "first times weight, then plus bias: yours scales the bias, too": (even + bias) * weight,
        }
    mistakes = {words: seen(value) for words, value in wrong.items()}
    mistakes["it changes x in place: compute the answer in new tensors"] = seen(want, untouched=False)
    errors = {"keepdim=True keeps the dimension that a mean takes away": "must match the size"}
    called = f"{name}({', '.join(map(str, made_of))})(x), x {describe(x)}"
    ask(learner, fixtures.output, made_of, values, x, called=called, errors=errors).close(
        seen(want), mistakes=mistakes, **EXACT
    )


def oracle_with(oracle: nn.Module, values: Values) -> nn.Module:
    """PyTorch's module with these parameters, in float64."""
    oracle = oracle.double()
    with torch.no_grad():
        for name, value in values.items():
            oracle.get_parameter(name).copy_(value)
    return oracle


def slopes(
    learner: Any, name: str, oracle: nn.Module, made_of: tuple[Any, ...], values: Values, seed: int
) -> None:
    """Gradients at x and the parameters: mean and variance belong to the graph."""
    size = made_of[0]
    x, upstream = (normal(seed + k, 3, 2, size, dtype=torch.float64) for k in (80, 81))
    leaf = x.clone().requires_grad_()
    oracle_with(oracle, values)(leaf).backward(upstream)
    want = {"x": leaf.grad, **{key: oracle.get_parameter(key).grad for key in values}}
    scale = (spread(x) + 1e-5).sqrt() if name == "LayerNorm" else (square(x) + 1e-6).sqrt()
    straight = upstream * values["weight"] / scale  # as if neither mean nor variance had a gradient
    what = "mean and variance" if name == "LayerNorm" else "the mean square"
    belongs = {"LayerNorm": "belong", "RMSNorm": "belongs"}[name]
    called = f"the gradients of {name}({size}) at x and at its parameters"
    ask(learner, fixtures.gradients, made_of, values, list(values), x, upstream, called=called).close(
        want,
        mistakes={
            f"{what} {belongs} to the graph: gradients must flow through": {**want, "x": straight},
            **({} if name == "RMSNorm" else detached(want, straight)),
            "no gradient reaches x": {**want, "x": None},
        },
        rtol=1e-8,
        atol=1e-10,
    )  # fmt: skip


def detached(want: Mapping[str, Any], straight: torch.Tensor) -> dict[str, Any]:
    """The gradients if only one of the two statistics has none. The gradient at x is a sum of three: straight
    through, by the mean (minus the mean of the first), and by the variance (the rest)."""
    by_mean = -straight.mean(-1, keepdim=True)
    return {
        "the mean is part of the graph: no detach": {**want, "x": want["x"] - by_mean},
        "the variance is part of the graph: no detach": {**want, "x": straight + by_mean},
    }


@check
def RMSNorm(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Divided by the root of the mean square. Oracle: torch.nn.RMSNorm with a copied weight."""
    a, b, c = distinct_sizes(seed, 3)
    for size in (a, c):
        gain = torch.ones(size)
        ask(learner, fixtures.parameters, size, called=f"the parameters of RMSNorm({size})").equals(
            {"weight": gain},
            mistakes={
                "weight is learned: make it nn.Parameter": {},
                "RMSNorm has no bias": {"weight": gain, "bias": torch.zeros(size)},
                "weight starts at 1": {"weight": torch.zeros(size)},
            },
        )
    for k, (shape, made_of, scale) in enumerate(
        (
            ((a, b, c), (c,), 1.0),
            ((a, b, c), (c, 0.3), 1.0),
            ((1, b, a), (a,), 1e-3),
            ((b, 1, c), (c, 1e-5), 0.01),
            ((b, c), (c,), 3.0),
            ((c + 9,), (c + 9,), 1.0),
            ((a, 2, a), (a, 0.1), 1.0),
        )
    ):
        x = scale * (normal(seed + k, *shape, dtype=torch.float64) + 0.5)
        oracle = nn.RMSNorm(made_of[0], eps=(*made_of, 1e-6)[1])
        compare(learner, "RMSNorm", oracle, made_of, {"weight": drawn(seed + k, shape[-1])["weight"]}, x)
    weight = {"weight": drawn(seed + 40, c)["weight"]}
    compare(
        learner, "RMSNorm", nn.RMSNorm(c, eps=1e-6), (c,), weight, torch.zeros(2, a, c, dtype=torch.float64)
    )
    slopes(learner, "RMSNorm", nn.RMSNorm(c, eps=1e-6), (c,), weight, seed)
