"""Checks of Neuron, Layer and MLP. Oracle: matrix products of torch, in float64."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch

from fasttrack.check import check, require
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import micrograd_networks as fixtures
from fasttrack.check.micrograd.programs import by_torch, parted, programs
from fasttrack.check.values import difference

CLOSE = (1e-9, 1e-10)
COPIES = "parameters() returns the very values that the output is computed from: these get no gradient"


def numbers(rng: random.Random, count: int) -> list[float]:
    return [round(rng.uniform(-1.5, 1.5), 4) for _ in range(count)]


def count_of(sizes: Sequence[int]) -> int:
    """How many parameters layers of these sizes have."""
    return sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))


@dataclass(frozen=True)
class Network:
    """Layers as the lesson describes them: which of them bend, and what a learner may have got wrong in them."""

    sizes: Sequence[int]
    bends: Sequence[bool]
    biased: bool = True
    spread: tuple[float, float] = (-1.0, 1.0)
    drawn_bias: bool = False

    def first(self, seed: int) -> list[float]:
        """The parameters of a new network: for each neuron its weights, drawn, and its bias, 0."""
        rng = random.Random(seed)
        found: list[float] = []
        for inputs, outputs in pairwise(self.sizes):
            for _ in range(outputs):
                found += [rng.uniform(*self.spread) for _ in range(inputs)]
                found += [rng.uniform(*self.spread) if self.drawn_bias else 0.0]
        return found

    def forward(self, parameters: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Outputs `(n, outputs)` of inputs `(n, inputs)`; parameters are listed neuron by neuron, weights then bias."""
        at = 0
        for (inputs, outputs), bend in zip(pairwise(self.sizes), self.bends, strict=True):
            block = parameters[at : at + outputs * (inputs + 1)].reshape(outputs, inputs + 1)
            x = x @ block[:, :inputs].T + (block[:, inputs] if self.biased else 0)
            x = x.tanh() if bend else x
            at += block.numel()
        return x

    def answers(
        self, seed: int, values: Sequence[float], rows: Sequence[Sequence[float]], *, single: bool = False
    ) -> list[Any]:
        """What `fixtures.responses` finds; `single` for outputs that are no lists."""
        parameters = torch.tensor(values, dtype=torch.float64, requires_grad=True)
        outputs = self.forward(parameters, torch.tensor(rows, dtype=torch.float64))
        (grads,) = torch.autograd.grad(outputs.sum(), parameters)
        shown = outputs[:, 0] if single else outputs
        return [self.first(seed), shown.tolist(), grads.tolist()]


def compared(
    learner: Any,
    made_of: Sequence[Any],
    given: tuple[int, Sequence[float], Sequence[Sequence[float]]],
    want: list[Any],
    mistakes: dict[str, Any],
    *,
    linear: bool = False,
) -> None:
    """A network of the learner's against the oracle's: new, and with the parameters that are given."""
    got = beside(learner, fixtures.responses, made_of, *given, linear)
    if difference(got, want, CLOSE) and not sound(learner, made_of):
        blame("Value")
    arguments = ", ".join([*map(str, made_of), "rng", *(["bend=False"] if linear else [])])
    agree(
        f"a network made with ({arguments}): [the parameters when new, outputs, gradients of their sum;"
        " the last two with other parameters]",
        got,
        want,
        mistakes,
        CLOSE,
    )


def sound(learner: Any, made_of: Sequence[Any]) -> bool:
    """Whether the parameters are of a class that evaluates expressions rightly."""
    made = list(programs(random.Random(0), 40, 8))
    answers = beside(learner, fixtures.engine, made_of, made)
    return all(parted(got, by_torch(one)) is None for one, got in zip(made, answers, strict=True))


def blame(earlier: str) -> None:
    """Fail, for a reason that lies in an earlier exercise."""
    require(
        False,
        ("cause", f"it lies in {earlier}, which this builds on and which is not right yet"),
        ("to do", f"run the test of {earlier} and read what it says"),
    )


