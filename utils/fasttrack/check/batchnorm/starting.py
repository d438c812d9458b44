"""Checks of how a network starts: its first loss, and the size of its weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import nn

from fasttrack.check import check, expect
from fasttrack.check.inputs import EXACT, integers, normal


@check
def expected_initial_loss(learner: Any, seed: int) -> None:
    """ln V + ln E[exp(z)] for normal logits z. Oracle: the expectation by Gauss-Hermite quadrature."""
    points, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    stds = [None, 0.6, round(0.3 + float(normal(seed, 1).abs()) / 2, 3), 1.25, 2.0, 0.0]
    sizes = [27, 3, 65, int(integers(seed, 500, 1)) + 30, 50257, 10]
    for vocab_size, std in zip(sizes, stds, strict=True):
        s = std or 0.0
        want = math.log(vocab_size) + math.log(float(weights @ np.exp(s * points)))
        uniform = math.log(vocab_size)
        mistakes: dict[str, Any] = {
            "nats: the natural logarithm, not base 2": math.log2(vocab_size) + want - uniform,
            "nats: the natural logarithm, not base 10": math.log10(vocab_size) + want - uniform,
            "the probability of a guess, not its loss": 1 / vocab_size,
            "a loss is minus the logarithm of 1/vocab_size": -uniform,
            "a Python float, not a tensor": torch.tensor(want),
        }
        if s:
            mistakes |= {
                "logit_std makes no difference": uniform,
                "the square of logit_std": uniform + s / 2,
                "half of the square": uniform + s**2,
                "half of the square, added and not subtracted": uniform - s**2 / 2,
                "the square of logit_std, and half of it": uniform + s,
            }
        expect(learner, vocab_size, *(() if std is None else (std,))).close(want, mistakes=mistakes, **EXACT)


@check
def kaiming_std(learner: Any, seed: int) -> None:
    """gain / sqrt(fan_in). Oracle: the gains of torch.nn.init, and ValueError for a name without one."""
    gains = {name: nn.init.calculate_gain(name) for name in ("linear", "tanh", "relu")}
    for fan_in in (30, 1, 200, *(2 + integers(seed, 900, 2)).tolist()):
        for name in ("tanh", "relu", None, "linear"):
            gain = gains[name or "linear"]
            want = gain / math.sqrt(fan_in)
            mistakes: dict[str, Any] = {
                "the variance is gain² / fan_in: the standard deviation is its root": gain**2 / fan_in,
                "divide by the root of fan_in": gain / fan_in,
                "the larger fan_in, the smaller the weights": gain * math.sqrt(fan_in),
                "a Python float, not a tensor": torch.tensor(want),
                **{f"that is the gain of {n}": g / math.sqrt(fan_in) for n, g in gains.items()},
                "the gain, not its square": gain**2 / math.sqrt(fan_in),
                "the gain of tanh is 5/3, not 3/5": 0.6 / math.sqrt(fan_in),
            }
            if name == "relu":
                mistakes = {"the gain of relu is the root of 2": 2 / math.sqrt(fan_in), **mistakes}
            if name in gains and name != "linear":
                mistakes = {"the nonlinearity makes no difference": 1 / math.sqrt(fan_in), **mistakes}
            expect(learner, fan_in, *(() if name is None else (name,))).close(
                want, mistakes=mistakes, **EXACT
            )
    for name in ("step", ""):
        expect(learner, 30, name).raises(
            ValueError,
            mistakes={"a KeyError says nothing to your caller: raise a ValueError with a message": KeyError},
        )
