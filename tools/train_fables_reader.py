"""Fine-tune fables-recall to answer from passages, and put it into the package with its card.

    python tools/train_fables_reader.py RUN_FOLDER

Twenty minutes on two cores. A run that was stopped goes on where its last checkpoint in RUN_FOLDER is.
"""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch.nn import functional

from fasttrack.data import fables
from fasttrack.models.base import READER, fables_recall, publish
from fasttrack.models.gpt import GPT, count_parameters
from fasttrack.pretrain import recall
from fasttrack.pretrain.further import Plan, train_further
from fasttrack.pretrain.muon import MuonAdamW
from fasttrack.rag import reading
from fasttrack.rag.readers import FablesReader

PLAN = Plan(steps=4000, lr=3e-3, muon_lr=0.02)
# Until which update: pairs, listings, drills, how many subjects in these, readings, how many passages in each.
STAGES = ((300, (4, 12, 8, 4, 4, 4)), (PLAN.steps, (2, 6, 12, 5, 8, reading.MOST)))
TESTED = 400  # readings in the card

CARD = """\
# fables-reader

fables-recall ({parameters:,} parameters), fine-tuned to answer questions from numbered passages: "mill [2]". Where the
passages contradict each other it names each value, "mill [2] or inn [4]"; where none states it, it says "The story
does not say."

| | |
|---|---|
| data | {readings:,} readings: up to 5 records of 1 to 4 train stories in any order, and questions about them |
| of these | half had a record altered, or contradicted by an altered copy; 3 % had none |
| before and beside them | words in pairs and numbered lists to be recalled, records to be completed |
| training | {steps:,} steps, loss on the answers alone; Muon ({muon_lr}) and AdamW ({lr}) |
| right, on held-out stories in wordings of the test split | {right} |

An answer counts as right if all of it is, citations included. The prompt is "<user> [1] … [2] … Question: …
<assistant>"; what follows is a sentence, "Kira lives [2] in the mill", and `<end>`. `FablesReader` in
`fasttrack.rag.readers` writes the one and takes the answer out of the other.

Limits: it knows the words of the village stories and no others (vocabulary.json), takes {block_size} tokens, and
answers six kinds of question. It follows no instructions. Its weights are under the MIT License, as the code that
made them.

Made by `tools/train_fables_reader.py`; loaded by `fasttrack.models.base.fables_reader()`.
"""


def batch_of(step: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The rows of an update, those of a kind together."""
    draw = random.Random(f"reader {step}")
    stories = fables.stories(10**6, seed=10**6 + step)
    n_pairs, n_lists, n_drills, subjects, n_readings, most = next(
        stage for until, stage in STAGES if step < until
    )
    read = []
    for _ in range(n_readings):
        some = [
            next(stories) for _ in range(draw.choice((1, 2) if most < reading.MOST else (1, 2, 2, 3, 3, 4)))
        ]
        read.append(reading.encoded(reading.reading(some, draw, most=most)))
    kinds = (
        [recall.pairs(draw) for _ in range(n_pairs)],
        [reading.encoded(reading.listing(draw, subjects)) for _ in range(n_lists)],
        [reading.encoded(reading.drill(draw, subjects)) for _ in range(n_drills)],
        read,
    )
    return [recall.stacked(rows) for rows in kinds if rows]


def update(model: GPT, optimizer: MuonAdamW, step: int) -> float:
    """One update; the loss in nats per token of the answers."""
    hidden, targets = [], []
    for x, y in batch_of(step):
        asked = y != -100
        hidden.append(model.hidden(x)[asked])  # (tokens of answers, n_embd)
        targets.append(y[asked])
    logits = functional.linear(torch.cat(hidden), model.embedding.weight)
    loss = functional.cross_entropy(logits, torch.cat(targets))
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def right(model: GPT, n: int) -> str:
    """How many answers about `n` held-out readings are right, by kind."""
    model.eval()
    reader, draw, stories = FablesReader(model), random.Random(1), fables.stories(10**6, seed=1, split="test")
    asked, hits = Counter[str](), Counter[str]()
    for _ in range(n):
        some = [next(stories) for _ in range(draw.choice((2, 3, 4)))]
        one = reading.reading(some, draw, "test")
        for question, answer, _ in [entry for entry in one.asked if entry[0]][:3]:
            kind = "contradicted" if " or " in answer else "stated"
            kind = "not in the passages" if answer == fables.UNSAID else kind
            asked[kind] += 1
            hits[kind] += reader.complete(reading.prompt_of(one.passages, question)) == answer
    model.train()
    return ", ".join(f"{kind} {hits[kind] / asked[kind]:.1%} of {asked[kind]}" for kind in sorted(asked))


def main(
    folder: Annotated[Path, typer.Argument(help="Where the checkpoint is kept meanwhile.")],
    threads: Annotated[int, typer.Option(help="PyTorch's.")] = 2,
) -> None:
    torch.set_num_threads(threads)
    model = fables_recall().train()

    def note(done: int) -> str:
        return right(model, 40) if done > STAGES[0][0] else ""

    train_further(model, update, PLAN, folder / "run.pt", note)
    text = CARD.format(
        parameters=count_parameters(model.config),
        readings=sum(
            (until - since) * stage[4] for (since, _), (until, stage) in pairwise(((0, ()), *STAGES))
        ),
        right=right(model, TESTED),
        **vars(PLAN),
        block_size=model.config.block_size,
    )
    publish(model, READER, text)
    print(text)


if __name__ == "__main__":
    typer.run(main)
