"""Part of the check of generate: many rows from one prompt, counted.

Oracle: the exact probability of each continuation, and a bound of 6 standard deviations on how often it comes.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch

from fasttrack.check import CheckFailed, expect, require
from fasttrack.check.fixtures import sampling as fixtures
from fasttrack.check.sampling.oracle import CUTS, next_logits, probs, tables
from fasttrack.check.training.ask import ask

ROWS = 3000


def outcome(ids: torch.Tensor, training: bool, **state: bool) -> dict[str, Any]:
    """As `fixtures.generated` gives it."""
    return {
        "ids": ids,
        "ids from the same seed again": ids,
        "asked in training mode": False,
        "model.training afterwards": training,
        "the global generator was used": False,
        **state,
    }


def by_chance(learner: Any, seed: int) -> None:
    """Many rows from one prompt: each continuation comes as often as its probability says."""
    for n, (size, time, length, block_size, cut) in enumerate(
        ((3, 2, 2, 9, ""), (3, 1, 3, 2, "sharper"), (6, 4, 2, 2, "never twice"))
    ):
        table = tables(seed + n, 7, size, scale=1.0)
        prompt = torch.randperm(size, generator=torch.Generator().manual_seed(seed + n))[:time]
        ids = prompt.repeat(ROWS, 1)
        choice = f", choose={cut}" if cut else ""
        called = f"generate(model, ids, {length}, {block_size}, generator{choice}), {ROWS} equal rows"
        told = ask(
            learner,
            fixtures.generated,
            table,
            block_size,
            ids,
            length,
            seed + n,
            cut,
            None,
            False,
            called=called,
        ).value
        got = told["ids"]
        shape = (ROWS, time + length)
        if not (isinstance(got, torch.Tensor) and got.dtype == torch.int64 and tuple(got.shape) == shape):
            raise CheckFailed(
                "generate: not right yet", ("called", called), ("expected", f"int64 ids of shape {shape}")
            )
        expect(lambda told=told: told).equals(outcome(got, False), mistakes=again(got))
        counts = torch.zeros((size,) * length, dtype=torch.float64)
        fresh = got[:, time:]
        require(
            bool((fresh >= 0).all() and (fresh < size).all() and (got[:, :time] == ids).all()),
            ("called", called),
            ("expected", "the prompt, and then ids of the vocabulary"),
        )
        counts.index_put_(tuple(fresh.T), torch.ones(ROWS, dtype=torch.float64), accumulate=True)
        compared(counts, chances(table, prompt.tolist(), length, block_size, cut), called, others(
            table, prompt.tolist(), length, block_size, cut
        ))  # fmt: skip


def again(got: torch.Tensor) -> dict[str, Any]:
    """A draw that the seed does not decide."""
    return {
        "draw from the generator that is passed: multinomial(…, generator=generator)": outcome(
            got, False, **{"the global generator was used": True}
        )
    }


def chances(
    table: torch.Tensor,
    prompt: list[int],
    length: int,
    block_size: int,
    cut: str,
    *,
    flat: float = 1.0,
    twice: bool = False,
    cropped: bool = False,
) -> torch.Tensor:
    """The exact probability of every continuation; the options are what learners do otherwise."""
    size = table.shape[1]
    answer = torch.zeros((size,) * length, dtype=torch.float64)
    for more in itertools.product(range(size), repeat=length):
        chance = 1.0
        for t in range(length):
            ids = [*prompt, *more[:t]]
            logits = next_logits(table, ids, block_size)
            logits = CUTS[cut or "as they are"](logits, ids[-block_size:] if cropped else ids)
            row = probs([flat * one for one in logits])
            if twice:
                row = probs(row)
            chance *= row[more[t]]
        answer[more] = chance
    return answer


def others(
    table: torch.Tensor, prompt: list[int], length: int, block_size: int, cut: str
) -> dict[str, torch.Tensor]:
    """What other distributions tell of the learner's draws."""
    size = table.shape[1]
    wrong = {
        "the likeliest token each time is greedy: draw from the probabilities": chances(
            table, prompt, length, block_size, cut, flat=1e4
        ),
        "the probabilities are the softmax of the logits, once": chances(
            table, prompt, length, block_size, cut, twice=True
        ),
        "tokens are drawn with equal probability: draw from the softmax of the logits": torch.full(
            (size,) * length, float(size) ** -length, dtype=torch.float64
        ),
    }
    if cut:
        wrong["choose makes no difference: draw from what it returns"] = chances(
            table, prompt, length, block_size, ""
        )
    if cut == "never twice":
        wrong["choose gets all ids so far, not only those that the model sees"] = chances(
            table, prompt, length, block_size, cut, cropped=True
        )
    return wrong


def compared(counts: torch.Tensor, want: torch.Tensor, called: str, wrong: dict[str, torch.Tensor]) -> None:
    """Fail if a continuation comes far too often or too rarely, with the reason that the counts tell."""
    worst, off = furthest(counts, want)
    place = [int(i) for i in torch.unravel_index(torch.tensor(worst), want.shape)]
    apart = {words: furthest(counts, table)[1] for words, table in wrong.items()}
    likely = min(apart, key=lambda words: apart[words])
    one = (counts > 0).sum() == 1 and want.max() < 0.95
    told = [("mistake", likely)] if off > 6 >= apart[likely] else []
    if one and not told:
        told = [("mistake", "each row is drawn by itself: all of yours get the same tokens")]
    require(
        off <= 6,
        ("called", called),
        ("expected", f"{place} follows the prompt with probability {want.flatten()[worst]:.4f}"),
        ("got", f"{counts.flatten()[worst] / counts.sum():.4f} of the rows"),
        *told,
    )


def furthest(counts: torch.Tensor, want: torch.Tensor) -> tuple[int, float]:
    """The outcome that is furthest from its expected count, and by how many standard deviations."""
    n = counts.sum()
    spread = (n * want * (1 - want)).sqrt()
    off = (counts - n * want).abs() / spread.clamp(min=0.5)
    off = torch.where((want < 1e-12) & (counts > 0), torch.tensor(math.inf, dtype=torch.float64), off)
    return int(off.argmax()), float(off.max())
