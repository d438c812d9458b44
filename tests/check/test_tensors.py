"""The checks of 01_tensors/01_tensors on known functions, on wrong ones, and on a seed's inputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from fasttrack.check import CheckFailed, tensors


def offset(index: tuple[int, ...], stride: tuple[int, ...], storage_offset: int = 0) -> int:
    if len(index) != len(stride):
        raise ValueError("lengths differ")
    return storage_offset + sum(i * s for i, s in zip(index, stride, strict=True))


def ghost(shape: tuple[int, ...], stride: tuple[int, ...], dtype: str = "uint8") -> torch.Tensor:
    return torch.empty_strided(shape, stride, dtype=getattr(torch, dtype), device="meta")


def ghost_bytes(shape: tuple[int, ...], stride: tuple[int, ...], dtype: str) -> tuple[int, int]:
    layout = ghost(shape, stride, dtype)
    return layout.numel() * layout.itemsize, layout.untyped_storage().nbytes() if layout.numel() else 0


def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))


RIGHT: dict[str, Callable[..., Any]] = {
    "element_offset": offset,
    "is_contiguous": lambda shape, stride: ghost(shape, stride).is_contiguous(),
    "tensor_bytes": ghost_bytes,
    "broadcast_shape": np.broadcast_shapes,
    "outer_sum": lambda a, b: torch.from_numpy(np.add.outer(a.numpy(), b.numpy())),
    "one_hot": lambda targets, vocab_size: torch.nn.functional.one_hot(targets, vocab_size).float(),
    "pick": lambda rows, targets: torch.take_along_dim(rows, targets[..., None], -1).squeeze(-1),
    "batched_trace": lambda x: x.diagonal(dim1=1, dim2=2).sum(-1),
    "logsumexp": torch.logsumexp,
    "softmax": torch.softmax,
    "cross_entropy": loss,
}

# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, Callable[..., Any], str]] = [
    (
        "element_offset",
        lambda index, stride, storage_offset=0: offset(index, stride),
        "storage_offset is missing",
    ),
    (
        "element_offset",
        lambda i, s, storage_offset=0: offset(i, s[::-1], storage_offset),
        "paired in reverse",
    ),
    (
        "element_offset",
        lambda index, stride, storage_offset=0: (
            storage_offset + sum(i * s for i, s in zip(index, stride, strict=False))
        ),
        "zip stops silently",
    ),
    ("is_contiguous", lambda shape, stride: stride[-1:] in ((), (1,)), "places are skipped between the rows"),
    ("is_contiguous", lambda shape, stride: not ghost(shape, stride).is_contiguous(), "a new matrix lies"),
    (
        "is_contiguous",
        lambda shape, stride: stride == torch.empty(shape).stride(),
        "size 1 is never stepped along",
    ),
    ("tensor_bytes", lambda *layout: ghost_bytes(*layout)[::-1], "the dense size comes first"),
    ("tensor_bytes", lambda *layout: ghost_bytes(*layout)[:1] * 2, "the span follows the strides"),
    ("tensor_bytes", lambda shape, *_: (math.prod(shape), math.prod(shape)), "expected"),
    ("broadcast_shape", lambda a, b: tuple(torch.broadcast_shapes(a, b)), "raise a ValueError"),
    ("broadcast_shape", lambda a, b: np.broadcast_shapes(a, b)[::-1], "turn the result round"),
    ("broadcast_shape", lambda a, b: list(np.broadcast_shapes(a, b)), "a list, not a tuple"),
    ("outer_sum", torch.outer, "the outer product"),
    ("outer_sum", torch.add, "a second dimension of size 1"),
    ("outer_sum", lambda a, b: a[:, None].add_(b), r"\+= cannot widen a"),
    ("outer_sum", lambda a, b: a + b[:, None], "transposed"),
    ("one_hot", torch.nn.functional.one_hot, "yours is int64"),
    ("one_hot", lambda targets, _: torch.nn.functional.one_hot(targets).float(), "vocab_size says how many"),
    ("pick", lambda rows, targets: rows[:, targets], "pair position i with target i"),
    ("pick", lambda rows, targets: rows.gather(-1, targets[..., None]).squeeze(), "squeeze without a dim"),
    (
        "pick",
        lambda rows, t: (rows * torch.nn.functional.one_hot(t, rows.shape[-1])).sum(-1),
        "0 times -inf is nan",
    ),
    ("batched_trace", torch.trace, "RuntimeError"),
    ("batched_trace", lambda x: x.sum((1, 2)), "the same letter twice"),
    ("batched_trace", lambda x: x.diagonal().sum(-1), "trace the last two"),
    ("logsumexp", lambda x, dim: x.exp().sum(dim).log(), "exp overflowed"),
    ("logsumexp", lambda x, dim: (x - x.max()).exp().sum(dim).log() + x.max(), "its own maximum"),
    ("logsumexp", lambda x, dim: torch.logsumexp(x, dim, keepdim=True), "dim disappears"),
    ("logsumexp", lambda x, dim: torch.logsumexp(x, -1), "the dim that is asked for"),
    ("logsumexp", lambda x, dim: torch.logsumexp(x, dim).squeeze(), "squeeze without a dim"),
    ("logsumexp", lambda x, dim: x - x.max(dim), "x.amax(dim) gives the values"),
    ("softmax", lambda x, dim: x.exp() / x.exp().sum(dim, keepdim=True), "exp left the range"),
    ("softmax", lambda x, dim: x.exp() / x.exp().sum(dim), "keepdim=True"),
    ("softmax", lambda x, dim: torch.log_softmax(x, dim), "log-probabilities"),
    ("softmax", lambda x, dim: (x - torch.logsumexp(x, dim)).exp(), "put it back with unsqueeze"),
    ("softmax", lambda x, dim: (x - torch.logsumexp(x, dim, keepdim=True)).exp(), "too coarse for exp"),
    ("cross_entropy", lambda z, t: -loss(z, t), "a loss is positive"),
    ("cross_entropy", lambda z, t: loss(z, t) * t.numel(), "not the sum"),
    ("cross_entropy", lambda z, t: loss(z.softmax(-1), t), "softmax once"),
    ("cross_entropy", torch.nn.functional.cross_entropy, "1 is that only in a matrix"),
    ("cross_entropy", lambda z, t: -z.gather(-1, t[..., None]).mean(), "normalise first"),
    ("cross_entropy", lambda z, t: -z.softmax(-1).gather(-1, t[..., None]).log().mean(), "log(0)"),
]


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(tensors, name)(RIGHT[name], seed=seed)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "hint"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(
    name: str, learner: Callable[..., Any], hint: str, seed: int
) -> None:
    with pytest.raises(CheckFailed, match=hint.replace("(", r"\(").replace(")", r"\)")):
        getattr(tensors, name)(learner, seed=seed)


@pytest.mark.parametrize("name", RIGHT)
def test_answers_learned_by_heart_fail_under_another_seed(name: str) -> None:
    answers: list[Any] = []

    def remember(*args: Any, **kwargs: Any) -> Any:
        try:
            answers.append(RIGHT[name](*args, **kwargs))
        except Exception as error:
            answers.append(error)
            raise
        return answers[-1]

    def recite(*args: Any, **kwargs: Any) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    getattr(tensors, name)(remember)
    with pytest.raises(CheckFailed):
        getattr(tensors, name)(recite, seed=7)


def test_an_answer_in_half_precision_fails() -> None:
    with pytest.raises(CheckFailed):
        tensors.softmax(lambda x, dim: torch.softmax(x.bfloat16(), dim).to(x.dtype))


@pytest.mark.parametrize("epsilon", [1e-5, 1e-8, 1e-10])
def test_an_epsilon_in_a_denominator_fails(epsilon: float) -> None:
    def guarded(x: torch.Tensor, dim: int) -> torch.Tensor:
        exps = (x - x.amax(dim, keepdim=True)).exp()
        return exps / (exps.sum(dim, keepdim=True) + epsilon)

    with pytest.raises(CheckFailed):
        tensors.softmax(guarded)
