"""A run of pretraining from its preset to its checkpoint: resumable, on one device or on several processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from fasttrack.models.gpt import GPT, GPTConfig
from fasttrack.pretrain.corpora import Corpus
from fasttrack.pretrain.device import Place
from fasttrack.pretrain.muon import MuonAdamW
from fasttrack.pretrain.presets import Preset
from fasttrack.pretrain.steps import configure_optimizer, estimate_loss, lr_schedule, train_step


@dataclass(frozen=True)
class Progress:
    """A look at a run: updates done, losses in nats per token, tokens a second since the last look."""

    step: int
    train: float  # mean over the updates since the last look
    held_out: float
    tokens_per_second: float


def optimizer_of(preset: Preset, model: GPT) -> MuonAdamW | torch.optim.AdamW:
    """AdamW, or Muon and AdamW, as the preset says."""
    betas = (0.9, preset.beta2)
    if preset.muon_lr:
        return MuonAdamW(model, preset.lr, preset.muon_lr, preset.weight_decay, betas)
    return configure_optimizer(model, preset.lr, preset.weight_decay, betas)


class Run:
    """Trains `GPT` as `preset` says. The same seed gives the same run, on one process or, but for rounding, on several.

    Each process draws the whole batch from the same generator and trains on its share. Raises ValueError if the batch
    cannot be shared out equally.
    """

    def __init__(
        self, preset: Preset, corpus: Corpus, place: Place, seed: int = 0, compiled: bool = False
    ) -> None:
        if preset.batch % (place.world * preset.accumulate):
            raise ValueError(
                f"a batch of {preset.batch} does not divide into {place.world} processes of {preset.accumulate} parts"
            )
        self.preset, self.corpus, self.place = preset, corpus, place
        torch.manual_seed(seed)
        shape = (preset.block_size, preset.n_layer, preset.n_head, preset.n_embd)
        self.model = GPT(GPTConfig(corpus.vocab_size, *shape)).to(place.device)
        self.optimizer = optimizer_of(preset, self.model)
        self.peaks = [group["lr"] for group in self.optimizer.param_groups]
        self.generator = torch.Generator().manual_seed(seed)
        self.step = 0
        self.history: list[Progress] = []
        self.trained: nn.Module = cast(nn.Module, torch.compile(self.model)) if compiled else self.model
        if place.world > 1:
            self.trained = DistributedDataParallel(self.trained)

    def windows(self) -> tuple[int, int]:
        """How many windows of how many tokens the next update has: as many tokens as any other update."""
        preset = self.preset
        begun = [length for step, length in preset.grow if step <= self.step]
        length = begun[-1] if begun else preset.block_size
        return preset.batch * preset.block_size // length, length

    def update(self) -> float:
        """One update; its loss on this process's share of the batch."""
        preset, place = self.preset, self.place
        share = lr_schedule(self.step, 1.0, preset.warmup, preset.steps, preset.min_lr / preset.lr)
        for group, peak in zip(self.optimizer.param_groups, self.peaks, strict=True):
            group["lr"] = share * peak
        x, y = self.corpus.draw(*self.windows(), self.generator)
        mine = slice(place.rank, None, place.world)
        x, y = (ids[mine].to(place.device, non_blocking=True) for ids in (x, y))
        with place.autocast():
            loss, _ = train_step(self.trained, self.optimizer, x, y, preset.accumulate, preset.clip)
        self.step += 1
        return loss

    def held_out(self) -> float:
        """The loss on the held-out tokens, in nats per token."""
        batches = self.corpus.held_out(self.preset.block_size)
        with self.place.autocast():
            return estimate_loss(
                self.model, ((x.to(self.place.device), y.to(self.place.device)) for x, y in batches)
            )

    def go(self, until: int, look: Callable[[Progress], None], tick: Callable[[int], None]) -> None:
        """Train up to update `until`; `look` gets the state every `preset.evaluate` updates and at the end."""
        losses: list[float] = []
        start = time.perf_counter()
        while self.step < until:
            losses.append(self.update())
            tick(self.step)
            if self.step % self.preset.evaluate == 0 or self.step == until:
                rate = (
                    len(losses) * self.preset.batch * self.preset.block_size / (time.perf_counter() - start)
                )
                self.history.append(Progress(self.step, sum(losses) / len(losses), self.held_out(), rate))
                look(self.history[-1])
                losses, start = [], time.perf_counter()

    def save(self, path: Path) -> None:
        """Write all that the run needs to go on, under another name first: a crash leaves the last good file."""
        state = {
            "preset": asdict(self.preset),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "step": self.step,
            "history": [asdict(progress) for progress in self.history],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(path.name + ".part")
        torch.save(state, half)
        half.replace(path)

    def load(self, path: Path) -> None:
        """Go on where the file's run was: the same updates as if it had never stopped, bit for bit on the same device.

        Raises ValueError, with nothing changed, if the file is of another preset.
        """
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        theirs, ours = state["preset"], asdict(self.preset)
        if changed := [name for name in ours if theirs.get(name) != ours[name]]:
            name = changed[0]
            raise ValueError(
                f"{path}: that run has {name} {theirs.get(name)}, this one {ours[name]}; use another --out"
            )
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        self.step = state["step"]
        self.history = [Progress(**progress) for progress in state["history"]]
