"""The checks of 06_attention/02_multi_head on known functions, on wrong ones, and on a seed's inputs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from fasttrack.check import CheckFailed, multi_head
from fasttrack.models import attention
from fasttrack.models import multi_head as model


def parameters(n_layer: int, n_embd: int, n_head: int, head_size: int, bias: bool = True) -> int:
    inner = n_head * head_size
    return n_layer * (4 * n_embd * inner + bias * (3 * inner + n_embd))


def weights(layer: Any, x: torch.Tensor, memory: torch.Tensor, mask: Any = None) -> torch.Tensor:
    q, k = (model.split_heads(one, layer.n_head).contiguous() for one in (layer.query(x), layer.key(memory)))
    return attention.attention_weights(q, k, mask if mask is None else mask.unsqueeze(-3))


def contributions(layer: Any, x: torch.Tensor, memory: torch.Tensor, mask: Any = None) -> torch.Tensor:
    heads = weights(layer, x, memory, mask) @ model.split_heads(layer.value(memory), layer.n_head)
    columns = layer.proj.weight.unflatten(1, (layer.n_head, -1))  # (n_embd, n_head, head_size)
    return torch.einsum("bhts,ehs->bhte", heads, columns)


def causal_padding(padding: torch.Tensor) -> torch.Tensor:
    return padding[:, None] & attention.causal_mask(padding.shape[1])


def shifted(targets: torch.Tensor, start: int) -> torch.Tensor:
    return nn.functional.pad(targets[:, :-1], (1, 0), value=start)


@torch.no_grad()
def greedy(made: Any, source: Any, padding: Any, start: int, steps: int) -> torch.Tensor:
    memory = made.encode(source, padding)
    ids = torch.full((len(source), 1), start)
    for _ in range(steps):
        ids = torch.cat([ids, made.decode(ids, memory, padding)[:, -1:].argmax(-1)], 1)
    return ids[:, 1:]


def exact(predicted: torch.Tensor, targets: torch.Tensor) -> float:
    return (predicted == targets).all(1).double().mean().item()


RIGHT: dict[str, Any] = {
    "split_heads": model.split_heads,
    "merge_heads": model.merge_heads,
    "multi_head_attention": model.multi_head_attention,
    "MultiHeadAttention": model.MultiHeadAttention,
    "attention_parameters": parameters,
    "head_weights": weights,
    "head_contributions": contributions,
    "padding_mask": model.padding_mask,
    "causal_padding_mask": causal_padding,
    "CrossAttention": model.CrossAttention,
    "shift_right": shifted,
    "greedy_decode": greedy,
    "exact_match": exact,
}


class Unscaled(model.MultiHeadAttention):
    """Scales by the root of all columns: queries are made smaller by the root of the number of heads."""

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        q = self.query(x) / self.n_head**0.5
        answer: torch.Tensor = self.proj(
            model.multi_head_attention(q, self.key(x), self.value(x), self.n_head, mask)
        )
        return answer


class WithNan(model.MultiHeadAttention):
    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        answer = super().forward(x, mask)
        return answer if mask is None else answer.masked_fill(~mask.any(-1, keepdim=True), torch.nan)


class Inward(model.CrossAttention):
    def forward(self, x: torch.Tensor, memory: torch.Tensor, mask: Any = None) -> torch.Tensor:
        return super().forward(x, x, mask)


class Careless(model.MultiHeadAttention):
    def __init__(self, n_embd: int, n_head: int) -> None:
        super().__init__(n_embd, 1)
        self.n_head = n_head


@torch.no_grad()
def forgetful(made: Any, source: Any, padding: Any, start: int, steps: int) -> torch.Tensor:
    memory, ids = made.encode(source, padding), [torch.full((len(source), 1), start)]
    for _ in range(steps):
        ids.append(made.decode(ids[-1], memory, padding)[:, -1:].argmax(-1))
    return torch.cat(ids[1:], 1)


@torch.no_grad()
def flat(made: Any, source: Any, padding: Any, start: int, steps: int) -> torch.Tensor:
    memory, ids = made.encode(source, padding), torch.full((len(source), 1), start)
    for _ in range(steps):
        ids = torch.cat([ids, made.decode(ids, memory, padding)[:, -1].argmax(-1)], 1)
    return ids[:, 1:]


# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, Any, str]] = [
    ("split_heads", lambda x, n: x.reshape(len(x), n, x.shape[1], -1), "order of memory"),
    ("merge_heads", lambda x: x.transpose(1, 2).mT.flatten(2), "woven"),
    (
        "multi_head_attention",
        lambda q, k, v, n, mask=None: model.multi_head_attention(q, k, v, 1, mask),
        "split q, k and v",
    ),
    (
        "multi_head_attention",
        lambda q, k, v, n, mask=None: model.multi_head_attention(q, k, v, n),
        "mask makes no difference",
    ),
    ("MultiHeadAttention", Unscaled, "yours by that of n_embd"),
    ("MultiHeadAttention", WithNan, "expected"),
    ("MultiHeadAttention", Careless, "__init__ raises ValueError"),
    ("attention_parameters", lambda *a: parameters(*a[:4]) * 3 // 4, "expected"),
    ("head_weights", lambda *a: weights(*a).mean(1), "not their mean"),
    ("head_contributions", lambda *a: contributions(*a).sum(1), "keep the heads apart"),
    ("padding_mask", lambda lengths, time: ~model.padding_mask(lengths, time), "marks the padding"),
    ("causal_padding_mask", lambda padding: causal_padding(padding).mT, "expected"),
    ("CrossAttention", Inward, "yours attends within x"),
    ("shift_right", lambda targets, start: targets.roll(1, 1), "roll is a circle"),
    ("greedy_decode", forgetful, "must see all ids so far"),
    ("greedy_decode", flat, "a dimension of size 1"),
    ("greedy_decode", flat, r"called +greedy_decode\(model, source"),
    ("exact_match", lambda one, other: (one == other).double().mean().item(), "the share of right ids"),
]


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(multi_head, name)(RIGHT[name], seed=seed)


@pytest.mark.parametrize(("name", "learner", "hint"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(name: str, learner: Any, hint: str) -> None:
    with pytest.raises(CheckFailed, match=hint):
        getattr(multi_head, name)(learner)


@pytest.mark.parametrize("make", [model.MultiHeadAttention, model.CrossAttention])
def test_heads_that_do_not_divide_are_refused(make: Any) -> None:
    with pytest.raises(ValueError, match="n_embd 7 does not divide into 3 heads"):
        make(7, 3)
    with pytest.raises(ValueError, match="7 columns do not divide into 3 heads"):
        model.split_heads(torch.zeros(1, 2, 7), 3)


def test_lengths_may_be_a_list() -> None:
    assert model.padding_mask([1, 0], 2).tolist() == [[True, False], [False, False]]


def test_a_query_that_may_attend_nowhere_has_no_nan_and_no_gradient() -> None:
    x = torch.randn(2, 3, 4, requires_grad=True)
    output = model.MultiHeadAttention(4, 2)(x, torch.zeros(3, 3, dtype=torch.bool))
    assert (output == output[0, 0]).all()
    output.sum().backward()
    assert x.grad is not None
    assert (x.grad == 0).all()
