"""How reading is reported: a model that knows the grammar pays the floor, one that knows nothing pays ln V."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from fasttrack.data import fables
from fasttrack.pretrain.corpora import fables as corpus
from fasttrack.pretrain.report import read

STORIES = list(fables.stories(12, seed=5, split="test"))


class Uniform(nn.Module):
    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return torch.zeros(*ids.shape, len(fables.vocabulary()))


class Knowing(nn.Module):
    """Gives the next token of a story it is read the probability that the grammar gives it; the rest go to token 1."""

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        table = {token: i for i, token in enumerate(fables.vocabulary())}
        logits = torch.full((*ids.shape, len(table)), -1e9)
        for row, story in enumerate(STORIES):
            for at, (token, nats) in enumerate(zip(story.tokens, story.nats, strict=True)):
                logits[row, at, 1] = math.log(max(1 - math.exp(-nats), 1e-30))
                logits[row, at, table[token]] = -nats
        return logits


def test_one_who_knows_the_grammar_pays_the_floor() -> None:
    reading = read(Knowing(), STORIES)
    assert reading.loss == pytest.approx(reading.floor, rel=1e-5)
    assert reading.floor == pytest.approx(
        sum(sum(story.nats) for story in STORIES) / sum(len(story.tokens) for story in STORIES)
    )
    assert reading.above == pytest.approx(0, abs=1e-5)
    assert reading.right["fixed"] == reading.right["recalled"] == 1.0


def test_one_who_knows_nothing_pays_for_every_kind_of_token() -> None:
    reading = read(Uniform(), STORIES)
    assert reading.loss == pytest.approx(math.log(len(fables.vocabulary())))
    assert sum(reading.excess.values()) == pytest.approx(reading.above)
    assert all(excess > 0 for excess in reading.excess.values())


def test_windows_of_the_corpus_begin_with_a_story() -> None:
    told = corpus(n_tokens=5_000, held_out_stories=20)
    x, y = told.draw(8, 32, torch.Generator().manual_seed(0))
    first = {story.tokens[0] for story in fables.stories(300)}
    assert (x[:, 0] == 0).all()
    assert {fables.vocabulary()[i] for i in y[:, 0].tolist()} <= first
    rest = list(told.held_out(128))
    assert sum(len(x) for x, _ in rest) == 20
    assert told.floor == pytest.approx(fables.entropy_floor(split="test", n=2000).nats_per_token, rel=0.05)
