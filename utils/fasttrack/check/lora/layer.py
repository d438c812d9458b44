"""Check of 09_finetuning/02_lora, on the layer. Oracle: the sum of two products, and autograd on it."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check, require
from fasttrack.check.fixtures import lora as fixtures
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.training.ask import ask

BOTH = {"rtol": 1e-9, "atol": 1e-10}


@check
def LoRALinear(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """The start, the output, the gradients, a refusal."""
    a, b, c = distinct_sizes(seed, 3)
    start(learner, seed + 1, rows=7, columns=90, rank=30, biased=False, dtype=torch.float32)
    start(learner, seed, rows=b, columns=a, rank=c, biased=True, dtype=torch.float64)
    for k, (rows, columns, rank, alpha, leading, biased) in enumerate(
        (
            (b, a, c, 3.0, (2, 3), True),
            (a, c, 1, 0.5, (4,), False),
            (c, c, 2, 8.0, (), True),
            (3, b + 3, 5, 5, (1, 2, 2), True),
        )
    ):
        compute(learner, seed + 10 * k, rows, columns, rank, alpha, leading, biased)
    for rank in (0, -c):
        raised = ask(
            learner, fixtures.refused, rank, called=f"LoRALinear(nn.Linear(3, 2), {rank}, 1.0)"
        ).value
        require(
            raised == "ValueError",
            ("called", f"LoRALinear(nn.Linear(3, 2), {rank}, 1.0)"),
            ("expected", "ValueError: the rank must be at least 1"),
            ("got", str(raised) or "no error"),
            *(
                [("mistake", "look at the rank first, before dividing by it")]
                if raised == "ZeroDivisionError"
                else []
            ),
        )


def spelled(shapes: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in sorted(shapes.items())) or "none"


def start(
    learner: Any, seed: int, rows: int, columns: int, rank: int, biased: bool, dtype: torch.dtype
) -> None:
    """Names, shapes, what is trained, and the numbers a layer starts with."""
    weight = normal(seed, rows, columns, dtype=dtype)
    bias = normal(seed + 1, rows, dtype=dtype) if biased else None
    called = f"LoRALinear(nn.Linear({columns}, {rows}{'' if biased else ', bias=False'}), {rank}, 2.0)"
    told = ask(learner, fixtures.fresh, weight, bias, rank, 2.0, seed, called=called).value
    shapes: dict[str, tuple[int, ...]] = {
        "base.weight": (rows, columns),
        "lora_a": (rank, columns),
        "lora_b": (rows, rank),
    }
    if biased:
        shapes["base.bias"] = (rows,)
    got = {str(name): tuple(value.shape) for name, value in told["parameters"].items()}
    known = ""
    if not any("lora" in name for name in got):
        known = "lora_a and lora_b are not registered: make each an nn.Parameter"
    elif got.get("lora_a") == (columns, rank) != (rank, columns):
        known = "lora_a is (rank, in) and lora_b (out, rank), as nn.Linear keeps its weights"
    require(
        got == shapes,
        ("looked at", f"the parameters of {called}"),
        ("expected", spelled(shapes)),
        ("got", spelled(got)),
        *([("mistake", known)] if known else []),
    )
    frozen_too = [name for name in told["trained"] if name.startswith("base")]
    require(
        told["trained"] == ["lora_a", "lora_b"],
        ("looked at", f"the parameters of {called} that require gradients"),
        ("expected", "lora_a, lora_b"),
        ("got", ", ".join(told["trained"]) or "none"),
        *([("mistake", "freeze the base: its parameters require no gradients")] if frozen_too else []),
    )
    fact = "layer.base is the layer that was passed"
    require(
        told[fact] is True,
        ("called", called),
        ("expected", fact),
        ("mistake", "keep the layer itself, and make no copy of it"),
    )
    numbers = told["parameters"]
    require(
        all(value.dtype == dtype for value in numbers.values()),
        ("looked at", f"lora_a and lora_b of {called}, where the weight is {str(dtype)[6:]}"),
        ("expected", f"both {str(dtype)[6:]}"),
        ("got", f"{str(numbers['lora_a'].dtype)[6:]} and {str(numbers['lora_b'].dtype)[6:]}"),
    )
    zero = {name: not bool(numbers[name].any()) for name in ("lora_a", "lora_b")}
    known = {
        (True, True): "both are 0, and then neither ever gets a gradient: only lora_b starts at 0",
        (True, False): "it is lora_b that starts at 0, and lora_a that is random",
        (False, False): "the layer must start as its base: lora_b is 0",
    }.get((zero["lora_a"], zero["lora_b"]), "")
    require(
        zero == {"lora_a": False, "lora_b": True},
        ("looked at", f"the start of {called}"),
        ("expected", "lora_b all 0, lora_a not"),
        ("got", f"lora_a {'all 0' if zero['lora_a'] else 'not 0'}, lora_b {'all 0' if zero['lora_b'] else 'not 0'}"),
        ("mistake", known),
    )  # fmt: skip
    uniform(numbers["lora_a"], columns, rank, called)
    same = torch.equal(numbers["base.weight"], weight)
    require(same, ("looked at", f"base.weight of {called}"), ("expected", "the layer's weight, unchanged"))


def uniform(value: torch.Tensor, columns: int, rank: int, called: str) -> None:
    """Uniform between plus and minus one over the root of `columns`."""
    bound = columns**-0.5
    seen = ("looked at", f"lora_a of {called}")
    largest = value.abs().max().item()
    mistakes = {
        "the bound is 1 / sqrt(in), not 1": largest > 0.8 and bound < 0.8,
        "the bound goes by the number of inputs, not by the rank": rank < columns
        and bound < largest <= rank**-0.5,
    }
    named = [("mistake", words) for words, shown in mistakes.items() if shown]
    require(
        largest <= bound,
        seen,
        ("expected", f"all numbers between -{bound:.4f} and {bound:.4f}, one over the root of {columns}"),
        ("got", f"one of size {largest:.4f}"),
        *named[:1],
    )
    if value.numel() > 1000:
        std, mean = value.std().item(), value.mean().item()
        require(
            abs(std / (bound / 3**0.5) - 1) < 0.06
            and abs(mean) < 0.08 * bound
            and largest > 0.97 * bound
            and value.min().item() < -0.97 * bound,
            seen,
            ("expected", f"uniform between -{bound:.4f} and {bound:.4f}: standard deviation {bound / 3**0.5:.4f}"),
            ("got", f"mean {mean:.4f}, standard deviation {std:.4f}, largest {largest:.4f}"),
        )  # fmt: skip


def compute(
    learner: Any,
    seed: int,
    rows: int,
    columns: int,
    rank: int,
    alpha: float,
    leading: tuple[int, ...],
    biased: bool,
) -> None:
    """Output and gradients with given numbers."""
    double = torch.float64
    weight, b = normal(seed, rows, columns, dtype=double), normal(seed + 1, rows, rank, dtype=double)
    a, x = normal(seed + 2, rank, columns, dtype=double), normal(seed + 3, *leading, columns, dtype=double)
    bias = normal(seed + 4, rows, dtype=double) if biased else None
    upstream = normal(seed + 5, *leading, rows, dtype=double)
    leaves = [one.clone().requires_grad_() for one in (a, b, x)]

    def out(scaling: float, bias_twice: bool = False) -> torch.Tensor:
        first, second, given = leaves
        constant = 0.0 if bias is None else bias * (2 if bias_twice else 1)
        return given @ weight.T + constant + scaling * (given @ first.T @ second.T)

    right = out(alpha / rank)
    grads = torch.autograd.grad(right, leaves, upstream)
    want = {
        "output": right.detach(),
        **{f"gradient of {name}": grad for name, grad in zip(("lora_a", "lora_b", "x"), grads, strict=True)},
        "gradient of base.weight": None,
    }
    called = (
        f"LoRALinear(nn.Linear({columns}, {rows}), rank={rank}, alpha={alpha:g})(x), "
        f"x float64 {(*leading, columns)}, with given lora_a and lora_b"
    )
    slips = {
        "the scaling is alpha / rank: yours is 1": out(1.0),
        "the scaling is alpha / rank: yours is alpha": out(alpha),
        "the scaling is alpha / rank: yours is 1 / rank": out(1 / rank),
        "the scaling is alpha / rank, not alpha times rank": out(alpha * rank),
        "the scaling is alpha / rank, not rank / alpha": out(rank / alpha),
        "alpha / rank counts once: both factors are scaled": out((alpha / rank) ** 2),
        "alpha over the root of the rank is a later variant: here it is alpha / rank": out(alpha / rank**0.5),
        "the bias is added once, by the base": out(alpha / rank, bias_twice=True),
        "the base's output is missing": out(alpha / rank) - leaves[2] @ weight.T - (0.0 if bias is None else bias),
        "the adapter's part is missing": out(0.0),
        "the adapter's part is added, not subtracted": out(-alpha / rank),
    }  # fmt: skip
    told = ask(learner, fixtures.computed, weight, bias, a, b, alpha, x, upstream, called=called)
    answer = told.value
    wrong = {
        words: want | answer | {"output": value.detach()}
        for words, value in slips.items()
        if not torch.allclose(value, right)
    }
    told.close(want, mistakes=wrong, **BOTH)
