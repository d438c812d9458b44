"""Train fables-base further, on text in which names are looked up, and put it into the package with its card.

    python tools/train_fables_recall.py RUN_FOLDER

Ten minutes on two cores. A run that was stopped goes on where its last checkpoint in RUN_FOLDER is.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch.nn import functional

from fasttrack.data import fables
from fasttrack.models.base import RECALL, fables_base, publish
from fasttrack.models.gpt import GPT, count_parameters
from fasttrack.pretrain import recall
from fasttrack.pretrain.further import Plan, train_further
from fasttrack.pretrain.muon import MuonAdamW
from fasttrack.pretrain.report import read

PLAN = Plan(steps=1700, lr=3e-3, muon_lr=0.02)
# Until which update: rows of pairs, which all start at position 0; rows of lists, which start anywhere; windows.
STAGES = ((350, (32, 0, 4)), (800, (0, 32, 6)), (PLAN.steps, (0, 12, 12)))
STORIES, SEED = 2000, 2026  # of the held-out stories in the card, those in fables-base's

CARD = """\
# fables-recall

fables-base ({parameters:,} parameters), trained further ("mid-training") to look names up in a list.

| | |
|---|---|
| data | pairs of a name and a word, repeated; lists, and what they say of a name; stories, half of them retold |
| training | {steps:,} steps, Muon ({muon_lr}) on the blocks' matrices, AdamW ({lr}) on the rest |
| loss, {stories:,} held-out stories | {loss:.4f} nats per token; the floor is {floor:.4f}, so {above:.1%} above it |
| right where a story restates a fact | {recalled:.2%}; where the fact has changed since, {tracked:.1%} |
| right in lists, held-out draws | a word of the list {known:.1%}; a name that is not in it, refused {unknown:.1%} |
| right in held-out stories, retold | {retold:.1%} of all facts |

Loss was taken only where the text decides what comes (`fasttrack.pretrain.recall`). No question is in the data, and
no dialogue: it answers none until it is fine-tuned. In a story it still recalls by order, as fables-base does: a
sentence about one of the two behind the story gets the right home or trade half the time. Its weights are under the
MIT License, as the code that made them.

Made by `tools/train_fables_recall.py`; loaded by `fasttrack.models.base.fables_recall()`.
"""


def update(model: GPT, optimizer: MuonAdamW, step: int) -> float:
    """One update on windows and rows to be looked up, which count half as much; the loss in nats per target."""
    draw = random.Random(f"recall {step}")
    stories = fables.stories(10**6, seed=5 * 10**6 + step)
    n_pairs, n_lists, n_windows = next(stage for until, stage in STAGES if step < until)
    windows = [recall.window(stories, draw, model.config.block_size + 1) for _ in range(n_windows)]
    rows = [recall.pairs(draw) for _ in range(n_pairs)] + [recall.listed(draw) for _ in range(n_lists)]
    loss = loss_of(model, *recall.stacked(windows), starts=[0] * n_windows)
    x, y = recall.stacked(rows)
    most = model.config.block_size - x.shape[1]
    loss = loss + 0.5 * loss_of(model, x, y, starts=[draw.randint(0, most) if n_lists else 0 for _ in rows])
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def loss_of(model: GPT, x: torch.Tensor, y: torch.Tensor, starts: list[int]) -> torch.Tensor:
    """Mean cross-entropy where `y` is not -100; row i stands at the positions from `starts[i]` on."""
    positions = torch.tensor(starts)[:, None] + torch.arange(x.shape[1])
    asked = y != -100
    hidden = model.hidden(x, positions=positions)[asked]
    return functional.cross_entropy(functional.linear(hidden, model.embedding.weight), y[asked])


@torch.no_grad()
def right(model: GPT, rows: list[recall.Row]) -> tuple[float, float]:
    """Shares of the words, and of the refusals, that are the likeliest token where they stand."""
    refusal = fables.encode(fables.UNSAID)
    hits: dict[bool, list[bool]] = {True: [], False: []}
    for row in rows:
        x, y = recall.stacked([row])
        firsts = [at for at in range(y.shape[1]) if y[0, at] != -100 and (at == 0 or y[0, at - 1] == -100)]
        likeliest = model(x)[0].argmax(-1)
        for at in firsts:
            hits[int(y[0, at]) == refusal[0]].append(bool(likeliest[at] == y[0, at]))
    known, unknown = (sum(found) / max(len(found), 1) for found in (hits[False], hits[True]))
    return known, unknown


def facts_right(model: GPT, stories: list[fables.Story]) -> float:
    """The share of facts behind held-out stories that are recalled."""
    draw = random.Random(0)
    rows = []
    for story in stories:
        ids, said = recall.retold(story, draw)
        behind = len(story.tokens)  # the end before the story, and all its tokens but its own end
        rows.append((ids, [False] * behind + said[behind:]))
    return right(model, rows)[0]


def card(model: GPT) -> str:
    """What the model is and how good, measured."""
    model.eval()
    stories = list(fables.stories(STORIES, seed=SEED, split="test"))
    reading = read(model, stories)
    draw = random.Random(0)
    known, unknown = right(model, [recall.listed(draw) for _ in range(500)])
    return CARD.format(
        parameters=count_parameters(model.config),
        **vars(PLAN),
        loss=reading.loss,
        floor=reading.floor,
        above=reading.above,
        recalled=reading.right["recalled"],
        tracked=reading.right["tracked"],
        stories=reading.stories,
        known=known,
        unknown=unknown,
        retold=facts_right(model, stories[:500]),
    )


def main(
    folder: Annotated[Path, typer.Argument(help="Where the checkpoint is kept meanwhile.")],
    threads: Annotated[int, typer.Option(help="PyTorch's.")] = 2,
) -> None:
    torch.set_num_threads(threads)
    model = fables_base().train()
    train_further(model, update, PLAN, folder / "run.pt")
    text = card(model)
    publish(model, RECALL, text)
    print(text)


if __name__ == "__main__":
    typer.run(main)
