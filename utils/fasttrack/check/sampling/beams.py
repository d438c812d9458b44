"""Check of 07_gpt/03_sampling, on beam search. Oracle: the same search over lists, and all continuations."""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch

from fasttrack.check import check, require
from fasttrack.check.fixtures import sampling as fixtures
from fasttrack.check.inputs import distinct_sizes, integers
from fasttrack.check.sampling.oracle import log_probs, next_logits, tables
from fasttrack.check.training.ask import ask
from fasttrack.check.values import describe, difference

Found = list[tuple[torch.Tensor, float]]
TOLERANCE = {"rtol": 1e-9, "atol": 1e-10}


def search(
    table: torch.Tensor,
    prompt: list[int],
    new: int,
    block_size: int,
    beams: int,
    stop: int | None = None,
    *,
    stops: str = "drawn",
    score: str = "sum",
    dropped: bool = False,
    sees: str = "the last",
) -> Found:
    """The beams that stay, best first; the options are what learners do otherwise."""
    power = float(score == "mean")
    found: list[tuple[list[int], float]] = [(list(prompt), 0.0)]
    done: list[tuple[list[int], float]] = []
    for _ in range(new):
        longer: list[tuple[list[int], float]] = []
        for ids, total in found:
            if stop is not None and ids[-1] == stop and (len(ids) > len(prompt) or stops == "prompt"):
                longer.append((ids, total))
                continue
            seen = ids[-block_size:] if sees == "the last" else ids[:block_size]
            row = log_probs(next_logits(table, seen))
            if score == "logits":
                row = next_logits(table, seen)
            before = total if score != "last" else 0.0
            longer += [([*ids, token], before + more) for token, more in enumerate(row)]
        found = sorted(longer, key=lambda pair: -pair[1] / (len(pair[0]) - len(prompt)) ** power)[:beams]
        if dropped and stop is not None:
            done += [pair for pair in found if pair[0][-1] == stop]
            found = [pair for pair in found if pair[0][-1] != stop]
            if not found:
                break
    found = sorted([*done, *found], key=lambda pair: -pair[1])[:beams] if dropped else found
    return [(torch.tensor(ids), total) for ids, total in found]


def exhaustive(table: torch.Tensor, prompt: list[int], new: int) -> Found:
    """Every continuation, best first."""
    found = []
    for more in itertools.product(range(table.shape[1]), repeat=new):
        ids = [*prompt, *more]
        steps = range(len(prompt), len(ids))
        total = math.fsum(log_probs(next_logits(table, ids[:t]))[ids[t]] for t in steps)
        found.append((torch.tensor(ids), total))
    return sorted(found, key=lambda pair: -pair[1])


@check
def beam_search(learner: Any, seed: int) -> None:
    """The most probable of what a search of some width sees. Oracles: the search over lists, and all there is."""
    a, b, c = distinct_sizes(seed, 3)
    for n, (time, size, new, block_size, beams, stop) in enumerate(
        (
            (a, 5, 4, 50, 3, None),
            (1, 3, 3, 50, 27, None),  # all there are
            (b, 6, 5, 50, 1, None),  # greedy
            (c + 3, 4, 5, c, 2, None),
            (2, 4, 6, 50, 4, 1),
            (b, 3, 5, 3, 3, 2),
            (1, b + 1, 1, 50, 40, None),  # more beams than continuations
            (3, 4, 0, 50, 2, None),
        )
    ):
        table, prompt = spread(seed + 50 * n, size, time, new, block_size, beams, stop)
        given = prompt.tolist()
        right = search(table, given, new, block_size, beams, stop)
        if beams == size**new:
            right = exhaustive(table, given, new)
        called = (
            f"beam_search(model, ids, {new}, {block_size}, beams={beams}, stop={stop}), ids int64 ({time},), "
            f"{size} tokens in the vocabulary"
        )
        answer = ask(
            learner, fixtures.searched, table, block_size, prompt, new, beams, stop, called=called,
            errors={
                "show the model no more than the last block_size tokens": "but block_size is",
                "topk cannot take more tokens than there are": "out of range",
            },
        )  # fmt: skip
        require(
            not isinstance(answer.value, torch.Tensor),
            ("called", called),
            ("expected", "a list of pairs"),
            ("got", describe(answer.value)),
        )
        wrong = mistakes(table, given, new, block_size, beams, stop, right)
        answer.close(right, mistakes=wrong, **TOLERANCE)


def mistakes(
    table: torch.Tensor,
    given: list[int],
    new: int,
    block_size: int,
    beams: int,
    stop: int | None,
    right: Found,
) -> dict[str, Any]:
    args = (table, given, new, block_size, beams, stop)
    narrow = search(table, given, new, block_size, 1, stop)
    wrong: dict[str, Any] = {
        "log-probabilities add up over the steps: yours is that of the last token": search(
            *args, score="last"
        ),
        "log-probabilities, not logits: log_softmax": search(*args, score="logits"),
        "the sum of log-probabilities, not their mean": search(*args, score="mean"),
        "the model sees the last block_size tokens, and yours sees the first": search(
            *args, sees="the first"
        ),
        "best first: yours are the other way round": right[::-1],
        "a list of pairs: the best one alone is not enough": right[:1],
        "a list of pairs, and yours is a single pair": right[0],
        "beams of them: you follow a single one, which is greedy": narrow,
        "the prompt is part of the answer": [(ids[len(given) :], total) for ids, total in right],
        "log-probabilities, not probabilities: they are too small for long texts": [
            (ids, math.exp(total)) for ids, total in right
        ],
        "a log-probability is negative: the sign is turned": [(ids, -total) for ids, total in right],
        "first the ids, then the log-probability": [(total, ids) for ids, total in right],
        "ids as tensors, not as lists": [(ids.tolist(), total) for ids, total in right],
        "the log-probability as a float, not as a tensor: item()": [
            (ids, torch.tensor(total, dtype=torch.float64)) for ids, total in right
        ],
    }
    if stop is not None:
        wrong |= {
            "a text that has ended is not continued": search(table, given, new, block_size, beams),
            "stop counts when it is drawn: in the prompt it means nothing": search(*args, stops="prompt"),
            "a text that has ended keeps its place among the beams until better ones take it": search(
                *args, dropped=True
            ),
        }
    return {
        words: value
        for words, value in wrong.items()
        if difference(value, right, (TOLERANCE["rtol"], TOLERANCE["atol"])) is not None
    }


def spread(
    seed: int, size: int, time: int, new: int, block_size: int, beams: int, stop: int | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """A model and a prompt without near ties among the beams, for which greedy is not enough.

    Where there is a stop, it ends the prompt, too, and some beam.
    """
    for trial in range(1000):
        table = tables(seed + trial, 101, size, scale=1.0)
        prompt = integers(seed + 10 + trial, size, time)
        if stop is not None:
            prompt[-1] = stop
        args = (table, prompt.tolist(), new, block_size)
        found, wide, narrow = (search(*args, width, stop) for width in (beams, beams + 1, 1))
        gaps = [one - other for texts in (found, wide) for (_, one), (_, other) in itertools.pairwise(texts)]
        one_is_enough = beams > 1 and new > 1 and math.isclose(narrow[0][1], found[0][1])
        ended = [len(ids) for ids, _ in found if stop is not None and ids[-1] == stop]
        ends = stop is None or min(ended, default=time + new) < time + new
        if min(gaps, default=1.0) > 1e-6 and ends and not one_is_enough:
            return table, prompt
    raise RuntimeError("no beams without ties: a bug in the check")
