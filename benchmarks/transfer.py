"""Five ways from fables-base to stories of the sea, with 20, 200 and 2,000 examples: the table of lesson 09/01.

    python benchmarks/transfer.py [--steps 100] [--batch 8] [--domain sea]

Each way makes the same number of updates on batches of the same size, at the better of two learning rates, chosen by
the loss on 60 stories of another seed; what is printed is measured on the test split. On one thread of a quiet machine
it takes some three minutes. Ends with an error if training from scratch comes nearer to the floor than any other way.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import nn

from fasttrack.data import fables
from fasttrack.finetune import finetune
from fasttrack.finetune.transfer import (
    PAD,
    discriminative_lrs,
    freeze,
    gradual_unfreeze,
    language_stages,
    new_rows,
    train_rows,
)
from fasttrack.models.base import fables_base
from fasttrack.models.gpt import GPT
from fasttrack.pretrain.report import read
from fasttrack.pretrain.steps import Batch, padded

SIZES = (20, 200, 2000)
RATES = {
    "from scratch": (1e-3, 3e-3),
    "full": (1e-3, 5e-3),
    "frozen, new rows alone": (1e-2, 3e-2),
    "gradual unfreezing": (1.5e-3, 5e-3),
    "discriminative rates": (3e-3, 1e-2),
}
Source = Callable[[int], Batch]


class Score(NamedTuple):
    """Nats per token above the floor: on stories for choosing, on the new domain's test, on the village's."""

    chosen_by: float
    new: float
    old: float


def known() -> torch.Tensor:
    """Which words occur in village stories: bool `(vocab_size,)`."""
    return torch.bincount(fables.corpus(200_000, seed=1), minlength=len(fables.vocabulary())) > 0


def source(stories: list[fables.Story], batch: int) -> Source:
    """Random batches of whole stories, the same ones for every way."""
    table = {token: i for i, token in enumerate(fables.vocabulary())}
    rows = [[0, *(table[token] for token in story.tokens)] for story in stories]
    generator = torch.Generator().manual_seed(0)

    def draw(_step: int) -> Batch:
        picked = torch.randint(len(rows), (batch,), generator=generator)
        return padded([rows[i] for i in picked.tolist()], pad=PAD)

    return draw


def trained(way: str, lr: float, draw: Source, steps: int) -> nn.Module:
    """A model after `steps` updates."""
    torch.manual_seed(0)
    model = fables_base()
    if way == "from scratch":
        model = GPT(model.config)
    else:
        table = model.embedding.weight.data
        table.copy_(new_rows(table, known(), torch.Generator().manual_seed(0)))
    stages, every = language_stages(model.config.n_layer), max(1, steps // 8)
    options: dict[str, Any] = {"steps": steps, "warmup": steps // 10, "lr": lr}
    if way == "frozen, new rows alone":
        freeze(model, ["embedding"])
        train_rows(model.embedding.weight, ~known())
    elif way == "discriminative rates":
        options["groups"] = discriminative_lrs(model, stages, lr)
    elif way == "gradual unfreezing":
        options["groups"] = [{"params": list(model.parameters())}]
        plain = draw

        def draw(step: int) -> Batch:
            gradual_unfreeze(model, stages, step, every)
            return plain(step)

    finetune(model, draw, **options)
    return model


def main(
    steps: Annotated[int, typer.Option(help="updates of each run")] = 100,
    batch: Annotated[int, typer.Option(help="stories in a batch")] = 8,
    domain: Annotated[str, typer.Option(help="the new domain: sea, space or castle")] = "sea",
) -> None:
    torch.set_num_threads(1)
    dev = list(fables.stories(60, seed=77, domain=domain))
    tests = [list(fables.stories(100, seed=5, domain=one, split="test")) for one in (domain, "village")]
    table = Table(
        title=f"nats per token above the floor, {domain} (village) after {steps} updates of {batch} stories"
    )
    table.add_column("way")
    for size in SIZES:
        table.add_column(f"{size:,} examples", justify="right")
    best: dict[str, list[Score]] = {}
    for way, rates in RATES.items():
        cells, best[way] = [], []
        for size in SIZES:
            examples = list(fables.stories(size, seed=1, domain=domain))
            tried = {}
            for lr in rates:
                model = trained(way, lr, source(examples, batch), steps)
                above = [one.loss - one.floor for one in (read(model, told) for told in (dev, *tests))]
                tried[lr] = Score(*above)
            lr, score = min(tried.items(), key=lambda entry: entry[1].chosen_by)
            best[way].append(score)
            cells.append(f"{score.new:.3f} ({score.old:.3f}) at {lr:g}")
            print(f"{way}, {size} examples: {tried}", file=sys.stderr)
        table.add_row(way, *cells)
    Console(width=120).print(table)
    scratch = best.pop("from scratch")
    if any(
        score.new >= alone.new
        for scores in best.values()
        for score, alone in zip(scores, scratch, strict=True)
    ):
        raise SystemExit("training from scratch was not the worst way")


if __name__ == "__main__":
    typer.run(main)
