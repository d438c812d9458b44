"""How a model reads held-out fables: its loss beside the floor, and how often it is right about what was said."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from fasttrack.data import fables
from fasttrack.pretrain.steps import padded

KINDS = ("free", "recalled", "tracked", "fixed")


@dataclass(frozen=True)
class Reading:
    """Of some stories: nats per token of the model and of the floor, and by kind of token (see `fables.Story`)
    the share of the floor that the model pays too much, and how often its most probable token is the right one.
    """

    stories: int
    loss: float
    floor: float
    excess: dict[str, float]
    right: dict[str, float]

    @property
    def above(self) -> float:
        """How far the loss is above the floor, as a share of the floor."""
        return self.loss / self.floor - 1


@torch.no_grad()
def read(model: nn.Module, stories: list[fables.Story], batch: int = 64) -> Reading:
    """Read whole stories, each from its beginning, in evaluation mode; the mode the model was in is restored."""
    was_training = model.training
    model.eval()
    table = {token: i for i, token in enumerate(fables.vocabulary())}
    paid = dict.fromkeys(KINDS, 0.0)
    least = dict.fromkeys(KINDS, 0.0)
    hits = dict.fromkeys(KINDS, 0)
    count = dict.fromkeys(KINDS, 0)
    for at in range(0, len(stories), batch):
        some = stories[at : at + batch]
        x, y = padded([[0, *(table[token] for token in story.tokens)] for story in some])
        logits = model(x)
        losses = functional.cross_entropy(logits.transpose(1, 2), y, reduction="none", ignore_index=-100)
        correct = logits.argmax(-1) == y
        for row, story in enumerate(some):
            costs, found = losses[row].tolist(), correct[row].tolist()
            for kind, nats, cost, hit in zip(story.kinds, story.nats, costs, found, strict=False):
                paid[kind] += cost
                least[kind] += nats
                hits[kind] += hit
                count[kind] += 1
    model.train(was_training)
    tokens, floor = sum(count.values()), sum(least.values())
    return Reading(
        stories=len(stories),
        loss=sum(paid.values()) / tokens,
        floor=floor / tokens,
        excess={kind: (paid[kind] - least[kind]) / floor for kind in KINDS},
        right={kind: hits[kind] / count[kind] if count[kind] else float("nan") for kind in KINDS},
    )