@check
def Neuron(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """tanh of w x + b, or without tanh. Oracle: torch."""
    rng = random.Random(seed)
    for inputs in (3, 1, rng.randint(4, 7)):
        for bend in (True, False):
            sizes = (inputs, 1)
            net = Network(sizes, [bend])
            values, rows = numbers(rng, count_of(sizes)), [numbers(rng, inputs) for _ in range(2)]
            given = (seed + inputs, values, rows)
            want = net.answers(*given, single=True)
            first, outputs, grads = want
            wrong = Network(sizes, [not bend]).answers(*given, single=True)
            unbiased = Network(sizes, [bend], biased=False).answers(*given, single=True)
            turned = Network(sizes, [bend]).answers(
                seed + inputs, [*values[1:], values[0]], rows, single=True
            )
            compared(
                learner,
                [inputs],
                given,
                want,
                {
                    "the tanh is missing" if bend else "with bend=False there is no tanh": wrong,
                    "the bias is missing in the sum": unbiased,
                    "parameters() lists the weights first, then the bias": [
                        [first[-1], *first[:-1]],
                        turned[1],
                        [turned[2][-1], *turned[2][:-1]],
                    ],
                    "parameters() lists the bias, too": [first[:-1], [], []],
                    "the bias starts at 0": [
                        Network(sizes, [bend], drawn_bias=True).first(given[0]),
                        outputs,
                        grads,
                    ],
                    "weights are drawn by rng.uniform(-1, 1): yours are from 0 to 1": [
                        Network(sizes, [bend], spread=(0.0, 1.0)).first(given[0]),
                        outputs,
                        grads,
                    ],
                    COPIES: [
                        first,
                        Network(sizes, [bend]).answers(given[0], first, rows, single=True)[1],
                        [0.0] * len(grads),
                    ],
                },
                linear=not bend,
            )


@check
def Layer(learner: Any, seed: int) -> None:  # noqa: N802
    """Neurons side by side. Oracle: torch."""
    rng = random.Random(seed)
    for inputs, outputs in ((3, 2), (2, 1), (1, rng.randint(3, 6))):
        for bend in (True, False):
            sizes = (inputs, outputs)
            net = Network(sizes, [bend])
            values, rows = numbers(rng, count_of(sizes)), [numbers(rng, inputs) for _ in range(2)]
            given = (seed + inputs, values, rows)
            want = net.answers(*given)
            alike = net.first(given[0])[: inputs + 1] * outputs
            compared(
                learner,
                list(sizes),
                given,
                want,
                {
                    "bend is not passed on to the neurons": Network(sizes, [not bend]).answers(*given),
                    "a list of outputs, also where it is only one": net.answers(*given, single=True),
                    "all neurons are one and the same: make each anew": [alike, *shared(net, values, rows)],
                    "all neurons start alike: they draw from one generator, one after the other": [
                        alike,
                        *want[1:],
                    ],
                    "each neuron draws from the rng that Layer is given: yours makes a new random.Random(0) for each": [
                        net.first(0)[: inputs + 1] * outputs,
                        *want[1:],
                    ],
                    "the first size is the number of inputs, the second that of neurons": [
                        Network(sizes[::-1], [bend]).first(given[0]),
                        [],
                        [],
                    ],
                },
                linear=not bend,
            )


def shared(net: Network, values: Sequence[float], rows: Sequence[Sequence[float]]) -> list[Any]:
    """Outputs and gradients where every neuron is the same object, so that it holds the last values given."""
    inputs, outputs = net.sizes
    own = torch.tensor(values[-inputs - 1 :], dtype=torch.float64, requires_grad=True)
    answer = net.forward(own.repeat(outputs), torch.tensor(rows, dtype=torch.float64))
    (grads,) = torch.autograd.grad(answer.sum(), own)
    return [answer.tolist(), grads.tolist() * outputs]


@check
def MLP(learner: Any, seed: int) -> None:  # noqa: N802
    """Layers one after the other, the last without tanh. Oracle: torch."""
    rng = random.Random(seed)
    for sizes in ([2, 3, 1], [3, 2], [1, 2, rng.randint(2, 4), 2]):
        count = len(sizes) - 1
        bends = [k < count - 1 for k in range(count)]
        values, rows = numbers(rng, count_of(sizes)), [numbers(rng, sizes[0]) for _ in range(2)]
        given = (seed + len(sizes), values, rows)
        net = Network(sizes, bends)
        first = net.first(given[0])
        compared(
            learner,
            [sizes],
            given,
            net.answers(*given),
            {
                "the last layer has no tanh: its outputs are scores of any size": Network(
                    sizes, [True] * count
                ).answers(*given),
                "only the last layer is without tanh": Network(sizes, [False] * count).answers(*given),
                "the hidden layers bend and the last does not: yours is the other way round": Network(
                    sizes, [not bend for bend in bends]
                ).answers(*given),
                "a list of outputs, also where it is only one": net.answers(*given, single=True),
                "parameters() of all layers, the first layer's first": [
                    first[count_of(sizes[:2]) :] + first[: count_of(sizes[:2])],
                    *net.answers(*given)[1:],
                ],
                "parameters() lists those of all layers: some are missing": [
                    first[-count_of(sizes[-2:]) :],
                    [],
                    [],
                ],
            },
        )
