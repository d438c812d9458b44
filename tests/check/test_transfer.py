"""The checks of 09_finetuning/01_transfer on known functions, wrong ones, and the package's own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from fasttrack.check import CheckFailed
from fasttrack.check import transfer as check
from fasttrack.finetune import transfer

SEEDS = [0, 1, 7, 1234]


def rows_at_the_mean(table: torch.Tensor, known: torch.Tensor, _: torch.Generator) -> torch.Tensor:
    return torch.where(known[:, None], table, table[known].mean(0))


def by_beginnings(model: nn.Module, trained: list[str]) -> int:
    for part in trained:
        if not any(name.startswith(part) for name, _ in model.named_parameters()):
            raise ValueError(part)
    count = 0
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.startswith(tuple(trained))
        count += parameter.numel() * parameter.requires_grad
    return count


def upside_down(model: nn.Module, stages: list[list[str]], lr: float, factor: float = 2.6) -> Any:
    groups = transfer.discriminative_lrs(model, stages, lr, factor)
    rates = [group["lr"] for group in groups][::-1]
    return [{**group, "lr": rate} for group, rate in zip(groups, rates, strict=True)]


def one_at_a_time(model: nn.Module, stages: list[list[str]], step: int, every: int) -> int:
    opened = transfer.gradual_unfreeze(model, stages, step, every)
    transfer.freeze(model, stages[opened - 1])
    return opened


def cut_off(new: torch.Tensor, old: torch.Tensor, batch: int, share: float, generator: Any) -> torch.Tensor:
    return transfer.replay(new, old, batch, int(batch * share) / batch, generator)


def swapped(before: Any, after: Any, share: float) -> dict[str, torch.Tensor]:
    return transfer.interpolate(after, before, share)


class Random(transfer.Classifier):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        nn.init.normal_(self.head.weight)


def recording(body: Any, ids: torch.Tensor, pad: int = 1, batch: int = 64) -> torch.Tensor:
    was_training = body.training
    body.eval()
    vectors = [transfer.pool_last(body.hidden(part), part != pad) for part in torch.split(ids, batch)]
    body.train(was_training)
    return torch.cat(vectors).detach()


WRONG = [
    ("new_rows", rows_at_the_mean, "equal rows are one word"),
    ("freeze", by_beginnings, "blocks.1 is not the beginning of blocks.10"),
    ("train_rows", lambda table, rows: transfer.train_rows(table, ~rows), "turned round"),
    ("discriminative_lrs", upside_down, "turned round: the first stage"),
    ("gradual_unfreeze", one_at_a_time, "open stages stay open"),
    ("replay", cut_off, "round, do not cut off"),
    ("interpolate", swapped, "share 0 is the model before"),
    ("pool_last", lambda hidden, padding: hidden[:, -1], "padding where the row is shorter"),
    ("Classifier", Random, "logits of 0 before any training"),
    ("features", recording, "gradients are recorded"),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", check.__all__)
def test_the_package_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(check, name)(getattr(transfer, name), seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "learner", "hint"), WRONG, ids=[name for name, *_ in WRONG])
def test_a_wrong_answer_is_told_its_mistake(name: str, learner: Any, hint: str, seed: int) -> None:
    with pytest.raises(CheckFailed, match=hint):
        getattr(check, name)(learner, seed=seed)
