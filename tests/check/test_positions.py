"""The checks of 06_attention/03_positions on known functions, on wrong ones, and the package against transformers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from fasttrack.check import CheckFailed
from fasttrack.check import positions as checks
from fasttrack.models import positions as package
from fasttrack.models.attention import Head, scaled_dot_product_attention


def gap(f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, permutation: torch.Tensor) -> float:
    return (f(x[:, permutation]) - f(x)[:, permutation]).abs().max().item()


def shuffled(weights: torch.Tensor, permutation: torch.Tensor) -> torch.Tensor:
    return weights[..., permutation[:, None], permutation]


def shift(k: int, n_embd: int) -> torch.Tensor:
    angles = package.rope_angles(torch.tensor([k]), n_embd)[0]
    turns = [torch.stack([a.cos(), a.sin(), -a.sin(), a.cos()]).view(2, 2) for a in angles]
    return torch.block_diag(*turns)  # type: ignore[no-untyped-call, no-any-return]


class RopeHead(Head):
    def forward(  # type: ignore[override]
        self, x: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        q, k = package.rope(self.query(x), positions), package.rope(self.key(x), positions)
        return scaled_dot_product_attention(q, k, self.value(x), mask)


class TurnedValues(Head):
    def forward(  # type: ignore[override]
        self, x: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        q, k, v = (package.rope(one(x), positions) for one in (self.query, self.key, self.value))
        return scaled_dot_product_attention(q, k, v, mask)


class Unscaled(Head):
    def forward(  # type: ignore[override]
        self, x: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        q, k = package.rope(self.query(x), positions), package.rope(self.key(x), positions)
        return scaled_dot_product_attention(q * q.shape[-1] ** 0.5, k, self.value(x), mask)


class Boundless(nn.Module):
    def __init__(self, block_size: int, n_embd: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(block_size, n_embd))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.weight[torch.arange(x.shape[1]) % len(self.weight)]


def split_halves(weight: torch.Tensor, n_head: int) -> torch.Tensor:
    return weight.unflatten(0, (n_head, -1, 2)).transpose(1, 2).flatten(0, 2)


def targets(ids: torch.Tensor, k: int) -> torch.Tensor:
    return nn.functional.pad(ids, (k, 0), value=-100)[:, : ids.shape[1]]


RIGHT: dict[str, Any] = {
    "order_gap": gap,
    "shuffled_weights": shuffled,
    "sinusoidal_encoding": package.sinusoidal_encoding,
    "shift_matrix": shift,
    "LearnedPositions": package.LearnedPositions,
    "rope_angles": package.rope_angles,
    "rope": package.rope,
    "RopeHead": RopeHead,
    "to_split_halves": split_halves,
    "alibi_slopes": package.alibi_slopes,
    "alibi_bias": package.alibi_bias,
    "targets_back": targets,
}


def interleaved(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    halves = x.unflatten(-1, (-1, 2)).mT.flatten(-2)
    return package.rope(halves, positions, base).unflatten(-1, (2, -1)).mT.flatten(-2)


# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, Any, str]] = [
    ("order_gap", lambda f, x, p: (f(x[:, p]) - f(x)).abs().max().item(), "has to be permuted, too"),
    ("shuffled_weights", lambda weights, p: weights[..., p, p], "pick single elements"),
    ("shuffled_weights", lambda weights, p: weights[p][:, p], "the last two dimensions"),
    ("shuffled_weights", lambda weights, p: weights[:, p][:, :, p], "there may be no dimension in front"),
    ("sinusoidal_encoding", lambda time, n: package.sinusoidal_encoding(time + 1, n)[1:], "count from 0"),
    ("sinusoidal_encoding", lambda time, n: package.sinusoidal_encoding(time, n).double(), "return float32"),
    ("sinusoidal_encoding", lambda time, n: package.sinusoidal_encoding(time, n) + 1e-5, "expected"),
    ("shift_matrix", lambda k, n: shift(-k, n), "leads k positions back"),
    ("LearnedPositions", Boundless, "say so before adding"),
    ("rope_angles", lambda p, n, base=10000.0: package.rope_angles(p, n, base).float(), "return float64"),
    ("rope", interleaved, "interleaved convention"),
    ("rope", lambda x, p, base=10000.0: package.rope(x, -p, base), "the other way"),
    ("rope", lambda x, p, base=10000.0: package.rope(x, p + 1, base), "expected"),
    ("RopeHead", TurnedValues, "values are not turned"),
    ("RopeHead", Unscaled, "the scale is missing"),
    ("to_split_halves", lambda weight, n_head: split_halves(weight, 1), "each head by itself"),
    ("alibi_slopes", lambda n_head: package.alibi_slopes(n_head).double(), "return float32"),
    ("alibi_bias", lambda n_head, time: package.alibi_bias(n_head, time).tril(), "yours get 0"),
    ("targets_back", lambda ids, k: targets(ids, k + 1), "one place too far back"),
]


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(checks, name)(RIGHT[name], seed=seed)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "hint"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(name: str, learner: Any, hint: str, seed: int) -> None:
    with pytest.raises(CheckFailed, match=hint):
        getattr(checks, name)(learner, seed=seed)


def test_rope_is_the_rotary_embedding_of_llama_in_transformers() -> None:
    from transformers.models.llama.modeling_llama import (
        LlamaConfig,
        LlamaRotaryEmbedding,
        apply_rotary_pos_emb,
    )

    config = LlamaConfig(hidden_size=64, num_attention_heads=4, max_position_embeddings=128)
    q, k = torch.randn(2, 3, 4, 20, 16).unbind()  # (batch, n_head, time, head_size)
    positions = 90 + torch.arange(20)
    cos, sin = LlamaRotaryEmbedding(config)(q, positions[None])
    for ours, theirs in zip((q, k), apply_rotary_pos_emb(q, k, cos, sin), strict=True):
        torch.testing.assert_close(package.rope(ours, positions), theirs, rtol=1e-4, atol=1e-4)


def test_alibi_gives_the_weights_of_bloom_in_transformers() -> None:
    from transformers.models.bloom.modeling_bloom import build_alibi_tensor

    theirs = build_alibi_tensor(
        torch.ones(1, 10), 8, torch.float32
    )  # (8, 1, 10): the same up to a constant a row
    ahead = ~torch.ones(10, 10, dtype=torch.bool).tril()
    mine = package.alibi_bias(8, 10).masked_fill(ahead, -torch.inf).softmax(-1)
    torch.testing.assert_close(mine, theirs.expand(8, 10, 10).masked_fill(ahead, -torch.inf).softmax(-1))


def test_scores_of_turned_vectors_depend_on_the_distance_only() -> None:
    q, k = torch.randn(2, 1, 32, dtype=torch.float64).unbind()
    near, far = (
        package.rope(q, torch.tensor([t])) @ package.rope(k, torch.tensor([t - 7])).T for t in (7, 100_000)
    )
    torch.testing.assert_close(near, far, rtol=0, atol=1e-9)


def test_a_text_longer_than_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="5 positions, but block_size is 3"):
        package.LearnedPositions(3, 2)(torch.zeros(1, 5, 2))
