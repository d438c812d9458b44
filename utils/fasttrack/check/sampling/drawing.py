"""Check of 07_gpt/03_sampling, on generate: texts that are certain, step by step. Draws by chance are in `chance`."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check
from fasttrack.check.fixtures import sampling as fixtures
from fasttrack.check.inputs import distinct_sizes, integers
from fasttrack.check.sampling.chance import by_chance, outcome
from fasttrack.check.sampling.oracle import apart, certain, next_logits
from fasttrack.check.training.ask import ask


@check
def generate(learner: Any, seed: int) -> None:
    """Prompts continued by draws from the model. Oracles: certain texts, and exact probabilities."""
    paths(learner, seed)
    stops(learner, seed)
    by_chance(learner, seed)
    empty = torch.zeros(2, 0, dtype=torch.int64)
    refused = ask(
        learner, fixtures.refused, certain(seed, 5, 3), empty, called="generate with an empty prompt"
    )
    refused.equals(
        "ValueError",
        mistakes={
            "say so yourself, before the model is asked: a ValueError": "IndexError",
            "say so yourself, and not the model: a ValueError": "RuntimeError",
            "raise ValueError: an assert vanishes under python -O": "AssertionError",
            "an empty prompt is no prompt: the model has nothing to go by": "",
        },
    )


def walk(
    table: torch.Tensor,
    prompts: torch.Tensor,
    new: int,
    block_size: int,
    stop: int | None = None,
    *,
    sees: str = "the last",
    filled: bool = True,
    early: str = "all",
    counted: str = "drawn",
) -> torch.Tensor:
    """Every prompt and what surely follows; the options are what learners do otherwise."""
    rows = prompts.tolist()
    ended = [counted == "prompt" and stop in row for row in rows]
    for _ in range(new):
        for i, row in enumerate(rows):
            seen = {
                "the last": row[-block_size:],
                "the first": row[:block_size],
                "the prompt": prompts[i].tolist()[-block_size:],
                "one token": row[-1:],
            }[sees]
            logits = next_logits(table, seen)
            token = logits.index(max(logits))
            row.append(stop if ended[i] and filled and stop is not None else token)
            ended[i] |= row[-1] == stop
        if stop is not None and ((early == "all" and all(ended)) or (early == "any" and any(ended))):
            break
    return torch.tensor(rows)


def modes(ids: torch.Tensor, training: bool) -> dict[str, Any]:
    """Right ids, and a model in the wrong mode."""
    return {
        "the model was in training mode: call model.eval() first": outcome(
            ids, training, **{"asked in training mode": True}
        ),
        "the model comes back in the mode it was in: yours stays in evaluation mode": outcome(
            ids, training, **{"model.training afterwards": False}
        ),
        "the model comes back in the mode it was in: yours is always in training mode": outcome(
            ids, training, **{"model.training afterwards": True}
        ),
        "draw from the generator that is passed: multinomial(…, generator=generator)": outcome(
            ids, training, **{"the global generator was used": True}
        ),
    }


def paths(learner: Any, seed: int) -> None:
    """Texts that are certain, from prompts shorter and longer than the block."""
    a, b, c = distinct_sizes(seed, 3)
    for n, (batch, time, size, new, block_size, training) in enumerate(
        ((a, b, 5, 6, b + 2, True), (1, 1, c, 9, 4, False), (b, c + 4, 6, 5, c, True), (2, 3, 4, 0, 10, True),
         (c, 4, 7, 5, 1, False))
    ):  # fmt: skip
        table = certain(seed + n, 11, size)
        prompts = integers(seed + 10 + n, size, batch, time)
        right = walk(table, prompts, new, block_size)
        wrong = {
            "the model sees the last block_size tokens, and yours sees the first": walk(
                table, prompts, new, block_size, sees="the first"
            ),
            "the model sees what was drawn, too: yours goes by the prompt alone": walk(
                table, prompts, new, block_size, sees="the prompt"
            ),
            "the model sees up to block_size tokens, and yours sees the last one alone": walk(
                table, prompts, new, block_size, sees="one token"
            ),
            "the prompt is part of the answer: yours is the new tokens alone": right[:, time:],
            "the last block_size tokens are what the model sees, not all that you return": right[
                :, -block_size:
            ],
            "one token too few": right[:, :-1],
        }
        named = {words: outcome(ids, training) for words, ids in apart(wrong, right).items()}
        called = f"generate(model, ids, {new}, {block_size}, generator), ids int64 ({batch}, {time})"
        ask(
            learner, fixtures.generated, table, block_size, prompts, new, seed, "", None, training,
            called=called,
            errors={"show the model no more than the last block_size tokens": "but block_size is"},
        ).equals(outcome(right, training), mistakes=named | modes(right, training))  # fmt: skip
        told = ask(
            learner, fixtures.left_to_the_global, table, prompts, new, seed, called="generate without options"
        )
        told.equals({"shape": (batch, time + new), "repeated": True})


def stops(learner: Any, seed: int) -> None:
    """Rows that end at different steps, some of them or all."""
    for n, (batch, new, everyone) in enumerate(((4, 7, False), (3, 12, True), (1, 12, True))):
        table, prompts, stop = ending(seed + 100 * n, batch, new, everyone)
        right = walk(table, prompts, new, 4, stop)
        wrong = {
            "a row that has drawn stop is filled up with it: yours goes on": walk(
                table, prompts, new, 4, stop, filled=False
            ),
            "stop counts when it is drawn: in the prompt it means nothing": walk(
                table, prompts, new, 4, stop, counted="prompt"
            ),
            "when all rows have drawn stop, the drawing ends": walk(
                table, prompts, new, 4, stop, early="never"
            ),
            "the drawing ends when all rows have drawn stop, not the first of them": walk(
                table, prompts, new, 4, stop, early="any"
            ),
            "the stop that was drawn is part of the answer": right[:, :-1],
        }
        drawn = right[:, prompts.shape[1] :]
        before = (drawn == stop).cumsum(1) > 1  # what was filled up
        for fill in (0, -1):
            wrong[f"a row is filled up with stop, not with {fill}"] = torch.cat(
                [prompts, drawn.masked_fill(before, fill)], 1
            )
        named = {words: outcome(ids, True) for words, ids in apart(wrong, right).items()}
        called = f"generate(model, ids, {new}, 4, generator, stop={stop}), ids {prompts.tolist()}"
        ask(
            learner, fixtures.generated, table, 4, prompts, new, seed, "", stop, True, called=called
        ).equals(outcome(right, True), mistakes=named | modes(right, True))  # fmt: skip


def ending(seed: int, batch: int, new: int, everyone: bool) -> tuple[torch.Tensor, torch.Tensor, int]:
    """A certain model and prompts with a stop in them, of which some rows, or all, draw stop after a while."""
    for trial in range(10_000):
        table = certain(seed + trial, 7, 4)
        prompts = integers(seed + trial, 4, batch, 3)
        stop = 1 + trial % 3
        prompts[0, 0] = stop
        free = walk(table, prompts, new, 4)[:, 3:]
        at = [row.index(stop) if stop in row else new for row in free.tolist()]
        some = len(set(at)) == batch and min(at) > 0 and max(at) < new - 2
        if (everyone and some) or (not everyone and max(at) == new and 0 < min(at) < new - 2):
            return table, prompts, stop
    raise RuntimeError("no prompts that end as they should: a bug in the check")
