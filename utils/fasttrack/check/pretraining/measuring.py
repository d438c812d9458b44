"""Checks of 07_gpt/02_pretraining, on measuring: held-out loss, the floor, speed. Oracles: loops, NumPy."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect
from fasttrack.check.fixtures import pretraining as fixtures
from fasttrack.check.inputs import distinct_sizes, integers, normal
from fasttrack.check.training.ask import ask

TIGHT = {"rtol": 1e-9, "atol": 1e-11}
Pair = tuple[torch.Tensor, torch.Tensor]


def costs(weight: torch.Tensor, x: torch.Tensor, y: torch.Tensor, scale: float = 1) -> np.ndarray:
    """What each target costs; targets below 0 are left out."""
    z = scale * weight.numpy()[x.numpy()]
    z = z - z.max(-1, keepdims=True)
    log_probs = z - np.log(np.exp(z).sum(-1, keepdims=True))
    keep = y.numpy() >= 0
    return -log_probs[keep, y.numpy()[keep]]


@check
def estimate_loss(learner: Any, seed: int) -> None:
    """The mean over all real targets, in evaluation mode. Oracle: NumPy, one target after the other."""
    v, a, b = distinct_sizes(seed, 3)
    for case, (sizes, ends, training) in enumerate(
        (
            (((a, b), (1, 2), (2, a + b)), ((), (), ()), True),
            (((a, b), (b, a)), ((1, 2), (1,)), False),
            (((3, 5), (2, 4)), ((1, 2, 5), (0, 0)), True),  # the last batch has nothing to predict
            (((1, 1),), ((),), False),
        )
    ):
        weight = 1.5 * normal(seed + case, v, v, dtype=torch.float64)
        pairs: list[Pair] = []
        for k, ((rows, time), lengths) in enumerate(zip(sizes, ends, strict=True)):
            x, y = (integers(seed + 10 * case + k + shift, v, rows, time) for shift in (100, 200))
            for row, length in enumerate(lengths):
                y[row, length:] = -100
            pairs.append((x, y))
        losses = [costs(weight, x, y) for x, y in pairs]
        trained = [costs(weight, x, y, 2) for x, y in pairs]
        real = [row for row in losses if len(row)]
        want = float(np.concatenate(losses).mean())
        padded = sum(y.numel() for _, y in pairs)
        called = "estimate_loss(model, batches), batches " + ", ".join(
            f"{tuple(y.shape)} with {int((y >= 0).sum())} real targets" for _, y in pairs
        )

        def seen(
            returned: Any, recorded: bool = False, mode: bool = training, weight: torch.Tensor = weight
        ) -> dict[str, Any]:
            return {
                "returned": returned,
                "gradients recorded": recorded,
                "model.training afterwards": mode,
                "weight": weight,
            }

        mistakes = {
            "gradients are recorded: nothing is trained here, so torch.no_grad()": seen(want, True),
            "the mode is not restored: the model came in another": seen(want, mode=not training),
            "every target counts once: the mean of the batches' means gives short batches too much": seen(
                float(np.mean([row.mean() for row in real]))
            ),
            "a batch without targets has no mean (0 / 0): add up sums, and divide once": seen(float("nan")),
            "the last batch is not all: add up over the batches": seen(float(losses[-1].mean()))
            if len(losses[-1])
            else seen(0.0),
            "the mean over the real targets: divide by their number, not by all places": seen(
                float(np.concatenate(losses).sum()) / padded
            ),
            "the mean, not the sum": seen(float(np.concatenate(losses).sum())),
            "a Python float: .item() makes one of a tensor": seen(torch.tensor(want, dtype=torch.float64)),
        }
        if training:
            mistakes["evaluation mode: call model.eval() before"] = seen(
                float(np.concatenate(trained).mean()), mode=training
            )
        ask(learner, fixtures.measured, weight, pairs, training, called=called).close(
            seen(want), mistakes=mistakes, **TIGHT
        )


def shares(
    losses: torch.Tensor, nats: torch.Tensor, kinds: list[str], divide: float | Mapping[str, float]
) -> dict[str, float]:
    """What is paid above the floor for each kind of token, divided by one number or by one for each kind."""
    out: dict[str, float] = {}
    for loss, least, kind in zip(losses.tolist(), nats.tolist(), kinds, strict=True):
        out[kind] = out.get(kind, 0.0) + loss - least
    by = divide if isinstance(divide, Mapping) else dict.fromkeys(out, divide)
    return {kind: value / by[kind] if by[kind] else float("inf") for kind, value in out.items()}


@check
def excess(learner: Any, seed: int) -> None:
    """What a model pays above the floor, by kind of token. Oracle: a loop with a dict."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (n, names, dtype) in enumerate(
        (
            (4 * a, ["free", "recalled", "fixed"], torch.float64),
            (3 * b, ["free"], torch.float64),
            (5 * c, ["tracked", "fixed", "free", "recalled"], torch.float32),
            (1, ["free"], torch.float64),
        )
    ):
        nats = (1 + normal(seed + case, n, dtype=torch.float64).abs()).to(dtype)
        losses = nats + normal(seed + case + 10, n, dtype=torch.float64).to(dtype) / 3
        kinds = [names[int(i)] for i in integers(seed + case + 20, len(names), n)]
        kinds[0] = "free"
        nats[[i for i, kind in enumerate(kinds) if kind != "free"]] = 0.0

        floor, paid = float(nats.double().sum()), float(losses.double().sum())
        count = {kind: kinds.count(kind) for kind in names}
        own = {kind: sum(x for x, k in zip(nats.tolist(), kinds, strict=True) if k == kind) for kind in names}
        tolerance = TIGHT if dtype == torch.float64 else {"rtol": 1e-4, "atol": 1e-5}
        expect(learner, losses, nats, kinds).close(
            shares(losses, nats, kinds, floor),
            mistakes={
                "a share of the whole floor, not of what this kind's tokens cost at least": shares(
                    losses, nats, kinds, own
                ),
                "a share of the floor: divide by the sum of nats": shares(losses, nats, kinds, 1.0),
                "a share of the floor: you divided by the number of tokens": shares(
                    losses, nats, kinds, float(n)
                ),
                "a share of the floor: you divided by the number of tokens of this kind": shares(
                    losses, nats, kinds, count
                ),
                "a share of the floor, not of what the model pays": shares(losses, nats, kinds, paid),
                "a share of the floor's sum, not of its mean": shares(losses, nats, kinds, floor / n),
                "a share, not per cent": shares(losses, nats, kinds, floor / 100),
                "the sign is turned: paid minus least": shares(losses, nats, kinds, -floor),
                "what is paid above the floor: subtract nats": shares(
                    losses, torch.zeros_like(nats), kinds, floor
                ),
                "Python floats in the dict: .item() makes one of a tensor": {
                    kind: torch.tensor(value, dtype=dtype)
                    for kind, value in shares(losses, nats, kinds, floor).items()
                },
                "a token below its floor counts with its minus sign": shares(
                    torch.maximum(losses, nats), nats, kinds, floor
                ),
            },
            **tolerance,
        )


