"""Checks of 04_makemore/02_mlp, on learning rates: a test of rates that grow, and rates that fall. Oracle: NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, require
from fasttrack.check.fixtures import mlp as fixtures
from fasttrack.check.inputs import distinct_sizes
from fasttrack.check.mlp.updates import Habit, Problem, descend, problem
from fasttrack.check.training.ask import ask
from fasttrack.check.values import describe


@check
def lr_range_test(learner: Any, seed: int) -> None:
    """Rates by a constant factor, losses along them, the model untouched. Oracle: the updates in NumPy."""
    vocab_size, block_size, batch_size = distinct_sizes(seed, 3)
    for case, (n, size, low, high, steps) in enumerate(
        ((40, batch_size, 1e-3, 1.0, 4), (30, 5, 0.01, 4.0, 7), (12, 3, 0.5, 2.0, 2))
    ):
        p = problem(seed + 10 * case, vocab_size, block_size, n)

        def outcome(
            rates: list[float], p: Problem = p, size: int = size, case: int = case, **how: Any
        ) -> Any:
            losses, _ = descend(p, rates, size, seed + case, Habit(**how))
            return {"returned": (rates, losses), "model unchanged": True}

        def growing(parts: int, steps: int = steps, low: float = low, high: float = high) -> list[float]:
            return [low * (high / low) ** (k / parts) for k in range(steps)]

        rates = growing(steps - 1)
        right = outcome(rates)
        found, losses = right["returned"]
        even = [low + (high - low) * k / (steps - 1) for k in range(steps)]
        called = f"lr_range_test(model, x, y, {low}, {high}, {steps}, {size}, generator), {n} examples"
        asked = ask(
            learner,
            fixtures.range_tested,
            p.weight,
            p.bias,
            p.x,
            p.y,
            low,
            high,
            steps,
            size,
            seed + case,
            called=called,
        )
        asked.close(
            right,
            mistakes={
                "train a copy: the model that was passed has moved": {**right, "model unchanged": False},
                "each rate is the one before times a factor, from low to high: yours grow by equal amounts": outcome(
                    even
                ),
                "the last rate is high: there are steps - 1 factors between steps rates": outcome(
                    growing(steps)
                ),
                "from low to high: yours fall": outcome(rates[::-1]),
                "first the rates, then the losses": {**right, "returned": (losses, found)},
                "return rates and losses": {**right, "returned": losses},
                "return rates and losses: the losses are missing": {**right, "returned": found},
                "two lists of floats": {
                    **right,
                    "returned": (torch.tensor(found, dtype=torch.float64), losses),
                },
                "two lists of floats: the rates as floats, too": {
                    **right,
                    "returned": (torch.tensor(found), losses),
                },
                "the rates themselves, not their logarithms": {
                    **right,
                    "returned": ([math.log10(one) for one in found], losses),
                },
                "the rates are right; the model is not trained with them: every loss is the untrained model's": outcome(
                    rates, step=False
                ),
                "a tuple of two lists": {**right, "returned": [found, losses]},
            },
            rtol=1e-6,
            atol=1e-8,
        )


@check
def cosine_rates(learner: Any, seed: int) -> None:
    """Half a cosine from lr towards 0. Oracle: NumPy."""
    a, b = distinct_sizes(seed, 2)
    for lr, steps in ((0.1, 4), (1.0, a + 3), (0.003 * b, 50), (2.0, 1), (0.5, 2)):
        k = np.arange(steps)
        want = (lr * (1 + np.cos(np.pi * k / steps)) / 2).tolist()
        ends = (lr * (1 + np.cos(np.pi * k / max(steps - 1, 1))) / 2).tolist()
        answer = expect(learner, lr, steps)
        a_list(answer.value)
        answer.close(
            want,
            mistakes={
                "divide k by steps: the last rate is a little above 0": ends,
                "half a wave, from lr down to 0: yours rises again": (
                    lr * (1 + np.cos(2 * np.pi * k / steps)) / 2
                ).tolist(),
                "halve the sum: yours starts at twice lr": [2 * one for one in want],
                "1 is added to the cosine: without it half of the rates are negative": (
                    lr * np.cos(np.pi * k / steps)
                ).tolist(),
                "multiply by lr": [one / lr for one in want],
                "from lr down, not from 0 up": (lr * (1 - np.cos(np.pi * k / steps)) / 2).tolist(),
                "half a cosine, not a straight line": (lr * (1 - k / steps)).tolist(),
                "k counts from 0: the first rate is lr": (
                    lr * (1 + np.cos(np.pi * (k + 1) / steps)) / 2
                ).tolist(),
                "one rate for each step: yours is one too many": [*want, 0.0],
                "π is in radians: math.cos takes radians": (lr * (1 + np.cos(180 * k / steps)) / 2).tolist(),
            },
            rtol=1e-6,
            atol=1e-9,
        )


def a_list(value: Any) -> None:
    """A list, where a tensor of the same numbers would pass as one."""
    require(
        isinstance(value, list),
        ("expected", "a list"),
        ("got", describe(value)),
        *(
            [("mistake", "a list, not a tensor: tolist() makes one of it")]
            if isinstance(value, torch.Tensor)
            else []
        ),
    )
