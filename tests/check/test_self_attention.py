"""The checks of 06_attention/01_self_attention on known functions, on wrong ones, and on the package's attention."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from fasttrack.check import CheckFailed, self_attention
from fasttrack.models import attention


def running_mean(x: torch.Tensor) -> torch.Tensor:
    return x.cumsum(1) / torch.arange(1, x.shape[1] + 1)[:, None]


def equal_weights(mask: torch.Tensor) -> torch.Tensor:
    return functional.normalize(mask.float(), p=1, dim=-1)


def jacobian_of_softmax(weights: torch.Tensor) -> torch.Tensor:
    return weights.diag() - weights.outer(weights)


class AttentionOnly(nn.Module):
    def __init__(self, vocab_size: int, block_size: int, n_embd: int, n_layer: int) -> None:
        super().__init__()
        self.token = nn.Embedding(vocab_size, n_embd)
        self.position = nn.Embedding(block_size, n_embd)
        self.heads = nn.ModuleList(attention.Head(n_embd, n_embd) for _ in range(n_layer))
        self.out = nn.Linear(n_embd, vocab_size)

    def mixed(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.token(ids) + self.position.weight[: ids.shape[1]]
        for head in self.heads:
            x = x + head(x, attention.causal_mask(ids.shape[1]))
        return x

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.out(self.mixed(ids))
        return answer


def reached(f: Any, x: torch.Tensor) -> torch.Tensor:
    return torch.func.jacrev(f)(x).ne(0).any(-1).any(1)


def score(weights: torch.Tensor, ids: torch.Tensor) -> float:
    same = ids[:, :, None] == ids[:, None, :]
    after = (same.roll(1, -1) & attention.causal_mask(ids.shape[1])).clone()
    after[:, :, 0] = False
    counted = (weights * after).sum(-1)[after.any(-1)]
    return counted.mean().item() if len(counted) else 0.0


RIGHT: dict[str, Any] = {
    "mean_of_past": running_mean,
    "causal_mask": attention.causal_mask,
    "averaging_weights": equal_weights,
    "attention_scores": lambda q, k: q @ k.mT,
    "softmax_jacobian": jacobian_of_softmax,
    "attention_weights": attention.attention_weights,
    "scaled_dot_product_attention": attention.scaled_dot_product_attention,
    "Head": attention.Head,
    "influences": reached,
    "AttentionOnly": AttentionOnly,
    "induction_score": score,
}


@pytest.mark.parametrize("seed", [0, 1, 7, 1234])
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(self_attention, name)(RIGHT[name], seed=seed)


@pytest.mark.parametrize("seed", range(4))
def test_pytorch_passes_the_check_of_attention(seed: int) -> None:
    self_attention.scaled_dot_product_attention(functional.scaled_dot_product_attention, seed=seed)


def weighing(scale: Callable[[torch.Tensor], float], dim: int = -1, fill: float = -math.inf) -> Any:
    """Attention weights with a scale, a dimension and a fill of one's own."""

    def weights(q: torch.Tensor, k: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        scores = q @ k.mT * scale(q)
        if mask is None:
            return scores.softmax(dim)
        return scores.masked_fill(~mask, fill).softmax(dim).nan_to_num(0.0)

    return weights


def attending(weights: Any) -> Any:
    return lambda q, k, v, mask=None: weights(q, k, mask) @ v


def root(q: torch.Tensor) -> float:
    return 1 / math.sqrt(q.shape[-1])


def too_late(q: torch.Tensor, k: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    weights = attention.attention_weights(q, k)
    return weights if mask is None else weights * mask


def renormalised(q: torch.Tensor, k: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    weights = too_late(q, k, mask)
    total = weights.sum(-1, keepdim=True)
    return torch.where(total > 0, weights / torch.where(total > 0, total, 1.0), 0.0)


def added(q: torch.Tensor, k: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    scores = q @ k.mT * root(q)
    return (
        scores.softmax(-1) if mask is None else (scores + mask.to(q.dtype).log()).softmax(-1).nan_to_num(0.0)
    )


class OtherWay(attention.Head):
    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        return attention.scaled_dot_product_attention(self.key(x), self.query(x), self.value(x), mask)


class Biased(attention.Head):
    def __init__(self, n_embd: int, head_size: int) -> None:
        super().__init__(n_embd, head_size)
        self.query = nn.Linear(n_embd, head_size)


class AlwaysCausal(attention.Head):
    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        return super().forward(x, attention.causal_mask(x.shape[1]) if mask is None else mask)


class Tied(AttentionOnly):
    def __init__(self, vocab_size: int, block_size: int, n_embd: int, n_layer: int) -> None:
        super().__init__(vocab_size, block_size, n_embd, n_layer)
        self.heads = nn.ModuleList([self.heads[0]] * n_layer)


class Forgetful(AttentionOnly):
    def mixed(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.token(ids) + self.position.weight[: ids.shape[1]]
        for head in self.heads:
            x = head(x, attention.causal_mask(ids.shape[1]))
        return x


# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, Any, str]] = [
    ("mean_of_past", lambda x: x.cumsum(1), "divide by the number of positions"),
    ("mean_of_past", lambda x: x.mean(1, keepdim=True).expand(x.shape), "what comes after"),
    ("causal_mask", lambda time: ~attention.causal_mask(time), "yours is inverted"),
    ("averaging_weights", lambda mask: mask / mask.sum(-1, keepdim=True), "0 / 0"),
    ("attention_scores", lambda q, k: k @ q.mT, "rows are queries"),
    ("attention_scores", lambda q, k: q @ k, "k has to be transposed"),
    ("attention_scores", lambda q, k: q * k, "element by element"),
    ("softmax_jacobian", lambda w: (w * (1 - w)).diag(), "the products of different weights"),
    ("attention_weights", weighing(lambda q: 1.0), "the scale is missing"),
    ("attention_weights", weighing(lambda q: 1 / q.shape[-1]), "not by head_size"),
    ("attention_weights", weighing(lambda q: 1 / math.sqrt(q.shape[-1] + 1)), "expected"),
    ("attention_weights", weighing(root, dim=-2), "softmax over the queries"),
    ("attention_weights", weighing(root, fill=0.0), "0 is a score like any other"),
    ("attention_weights", weighing(root, fill=-1e9), "not equal ones"),
    ("attention_weights", too_late, "masked after softmax"),
    ("attention_weights", renormalised, "mask before softmax"),
    ("attention_weights", added, "a filled place hands no gradient back"),
    ("scaled_dot_product_attention", attending(weighing(lambda q: 1.0)), "the scale is missing"),
    ("scaled_dot_product_attention", attending(too_late), "masked after softmax"),
    ("scaled_dot_product_attention", lambda q, k, v, mask=None: attending(weighing(root))(q, k, v), "to reach"),
    ("Head", OtherWay, "queries and keys are exchanged"),
    ("Head", Biased, "no bias"),
    ("Head", AlwaysCausal, "the mask is the caller's affair"),
    ("influences", lambda f, x: reached(f, x).T, "yours is turned"),
    ("influences", lambda f, x: torch.func.jacrev(lambda t: f(t).sum(1))(x).abs().gt(1e-12).any(2), "cancel"),
    ("AttentionOnly", Tied, "parameters of its own"),
    ("AttentionOnly", Forgetful, "what was there before is lost"),
    ("induction_score", lambda weights, ids: score(weights.roll(1, -1), ids), "one step too early"),
]  # fmt: skip


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "words"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(name: str, learner: Any, words: str, seed: int) -> None:
    with pytest.raises(CheckFailed, match=words):
        getattr(self_attention, name)(learner, seed=seed)


@pytest.mark.parametrize("factor", [0.999, 1.001])
def test_a_scale_that_is_slightly_off_fails(factor: float) -> None:
    with pytest.raises(CheckFailed):
        self_attention.attention_weights(weighing(lambda q: factor * root(q)))
