"""The checks of 06_attention/04_transformer_block on known functions, on wrong ones, and on a seed's inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch.nn import functional

from fasttrack.check import CheckFailed, transformer_block
from fasttrack.models import block as model

Tensors = list[torch.Tensor]


def normalize_vector(values: list[float], eps: float = 1e-5) -> list[float]:
    x = torch.tensor(values, dtype=torch.float64)
    return [float(value) for value in functional.layer_norm(x, x.shape, eps=eps)]


def residual_stream(x: torch.Tensor, branches: list[Any]) -> Tensors:
    states = [x]
    for branch in branches:
        states.append(states[-1] + branch(states[-1]))
    return states


def gradient_norms(layers: list[Any], x: torch.Tensor, loss: Callable[..., torch.Tensor]) -> list[float]:
    states = [x.detach().requires_grad_()]
    for layer in layers:
        states.append(layer(states[-1]))
    return [one.double().norm().item() for one in torch.autograd.grad(loss(states[-1]), states)]


def count_block_parameters(n_embd: int) -> int:
    return 12 * n_embd**2 + 13 * n_embd


def name_rows(
    names: list[str], stoi: Mapping[str, int], block_size: int
) -> tuple[torch.Tensor, torch.Tensor]:
    if max(map(len, names), default=0) >= block_size:
        raise ValueError
    both = [[0, *(stoi[letter] for letter in name), 0] for name in names]
    x = [[*one[:-1], *[0] * (block_size + 1 - len(one))] for one in both]
    y = [[*one[1:], *[-100] * (block_size + 1 - len(one))] for one in both]
    rows = (len(names), block_size)
    return torch.tensor(x, dtype=torch.int64).view(rows), torch.tensor(y, dtype=torch.int64).view(rows)


ANSWERS: dict[str, Any] = {
    "normalize_vector": normalize_vector,
    "LayerNorm": model.LayerNorm,
    "RMSNorm": model.RMSNorm,
    "gelu": model.gelu,
    "FeedForward": model.FeedForward,
    "residual_stream": residual_stream,
    "Block": model.Block,
    "PostNormBlock": model.PostNormBlock,
    "count_block_parameters": count_block_parameters,
    "gradient_norms": gradient_norms,
    "name_rows": name_rows,
}


@pytest.mark.parametrize("seed", [0, 1, 7])
@pytest.mark.parametrize("name", ANSWERS)
def test_the_package_passes_the_checks_of_the_lesson(name: str, seed: int) -> None:
    getattr(transformer_block, name)(ANSWERS[name], seed=seed)


class OutsideTheRoot(model.LayerNorm):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        d = x - x.mean(-1, keepdim=True)
        return self.weight * d / (x.std(-1, correction=0, keepdim=True) + self.eps) + self.bias


class Unbiased(model.LayerNorm):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        d = x - x.mean(-1, keepdim=True)
        return self.weight * d / (x.var(-1, keepdim=True) + self.eps).sqrt() + self.bias


class Squares(model.LayerNorm):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean = x.mean(-1, keepdim=True)
        variance = (x.square().mean(-1, keepdim=True) - mean.square()).clamp(min=0)
        return self.weight * (x - mean) / (variance + self.eps).sqrt() + self.bias


class NoKeepdim(model.LayerNorm):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weight * (x - x.mean(-1)) / (x.var(-1, correction=0) + self.eps).sqrt() + self.bias


class OverTheBatch(model.LayerNorm):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        d = x - x.mean(0)
        return self.weight * d / (x.var(0, correction=0) + self.eps).sqrt() + self.bias


class OverTime(model.LayerNorm):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) if x.dim() < 3 else self.over_time(x)

    def over_time(self, x: torch.Tensor) -> torch.Tensor:
        d = x - x.mean(-2, keepdim=True)
        return self.weight * d / (x.var(-2, correction=0, keepdim=True) + self.eps).sqrt() + self.bias


class Centred(model.RMSNorm):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x - x.mean(-1, keepdim=True))


class Exact(model.FeedForward):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.proj(functional.gelu(self.fc(x)))
        return out


class WithUnbiasedNorm(model.Block):
    def __init__(self, n_embd: int, n_head: int) -> None:
        super().__init__(n_embd, n_head)
        self.norm2 = Unbiased(n_embd)


class Unmasked(model.Block):
    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        return super().forward(x)


def in_place(x: torch.Tensor, branches: list[Any]) -> Tensors:
    states = [x]
    for branch in branches:
        x += branch(x)
        states.append(x)
    return states


def left_behind(layers: list[Any], x: torch.Tensor, loss: Callable[..., torch.Tensor]) -> list[float]:
    states = [x.detach().requires_grad_()]
    for layer in layers:
        states.append(layer(states[-1]))
        states[-1].retain_grad()
    loss(states[-1]).backward()  # type: ignore[no-untyped-call]
    return [math.inf if state.grad is None else state.grad.norm().item() for state in states]


def in_float32(layers: list[Any], x: torch.Tensor, loss: Callable[..., torch.Tensor]) -> list[float]:
    states = [x.detach().requires_grad_()]
    for layer in layers:
        states.append(layer(states[-1]))
    return [one.norm().item() for one in torch.autograd.grad(loss(states[-1]), states)]


def listed(*args: Any) -> tuple[torch.Tensor, torch.Tensor]:
    x, y = name_rows(*args)
    return (x, y) if len(x) else (torch.tensor([]), torch.tensor([]))


def dots_after_the_end(*args: Any) -> tuple[torch.Tensor, torch.Tensor]:
    x, y = name_rows(*args)
    return x, y.clamp(min=0)


WRONG: list[tuple[str, Any, str]] = [
    ("LayerNorm", OutsideTheRoot, "is your epsilon inside the root"),
    ("LayerNorm", Unbiased, "divides by n - 1"),
    ("LayerNorm", Squares, "loses its digits where the mean is large"),
    ("LayerNorm", NoKeepdim, "raised[^a-z]*RuntimeError(.|\\n)*keepdim=True keeps the dimension"),
    ("LayerNorm", OverTheBatch, "over the batch"),
    ("LayerNorm", OverTime, "yours is over time"),
    ("RMSNorm", Centred, "yours is a LayerNorm"),
    ("gelu", functional.gelu, "the exact one, with erf"),
    ("FeedForward", Exact, "the exact one, with erf"),
    ("residual_stream", in_place, "works in place"),
    ("Block", model.PostNormBlock, "yours is post-norm"),
    ("Block", Unmasked, "the mask must reach attention"),
    ("Block", WithUnbiasedNorm, "look there first"),
    ("PostNormBlock", model.Block, "yours is pre-norm"),
    ("count_block_parameters", lambda n: 12 * n * n, "biases and norms are missing"),
    ("gradient_norms", left_behind, "leaves gradients behind"),
    ("count_block_parameters", lambda n: 12 * n * n + 10 * n, "query, key and value have a bias each"),
    ("gradient_norms", in_float32, "double.. before the norm"),
    ("name_rows", listed, "an empty list still has block_size columns"),
    ("name_rows", dots_after_the_end, "-100 there, not 0"),
]


@pytest.mark.parametrize(("name", "learner", "words"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(name: str, learner: Any, words: str) -> None:
    with pytest.raises(CheckFailed, match=words):
        getattr(transformer_block, name)(learner)


def test_a_block_takes_padding_masks_and_rows_without_a_key() -> None:
    torch.manual_seed(0)
    block, x = model.Block(8, 2), torch.randn(2, 3, 8)
    mask = torch.tensor([[True, True, False], [False, False, False]])[:, None]  # (batch, 1, time)
    out = block(x, mask)
    assert not out.isnan().any()
    changed = x.clone()
    changed[0, 2] = 0.0
    assert torch.equal(block(changed, mask)[0, :2], out[0, :2])


@pytest.mark.parametrize("approximate", ["gelu_new", "gelu_pytorch_tanh"])
def test_gelu_is_the_one_that_transformers_gives_gpt2(approximate: str) -> None:
    activations = pytest.importorskip("transformers.activations")
    x = torch.linspace(-6, 6, 1001, dtype=torch.float64)
    torch.testing.assert_close(model.gelu(x), activations.ACT2FN[approximate](x), rtol=1e-12, atol=1e-13)


def test_the_parameters_are_those_that_the_formula_counts() -> None:
    for block in (model.Block(24, 4), model.PostNormBlock(24, 3)):
        assert sum(parameter.numel() for parameter in block.parameters()) == count_block_parameters(24)
