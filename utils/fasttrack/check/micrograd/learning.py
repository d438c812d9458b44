"""Checks of the loss and of the training loop. Oracle: the same steps in torch, float64."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from fasttrack.check import check, require
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import micrograd_networks as fixtures
from fasttrack.check.micrograd.networks import CLOSE, Network, blame, count_of, numbers, sound
from fasttrack.check.values import difference

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

LOST = "the scores are values: compute with them; with .data the graph is lost, and no gradient reaches them"

LOSSES: dict[str, Loss] = {
    "the mean over all examples, not the sum": lambda s, y: (1 - y * s).relu().sum(),
    "a score beyond the margin costs nothing: the relu is missing": lambda s, y: (1 - y * s).mean(),
    "the sign is turned: a score costs where it has the wrong sign": lambda s, y: (1 + y * s).relu().mean(),
    "the margin is missing: 1 - y * score": lambda s, y: (-y * s).relu().mean(),
    "the relu is taken of each example, before the mean": lambda s, y: (1 - y * s).mean().relu(),
    "no square": lambda s, y: ((1 - y * s).relu() ** 2).mean(),
    "the target y does not enter": lambda s, y: (1 - s).relu().mean(),
}


def margin(scores: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The lesson's loss: the mean of max(0, 1 - y * score)."""
    return (1 - y * scores).relu().mean()


def loss_by_torch(loss: Loss, scores: Sequence[float], targets: Sequence[int]) -> tuple[float, list[float]]:
    """The loss, and its gradient at each score."""
    leaf = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    value = loss(leaf, torch.tensor(targets, dtype=torch.float64))
    (slopes,) = torch.autograd.grad(value, leaf)
    return value.item(), slopes.tolist()


@check
def margin_loss(learner: Any, value: Any, seed: int) -> None:
    """The mean of max(0, 1 - y * score), as a value with a graph. Oracle: torch."""
    rng = random.Random(seed)
    far = round(rng.uniform(3, 5), 3)
    for n in (4, 1, 9, 6):
        scores = [round(rng.uniform(-2.5, 2.5), 3) for _ in range(n)]
        targets = [rng.choice((-1, 1)) for _ in range(n)]
        if n == 4:  # two far beyond the margin, one on the wrong side, one exactly at the margin
            scores, targets = [far, -4.0, 0.5, 1.0], [1, -1, -1, 1]
        looked_at = f"(loss, its gradient at each score) for scores {scores} and targets {targets}"
        got = beside(learner, fixtures.loss_and_slopes, value, scores, targets)
        want = loss_by_torch(margin, scores, targets)
        if isinstance(got, float):
            require(
                False,
                ("looked at", looked_at),
                ("expected", "a Value"),
                ("got", f"the number {got:.7g}"),
                *([("mistake", LOST)] * (difference(got, want[0], CLOSE) is None)),
            )
        agree(
            looked_at,
            got,
            want,
            {words: loss_by_torch(loss, scores, targets) for words, loss in LOSSES.items()}
            | {LOST: (want[0], [0.0] * n)},
            CLOSE,
        )


@dataclass(frozen=True)
class Loop:
    """A training loop as the lesson describes it, or with one of its parts left out."""

    clears: bool = True
    cleared_before: bool = True  # False: gradients from before the first step take part
    sign: float = -1.0
    moves: bool = True
    whole: bool = False  # every step on all examples
    drawn: bool = True  # False: `whole`, and no batch is drawn
    ordered: bool = False  # batches in order instead of drawn
    late: bool = False  # the loss after the update

    def run(
        self, net: Network, values: Sequence[float], old: float, x: Any, y: Any, seed: int, settings: Any
    ) -> list[Any]:
        """What `fixtures.trained` finds."""
        lr, steps, batch_size = settings
        rng = random.Random(seed)
        parameters = torch.tensor(values, dtype=torch.float64, requires_grad=True)
        rows, targets = torch.tensor(x, dtype=torch.float64), torch.tensor(y, dtype=torch.float64)
        grads = torch.zeros_like(parameters) if self.cleared_before else torch.full_like(parameters, old)
        losses = []
        for step in range(steps):
            ids = list(range(len(x)))
            if self.ordered:
                ids = [(step * batch_size + k) % len(x) for k in range(batch_size)]
            elif self.drawn:
                batch = rng.sample(ids, batch_size)
                ids = ids if self.whole else batch
            loss = margin(net.forward(parameters, rows[ids])[:, 0], targets[ids])
            (slope,) = torch.autograd.grad(loss, parameters)
            grads = grads + slope
            if self.moves:
                with torch.no_grad():
                    parameters += self.sign * lr * grads
            if self.clears:
                grads = torch.zeros_like(grads)
            after = margin(net.forward(parameters, rows[ids])[:, 0], targets[ids])
            losses.append((after if self.late else loss).item())
        return [losses, parameters.tolist(), rng.random()]


