"""The checks of 07_gpt/02_pretraining on the package's trainer, on libraries, and on wrong answers."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from fasttrack.check import CheckFailed
from fasttrack.check import pretraining as check
from fasttrack.pretrain import steps

SEEDS = [0, 1, 7, 1234]


def excess(losses: torch.Tensor, nats: torch.Tensor, kinds: Sequence[str]) -> dict[str, float]:
    """By bincount."""
    names, index = np.unique(np.array(kinds), return_inverse=True)
    paid = np.bincount(index, weights=(losses - nats).double().numpy())
    return {str(name): float(value / nats.double().sum()) for name, value in zip(names, paid, strict=True)}


def speed(
    seconds: list[float], tokens: int, flops_per_token: float, peak_flops: float
) -> tuple[float, float]:
    rate = tokens / statistics.median(seconds)
    return rate, rate * flops_per_token / peak_flops


def newton_schulz(matrix: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """As in `torch.optim.Muon`, in the matrix's own precision."""
    x = matrix.T if len(matrix) > matrix.shape[1] else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=-4.7750, alpha=2.0315), x, beta=3.4445)
    return x.T.contiguous() if len(matrix) > matrix.shape[1] else x


def save(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, generator: torch.Generator, step: int
) -> None:
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    part = path.parent / "part"
    torch.save({**state, "generator": generator.get_state(), "step": step}, part)
    part.replace(path)


def load(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, generator: torch.Generator) -> int:
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return int(state["step"])


RIGHT: dict[str, Any] = {
    "get_batch": steps.get_batch,
    "lr_schedule": steps.lr_schedule,
    "configure_optimizer": steps.configure_optimizer,
    "train_step": steps.train_step,
    "estimate_loss": steps.estimate_loss,
    "excess": excess,
    "speed": speed,
    "orthogonalise": newton_schulz,
    "save_run": save,
    "load_run": load,
}


def cosine_by_torch(step: int, lr: float, warmup: int, total: int, min_lr: float = 0.0) -> float:
    """PyTorch's own schedules, one after the other."""
    if step < warmup:
        return lr * (step + 1) / warmup
    if step >= total:
        return min_lr
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total - warmup, min_lr)
    for _ in range(step - warmup):
        optimizer.step()
        scheduler.step()
    return float(optimizer.param_groups[0]["lr"])


def mean_of_means(model: nn.Module, batches: Iterable[steps.Batch]) -> float:
    pairs = [(x, y) for x, y in batches if (y >= 0).any()]
    return statistics.fmean(steps.estimate_loss(model, [pair]) for pair in pairs)


def one_start(
    tokens: torch.Tensor, batch: int, block_size: int, generator: torch.Generator, starts: Any = None
) -> steps.Batch:
    x, y = steps.get_batch(tokens, 1, block_size, generator, starts)
    return x.repeat(batch, 1), y.repeat(batch, 1)


def polar(matrix: torch.Tensor, steps: int = 5) -> torch.Tensor:
    u, _, vh = torch.linalg.svd(matrix, full_matrices=False)
    return u @ vh


def sum_then_backward(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: torch.Tensor,
    y: torch.Tensor,
    accumulate: int = 1,
    clip: float = 1.0,
) -> tuple[float, float]:
    pairs = zip(x.chunk(accumulate), y.chunk(accumulate), strict=True)
    loss = sum(functional.cross_entropy(model(a).flatten(0, 1), b.flatten()) for a, b in pairs) / accumulate
    optimizer.zero_grad()
    loss.backward()  # type: ignore[union-attr]
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return loss.item(), norm.item()  # type: ignore[union-attr]


WRONG = [
    ("get_batch", one_start, "all windows of a batch are the same one"),
    ("lr_schedule", lambda step, lr, *_: lr, "expected"),
    (
        "configure_optimizer",
        lambda model, lr, decay, **_: torch.optim.AdamW(model.parameters(), lr),
        "expected",
    ),
    ("train_step", sum_then_backward, "call backward for each part"),
    ("estimate_loss", mean_of_means, "gives short batches too much"),
    ("excess", lambda losses, nats, kinds: {"free": 0.0}, "expected"),
    ("speed", lambda seconds, *rest: speed(sorted(seconds)[:1], *rest), "the best step is not the usual one"),
    ("orthogonalise", polar, "near to it and faster"),
    ("save_run", lambda *_: None, "nothing was written"),
    ("load_run", lambda *_: 0, "expected"),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", RIGHT)
def test_the_trainer_and_libraries_pass_under_any_seed(name: str, seed: int) -> None:
    getattr(check, name)(RIGHT[name], seed=seed)


def test_pytorch_s_cosine_is_the_oracle_s() -> None:
    check.lr_schedule(cosine_by_torch)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "learner", "hint"), WRONG, ids=[name for name, *_ in WRONG])
def test_a_wrong_answer_is_told_its_mistake(name: str, learner: Any, hint: str, seed: int) -> None:
    with pytest.raises(CheckFailed, match=hint):
        getattr(check, name)(learner, seed=seed)


@pytest.mark.parametrize("rows", [64, 200])
def test_singular_values_end_in_the_band_the_lesson_names(rows: int) -> None:
    matrix = torch.randn(rows, 64, generator=torch.Generator().manual_seed(rows))
    values = torch.linalg.svdvals(newton_schulz(matrix))
    assert values.max() < 1.21
    assert (values > 0.68).double().mean() > 0.9
    assert math.isclose(
        float(values[0]), float(torch.linalg.matrix_norm(newton_schulz(matrix), 2)), rel_tol=1e-4
    )
