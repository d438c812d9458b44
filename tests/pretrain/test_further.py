"""Training further: a run that was stopped ends as one that was not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fasttrack.models.gpt import GPT, GPTConfig
from fasttrack.pretrain.further import Plan, train_further
from fasttrack.pretrain.muon import MuonAdamW
from fasttrack.pretrain.steps import train_step

PLAN = Plan(steps=7, lr=1e-2, muon_lr=0.02, warmup=2, look=3)


class Stopped(Exception):
    """As a keyboard interrupt would."""


def fresh() -> GPT:
    torch.manual_seed(0)
    return GPT(GPTConfig(vocab_size=11, block_size=8, n_layer=1, n_head=2, n_embd=16))


def update(model: GPT, optimizer: MuonAdamW, step: int) -> float:
    ids = torch.randint(11, (4, 9), generator=torch.Generator().manual_seed(step))
    return train_step(model, optimizer, ids[:, :-1], ids[:, 1:])[0]


def test_a_stopped_run_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    unbroken, model = fresh(), fresh()
    train_further(unbroken, update, PLAN, tmp_path / "unbroken.pt")

    def stopping(model: GPT, optimizer: MuonAdamW, step: int) -> float:
        if step == 5:
            raise Stopped
        return update(model, optimizer, step)

    with pytest.raises(Stopped):
        train_further(model, stopping, PLAN, tmp_path / "run.pt")
    again = GPT(model.config)  # other weights: all that counts is in the file
    train_further(again, update, PLAN, tmp_path / "run.pt")
    for ours, theirs in zip(again.parameters(), unbroken.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_the_rates_rise_and_fall(tmp_path: Path) -> None:
    seen: list[float] = []

    def looking(model: GPT, optimizer: MuonAdamW, step: int) -> float:
        seen.append(max(group["lr"] for group in optimizer.param_groups))
        return update(model, optimizer, step)

    train_further(fresh(), looking, PLAN, tmp_path / "run.pt")
    assert seen[0] < max(seen) <= PLAN.muon_lr
    assert seen[-1] < seen[3] < max(seen)


def test_a_line_at_each_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train_further(fresh(), update, PLAN, tmp_path / "run.pt", note=lambda done: f"seen at {done}")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["3", "6", "7"]
    assert lines[-1].endswith("seen at 7")
