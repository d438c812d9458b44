"""Moving a pretrained model to another task: what trains, how fast, from when on; and what of the old it keeps.

Parameters are spoken of by the beginnings of their dotted names: "blocks.1" stands for all of that block's, and not for
"blocks.10". `stages` are groups of such beginnings, the nearest to the output first. The functions are those of lesson
09/01, typed and under the same checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from fasttrack.models.gpt import GPT

PAD = 1  # of fables' vocabulary
Stages = Sequence[Sequence[str]]


def language_stages(n_layer: int) -> list[list[str]]:
    """A GPT's parameters from the output down. The embedding is both ends; as the output matrix it comes first."""
    blocks = [[f"blocks.{k}"] for k in reversed(range(n_layer))]
    return [["embedding", "norm"], *blocks, ["positions"]]


def classifier_stages(n_layer: int) -> list[list[str]]:
    """A Classifier's parameters from the output down."""
    blocks = [[f"body.blocks.{k}"] for k in reversed(range(n_layer))]
    return [["head"], ["body.norm"], *blocks, ["body.embedding", "body.positions"]]


def belongs(name: str, part: str) -> bool:
    """Whether a parameter's dotted name is `part` or lies below it."""
    return name == part or name.startswith(part + ".")


def new_rows(table: torch.Tensor, known: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """An embedding `(vocab_size, n_embd)` whose rows are drawn anew where `known`, bool `(vocab_size,)`, is False.

    They are normal with each column's mean and standard deviation over the known rows. A model that was trained
    without a word has pushed its row against what its last norm sends out, and all such rows to the same place.
    """
    rows = table[known]
    noise = torch.randn(len(table) - len(rows), table.shape[1], generator=generator, dtype=table.dtype)
    renewed = table.clone()
    renewed[~known] = rows.mean(0) + rows.std(0) * noise
    return renewed


def freeze(model: nn.Module, trained: Iterable[str]) -> int:
    """Let exactly the parameters train whose name begins with one of `trained`; returns how many numbers that are.

    Raises ValueError, with nothing changed, for a part that no parameter belongs to.
    """
    names, parts = [name for name, _ in model.named_parameters()], list(trained)
    for part in parts:
        if not any(belongs(name, part) for name in names):
            raise ValueError(f"freeze: the model has no parameter {part!r}; it has {names[0]!r} and others")
    count = 0
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(any(belongs(name, part) for part in parts))
        count += parameter.numel() * parameter.requires_grad
    return count


def discriminative_lrs(
    model: nn.Module, stages: Stages, lr: float, factor: float = 2.6
) -> list[dict[str, Any]]:
    """Parameter groups for an optimizer, one for each stage: the first at `lr`, each other `factor` below the last.

    Raises ValueError for a parameter that is in no stage. Source of 2.6: Howard and Ruder, 2018 (ULMFiT).
    """
    groups: list[dict[str, Any]] = [{"params": [], "lr": lr / factor**k} for k in range(len(stages))]
    for name, parameter in model.named_parameters():
        places = [k for k, parts in enumerate(stages) if any(belongs(name, part) for part in parts)]
        if not places:
            raise ValueError(f"discriminative_lrs: {name} is in no stage")
        groups[places[0]]["params"].append(parameter)
    return groups


def gradual_unfreeze(model: nn.Module, stages: Stages, step: int, every: int) -> int:
    """Let train what update `step`, counted from 0, may change: one stage more after every `every` updates.

    At the beginning it is the first stage alone. Returns how many stages train. Source: ULMFiT.
    """
    opened = min(1 + step // every, len(stages))
    freeze(model, [part for parts in stages[:opened] for part in parts])
    return opened


def train_rows(table: torch.Tensor, rows: torch.Tensor) -> RemovableHandle:
    """Let only some rows of a table `(vocab_size, n_embd)` learn: where `rows`, bool `(vocab_size,)`, is True.

    The other rows' gradients become 0, and so do AdamW's steps there if that was so from its first update on and
    nothing decays. The handle's `remove()` ends it.
    """

    handle: RemovableHandle = table.register_hook(lambda gradient: gradient * rows[:, None])  # type: ignore[no-untyped-call]
    return handle


def replay(
    new: torch.Tensor, old: torch.Tensor, batch: int, share: float, generator: torch.Generator
) -> torch.Tensor:
    """A batch of rows `(batch, time)` of two corpora `(n, time)`, `round(batch * share)` of them from `old`."""
    from_old = round(batch * share)
    rows = [
        corpus[torch.randint(len(corpus), (count,), generator=generator)]
        for corpus, count in ((new, batch - from_old), (old, from_old))
        if count
    ]
    return torch.cat(rows)


def interpolate(
    before: Mapping[str, torch.Tensor], after: Mapping[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """Parameters on the straight line between two models: `before` at share 0, `after` at 1.

    Source: Wortsman et al., 2022 (WiSE-FT).
    """
    return {name: (1 - share) * before[name] + share * after[name] for name in before}


def pool_last(hidden: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
    """The vector at the last real position of each row: `(batch, time, n_embd)` -> `(batch, n_embd)`.

    `padding` is bool `(batch, time)`, True = real; a row's real positions come first.
    """
    last = padding.sum(1) - 1  # (batch,)
    return hidden[torch.arange(len(hidden), device=hidden.device), last]


class Classifier(nn.Module):
    """A pretrained body with a new head: ids `(batch, time)`, padded at the end -> logits `(batch, n_classes)`.

    The head starts at zero, so that the first loss is ln(n_classes) and the body is not pulled about by a random head.
    """

    def __init__(self, body: GPT, n_classes: int, pad: int = PAD) -> None:
        super().__init__()
        self.body, self.pad = body, pad
        self.head = nn.Linear(body.config.n_embd, n_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(pool_last(self.body.hidden(ids), ids != self.pad))
        return logits


@torch.no_grad()
def features(body: GPT, ids: torch.Tensor, pad: int = PAD, batch: int = 64) -> torch.Tensor:
    """What a frozen body says of each row, computed once: `(n, time)` -> `(n, n_embd)`; its mode is restored."""
    was_training = body.training
    body.eval()
    parts = [pool_last(body.hidden(part), part != pad) for part in torch.split(ids, batch)]
    body.train(was_training)
    return torch.cat(parts)
