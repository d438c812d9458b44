"""The checks of 01_tensors/02_autograd on known functions, on wrong ones, and on a seed's inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from fasttrack.check import CheckFailed, autograd


def difference_quotient(f: Any, x: torch.Tensor, h: float = 1e-6) -> torch.Tensor:
    directions = h * torch.eye(x.numel(), dtype=x.dtype).reshape(-1, *x.shape)
    return torch.stack([(f(x + d) - f(x - d)) / (2 * h) for d in directions]).reshape(x.shape)


def leaves(loss: torch.Tensor) -> list[torch.Tensor]:
    nodes, todo = [], [loss.grad_fn]
    for node in todo:
        if node is not None and node not in nodes:
            nodes.append(node)
            todo += [before for before, _ in node.next_functions]
    return [node.variable for node in nodes if hasattr(node, "variable")]


def step(parameters: list[torch.Tensor], lr: float) -> None:
    optimizer = torch.optim.SGD(parameters, lr=lr)
    optimizer.step()
    optimizer.zero_grad()


def descend(f: Any, x: torch.Tensor, lr: float, steps: int) -> tuple[torch.Tensor, list[float]]:
    x, losses = x.detach(), []
    for _ in range(steps):
        slopes, loss = torch.func.grad_and_value(f)(x)
        losses.append(loss.item())
        x = x - lr * slopes
    return x, losses


def in_batches(f: Any, w: torch.Tensor, x: torch.Tensor, y: torch.Tensor, batch_size: int) -> torch.Tensor:
    leaf = w.clone().requires_grad_()
    total = torch.zeros_like(w)
    for rows, goals in zip(x.split(batch_size), y.split(batch_size), strict=True):
        total += len(rows) * torch.autograd.grad(f(leaf, rows, goals), leaf)[0]
    return total / len(x)


def along(f: Any, x: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    result: torch.Tensor = torch.autograd.functional.jvp(f, x, v)[1]
    return result


def scaled(x: torch.Tensor, factor: float) -> torch.Tensor:
    return factor * x + ((1 - factor) * x).detach()


def clip(parameters: list[torch.Tensor], max_norm: float) -> float:
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = torch.nn.utils.get_total_norm(grads)
    if norm > max_norm:
        for grad in grads:
            grad.mul_(max_norm / norm)
    return norm.item()


class Silu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, beta: float) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.beta = beta
        return torch.nn.functional.silu(beta * x) / beta

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        s = (ctx.beta * ctx.saved_tensors[0]).sigmoid()
        return grad * s * (1 + ctx.beta * ctx.saved_tensors[0] * (1 - s)), None


class NoUpstream(Silu):
    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        return Silu.backward(ctx, torch.ones_like(grad))


class Careless(Silu):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, beta: float) -> torch.Tensor:
        value = Silu.forward(ctx, x, beta)
        ctx.save_for_backward(x, value)
        return value


class Keeper(Silu):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, beta: float) -> torch.Tensor:
        ctx.kept = [{"s": (beta * x).sigmoid()}]
        return Silu.forward(ctx, x, beta)


RIGHT: dict[str, Any] = {
    "numerical_gradient": difference_quotient,
    "gradient": lambda f, x: torch.func.grad(f)(x.detach()),
    "leaves_of": leaves,
    "sgd_step": step,
    "gradient_descent": descend,
    "batched_gradient": in_batches,
    "jacobian_vector_product": along,
    "straight_through_round": lambda x: x + (x.round() - x).detach(),
    "scale_gradient": scaled,
    "clip_gradient": clip,
    "Swish": Silu,
}


def unclear_step(parameters: list[torch.Tensor], lr: float) -> None:
    torch.optim.SGD(parameters, lr=lr).step()


def uphill_step(parameters: list[torch.Tensor], lr: float) -> None:
    optimizer = torch.optim.SGD(parameters, lr=lr, maximize=True)
    optimizer.step()
    optimizer.zero_grad()


def scaled_in_place(x: torch.Tensor, factor: float) -> torch.Tensor:
    y = x.view_as(x)
    if y.requires_grad:
        y.register_hook(lambda grad: grad.mul_(factor))  # type: ignore[no-untyped-call]
    return y


def greedy(f: Any, w: torch.Tensor, x: torch.Tensor, y: torch.Tensor, batch_size: int) -> torch.Tensor:
    return in_batches(f, w, x, y, len(x))


# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, Any, str]] = [
    ("numerical_gradient", lambda f, x, h=1e-6: difference_quotient(f, x, 2 * h), "expected"),
    ("numerical_gradient", lambda f, x, h=1e-6: -difference_quotient(f, x, h), "the sign is turned"),
    ("numerical_gradient", lambda f, x, h=1e-6: difference_quotient(f, x, 1e-6), "h is an argument"),
    ("gradient", lambda f, x: f(x), "that is f(x)"),
    ("leaves_of", lambda loss: leaves(loss) * 2, "expected"),
    ("leaves_of", lambda loss: [], "nothing found"),
    ("sgd_step", unclear_step, "the next backward will add to it"),
    ("sgd_step", uphill_step, "uphill"),
    ("gradient_descent", lambda f, x, lr, steps: descend(f, x, lr, steps + 1), "one step too many"),
    ("gradient_descent", lambda f, x, lr, steps: descend(f, x, -lr, steps), "uphill"),
    ("gradient_descent", lambda *args: descend(*args)[::-1], "first the place"),
    ("batched_gradient", greedy, "all rows at once"),
    ("jacobian_vector_product", lambda f, x, v: f(x + v) - f(x), "infinitely small"),
    ("straight_through_round", torch.round, "round has gradient 0"),
    ("straight_through_round", lambda x: x, "forward must round"),
    ("straight_through_round", lambda x: x.round().detach(), "nothing is left of x's history"),
    ("scale_gradient", lambda x, factor: factor * x, "forward must not change"),
    ("scale_gradient", scaled_in_place, "changed its argument in place"),
    ("clip_gradient", lambda p, max_norm: torch.nn.utils.clip_grad_norm_(p, max_norm).item(), "no epsilon"),
    ("Swish", NoUpstream, "the gradient that comes from above"),
    ("Swish", Careless, "save x alone"),
    ("Swish", Keeper, "save x alone"),
]


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(autograd, name)(RIGHT[name], seed=seed)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "hint"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(
    name: str, learner: Callable[..., Any], hint: str, seed: int
) -> None:
    with pytest.raises(CheckFailed, match=hint.replace("(", r"\(").replace(")", r"\)")):
        getattr(autograd, name)(learner, seed=seed)


def test_an_error_is_told_in_words_not_by_a_name_of_the_checks() -> None:
    with pytest.raises(
        CheckFailed, match=r"looked at +the leaves found behind a loss of a, b and c\n +raised"
    ):
        autograd.leaves_of(lambda loss: 1 / 0)


@pytest.mark.parametrize("shift", [1e-8, 1e-6])
def test_a_slope_that_is_slightly_off_fails(shift: float) -> None:
    class Off(Silu):
        @staticmethod
        def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
            slope, _ = Silu.backward(ctx, grad)
            return slope * (1 + shift), None

    with pytest.raises(CheckFailed):
        autograd.Swish(Off)


def test_a_row_for_each_output_is_too_many_passes() -> None:
    def by_rows(f: Any, x: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        leaf = x.clone().requires_grad_()
        return torch.stack([torch.autograd.grad(one, leaf, retain_graph=True)[0] @ v for one in f(leaf)])

    with pytest.raises(CheckFailed, match="one pass for each row"):
        autograd.jacobian_vector_product(by_rows)
