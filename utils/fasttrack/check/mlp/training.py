"""Checks of 04_makemore/02_mlp, on training: a minibatch, and many of them. Oracle: NumPy, see `updates`."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check
from fasttrack.check.fixtures import mlp as fixtures
from fasttrack.check.inputs import EXACT, distinct_sizes
from fasttrack.check.mlp.updates import Habit, Problem, descend, losses_and_slopes, problem
from fasttrack.check.training.ask import ask


@check
def minibatch_loss(learner: Any, seed: int) -> None:
    """Cross-entropy on drawn examples. Oracle: the same rows in NumPy, value and gradient."""
    vocab_size, block_size, batch_size, extra = distinct_sizes(seed, 4)
    for case, (n, size) in enumerate(((4 * batch_size, batch_size), (3, extra + 3), (50, 1), (9, 9))):
        p = problem(seed + 10 * case, vocab_size, block_size, n)
        given = (p.weight, p.bias, p.x, p.y, size, seed + case)

        def outcome(
            draw: str = "randint", p: Problem = p, n: int = n, size: int = size, case: int = case, **how: Any
        ) -> Any:
            generator = torch.Generator().manual_seed(seed + case)
            losses, slope = [], None
            for _ in range(2):
                i = drawn(draw, n, size, generator)
                each, (_, bias) = losses_and_slopes(p.values(), p.x[i[0]], p.y[i[1]], **how)
                losses.append(torch.tensor(each.mean(), dtype=torch.float64))
                slope = torch.from_numpy(bias) if slope is None else slope
            return {
                "two losses": losses,
                "gradient of the first": slope,
                "model.training afterwards": True,
                "next draw": torch.rand((), generator=generator).item(),
            }

        right = outcome()
        summed = outcome()
        summed["two losses"] = [size * one for one in summed["two losses"]]
        summed["gradient of the first"] = size * summed["gradient of the first"]
        cut = "none: the loss has no graph"
        mistakes: dict[str, Any] = {
            "x and y need the same rows: draw the indices once": outcome("twice"),
            "the mean over the batch, not the sum": summed,
            "a loss that is backpropagated keeps its graph: no .item(), no no_grad": {
                **right,
                "two losses": [one.item() for one in right["two losses"]],
                "gradient of the first": cut,
            },
            "a loss that is backpropagated keeps its graph: no detach(), no no_grad": {
                **right,
                "gradient of the first": cut,
            },
            "leave the model in the mode it is in: yours is put into evaluation mode": {
                **outcome(scale=1.0),
                "model.training afterwards": False,
            },
            "all examples are used: draw batch_size of them": outcome("all"),
            "the first batch_size examples each time: draw them": outcome("first"),
        }
        if size <= n:
            mistakes["draw with replacement, by torch.randint: yours is the start of a permutation"] = (
                outcome("permutation")
            )
        softmax = outcome(softmax=True)
        called = (
            f"minibatch_loss(model, x, y, {size}, generator), {n} examples, twice; "
            "then backward from the first, and the generator's next number"
        )
        asked = ask(learner, fixtures.batch_losses, *given, called=called)
        twice = {**softmax, "gradient of the first": as_came(asked.value, "gradient of the first")}
        mistakes["cross_entropy gets logits: here softmax was applied before it"] = twice
        mistakes["draw from the generator that is passed: other chance was used"] = {
            **as_dict(asked.value),
            "next draw": torch.rand((), generator=torch.Generator().manual_seed(seed + case)).item(),
        }
        asked.close(right, mistakes=mistakes, **EXACT)


def drawn(how: str, n: int, size: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices for x and for y."""
    if how == "permutation":
        i = torch.randperm(n, generator=generator)[:size]
        return i, i
    if how == "all":
        return torch.arange(n), torch.arange(n)
    if how == "first":
        return torch.arange(min(n, size)), torch.arange(min(n, size))
    i = torch.randint(n, (size,), generator=generator)
    return i, torch.randint(n, (size,), generator=generator) if how == "twice" else i


def as_dict(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def as_came(value: Any, key: str) -> Any:
    return as_dict(value).get(key)


@check
def train_model(learner: Any, seed: int) -> None:
    """An update for each rate, on a drawn batch each. Oracle: the updates in NumPy."""
    vocab_size, block_size, batch_size = distinct_sizes(seed, 3)
    for case, (n, size, rates) in enumerate(
        (
            (40, batch_size, [0.5, 0.25, 0.125, 1.0]),
            (30, 1, [0.75]),
            (9, 12, [0.1, 0.2, 0.4, 0.3, 0.6]),
            (20, 4, []),
        )
    ):
        p = problem(seed + 10 * case, vocab_size, block_size, n)

        def outcome(
            p: Problem = p,
            rates: list[float] = rates,
            size: int = size,
            case: int = case,
            lrs: Any = None,
            **how: Any,
        ) -> Any:
            losses, (weight, bias) = descend(p, rates, size, seed + case, Habit(**how))
            last = rates[-1] if rates else 7.0
            return {
                "returned": losses,
                "weight": torch.from_numpy(weight),
                "bias": torch.from_numpy(bias),
                "lr of each group": lrs or [last, last],
            }

        right = outcome()
        last = rates[-1] if rates else 7.0
        called = f"train_model(model, optimizer, x, y, {rates}, {size}, generator), {n} examples"
        asked = ask(
            learner, fixtures.descended, p.weight, p.bias, p.x, p.y, rates, size, seed + case, called=called
        )
        asked.close(
            right,
            mistakes={
                "the model was in evaluation mode: call model.train() first": outcome(scale=1.0),
                "gradients of all steps pile up: zero_grad before each backward": outcome(
                    zero=False, stale=True
                ),
                "gradients from before took part: zero_grad before each backward": outcome(stale=True),
                "the parameters did not change: the gradients were cleared before step could use them, "
                "or step was not called": outcome(step=False),
                "the learning rates are never set: write them to the optimizer's groups": outcome(
                    rate=7.0, lrs=[7.0, 7.0]
                ),
                "a step's rate is set before its step, not after it": outcome(late=True, first_rate=7.0),
                "only the first rate is used: set it anew in each step": outcome(
                    rate=rates[0] if rates else 7.0, lrs=[rates[0]] * 2 if rates else None
                ),
                "every group of the optimizer gets the rate: yours sets the first only": outcome(
                    groups=(True, False), lrs=[last, 7.0]
                ),
                "the loss of each batch before its update, not after it": outcome(after=True),
                "one update is missing: as many as there are rates": {
                    **outcome(steps=max(len(rates) - 1, 0)),
                    "lr of each group": as_came(asked.value, "lr of each group"),
                },
                "floats, not tensors: .item() makes one of a tensor": {
                    **right,
                    "returned": [torch.tensor(one, dtype=torch.float64) for one in right["returned"]],
                },
                "the loss of every step, not only of the last": {
                    **right,
                    "returned": right["returned"][-1] if rates else None,
                },
                "the updates are right; return the losses": {**right, "returned": None},
                "the mean of the losses hides what happened: return all of them": {
                    **right,
                    "returned": sum(right["returned"]) / max(len(rates), 1),
                },
            },
            rtol=1e-9,
            atol=1e-10,
        )
