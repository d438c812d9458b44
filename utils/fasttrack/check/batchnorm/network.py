"""Check of the network of the lesson: shapes, start, logits in both modes. Oracle: torch's own layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from fasttrack.check import check, require
from fasttrack.check.fixtures import batchnorm as fixtures
from fasttrack.check.fixtures import beside
from fasttrack.check.inputs import distinct_sizes, integers, normal
from fasttrack.check.training.ask import Told, ask

Shapes = list[tuple[int, ...]]


@check
def BatchNormMLP(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Embedding, linear layers with BatchNorm and tanh, logits. Oracle: torch's own functions."""
    a, b, c = distinct_sizes(seed, 3)
    for made_of in ((27, 3, a, 2 * b, 1), (a + 9, b, c, a, 2), (5, 1, 3, 4, 3)):
        shapes_agree(learner, made_of)
    starts(learner, (27, 3, 10, 200, 2), seed)
    for case, made_of in enumerate(((27, 3, a, 2 * b, 1), (a + 9, b, c, a, 2), (5, 1, 3, 4, 3))):
        logits_agree(learner, made_of, seed + 10 * case)


def shapes(made_of: Sequence[int], *, biased: bool = False, normed: bool = True) -> Shapes:
    """The shapes of the parameters, in the order in which data meets them."""
    vocab_size, block_size, n_embd, n_hidden, n_layer = made_of
    found: Shapes = [(vocab_size, n_embd)]
    fan_in = block_size * n_embd
    for _ in range(n_layer):
        found += [(n_hidden, fan_in), *([(n_hidden,)] if biased else []), *([(n_hidden,)] * 2 * normed)]
        fan_in = n_hidden
    return [*found, (vocab_size, n_hidden), (vocab_size,)]


def shapes_agree(learner: Any, made_of: tuple[int, ...]) -> None:
    """The right parameters, and no bias before a BatchNorm."""
    want = shapes(made_of)
    called = f"the shapes of BatchNormMLP({', '.join(map(str, made_of))}, generator).parameters()"
    n_layer = made_of[-1]
    mistakes: dict[str, Any] = {
        "a bias before BatchNorm is useless, the mean takes it away again: bias=False": shapes(
            made_of, biased=True
        ),
        "the BatchNorm layers are missing, or hidden in a list: nn.Sequential and nn.ModuleList register them": shapes(
            made_of, normed=False
        ),
        "the output layer has a bias": want[:-1],
        "no parameters are registered: a Python list hides layers": [want[0], *want[-2:]],
        "no parameters are registered: a Python list hides layers, all of yours": [],
        "a Python list hides layers: only the embedding is registered": want[:1],
        "from the second hidden layer on, the number of inputs is n_hidden": [
            want[1] if shape == (made_of[3], made_of[3]) else shape for shape in want[:-2]
        ]
        + want[-2:],
        "each layer has its own BatchNorm, with its own statistics": [*want[:4], *want[4::3]]
        if n_layer > 1
        else None,
    }
    ask(learner, fixtures.network_shapes, made_of, called=called).equals(want, mistakes=mistakes)


def starts(learner: Any, made_of: tuple[int, ...], seed: int) -> None:
    """Where the parameters start: each tensor's own scale, and all of it from the generator."""
    found = beside(learner, fixtures.network_start, made_of, seed)
    block_size, n_embd, n_hidden, n_layer = made_of[1:]
    values: list[torch.Tensor] = found["values"]
    expected = [("the embedding", 1.0, 1)]
    for k in range(n_layer):
        fan_in = block_size * n_embd if k == 0 else n_hidden
        expected.append((f"the weight of hidden layer {k + 1}", 5 / 3 / math.sqrt(fan_in), fan_in))
    expected.append(("the weight of the output layer", 0.1 / math.sqrt(n_hidden), n_hidden))
    drawn = [value for value in values if value.dim() == 2]
    for (name, std, fan_in), value in zip(expected, drawn, strict=True):
        came = float(value.std())
        mean = float(value.mean())
        named = wrong_scales(name, std, fan_in, n_embd, n_hidden, block_size * n_embd)
        off = 5 * std / math.sqrt(2 * value.numel())
        fine = abs(came - std) < off and abs(mean) < 5 * std / math.sqrt(value.numel())
        told = [
            ("mistake", words)
            for words, wrong in named.items()
            if wrong != std and abs(came - wrong) < 5 * wrong / math.sqrt(2 * value.numel())
        ]
        require(
            fine,
            ("expected", f"{name}: normal numbers of mean 0 and standard deviation {std:.4f}"),
            ("got", f"mean {mean:.4f}, standard deviation {came:.4f}"),
            *told[:1],
        )
        normal_share = float((value.abs() < std).float().mean())
        require(
            value.numel() < 1000 or abs(normal_share - 0.683) < 0.03,
            ("expected", f"{name}: normal numbers, 68 % of them within one standard deviation"),
            ("got", f"{normal_share:.0%}"),
            *([("mistake", "these are uniform numbers")] if abs(normal_share - 0.577) < 0.02 else []),
        )
    flat = [value for value in values if value.dim() == 1]
    wanted = [fill for _ in range(n_layer) for fill in (torch.ones(n_hidden), torch.zeros(n_hidden))]
    wanted.append(torch.zeros(made_of[0]))
    made = f"BatchNormMLP({', '.join(map(str, made_of))}, generator)"
    Told(flat, f"weight and bias of each BatchNorm of {made}, and the bias of its output").equals(
        wanted, mistakes={"the bias of the output layer starts at zero": [*wanted[:-1], flat[-1]]}
    )
    chance = ("same seed, same parameters", "other seed, other parameters")
    Told([found[name] for name in chance], f"the parameters of {made}: {', '.join(chance)}").equals(
        [True, True],
        mistakes={
            "draw all weights from the generator that is passed, not from torch's global one": [False, True],
            "another seed must give other parameters": [True, False],
        },
    )


