"""Checks of 04_makemore/05_wavenet, on layers. Oracles: plain loops, a chain of formulas, NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from fasttrack.check import CheckFailed, check, expect, require
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import wavenet as fixtures
from fasttrack.check.inputs import EXACT, distinct_sizes, normal
from fasttrack.check.training.ask import ask
from fasttrack.check.values import describe, difference


@check
def FlattenConsecutive(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Neighbouring positions side by side. Oracle: a loop over groups, with torch.cat."""
    a, b, c = distinct_sizes(seed, 3)
    for n, batch, time, channels, apart in (
        (2, a, 8, b, False),
        (3, b, 6, c, False),
        (2, c, 4, a, True),
        (4, a, 4, b, False),
        (2, 1, 2, 3, False),
        (2, 1, 6, 1, True),
        (1, b, 3, c, False),
        (1, b, 1, c, False),
    ):
        x = normal(seed + n, batch, time, channels)
        groups = [torch.cat([x[:, i + k] for k in range(n)], 1) for i in range(0, time, n)]
        whole = torch.stack(groups, 1)  # (batch, time // n, n * channels)
        want = whole[:, 0] if time == n else whole
        strided = [torch.cat([x[:, k * (time // n) + i] for k in range(n)], 1) for i in range(time // n)]
        by_channel = whole.reshape(batch, -1, n, channels).transpose(2, 3).flatten(2)
        layer = f"FlattenConsecutive({n})(x), x {describe(x)}"
        answer = ask(learner, fixtures.flattened, n, x, apart, called=layer + ", not contiguous" * apart)
        refusal = answer.value if isinstance(answer.value, str) else RuntimeError
        answer.equals(
            want,
            mistakes={
                "a single position left over loses its dimension: squeeze dimension 1": whole,
                "only the time dimension is squeezed: squeeze(1), or a batch of one is lost": whole.squeeze(),
                "view needs memory in order, and this x is transposed: reshape": refusal,
                "positions that are neighbours come together: yours are time / n apart": torch.stack(strided, 1),
                "the channels of a position stay together, the oldest position first": by_channel,
                "the oldest position comes first: yours are in the opposite order": turned(whole, n),
                "all positions at once: only groups of n come together": x.flatten(1),
                "n is the size of a group, not the number of groups": x.reshape(batch, n, -1),
                "forward returns its result: the return is missing": None,
            },
        )  # fmt: skip
        agree(f"FlattenConsecutive({n}).n", beside(learner, fixtures.kept, n), n)
    x = normal(seed, a, 5, b)
    refused(learner, 2, x, "5 positions are no groups of 2: raise ValueError")
    refused(learner, 3, x, "5 positions are no groups of 3: raise ValueError")
    refused(learner, 3, normal(seed, 3, 2, 3), "2 positions are no groups of 3: raise ValueError")


def turned(whole: torch.Tensor, n: int) -> torch.Tensor:
    return whole.reshape(*whole.shape[:2], n, -1).flip(2).flatten(2)


def refused(learner: Any, n: int, x: torch.Tensor, words: str) -> None:
    """The layer must raise ValueError for a time that is no multiple of n."""
    called = f"FlattenConsecutive({n})(x), x {describe(x)}"
    try:
        got = describe(beside(learner, fixtures.flattened, n, x, False))
    except CheckFailed as failed:
        got = dict(failed.facts).get("raised", "")
    require(
        got.startswith("ValueError"),
        ("called", called),
        ("expected", "it raises ValueError"),
        ("got", got),
        ("mistake", words),
    )


@check
def Sequential(learner: Any, seed: int) -> None:  # noqa: N802
    """Layers in turn, one mode and one list of parameters. Oracle: the same formulas in NumPy, written out."""
    for case, (count, inside) in enumerate(((2, 3), (3, 2), (1, 2), (4, 1), (3, 4))):
        maps = normal(seed + case, count, 2, dtype=torch.float64).tolist()
        x = normal(seed + 10 + case, 3, 2, dtype=torch.float64)
        layers = ["scale", "tanh", *["scale"] * (count - 1)]
        nested = inside < len(layers)
        shown = ", ".join(
            layers[:inside] + ([f"Sequential([{', '.join(layers[inside:])}])"] if nested else [])
        )
        got = beside(learner, fixtures.sequenced, maps, x, inside)
        want = found(maps, x, inside)
        agree(
            f"Sequential([{shown}]); a scale doubles in training mode",
            got,
            want,
            mistakes_of_sequence(maps, x, inside, want),
        )


def found(maps: Sequence[Sequence[float]], x: torch.Tensor, inside: int) -> dict[str, Any]:
    """What `fixtures.sequenced` finds for a right answer."""
    layers = len(maps) + 1
    training, evaluating = chain(maps, x, 2), chain(maps, x, 1)
    return {
        "training at first": True,
        "output at first": training,
        "eval() returns": "itself",
        "training after eval()": False,
        "output after eval()": evaluating,
        "train() returns": "itself",
        "training after train()": True,
        "output after train()": training,
        "training after train(False)": False,
        "output after train(False)": evaluating,
        "parameters()": list(range(2 * len(maps))),
        "layers, one by one": [True] * (inside + 1 if inside < layers else layers),
    }


def chain(maps: Sequence[Sequence[float]], x: torch.Tensor, scale: int, *, tanh: bool = True) -> torch.Tensor:
    """Each map in turn, tanh after the first; `scale` is 2 in training."""
    y = x.numpy()
    for k, (weight, bias) in enumerate(maps):
        y = scale * (y * weight + bias)
        if tanh and k == 0:
            y = np.tanh(y)
    return torch.from_numpy(y)


def mistakes_of_sequence(
    maps: Sequence[Sequence[float]], x: torch.Tensor, inside: int, want: dict[str, Any]
) -> dict[str, Any]:
    training = want["output at first"]
    outputs = {key: value for key, value in want.items() if key.startswith("output")}
    first = {
        key: chain(maps[:1], x, 2 if output is training else 1, tanh=False) for key, output in outputs.items()
    }
    own = len(maps) if inside > len(maps) else max(1, inside - 1)  # scales outside the inner sequence
    stuck = dict.fromkeys(outputs, training)
    return {
        "the mode must reach every layer: train and eval call train(mode) of each": {**want, **stuck},
        "train(False) is evaluation mode: pass the mode on": {
            **want,
            "training after train(False)": True,
            "output after train(False)": training,
        },
        "train(False) is evaluation mode: keep the mode in self.training": {
            **want,
            "training after train(False)": True,
        },
        "train and eval return the object itself: return self": {
            **want,
            "eval() returns": "None",
            "train() returns": "None",
        },
        "eval returns the object itself: return self": {**want, "eval() returns": "None"},
        "train returns the object itself: return self": {**want, "train() returns": "None"},
        "eval() is train(False), for every layer": {
            **want,
            "output after eval()": training,
            "training after eval()": True,
        },
        "each layer gets what the one before it returned: yours all get x": {
            **want,
            **{
                key: chain(maps[-1:], x, 2 if output is training else 1, tanh=len(maps) == 1)
                for key, output in outputs.items()
            },
        },
        "only the first layer is called": {**want, **first},
        "the parameters of every layer: yours are those of the layers that are no sequences": {
            **want,
            "parameters()": list(range(2 * own)),
        },
        "the parameters of every layer, not of the last one": {
            **want,
            "parameters()": list(range(2 * own if inside <= len(maps) else 2 * len(maps) - 2, 2 * len(maps))),
        },
        "parameters() gives the tensors themselves, which an optimiser is to change: yours are copies": {
            **want,
            "parameters()": [-1] * 2 * len(maps),
        },
        "parameters() is one flat list: yours holds a list for each layer": {
            **want,
            "parameters()": [-1] * len(want["layers, one by one"]),
        },
        "a new object is in training mode: self.training = True": {**want, "training at first": False},
        "self.training says which mode it is in: eval() sets it": {
            **want,
            "training after eval()": True,
            "training after train(False)": True,
        },
    }


@check
def batch_statistics(learner: Any, seed: int) -> None:
    """Mean and variance of each channel over everything else. Oracle: NumPy in float64, value and gradient."""
    a, b, c, d = distinct_sizes(seed, 4)
    for case, shape in enumerate(((a, b, c), (b, c), (c, 1, a), (1, d, b), (a, b, c, d), (a, a, a))):
        x = 3 * normal(seed + case, *shape, dtype=torch.float64) + 2
        x += 5 * torch.arange(shape[1])[:, None] if len(shape) == 3 else 0  # positions differ
        every = tuple(range(len(shape) - 1))
        want = moments(x, every)
        mistakes: dict[str, Any] = {
            "divide by n, not n - 1: var(..., correction=0)": moments(x, every, 1),
            "the mean first, then the variance": want[::-1],
            "the variance, not its root": (want[0], want[1].sqrt()),
            "one number for each channel, shape (channels,): no keepdim": tuple(
                one.reshape(*[1] * len(every), -1) for one in want
            ),
            "one mean for each channel: yours is over the channels, too": moments(x, (*every, len(every))),
            "over everything but the last dimension: yours is over the last": moments(x, (len(every),)),
        }
        if len(shape) > 2:
            mistakes |= {
                "over the batch only: each position gets statistics of its own, from fewer numbers": moments(
                    x, (0,)
                ),
                "over the batch only, and then the mean over positions: the spread between positions is lost": tuple(
                    one.reshape(-1, shape[-1]).mean(0) for one in moments(x, (0,))
                ),
                "over the positions only: each example gets statistics of its own": moments(x, (1,)),
                "channels come last here: yours are the middle dimension, as nn.BatchNorm1d has it": moments(
                    x, (0, *range(2, len(shape)))
                ),
                "over the first two dimensions only: all but the last": moments(x, (0, 1)),
            }
        apart = {words: one for words, one in mistakes.items() if difference(one, want, (1e-9, 1e-9))}
        expect(learner, x).close(want, mistakes=apart, **EXACT)
    x = normal(seed + 20, a, b, c, dtype=torch.float64)
    n = a * b
    slope = (1 + 4 * (x - moments(x, (0, 1))[0])) / n
    agree(
        f"the gradient at x {describe(x)} of the sum of mean + 2 · variance",
        beside(learner, fixtures.gradient_of_statistics, x),
        slope,
    )


def moments(x: torch.Tensor, dims: tuple[int, ...], ddof: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance over these dimensions, in NumPy."""
    with np.errstate(all="ignore"):
        mean, var = x.numpy().mean(dims), x.numpy().var(dims, ddof=ddof)
    return torch.as_tensor(mean), torch.as_tensor(var)
