"""Checks of 07_gpt/03_sampling, on what is certain: the greedy text, and the exact probability of every text.

Oracles: a loop that looks for the largest, and one over the product of all tokens, in plain Python.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch

from fasttrack.check import check
from fasttrack.check.fixtures import sampling as fixtures
from fasttrack.check.inputs import distinct_sizes, integers
from fasttrack.check.sampling.oracle import CUTS, apart, next_logits, probs, tables
from fasttrack.check.training.ask import ask


def likeliest(
    table: torch.Tensor, prompt: list[int], new: int, block_size: int, sees: str = "the last"
) -> list[int]:
    """The prompt, and the likeliest token again and again."""
    ids = list(prompt)
    for _ in range(new):
        seen = {
            "the last": ids[-block_size:],
            "the first": ids[:block_size],
            "the prompt": prompt[-block_size:],
            "one token": ids[-1:],
            "one less": ids[-block_size + 1 :] if block_size > 1 else ids[-1:],
        }[sees]
        row = next_logits(table, seen)
        ids.append(row.index(max(row)))
    return ids


@check
def greedy(learner: Any, seed: int) -> None:
    """The likeliest token, again and again. Oracle: a loop over rows and steps."""
    a, b, c = distinct_sizes(seed, 3)
    for n, (batch, time, size, new, block_size) in enumerate(
        ((a, b, 5, 7, b + 2), (1, 1, c, 9, 4), (b, c + 4, 6, 5, c), (2, 3, 4, 0, 10), (c, 4, 9, 12, 1))
    ):
        table = tables(seed + n, 11, size)
        prompts = integers(seed + 10 + n, size, batch, time)

        def texts(sees: str, args: Any = (table, prompts, new, block_size)) -> torch.Tensor:
            table, prompts, new, block_size = args
            return torch.tensor([likeliest(table, row, new, block_size, sees) for row in prompts.tolist()])

        right = texts("the last")
        wrong = {
            "the model sees the last block_size tokens, and yours sees the first": texts("the first"),
            "the model sees what was added, too: yours goes by the prompt alone": texts("the prompt"),
            "the model sees up to block_size tokens, and yours sees the last one alone": texts("one token"),
            "the model sees the last block_size tokens: yours sees one less": texts("one less"),
            "the prompt is part of the answer: yours is the new tokens alone": right[:, time:],
            "max_new_tokens tokens are added, the prompt not counted": right[:, :new],
            "one token too few": right[:, :-1],
            "the last block_size tokens are what the model sees, not all that you return": right[
                :, -block_size:
            ],
        }
        called = f"greedy(model, ids, {new}, {block_size}), ids int64 ({batch}, {time})"
        ask(
            learner,
            fixtures.extended,
            table,
            block_size,
            prompts,
            new,
            called=called,
            errors={"show the model no more than the last block_size tokens": "but block_size is"},
        ).equals(right, mistakes=apart(wrong, right))


@check
def exact_probs(learner: Any, seed: int) -> None:
    """The probability of every continuation. Oracle: a loop over the product of all tokens."""
    a, b, _ = distinct_sizes(seed, 3)
    for n, (time, size, length, cut) in enumerate(
        (
            (a, 3, 2, "as they are"),
            (1, b, 1, "as they are"),
            (2, 3, 3, "sharper"),
            (1, 4, 3, "never twice"),
            (b, 2, 4, "as they are"),
        )
    ):
        table = tables(seed + n, 7, size, scale=1.0)
        prompt = integers(seed + 10 + n, size, time)
        right = product(table, prompt.tolist(), length, cut, size)
        last = product(table, prompt.tolist(), 1, cut, size)
        wrong = {
            "choose makes no difference": product(table, prompt.tolist(), length, "as they are", size),
            "the second token depends on the first: yours are drawn from the same distribution": outer(
                last, length
            ),
            "the dimensions are in the order of the tokens: yours are turned": right.permute(
                *reversed(range(length))
            ),
            "a product of probabilities, not their sum": sums(table, prompt.tolist(), length, cut, size),
            "probabilities, not their logarithms": right.log(),
            "one dimension for each new token: keep the shape": right.flatten(),
            "the probability of the whole text, not of its last token alone": steps(
                table, prompt.tolist(), length, cut, size
            )[1],
            "the dtype is that of the model's logits: torch.zeros(…, dtype=logits.dtype)": right.float(),
        }
        if cut == "never twice":
            wrong["choose gets all ids so far, the prompt among them"] = product(
                table, prompt.tolist(), length, cut, size, forget=time
            )
        called = f"exact_probs(model, ids, {length}, choose), ids int64 ({time},), choose {cut}"
        ask(learner, fixtures.enumerated, table, prompt, length, cut, called=called).close(
            right, mistakes=apart(wrong, right), rtol=1e-9, atol=1e-12
        )


def steps(
    table: torch.Tensor, prompt: list[int], length: int, cut: str, size: int, forget: int = 0
) -> tuple[list[list[float]], torch.Tensor]:
    """For every continuation the probability of each of its tokens, and that of the last in a tensor."""
    found = []
    for more in itertools.product(range(size), repeat=length):
        row = []
        for t in range(length):
            ids = [*prompt, *more[:t]]
            row.append(probs_of(CUTS[cut](next_logits(table, ids), ids[forget:]))[more[t]])
        found.append(row)
    last = torch.tensor([row[-1] for row in found], dtype=torch.float64)
    return found, last.reshape((size,) * length)


def probs_of(logits: list[float]) -> list[float]:
    """A softmax that gives 0 for what is cut."""
    return probs(logits) if max(logits) > -math.inf else [0.0] * len(logits)


def product(
    table: torch.Tensor, prompt: list[int], length: int, cut: str, size: int, forget: int = 0
) -> torch.Tensor:
    found, last = steps(table, prompt, length, cut, size, forget)
    return torch.tensor([math.prod(row) for row in found], dtype=torch.float64).reshape(last.shape)


def sums(table: torch.Tensor, prompt: list[int], length: int, cut: str, size: int) -> torch.Tensor:
    found, last = steps(table, prompt, length, cut, size)
    return torch.tensor([math.fsum(row) for row in found], dtype=torch.float64).reshape(last.shape)


def outer(one: torch.Tensor, length: int) -> torch.Tensor:
    """Independent draws from one distribution."""
    table = one
    for _ in range(length - 1):
        table = table[..., None] * one
    return table
