"""Checks of 07_gpt/02_pretraining, on learning rates and who decays. Oracles: NumPy, a table of names."""

from __future__ import annotations

from typing import Any

import numpy as np

from fasttrack.check import check, expect
from fasttrack.check.fixtures import pretraining as fixtures
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.training.ask import ask

TIGHT = {"rtol": 1e-9, "atol": 1e-15}


def rate(step: int, lr: float, warmup: int, steps: int, min_lr: float) -> float:
    """The height at `step` of all rates in one array."""
    climb = lr * np.arange(1, warmup + 1) / max(warmup, 1)
    angle = np.linspace(0, np.pi, max(steps - warmup, 0), endpoint=False)
    heights = np.concatenate([climb, min_lr + (lr - min_lr) * 0.5 * (1 + np.cos(angle))])
    return float(heights[step]) if step < len(heights) else min_lr


@check
def lr_schedule(learner: Any, seed: int) -> None:
    """Up in equal parts, down along half a cosine. Oracle: all rates of a run in one NumPy array."""
    a, b, c = distinct_sizes(seed, 3)
    lr = 10 ** (-2 - float(normal(seed, 1).abs()))
    plans = [(a, a + 3 * b, lr / 10), (0, b, 0.0), (1, 1 + c, lr / 3), (c, c, lr / 4), (b, 50 * a, 0.0)]
    for warmup, steps, min_lr in plans:
        middle = warmup + (steps - warmup) // 3
        for step in sorted({0, warmup // 2, warmup, middle, steps - 1, steps, steps + a}):
            extra = (min_lr,) if min_lr else ()
            span = max(steps - warmup, 1)

            def fall(done: float, top: float = lr, min_lr: float = min_lr) -> float:
                return float(min_lr + (top - min_lr) * 0.5 * (1 + np.cos(np.pi * done)))

            done = (step - warmup) / span
            down = warmup <= step < steps
            mistakes = {
                "the first update has rate 0: it moves nothing, so count updates from 1 in the climb": lr
                * step
                / max(warmup, 1),
                "it starts lower than one part, or never reaches lr: (step + 1) / warmup": lr
                * (step + 1)
                / (warmup + 1),
                "the climb does not start at min_lr: equal parts of lr": min_lr
                + (lr - min_lr) * (step + 1) / max(warmup, 1),
                "there is no warm-up"
                if step < warmup
                else "the cosine begins when the warm-up is over: subtract warmup": (
                    fall(step / max(steps, 1))
                ),
                "the cosine is one update ahead": fall((step + 1 - warmup) / span),
                "the cosine reaches its end at `steps`, not one update before": fall(
                    (step - warmup) / max(span - 1, 1)
                ),
                "min_lr is where the cosine ends, not a floor that cuts it off": max(
                    min_lr, fall(done, min_lr=0)
                ),
                "the rate must not fall below min_lr: scale the cosine by lr - min_lr": fall(done, min_lr=0)
                if down
                else 0.0,
                "the cosine is half a wave, from 1 to -1: the angle goes to pi": fall(2 * done),
                "the angle is in radians, from 0 to pi": fall(done / np.pi),
                "it falls in a straight line": min_lr + (lr - min_lr) * (1 - done),
                "it climbs: the cosine must fall": fall(1 - done),
                "after `steps` it stays at min_lr, the cosine must not go on": fall(done),
                "after `steps` it stays at min_lr, not at lr": lr,
                "the warm-up is over at update `warmup`, which has lr": lr * (step + 1) / max(warmup, 1),
                "with a warm-up of 0 nothing may be divided by it": ZeroDivisionError,
                "without room for a cosine it is over: min_lr": ZeroDivisionError,
            }
            if warmup == 0:
                mistakes.pop("without room for a cosine it is over: min_lr")
            elif steps == warmup:
                mistakes.pop("with a warm-up of 0 nothing may be divided by it")
            expect(learner, step, lr, warmup, steps, *extra).close(
                rate(step, lr, warmup, steps, min_lr), mistakes=mistakes, **TIGHT
            )


MATRICES = ["embedding.weight", "fc.weight", "proj.weight"]
VECTORS = ["fc.bias", "norm.bias", "norm.weight", "scale"]
BIASES, FROZEN = ["fc.bias", "norm.bias"], "frozen.weight"


@check
def configure_optimizer(learner: Any, seed: int) -> None:
    """AdamW in two groups. Oracle: the names of a small model's parameters, sorted by hand."""
    draw = normal(seed, 4).abs().tolist()
    lr, decay = 1e-3 * (1 + draw[0]), 0.1 * (1 + draw[1])
    betas = (0.8 + draw[2] / 50, 0.98)
    for extra, left_out in (
        ({}, []),
        ({"betas": betas}, []),
        ({}, ["proj.weight"]),
        ({"betas": betas}, ["fc.weight", "fc.bias", "embedding.weight"]),
    ):
        matrices = [name for name in MATRICES if name not in left_out]
        vectors = [name for name in VECTORS if name not in left_out]
        used = extra.get("betas", (0.9, 0.95))

        def told(*groups: tuple[list[str], float], betas: Any = used, kind: str = "AdamW") -> dict[str, Any]:
            made = [
                {"parameters": sorted(names), "weight_decay": weight_decay, "lr": lr, "betas": betas}
                for names, weight_decay in groups
                if names
            ]
            return {
                "optimizer": kind,
                "groups": sorted(made, key=lambda g: (-g["weight_decay"], g["parameters"])),
            }

        weights = [name for name in matrices + vectors if name not in BIASES]
        biases = [name for name in vectors if name in BIASES]
        called_weight = [name for name in matrices + vectors if name.endswith("weight")]
        called_otherwise = [name for name in vectors if not name.endswith("weight")]
        right = (matrices, decay), (vectors, 0.0)
        mistakes = {
            "the groups are turned round: matrices decay, vectors do not": told(
                (matrices, 0.0), (vectors, decay)
            ),
            "biases and norms' gains must not decay: put them into a group with weight_decay 0": told(
                (matrices + vectors, decay)
            ),
            "the gain of a norm is called weight, but it is a vector: go by the number of dimensions": told(
                (weights, decay), (biases, 0.0)
            ),
            "go by the number of dimensions, not by the name: the gain of a norm is called weight, too": told(
                (called_weight, decay), (called_otherwise, 0.0)
            ),
            "a number alone has no dimension, and does not decay either: fewer than 2": told(
                ([*matrices, "scale"], decay), ([name for name in vectors if name != "scale"], 0.0)
            ),
            "the vectors must be trained, too, without weight decay": told((matrices, decay)),
            "frozen parameters (requires_grad is False) stay out": told(
                ([*matrices, FROZEN], decay), (vectors, 0.0)
            ),
            "weight_decay is not passed on: AdamW's own is 0.01": told((matrices, 0.01), (vectors, 0.0)),
            "nothing decays": told((matrices + vectors, 0.0)),
            "leave_out is ignored": told((MATRICES, decay), (VECTORS, 0.0)),
            "betas are not passed on: AdamW's own are (0.9, 0.999)": told(*right, betas=(0.9, 0.999)),
            "betas that are given must be used": told(*right, betas=(0.9, 0.95)),
            "AdamW keeps the decay out of its averages; Adam does not": told(*right, kind="Adam"),
        }
        given = "".join([", betas" if extra else "", f", leave_out={left_out}" if left_out else ""])
        called = f"configure_optimizer(model, {lr:.4g}, {decay:.4g}{given})"
        ask(
            learner,
            fixtures.grouped,
            [lr, decay],
            extra,
            left_out,
            called=called,
            errors={
                "`in` compares tensors number by number: compare identities, `is` or id(…)": "size of tensor",
                "`in` compares tensors number by number; compare identities, `is` or id(…)": "Boolean value",
                "an optimizer takes a parameter once": "some parameters appear in more than one",
            },
        ).close(told(*right), mistakes=mistakes, rtol=1e-9, atol=1e-12)
