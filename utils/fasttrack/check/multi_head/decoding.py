"""Checks of 06_attention/02_multi_head, on writing id after id. Oracles: slices; a loop with a known model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fasttrack.check import check, expect, require
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import multi_head as fixtures
from fasttrack.check.inputs import distinct_sizes, integers
from fasttrack.check.training.ask import ask
from fasttrack.check.values import describe

ONE_DIMENSION_SHORT = {
    "the new ids are (batch,), those so far (batch, time): give the new ones a dimension of size 1": (
        "must have same number of dimensions"
    )
}


@check
def shift_right(learner: Any, seed: int) -> None:
    """The start id, then all targets but the last. Oracle: lists."""
    a, b = distinct_sizes(seed, 2)
    for targets, start in (
        (torch.tensor([[3, 1, 4], [1, 5, 9]]), 10),
        (integers(seed, 9, a, b), 11),
        (integers(seed + 1, 9, 1, b), 0),
        (integers(seed + 2, 9, b, 1), 12),
        (integers(seed + 3, 9, b, b), 9),
    ):
        want = torch.tensor([[start, *row[:-1]] for row in targets.tolist()])
        expect(learner, targets, start).equals(
            want,
            mistakes={
                "as many columns as targets: the last target is dropped": torch.tensor(
                    [[start, *row] for row in targets.tolist()]
                ),
                "that is the other direction: the start id comes first": torch.tensor(
                    [[*row[1:], start] for row in targets.tolist()]
                ),
                "roll is a circle: the first column is `start`, not the last target": targets.roll(1, 1),
                "the targets move to the right: yours lost the first one": torch.tensor(
                    [[start, *row[1:]] for row in targets.tolist()]
                ),
                "ids are int64": want.float(),
                "the first column is `start`, not 0": torch.tensor(
                    [[0, *row[:-1]] for row in targets.tolist()]
                ),
                "columns move, not rows": torch.cat([torch.full_like(targets[:1], start), targets[:-1]]),
            },
        )


@check
def greedy_decode(learner: Any, seed: int) -> None:
    """The likeliest id each time. Oracle: a loop with a model whose next id hangs on all ids before it."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (batch, source_time, vocab_size, steps) in enumerate(
        ((a, b, c + 3, 6), (1, 3, 11, 10), (b, c, 5, 1), (3, a, 4, 8))
    ):
        source = integers(seed + case, 9, batch, source_time)
        padding = torch.arange(source_time) < integers(seed + case, source_time, batch)[:, None] + 1
        start = vocab_size - 1 - case % 2
        model = fixtures.Clockwork(vocab_size, seed + case)
        want = written(model, source, padding, start, steps)
        called = f"greedy_decode(model, source {describe(source)}, padding, {start}, {steps})"
        given = (vocab_size, seed + case, source, padding, start, steps)
        found = ask(learner, fixtures.decoded, *given, called=called, errors=ONE_DIMENSION_SHORT).value
        require(isinstance(found, dict), ("called", called), ("expected", "ids"))

        def as_if(
            source: torch.Tensor = source,
            padding: torch.Tensor = padding,
            start: int = start,
            steps: int = steps,
            model: fixtures.Clockwork = model,
            **otherwise: Any,
        ) -> torch.Tensor:
            return written(model, source, padding, start, steps, **otherwise)

        agree(
            called,
            found["ids"],
            want,
            {
                "the start id is no part of the answer: drop the first column": torch.cat(
                    [torch.full((batch, 1), start), want], 1
                ),
                "one id too many: as many as `steps`": as_if(steps=steps + 1),
                "one id too few: as many as `steps`": want[:, :-1],
                "the next id follows from the last position's logits: yours takes the first's": as_if(at=lambda t: 0),
                "the model must see all ids so far: yours gets only the last one": as_if(keep=1),
                "the likeliest id has the largest logit: yours has the smallest": as_if(sign=-1),
                "begin with `start`, not with id 0": as_if(start=0),
                "the model gets the padding as it is: yours is all True": as_if(padding=torch.ones_like(padding)),
                "start belongs in front of the ids at every step: yours loses it": as_if(keep=max(steps - 1, 1)),
            },
            None,
        )  # fmt: skip
        agree(
            f"how {called} asked the model",
            {key: value for key, value in found.items() if key != "ids"},
            {
                "calls of encode": 1,
                "lengths decoded": list(range(1, steps + 1)),
                "gradients recorded": False,
            },
            mistakes_of_asking(steps),
            None,
        )


def mistakes_of_asking(steps: int) -> dict[str, Any]:
    fine = {"calls of encode": 1, "lengths decoded": list(range(1, steps + 1)), "gradients recorded": False}
    again = "the source does not change: encode it once, before the loop"
    record = "nothing is trained here: put it under torch.no_grad()"
    return {
        record: {**fine, "gradients recorded": True},
        again: {**fine, "calls of encode": steps},
        f"{again}; and {record}": {**fine, "calls of encode": steps, "gradients recorded": True},
        "the model is asked once for each id, and not after the last one": {
            **fine,
            "lengths decoded": list(range(1, steps + 2)),
        },
    }


def written(
    model: fixtures.Clockwork,
    source: torch.Tensor,
    padding: torch.Tensor,
    start: int,
    steps: int,
    *,
    at: Callable[[int], int] = lambda t: t,
    keep: int | None = None,
    sign: int = 1,
) -> torch.Tensor:
    """Each row for itself, one id after the other; by a mistaken rule if another position's logits decide, if only
    the last `keep` ids are seen, or if the smallest logit wins.
    """
    rows = []
    for one in range(len(source)):
        memory = model.encode(source[one : one + 1], padding[one : one + 1])
        ids = [start]
        for _ in range(steps):
            seen = ids if keep is None else ids[-keep:]
            logits = model.decode(torch.tensor([seen]), memory, padding[one : one + 1])[0]
            ids.append(
                max(range(logits.shape[1]), key=(sign * logits[at(len(seen) - 1)]).tolist().__getitem__)
            )
        rows.append(ids[1:])
    return torch.tensor(rows)
