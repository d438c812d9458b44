"""fables-base and fables-recall: what their cards say, loaded as a lesson loads them and as transformers does."""

from __future__ import annotations

import json
import random

import pytest
import torch

from fasttrack.data import fables
from fasttrack.models.base import FOLDER, fables_base, fables_recall
from fasttrack.models.gpt import GPT
from fasttrack.pretrain import recall
from fasttrack.pretrain.report import Reading, read


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read(fables_base(), list(fables.stories(300, seed=7, split="test")))


def test_it_reads_held_out_stories_within_five_per_cent_of_the_floor(reading: Reading) -> None:
    assert 0 < reading.above <= 0.05


def test_it_is_right_where_a_story_restates_a_fact(reading: Reading) -> None:
    assert reading.right["recalled"] >= 0.95


@torch.no_grad()
def looked_up(model: GPT) -> float:
    """The share of words and refusals behind held-out lists that are the likeliest where they stand."""
    draw, right = random.Random(5), []
    for _ in range(100):
        x, y = recall.stacked([recall.listed(draw)])
        first = (y != -100) & (y.roll(1) == -100)
        right += (model(x).argmax(-1) == y)[first].tolist()
    return sum(right) / len(right)


def test_the_one_trained_further_tells_as_well_and_looks_names_up() -> None:
    assert 0 < read(fables_recall(), list(fables.stories(200, seed=7, split="test"))).above <= 0.05
    assert looked_up(fables_base()) < 0.3
    assert looked_up(fables_recall()) >= 0.9


def test_its_ids_are_those_of_fables() -> None:
    assert json.loads((FOLDER / "vocabulary.json").read_text("utf-8")) == list(fables.vocabulary())


def test_every_copy_is_new_and_ready_to_read() -> None:
    first, second = fables_base(), fables_base()
    assert not first.training
    with torch.no_grad():
        first.embedding.weight.zero_()
    assert second.embedding.weight.any()


def test_transformers_reads_the_same_weights() -> None:
    from transformers import GPT2LMHeadModel

    ids = torch.tensor([fables.encode(fables.story(3).text)])
    theirs = GPT2LMHeadModel.from_pretrained(FOLDER).eval()
    with torch.no_grad():
        torch.testing.assert_close(fables_base()(ids), theirs(ids).logits, atol=1e-4, rtol=1e-4)


def test_it_is_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 8e6
