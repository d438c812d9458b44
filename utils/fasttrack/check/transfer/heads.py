"""Checks of 09_finetuning/01_transfer, on a new head. Oracles: loops over rows, GPT-2 in plain functions."""

from __future__ import annotations

import random
from typing import Any

import torch

from fasttrack.check import check, expect, require
from fasttrack.check.fixtures import transfer_heads as fixtures
from fasttrack.check.gpt.oracle import drawn, gpt2_hidden
from fasttrack.check.inputs import EXACT, distinct_sizes, integers, normal
from fasttrack.check.training.ask import ask

ERRORS = {
    "the head reads n_embd numbers, not vocab_size: body.hidden(ids), not body(ids)": "cannot be multiplied"
}


def lengths_of(seed: int, rows: int, time: int) -> list[int]:
    """A length for each row: one of 1, one of all positions, the rest by chance."""
    draw = random.Random(seed)
    lengths = [draw.randint(1, time) for _ in range(rows)]
    lengths[draw.randrange(rows)] = time
    if rows > 1:
        lengths[lengths.index(time) - 1] = max(1, time // 2)
    if rows > 2:
        lengths[lengths.index(time) - 2] = 1
    return lengths


@check
def pool_last(learner: Any, seed: int) -> None:
    """The vector at the last real position. Oracle: a loop over rows."""
    rows, time, columns = distinct_sizes(seed, 3)
    for case, (batch, length, dtype) in enumerate(
        (
            (rows + 1, time + 1, torch.float64),
            (time + 2, time + 2, torch.float32),
            (1, 3, torch.float32),
            (2, 1, torch.float32),
        )
    ):
        hidden = normal(seed + case, batch, length, columns, dtype=dtype)
        ends = lengths_of(seed + case, batch, length)
        padding = torch.tensor([[t < end for t in range(length)] for end in ends])

        def at(places: Any, hidden: torch.Tensor = hidden) -> torch.Tensor:
            return torch.stack([hidden[row, place] for row, place in enumerate(places)])

        want = at([end - 1 for end in ends])
        sums = torch.stack([hidden[row, :end].sum(0) for row, end in enumerate(ends)])
        expect(learner, hidden, padding).close(
            want,
            mistakes={
                "the last position of the row is padding where the row is shorter": at([-1] * batch),
                "the first position has read nothing but itself: the last real one": at([0] * batch),
                "one place too far: positions are counted from 0": at(
                    [end if end < length else length - 1 for end in ends]
                ),
                "one place too far: positions are counted from 0, and past the end is an error": IndexError,
                "one place too early": at([end - 2 for end in ends]),
                "the vector at one position, not the mean over them": sums
                / torch.tensor(ends, dtype=dtype)[:, None],
                "the vector at one position, not the mean over all of them": hidden.mean(1),
                "the vector at one position, not the sum": sums,
                "one vector for each row: (batch, n_embd). Index rows and positions together": hidden[
                    :, [end - 1 for end in ends]
                ],
                "True is real: yours counts the padding": at([length - end - 1 for end in ends]),
                "True is real: yours takes the first padding position": at(
                    [end % length for end in ends]
                ),
                "drop the time dimension: (batch, n_embd)": want[:, None],
            },
        )  # fmt: skip


@check
def Classifier(learner: Any, seed: int) -> None:  # noqa: N802 — the exercise's name
    """The logits of a body with a head. Oracle: GPT-2 in plain functions, then a product row by row."""
    draw = random.Random(seed)
    for case, (n_classes, batch, time) in enumerate(((3, 4, 6), (5, 1, 4), (2, 3, 7))):
        n_head = draw.choice((1, 2))
        sizes = (draw.randint(9, 14), time + 2, draw.randint(1, 2), n_head, n_head * draw.choice((3, 4)))
        vocab_size, width, pad = sizes[0], sizes[4], (0, 2, draw.randrange(3))[case]
        state = drawn(seed + 100 * case, sizes)
        ends = lengths_of(seed + case, batch, time)
        ids = (integers(seed + case, vocab_size - 1, batch, time) + pad + 1) % vocab_size  # none of them pad
        if pad != 1:
            ids[:, 0] = 1  # a word like any other
        for row, end in enumerate(ends):
            ids[row, end:] = pad
        called = (
            f"Classifier(body, {n_classes}, pad={pad}), a body with n_embd {width}, on ids {tuple(ids.shape)}"
        )
        starting(learner, sizes, state, n_classes, ids, pad, seed, called)
        head = {
            "weight": normal(seed + 5, n_classes, width, dtype=torch.float64),
            "bias": normal(seed + 6, n_classes, dtype=torch.float64),
        }
        hidden = gpt2_hidden(state, sizes, ids)
        upstream = normal(seed + 8, batch, n_classes, dtype=torch.float64)

        def outcome(
            vectors: torch.Tensor,
            bias: float = 1,
            reaches: bool = True,
            head: Any = head,
            upstream: Any = upstream,
        ) -> dict[str, Any]:
            return {
                "logits": vectors @ head["weight"].T + bias * head["bias"],
                "head's gradient": upstream.T @ vectors,
                "gradients reach the body": reaches,
            }

        last = torch.stack([hidden[row, end - 1] for row, end in enumerate(ends)])
        without = gpt2_hidden(state, sizes, ids, final_norm=False)
        real = torch.stack([hidden[row, :end].mean(0) for row, end in enumerate(ends)])
        turned = torch.stack([hidden[row, time - end - 1] for row, end in enumerate(ends)])
        ask(
            learner,
            fixtures.classified,
            sizes,
            state,
            head,
            ids,
            pad,
            upstream,
            called=called,
            errors=ERRORS,
        ).close(
            outcome(last),
            mistakes={
                "the body learns, too, unless someone freezes it: no torch.no_grad() in forward": outcome(
                    last, reaches=False
                ),
                "the last column is padding where a row is shorter: pool_last": outcome(hidden[:, -1]),
                "padding is True where ids are real: ids != pad": outcome(turned),
                "pad is an argument: yours always takes the same id for padding": outcome(
                    torch.stack([hidden[row, int(one) - 1] for row, one in enumerate((ids != 1).sum(1))])
                ),
                "the head reads the last real position, not a mean": outcome(real),
                "the head reads the last real position, not the mean over all": outcome(hidden.mean(1)),
                "the first position has read nothing but itself": outcome(hidden[:, 0]),
                "the body's last norm is left out: body.hidden has it": outcome(
                    torch.stack([without[row, end - 1] for row, end in enumerate(ends)])
                ),
                "the head's bias is left out": outcome(last, bias=0),
            },
            **{"rtol": 1e-8, "atol": 1e-9},
        )


def starting(
    learner: Any, sizes: Any, state: Any, n_classes: int, ids: torch.Tensor, pad: int, seed: int, called: str
) -> None:
    """What a new classifier has and says."""
    told = ask(
        learner, fixtures.beginning, sizes, state, n_classes, ids, pad, seed, called=called, errors=ERRORS
    ).value
    shapes = told["shapes"]
    head = {name: shape for name, shape in shapes.items() if not name.startswith("body.")}
    want = {"head.weight": (n_classes, sizes[4]), "head.bias": (n_classes,)}
    require(
        head == want,
        ("looked at", f"the parameters of {called}, without the body's"),
        ("expected", str(want)),
        ("got", str(head)),
    )
    require(
        told["body is the model that was given"] is True,
        ("called", called),
        ("expected", "body is the model that was given: its parameters are what was pretrained"),
    )
    logits = told["logits"]
    require(
        isinstance(logits, torch.Tensor) and tuple(logits.shape) == (len(ids), n_classes),
        ("called", called),
        ("expected", f"logits of shape {(len(ids), n_classes)}"),
        ("got", f"shape {tuple(logits.shape)}" if isinstance(logits, torch.Tensor) else str(logits)),
    )
    require(
        torch.equal(logits, torch.zeros_like(logits)),
        ("called", called),
        ("expected", "logits of 0 before any training: the head starts with zeros, weight and bias"),
        ("got", f"logits up to {logits.abs().max().item():.3g}"),
    )


@check
def features(learner: Any, seed: int) -> None:
    """What a body says of each row, batch by batch, without a trace. Oracle: sums in a loop."""
    v, width, b = distinct_sizes(seed, 3)
    v += 3
    for case, (n, time, batch, training) in enumerate(
        ((2 * b + 1, 5, b, True), (b, 3, b, False), (4, 6, 64, True), (3, 4, 1, False))
    ):
        pad = (seed + case) % 3
        weight = normal(seed + case, v, width, dtype=torch.float64)
        ends = lengths_of(seed + case, n, time)
        ids = (integers(seed + case, v - 1, n, time) + pad + 1) % v
        for row, end in enumerate(ends):
            ids[row, end:] = pad
        want = torch.stack([weight[ids[row, :end]].sum(0) for row, end in enumerate(ends)])
        sizes = [min(batch, n - at) for at in range(0, n, batch)]
        last = sizes[-1]

        def outcome(
            values: torch.Tensor,
            rows: Any = sizes,
            recorded: bool = False,
            mode: bool = training,
            trained: bool = False,
        ) -> dict[str, Any]:
            return {
                "features": values,
                "rows at once": rows,
                "in training mode": trained,
                "gradients recorded": recorded,
                "body.training afterwards": mode,
            }

        called = f"features(body, ids {tuple(ids.shape)}, pad={pad}, batch={batch}), body.training {training}"
        padded = torch.stack([weight[row].sum(0) for row in ids])
        mistakes = {
            "gradients are recorded: nothing is trained here, so torch.no_grad()": outcome(
                want, recorded=True
            ),
            "the mode is not restored: the body came in another": outcome(want, mode=not training),
            "all rows went through the body at once: in batches, or memory runs out": outcome(want, [n]),
            "the last position is padding where a row is shorter: pool_last": outcome(padded),
            "the rows of all batches, not of the last one": outcome(want[-last:]),
            "a list of batches: torch.cat makes one tensor of them": outcome(want),
            "the last rows do not fill a batch, and belong to it all the same": outcome(
                want[: n - n % batch], sizes[: n // batch]
            ),
        }
        if training:
            mistakes["evaluation mode: call body.eval() before"] = outcome(2 * want, trained=True)
            mistakes["evaluation mode, and no gradients"] = outcome(2 * want, trained=True, recorded=True)
        ask(learner, fixtures.of_body, weight, ids, pad, batch, training, called=called).close(
            outcome(want), mistakes=mistakes, **EXACT
        )
