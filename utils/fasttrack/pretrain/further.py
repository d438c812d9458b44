"""Training a model that exists further, by an update of one's own: what the shipped descendants of fables-base share.

`fasttrack.pretrain.run` is for pretraining: a preset, a corpus, several devices.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from fasttrack.models.gpt import GPT
from fasttrack.pretrain.muon import MuonAdamW
from fasttrack.pretrain.steps import lr_schedule

Update = Callable[[GPT, MuonAdamW, int], float]  # the model, its optimizer and how many updates came before


@dataclass(frozen=True)
class Plan:
    """How far and how fast: a linear warm-up, then a cosine to 0; Muon on the blocks' matrices, AdamW on the rest."""

    steps: int
    lr: float
    muon_lr: float
    warmup: int = 20
    weight_decay: float = 0.01
    look: int = 100  # updates between two checkpoints


def train_further(
    model: GPT, update: Update, plan: Plan, path: Path, note: Callable[[int], str] = lambda step: ""
) -> None:
    """Train `model` by `plan.steps` updates, and print a line, with a `note`, at each checkpoint.

    A run that was stopped goes on from the checkpoint at `path` as if it had never stopped, bit for bit, if what
    `update` draws depends on the number of the update alone. What was trained since that checkpoint is lost.
    """
    optimizer = MuonAdamW(model, plan.lr, plan.muon_lr, plan.weight_decay, (0.9, 0.95))
    peaks = [group["lr"] for group in optimizer.param_groups]
    done = 0
    if path.exists():
        state = torch.load(path, map_location="cpu", weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        done = state["step"]
    path.parent.mkdir(parents=True, exist_ok=True)
    losses: list[float] = []
    start = time.perf_counter()
    for step in range(done, plan.steps):
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = lr_schedule(step, peak, plan.warmup, plan.steps)
        losses.append(update(model, optimizer, step))
        if (step + 1) % plan.look == 0 or step + 1 == plan.steps:
            seconds = time.perf_counter() - start
            mean = sum(losses) / len(losses)
            print(f"{step + 1:>6} {mean:.4f} {seconds:,.0f} s {note(step + 1)}".rstrip(), flush=True)
            losses.clear()
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}
            half = path.with_name(path.name + ".part")
            torch.save(state, half)
            half.replace(path)