def wrong_scales(
    name: str, std: float, fan_in: int, n_embd: int, n_hidden: int, first: int
) -> dict[str, float]:
    """The standard deviations that known mistakes give a weight."""
    root = math.sqrt(fan_in)
    wrong = {"standard normal numbers, not scaled": 1.0}
    if "hidden" in name:
        wrong |= {
            "the gain of tanh, 5/3, is missing": 1 / root,
            "that is the gain of relu": math.sqrt(2) / root,
            "that is PyTorch's own start for a linear layer: draw the weight anew": 1 / root / math.sqrt(3),
            "fan_in is the number of inputs, not of units": 5 / 3 / math.sqrt(n_hidden),
            "fan_in is what goes into the unit: block_size * n_embd in the first layer": 5 / 3 / math.sqrt(n_embd),
            "fan_in is what goes into the unit: n_hidden from the second layer on": 5 / 3 / math.sqrt(first),
        }  # fmt: skip
    elif "output" in name:
        wrong |= {
            "the output layer starts with a tenth of kaiming_std, so that no letter is favoured": 1 / root,
            "the output layer starts with a tenth of its scale, and without the gain of tanh": 5 / 3 / root,
            "a tenth of kaiming_std for linear, not for tanh": 0.5 / 3 / root,
            "a tenth of kaiming_std: yours is PyTorch's own start": 1 / root / math.sqrt(3),
            "a tenth of kaiming_std: yours is a tenth of PyTorch's own start": 0.1 / root / math.sqrt(3),
        }
    return {**wrong, "a variance was used as the standard deviation": std**2}


@dataclass(frozen=True)
class How:
    """A network as it should be, or with one thing wrong."""

    norm: str = "before"  # tanh; or "after", "none"
    bend: str = "tanh"  # or "relu", "none", "no first", "no last"
    evaluates_by: str = "running"
    softmax: bool = False


def logits(values: Sequence[torch.Tensor], made_of: Sequence[int], steps: fixtures.Steps, how: How) -> Any:
    """The logits of each call in turn."""
    n_hidden, n_layer = made_of[3:]
    running = [
        (torch.zeros(n_hidden, dtype=torch.float64), torch.ones(n_hidden, dtype=torch.float64))
        for _ in range(n_layer)
    ]
    answers = []
    for training, ids in steps:
        h = values[0][ids].reshape(len(ids), -1)
        for k in range(n_layer):
            weight, gain, bias = values[1 + 3 * k : 4 + 3 * k]
            h = functional.linear(h, weight)
            bends = {"none": False, "no first": k > 0, "no last": k < n_layer - 1}.get(how.bend, True)
            bend = functional.relu if how.bend == "relu" else torch.tanh
            if how.norm == "after" and bends:
                h = bend(h)
            if how.norm != "none":
                by_batch = training or how.evaluates_by == "batch"
                h = functional.batch_norm(h, *running[k], gain, bias, training=by_batch)
            if how.norm != "after" and bends:
                h = bend(h)
        out = functional.linear(h, *values[-2:])
        answers.append(out.softmax(1) if how.softmax else out)
    return answers


def logits_agree(learner: Any, made_of: tuple[int, ...], seed: int) -> None:
    """Logits in training, then in evaluation, of a network whose parameters are given."""
    values = [
        normal(seed + k, *shape, dtype=torch.float64) / math.sqrt(shape[-1])
        for k, shape in enumerate(shapes(made_of))
    ]
    vocab_size, block_size = made_of[:2]
    steps = [
        (training, integers(seed + n, vocab_size, n, block_size))
        for training, n in ((True, 9), (False, 4), (True, 6), (False, 2))
    ]
    want = logits(values, made_of, steps, How())
    wrong = {
        "BatchNorm stands before tanh, not after it": How(norm="after"),
        "BatchNorm is never called": How(norm="none"),
        "tanh, not relu": How(bend="relu"),
        "tanh is missing: without it the layers are one linear map": How(bend="none"),
        "tanh is missing after the first layer": How(bend="no first"),
        "tanh is missing after the last hidden layer": How(bend="no last"),
        "logits, not probabilities: the loss applies softmax": How(softmax=True),
        "in evaluation the running statistics count: does your network's mode reach your BatchNorm1d?": How(
            evaluates_by="batch"
        ),
    }
    mistakes = {words: logits(values, made_of, steps, how) for words, how in wrong.items()}
    mistakes["no tanh after the output layer"] = [out.tanh() for out in want]
    made = f"BatchNormMLP({', '.join(map(str, made_of))}, generator)"
    called = f"{made}, logits in training, evaluation, training, evaluation"
    ask(learner, fixtures.network_run, made_of, values, steps, called=called).close(
        want, mistakes=mistakes, rtol=1e-8, atol=1e-9
    )