@check
def speed(learner: Any, seed: int) -> None:
    """Tokens a second and the share of the device's operations. Oracle: the statistics module."""
    a, b, c = distinct_sizes(seed, 3)
    noise = normal(seed, 2 * a + 1).abs().tolist()
    for seconds, tokens, flops, peak in (
        ([0.2, 0.21, 0.19, 0.2, 3.0], 4096, 6.3e6, 1.5e11),
        ([0.1 + x / 9 for x in noise], 100 * b, 1e6 * c, 1e12),
        ([0.1 + x / 9 for x in noise[:-1]], 100 * c, 1e7, 1e13),
        ([float(a)], b, 10.0, 100.0),
    ):
        middle = statistics.median(seconds)

        def answer(one: float, peak: float = peak, tokens: int = tokens, flops: float = flops) -> Any:
            return tokens / one, tokens / one * flops / peak

        rate, used = answer(middle)
        expect(learner, seconds, tokens, flops, peak).close(
            (rate, used),
            mistakes={
                "one stall weighs too much in a mean: the median of the steps": answer(
                    statistics.fmean(seconds)
                ),
                "the median of the rates is that of the times only for an odd number: take the times'": (
                    statistics.median([tokens / one for one in seconds]),
                    statistics.median([tokens / one for one in seconds]) * flops / peak,
                ),
                "of an even number the median is the mean of the two in the middle": answer(
                    statistics.median_low(seconds)
                ),
                "the larger of the two in the middle is not the median": answer(
                    statistics.median_high(seconds)
                ),
                "the best step is not the usual one: the median": answer(min(seconds)),
                "the time of a step is not that of all steps": answer(sum(seconds)),
                "operations a second: multiply by the operations of a token": (rate, rate / peak),
                "a share of the peak: divide by it": (rate, rate * flops),
                "a share, not per cent": (rate, 100 * used),
                "the share is of operations done, over those that could have been": (rate, 1 / used),
                "tokens a second, not steps": answer(middle, tokens=1),
                "the 6 is in flops_per_token already": (rate, 6 * used),
                "tokens a second first, then the share": (used, rate),
                "two numbers: tokens a second, and the share": rate,
            },
            rtol=1e-6,  # torch.median works in float32
            atol=0,
        )
