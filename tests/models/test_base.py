"""fables-base: what its card says, loaded as a lesson loads it and as transformers does."""

from __future__ import annotations

import json

import pytest
import torch

from fasttrack.data import fables
from fasttrack.models.base import FOLDER, fables_base
from fasttrack.pretrain.report import Reading, read


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read(fables_base(), list(fables.stories(300, seed=7, split="test")))


def test_it_reads_held_out_stories_within_five_per_cent_of_the_floor(reading: Reading) -> None:
    assert 0 < reading.above <= 0.05


def test_it_is_right_where_a_story_restates_a_fact(reading: Reading) -> None:
    assert reading.right["recalled"] >= 0.95


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
