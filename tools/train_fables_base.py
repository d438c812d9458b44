"""Train fables-base, the model that lessons start from, and put it into the package with its card.

    python tools/train_fables_base.py RUN_FOLDER

A quarter of an hour on two cores. A run that was stopped goes on where its last checkpoint in RUN_FOLDER is.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import torch
import typer

from fasttrack.data import fables
from fasttrack.models.base import FOLDER, publish
from fasttrack.models.gpt import count_parameters
from fasttrack.pretrain.corpora import CORPORA
from fasttrack.pretrain.device import Place
from fasttrack.pretrain.presets import PRESETS
from fasttrack.pretrain.report import KINDS, Reading, read
from fasttrack.pretrain.run import Progress, Run

STORIES, SEED = 2000, 2026  # of the held-out stories in the card

CARD = """\
# fables-base

A GPT of {parameters:,} parameters in GPT-2's architecture ({n_layer} layers, {n_head} heads, width {n_embd},
{block_size} tokens of context), trained from nothing on the village stories of `fasttrack.data.fables`.

| | |
|---|---|
| data | {tokens:,} tokens of the train split, a word a token, {vocab_size} words; no noun of another domain |
| training | {steps:,} steps of {batch} windows, Muon ({muon_lr}) on the blocks' matrices, AdamW ({lr}) on the rest |
| loss, {stories:,} held-out stories | {loss:.4f} nats per token; the floor is {floor:.4f}, so {above:.1%} above it |
| of which | {parts} |
| right where a story restates a fact | {recalled:.2%}; where the fact has changed since, {tracked:.1%} |

In these held-out stories both owners have things that no one of that name had in training.

Limits: it knows these stories and nothing else. It reads no word outside its vocabulary (vocabulary.json), answers
no questions until it is fine-tuned, and what it tells is fiction drawn from a grammar. Its weights are under the MIT
License, as the code that made them.

Made by `tools/train_fables_base.py`; the files load with `fasttrack.models.base.fables_base()` and with transformers'
`GPT2LMHeadModel.from_pretrained`.
"""


def card(run: Run, reading: Reading) -> str:
    preset, config = run.preset, run.model.config
    return CARD.format(
        parameters=count_parameters(config),
        tokens=preset.steps * preset.batch * preset.block_size,
        parts=", ".join(f"{kind} {reading.excess[kind]:.1%}" for kind in KINDS),
        loss=reading.loss,
        floor=reading.floor,
        above=reading.above,
        recalled=reading.right["recalled"],
        tracked=reading.right["tracked"],
        stories=reading.stories,
        **{name: getattr(preset, name) for name in ("steps", "batch", "muon_lr", "lr")},
        **vars(config),
    )


def main(
    folder: Annotated[Path, typer.Argument(help="Where the checkpoint is kept meanwhile.")],
    threads: Annotated[int, typer.Option(help="PyTorch's.")] = 2,
) -> None:
    torch.set_num_threads(threads)
    preset = PRESETS["fables-base"]
    run = Run(preset, CORPORA[preset.corpus](), Place(torch.device("cpu")))
    path = folder / "run.pt"
    if path.exists():
        run.load(path)
    start = time.perf_counter()

    def look(progress: Progress) -> None:
        run.save(path)
        above = progress.held_out / (run.corpus.floor or float("nan")) - 1
        print(f"{progress.step:>6} {above:+.2%} {time.perf_counter() - start:,.0f} s", flush=True)

    run.go(preset.steps, look, lambda _: None)
    stories = list(fables.stories(STORIES, seed=SEED, split="test"))
    text = card(run, read(run.model, stories))
    publish(run.model, FOLDER, text)
    print(text)


if __name__ == "__main__":
    typer.run(main)
