"""How much of full fine-tuning an adapter reaches, by what is new, rank and alpha: lesson 09/02 quotes the table.

    python benchmarks/lora.py

Every row starts from fables-base and trains for the same updates on the same batches; the learning rates were chosen
on the teller, 1e-3 for all parameters and 1e-2 for adapters. "habits": a teller (new ways of saying, no new word);
"neighbours": sixteen people with fixed homes, trades and foods; "sea": another domain, with 113 words that the base
has never read, where a second full run trains the table at 1e-2; "beside full" is beside that one. Losses are of
held-out stories, in nats per token. Some minutes on a quiet core.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from fasttrack.data import fables
from fasttrack.finetune import finetune, tellers
from fasttrack.finetune.lora import inject_lora, trainable
from fasttrack.models.base import fables_base
from fasttrack.models.gpt import GPT
from fasttrack.pretrain.steps import Batch, estimate_loss, get_batch, padded

STEPS, BATCH, BLOCK = 150, 8, 128
ALL = ["qkv", "attention.proj", "fc", "feed_forward.proj"]
ATTENTION = ["qkv", "attention.proj"]
SETTINGS = (
    ("attention", ATTENTION, 1, 8.0),
    ("all matrices", ALL, 1, 8.0),
    ("all matrices", ALL, 4, 32.0),
    ("all matrices", ALL, 16, 128.0),
    ("attention", ATTENTION, 4, 32.0),
    ("attention", ATTENTION, 16, 128.0),
    ("attention", ATTENTION, 1, 1.0),
    ("attention", ATTENTION, 1, 64.0),
    ("attention", ATTENTION, 16, 1.0),
    ("attention", ATTENTION, 16, 8.0),
    ("attention", ATTENTION, 4, 8.0),
    ("all matrices", ALL, 16, 8.0),
)


class Task(NamedTuple):
    """Stories to train on and to measure with."""

    name: str
    train: Sequence[tellers.Tale]
    held_out: Sequence[tellers.Tale]


def tasks() -> list[Task]:
    made = [
        Task(name, tellers.tales(kind, 0, 3000, seed=1), tellers.tales(kind, 0, 150, seed=0))
        for name, kind in (("habits", tellers.Teller), ("neighbours", tellers.Neighbours))
    ]
    sea = [
        [tellers.Tale(story.tokens, sum(story.nats)) for story in stories]
        for stories in (fables.stories(3000, 1, "sea"), fables.stories(150, 0, "sea", "test"))
    ]
    return [*made, Task("sea", *sea)]


class Rows(nn.Module):
    """An embedding's weight whose given rows may change; to be registered as its parametrization."""

    def __init__(self, rows: torch.Tensor, n_embd: int) -> None:
        super().__init__()
        self.rows: torch.Tensor
        self.register_buffer("rows", rows)
        self.change = nn.Parameter(torch.zeros(len(rows), n_embd))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        return weight.index_add(0, self.rows, self.change)


def thaw_rows(model: GPT, told: Sequence[tellers.Tale]) -> None:
    """Let the rows of words that the village does not have be trained, in the table that is the output matrix, too."""
    known = {token for story in fables.stories(3000, 5) for token in story.tokens}
    table = {token: i for i, token in enumerate(fables.vocabulary())}
    new = sorted({table[token] for tale in told for token in tale.tokens if token not in known})
    nn.utils.parametrize.register_parametrization(
        model.embedding, "weight", Rows(torch.tensor(new), model.config.n_embd)
    )


class Measured(NamedTuple):
    """What a run came to."""

    trained: int
    loss: float
    seconds: float


def by_part(model: GPT) -> list[dict[str, Any]]:
    """Groups for full fine-tuning: the table at the rate of adapters, the rest at its own."""
    table = model.embedding.weight
    return [
        {"params": [table], "lr": 1e-2},
        {"params": [p for p in model.parameters() if p is not table]},
    ]


def measure(task: Task, model: GPT, lr: float, groups: list[dict[str, Any]] | None = None) -> Measured:
    ids = tellers.stream(task.train)
    starts = (ids == 0).nonzero()[:, 0]
    generator = torch.Generator().manual_seed(0)

    def batch(step: int) -> Batch:
        return get_batch(ids, BATCH, BLOCK, generator, starts)

    rows = tellers.rows(task.held_out)
    held_out = [padded(rows[at : at + 50]) for at in range(0, len(rows), 50)]
    start = time.perf_counter()
    if lr:
        finetune(model, batch, steps=STEPS, lr=lr, groups=groups)
    return Measured(trainable(model)[0], estimate_loss(model, held_out), time.perf_counter() - start)


def adapted(targets: list[str], rank: int, alpha: float) -> GPT:
    torch.manual_seed(0)
    model = fables_base()
    inject_lora(model, targets, rank, alpha)
    return model


def row(
    task: Task,
    name: str,
    model: GPT,
    lr: float,
    full: float | None = None,
    groups: list[dict[str, Any]] | None = None,
) -> float:
    got = measure(task, model, lr, groups)
    total = sum(p.numel() for p in fables_base().parameters())
    beside = "" if full is None else f"{got.loss / full - 1:+.1%}"
    print(
        f"| {task.name} | {name} | {got.trained if lr else 0:,} | {got.trained / total if lr else 0:.2%} "
        f"| {got.loss:.4f} | {beside} | {got.seconds:.0f} s |",
        flush=True,
    )
    return got.loss


def main() -> None:
    torch.set_num_threads(1)
    print(
        "| new | what is trained | parameters | share | loss | beside full | time |\n|---|---|---|---|---|---|---|"
    )
    for task in tasks():
        print(f"| {task.name} | the floor | | | {tellers.floor(task.held_out):.4f} | | |")
        row(task, "nothing: the base", fables_base(), 0.0)
        full = row(task, "everything", fables_base(), 1e-3)
        if task.name == "sea":
            model = fables_base()
            full = row(task, "everything, the table at 0.01", model, 1e-3, full, by_part(model))
        for where, targets, rank, alpha in SETTINGS if task.name == "habits" else SETTINGS[:4]:
            row(task, f"{where}, rank {rank}, alpha {alpha:g}", adapted(targets, rank, alpha), 1e-2, full)
        if task.name == "sea":
            model = adapted(ALL, 1, 8.0)
            thaw_rows(model, task.train)
            row(task, "all matrices, rank 1, alpha 8, and new words' rows", model, 1e-2, full)


if __name__ == "__main__":
    main()
