"""A corpus and a preset small enough to train in a moment."""

from collections.abc import Iterator

import pytest
import torch

from fasttrack.pretrain.corpora import Corpus
from fasttrack.pretrain.device import Place
from fasttrack.pretrain.presets import Preset
from fasttrack.pretrain.steps import Batch, get_batch

TINY = Preset(
    "for tests",
    corpus="counting",
    block_size=8,
    n_layer=2,
    n_head=2,
    n_embd=16,
    batch=8,
    steps=12,
    lr=1e-2,
    warmup=3,
    evaluate=4,
)
CPU = Place(torch.device("cpu"))


def counting() -> Corpus:
    """0 1 2 … 9 0 1 …: the next token is certain after one look back, so the floor is 0."""
    tokens = torch.arange(400) % 10

    def held_out(block_size: int) -> Iterator[Batch]:
        yield get_batch(tokens, 16, block_size, torch.Generator().manual_seed(1))

    return Corpus(
        vocab_size=10,
        draw=lambda batch, block_size, generator: get_batch(tokens, batch, block_size, generator),
        held_out=held_out,
        decode=lambda ids: " ".join(map(str, ids)),
        start=[0],
        floor=0.0,
    )


@pytest.fixture
def corpus() -> Corpus:
    return counting()
