"""The checks of 07_gpt/03_sampling on the package's own functions, on wrong ones, and by what they say."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from fasttrack import sampling
from fasttrack.check import CheckFailed
from fasttrack.check import sampling as check
from fasttrack.check.sampling.beams import exhaustive, search
from fasttrack.check.sampling.chance import chances, furthest
from fasttrack.check.sampling.oracle import tables

SEEDS = [0, 1, 7, 1234]
Choose = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def unchanged(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    return logits


def greedy(model: nn.Module, ids: torch.Tensor, new: int, block_size: int) -> torch.Tensor:
    return sampling.generate(
        model, ids, new, block_size, choose=lambda logits, _: sampling.temperature(logits, 0)
    )


def exact_probs(model: nn.Module, ids: torch.Tensor, length: int, choose: Choose = unchanged) -> torch.Tensor:
    probs: torch.Tensor = choose(model(ids[None])[:, -1], ids[None]).softmax(-1)[0]
    if length == 1:
        return probs
    texts = [torch.cat([ids, torch.tensor([token])]) for token in range(len(probs))]
    return torch.stack(
        [p * exact_probs(model, text, length - 1, choose) for p, text in zip(probs, texts, strict=True)]
    )


def perplexity(model: nn.Module, texts: list[list[int]]) -> float:
    costs = []
    for text in texts:
        log_probs = model(torch.tensor([text]))[0].log_softmax(-1)
        costs += [-log_probs[t, token].item() for t, token in enumerate(text[1:])]
    return math.exp(math.fsum(costs) / len(costs))


def distinct_n(texts: list[list[int]], n: int) -> float:
    grams = [gram for text in texts for gram in zip(*(text[i:] for i in range(n)), strict=False)]
    return len(set(grams)) / len(grams) if grams else 0.0


RIGHT: dict[str, Any] = {
    "greedy": greedy,
    "temperature": sampling.temperature,
    "top_k": sampling.top_k,
    "top_p": sampling.top_p,
    "min_p": sampling.min_p,
    "repetition_penalty": sampling.repetition_penalty,
    "generate": sampling.generate,
    "exact_probs": exact_probs,
    "beam_search": sampling.beam_search,
    "perplexity": perplexity,
    "distinct_n": distinct_n,
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", RIGHT)
def test_the_package_s_functions_and_other_right_ones_pass_under_any_seed(name: str, seed: int) -> None:
    getattr(check, name)(RIGHT[name], seed=seed)


def test_every_check_is_tried() -> None:
    assert set(RIGHT) == set(check.__all__)


def repeating(model: nn.Module, ids: torch.Tensor, *rest: Any, **options: Any) -> torch.Tensor:
    """Rows that are drawn once and copied."""
    answer = sampling.generate(model, ids, *rest, **options)
    same = bool((ids == ids[:1]).all()) and len(ids) > 10
    return answer[:1].expand(len(ids), -1) if same else answer


def flattened(model: nn.Module, ids: torch.Tensor, *rest: Any, **options: Any) -> torch.Tensor:
    """A distribution that is a little too flat."""
    choose = options.pop("choose", unchanged)
    return sampling.generate(model, ids, *rest, choose=lambda z, text: choose(z, text) / 1.3, **options)


def with_gaps(model: nn.Module, *args: Any, **options: Any) -> list[tuple[torch.Tensor, float]]:
    return sampling.beam_search(model, *args, **options)[1:]


WRONG: list[tuple[str, Any, str]] = [
    ("temperature", lambda z, t: z / t if t > 0 else z * math.inf, "raises ValueError|not right yet"),
    ("top_k", lambda z, k: sampling.top_k(z, max(k, 1)), "it raises ValueError"),
    ("top_p", lambda z, p: sampling.top_p(z, min(p * 1.05, 1.0)), "not right yet"),
    ("min_p", lambda z, p: sampling.min_p(z, p**2), "not right yet"),
    ("repetition_penalty", lambda z, ids, p: z, "the penalty makes no difference"),
    ("generate", repeating, "each row is drawn by itself"),
    ("generate", flattened, "follows the prompt with probability"),
    ("beam_search", with_gaps, "not right yet"),
    ("exact_probs", lambda *args: exact_probs(*args).flatten(), "keep the shape"),
    ("perplexity", lambda *args: 1 / perplexity(*args), "at least 1"),
    ("distinct_n", lambda texts, n: 1 - distinct_n(texts, n), "that of repeated ones"),
]


@pytest.mark.parametrize(("name", "wrong", "said"), WRONG)
def test_a_wrong_one_fails(name: str, wrong: Any, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        getattr(check, name)(wrong)


def test_the_searching_oracle_finds_what_is_best_of_all_if_wide_enough() -> None:
    table = tables(3, 7, 3, scale=1.0)
    wide = search(table, [1, 2], 3, 50, 27)
    every = exhaustive(table, [1, 2], 3)
    assert [ids.tolist() for ids, _ in wide] == [ids.tolist() for ids, _ in every]
    assert math.fsum(math.exp(total) for _, total in every) == pytest.approx(1.0)


def test_the_oracle_s_chances_add_up_and_too_few_or_too_many_are_far_off() -> None:
    want = chances(tables(2, 7, 3, scale=1.0), [0, 1], 2, 9, "")
    assert want.sum().item() == pytest.approx(1.0)
    assert furthest(3000 * want, want)[1] < 1e-6
    assert furthest(3000 * want.T.contiguous(), want)[1] > 6
