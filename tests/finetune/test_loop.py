"""The loop of fine-tuning against AdamW and LambdaLR written out, and what it leaves alone."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from fasttrack.finetune import finetune, linear_schedule
from fasttrack.pretrain.steps import Batch


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Embedding(7, 5), nn.Dropout(0.5), nn.Linear(5, 7))


def batch(step: int) -> Batch:
    generator = torch.Generator().manual_seed(step)
    x = torch.randint(7, (3, 4), generator=generator)
    y = (x + 1) % 7
    y[:, 0] = -100
    return x, y


def test_schedule_climbs_then_falls_to_zero() -> None:
    shares = [linear_schedule(step, 2, 6) for step in range(7)]
    assert shares == pytest.approx([0.5, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0])
    assert linear_schedule(0, 0, 4) == 1


def test_same_updates_as_written_out() -> None:
    model, ours = small(), small()
    optimizer = torch.optim.AdamW(ours.parameters(), lr=0.05, betas=(0.9, 0.95), weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: linear_schedule(step, 3, 12))
    torch.manual_seed(1)
    expected = []
    for step in range(12):
        x, y = batch(step)
        loss = functional.cross_entropy(ours(x).transpose(1, 2), y, ignore_index=-100)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(ours.parameters(), 0.3)
        optimizer.step()
        schedule.step()
        expected.append(loss.item())
    torch.manual_seed(1)
    seen: list[tuple[int, float]] = []
    losses = finetune(
        model,
        batch,
        steps=12,
        lr=0.05,
        warmup=3,
        weight_decay=0.1,
        clip=0.3,
        look=lambda done, loss: seen.append((done, loss)),
    )
    assert losses == pytest.approx(expected, rel=1e-6)
    assert seen == list(enumerate(losses, 1))
    for mine, theirs in zip(model.parameters(), ours.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_groups_have_their_own_rate_and_nothing_else_moves() -> None:
    model = small()
    before = copy.deepcopy(model.state_dict())
    groups = [{"params": [model[2].weight], "lr": 0.1}, {"params": [model[2].bias], "lr": 0.001}]
    finetune(model, batch, steps=1, groups=groups, warmup=0)
    moved = {name: (value - before[name]).abs().max().item() for name, value in model.state_dict().items()}
    assert moved == pytest.approx({"0.weight": 0, "2.weight": 0.1, "2.bias": 0.001}, rel=1e-3)
    assert groups[0].keys() == {"params", "lr"}  # the caller's groups are as they were


def test_frozen_parameters_stay_until_thawed() -> None:
    model = small()
    model[0].requires_grad_(requires_grad=False)
    before = copy.deepcopy(model.state_dict())
    finetune(model, batch, steps=2, lr=0.1, warmup=0)
    assert torch.equal(model.state_dict()["0.weight"], before["0.weight"])

    def thaw(step: int) -> Batch:
        model[0].requires_grad_(step >= 2)
        return batch(step)

    at = []
    finetune(
        model,
        thaw,
        steps=3,
        groups=[{"params": model.parameters()}],
        lr=0.1,
        warmup=0,
        look=lambda _done, _loss: at.append(torch.equal(model.state_dict()["0.weight"], before["0.weight"])),
    )
    assert at == [True, True, False]


@pytest.mark.parametrize("training", [True, False])
def test_mode_is_restored(training: bool) -> None:
    model = small().train(training)
    modes = []

    def watch(step: int) -> Batch:
        modes.append(model.training)
        return batch(step)

    finetune(model, watch, steps=2, lr=0.1, warmup=1)
    assert modes == [True, True]
    assert all(module.training is training for module in model.modules())


def test_one_target_for_a_whole_row() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(7, 5), nn.Flatten(), nn.Linear(20, 3))
    losses = finetune(model, lambda step: (batch(step)[0], batch(step)[0][:, 0] % 3), steps=60, lr=0.05)
    assert losses[-1] < losses[0] / 2


def test_refusals() -> None:
    with pytest.raises(ValueError, match="warm-up has to be shorter"):
        finetune(small(), batch, steps=5, lr=0.1, warmup=5)
    with pytest.raises(ValueError, match="give lr"):
        finetune(small(), batch, steps=5, warmup=0)
    with pytest.raises(ValueError, match="no parameter to train"):
        finetune(small().requires_grad_(requires_grad=False), batch, steps=5, lr=0.1, warmup=0)
