"""What a step is made of: laws of batches, learning rates, decay groups, accumulation and clipping."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from fasttrack.models.gpt import GPT, GPTConfig
from fasttrack.pretrain.steps import (
    configure_optimizer,
    estimate_loss,
    get_batch,
    lr_schedule,
    padded,
    train_step,
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(st.integers(2, 40), st.integers(1, 39), st.integers(1, 5))
def test_windows_are_windows_and_targets_one_token_later(n: int, block_size: int, batch: int) -> None:
    tokens = torch.arange(100, 100 + n)
    if block_size >= n:
        with pytest.raises(ValueError, match=f"{n} tokens hold no window of {block_size + 1}"):
            get_batch(tokens, batch, block_size, seeded())
        return
    x, y = get_batch(tokens, batch, block_size, seeded())
    assert x.shape == y.shape == (batch, block_size)
    assert torch.equal(y, x + 1)
    assert torch.equal(x.diff(dim=1), torch.ones(batch, block_size - 1, dtype=torch.int64))


def test_every_window_is_drawn_the_last_one_too() -> None:
    x, y = get_batch(torch.arange(6), 500, 3, seeded())
    assert sorted(set(x[:, 0].tolist())) == [0, 1, 2]
    assert y.max() == 5


def test_windows_begin_where_they_may() -> None:
    x, _ = get_batch(torch.arange(20), 200, 4, seeded(), starts=torch.tensor([0, 7, 15, 16]))
    assert sorted(set(x[:, 0].tolist())) == [0, 7, 15]


@given(st.integers(1, 50), st.integers(1, 200), st.floats(1e-5, 1.0), st.floats(0.0, 1.0))
def test_the_rate_climbs_then_falls_and_stays(warmup: int, more: int, lr: float, share: float) -> None:
    steps, min_lr = warmup + more, share * lr
    rates = [lr_schedule(step, lr, warmup, steps, min_lr) for step in range(steps + 5)]
    assert rates[:warmup] == pytest.approx([lr * (k + 1) / warmup for k in range(warmup)])
    assert rates[warmup] == pytest.approx(lr)
    assert all(a >= b for a, b in zip(rates[warmup:], rates[warmup + 1 :], strict=False))
    assert rates[steps:] == [min_lr] * 5


def test_half_way_down_the_cosine() -> None:
    assert lr_schedule(60, 1.0, 20, 100, 0.2) == pytest.approx(0.6)
    assert lr_schedule(0, 1.0, 0, 100) == 1.0


def test_matrices_decay_and_vectors_do_not() -> None:
    model = GPT(GPTConfig(11, 8, 2, 2, 8))
    optimizer = configure_optimizer(model, lr=1e-3, weight_decay=0.3)
    decay, rest = optimizer.param_groups
    assert (decay["weight_decay"], rest["weight_decay"]) == (0.3, 0.0)
    assert {p.dim() for p in decay["params"]} == {2}
    assert {p.dim() for p in rest["params"]} == {1}
    assert len(decay["params"]) + len(rest["params"]) == len(list(model.parameters()))


def test_a_batch_in_parts_makes_the_same_update() -> None:
    torch.manual_seed(0)
    x, y = get_batch(torch.randint(11, (200,)), 8, 6, seeded())
    whole, parts = GPT(GPTConfig(11, 8, 2, 2, 8)).double(), GPT(GPTConfig(11, 8, 2, 2, 8)).double()
    parts.load_state_dict(whole.state_dict())
    told = [
        train_step(model, torch.optim.SGD(model.parameters(), lr=0.5), x, y, accumulate)
        for model, accumulate in ((whole, 1), (parts, 4))
    ]
    assert told[0] == pytest.approx(told[1])
    for a, b in zip(whole.parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_a_long_gradient_is_cut_and_its_length_is_told() -> None:
    model = nn.Sequential(nn.Embedding(5, 5))
    with torch.no_grad():
        model[0].weight.copy_(50 * torch.eye(5))
    before = model[0].weight.detach().clone()
    x = torch.zeros(2, 3, dtype=torch.int64)
    _, norm = train_step(model, torch.optim.SGD(model.parameters(), lr=1.0), x, x + 1, clip=0.1)
    assert norm == pytest.approx(math.sqrt(2), rel=1e-3)
    assert (model[0].weight - before).norm().item() == pytest.approx(0.1, rel=1e-3)


def test_estimate_loss_weighs_every_target_once_and_leaves_the_mode() -> None:
    torch.manual_seed(0)
    model = GPT(GPTConfig(11, 8, 1, 1, 8)).train()
    sequences = [[1, 2, 3, 4, 5, 6], [7, 8], [9, 10, 1]]
    want, count = 0.0, 0
    for sequence in sequences:
        logits = model(torch.tensor([sequence[:-1]]))[0]
        want += functional.cross_entropy(logits, torch.tensor(sequence[1:]), reduction="sum").item()
        count += len(sequence) - 1
    assert estimate_loss(model, [padded(sequences)]) == pytest.approx(want / count, rel=1e-5)
    assert estimate_loss(model, [padded([one]) for one in sequences]) == pytest.approx(want / count, rel=1e-5)
    assert model.training