LOOPS = {
    "gradients of earlier steps pile up: set every .grad to 0.0 before each backward": Loop(
        clears=False, cleared_before=False
    ),
    "gradients from before training take part in the first step: set every .grad to 0.0 before backward": Loop(
        cleared_before=False
    ),
    "gradients of earlier steps pile up: set every .grad to 0.0 in each step, not once": Loop(clears=False),
    "uphill: subtract lr * grad": Loop(sign=1.0),
    "the parameters do not move: p.data -= lr * p.grad": Loop(moves=False),
    "each step takes a batch, rng.sample(range(len(x)), batch_size): yours takes all examples": Loop(
        whole=True, drawn=False
    ),
    "each step takes the examples of its batch: yours draws one, and then takes all examples": Loop(
        whole=True
    ),
    "draw the batch, rng.sample(range(len(x)), batch_size): yours goes through the examples in order": Loop(
        ordered=True
    ),
    "the loss of each step, from before its update": Loop(late=True),
}


@check
def train(learner: Any, model: Any, loss: Any, value: Any, seed: int) -> None:
    """Steps against the gradient of a batch's loss. Oracle: the same steps in torch, the same batches."""
    rng = random.Random(seed)
    sizes = [2, 3, 1]
    net = Network(sizes, [True, False])
    for n, old, settings in ((8, 0.5, (0.1, 3, 4)), (5, 0.0, (0.3, 6, 2)), (6, -1.0, (0.05, 1, 6))):
        values = numbers(rng, count_of(sizes))
        x, y = [numbers(rng, 2) for _ in range(n)], [rng.choice((-1, 1)) for _ in range(n)]
        given = (values, old, x, y, seed + n)
        got = beside(learner, fixtures.trained, model, sizes, *given, *settings)
        want = Loop().run(net, *given, settings)
        if difference(got, want, CLOSE):
            blame_earlier(model, loss, value)
        names = ", ".join(
            f"{word}={one}" for word, one in zip(("lr", "steps", "batch_size"), settings, strict=True)
        )
        looked_at = f"[losses, parameters afterwards, rng.random() afterwards] of {n} examples with {names}"
        strange = [one for one in got[0] if isinstance(one, str)] if isinstance(got[0], list) else []
        if strange:
            require(
                False,
                ("looked at", looked_at),
                ("expected", "losses are floats"),
                ("got", f"a list in which {len(strange)} of {len(got[0])} are of type {strange[0]}"),
                *([("mistake", "floats, not values: loss.data is the number")] * (strange[0] == "Value")),
            )
        wrong = {words: loop.run(net, *given, settings) for words, loop in LOOPS.items()}
        agree(
            looked_at,
            got,
            want,
            {
                **{words: one for words, one in wrong.items() if difference(one, want, CLOSE)},
                "return the list of losses": [None, *want[1:]],
                "return the loss of every step, not only of the last": [want[0][-1], *want[1:]],
            },
            CLOSE,
        )


def blame_earlier(model: Any, loss: Any, value: Any) -> None:
    """Fail if the network or the loss, which training uses, is the cause."""
    if not sound(model, [[2, 3, 1]]):
        blame("Value")
    sizes, values, rows = [2, 3, 1], [0.1 * k - 0.6 for k in range(13)], [[0.5, -1.0], [0.3, 0.8]]
    got = beside(model, fixtures.responses, [sizes], 0, values, rows, False)
    if difference(got[1:], Network(sizes, [True, False]).answers(0, values, rows)[1:], CLOSE):
        blame("MLP")
    scores, targets = [0.5, -0.5, 2.0], [1, 1, -1]
    if difference(
        beside(loss, fixtures.loss_and_slopes, value, scores, targets),
        loss_by_torch(margin, scores, targets),
        CLOSE,
    ):
        blame("margin_loss")
