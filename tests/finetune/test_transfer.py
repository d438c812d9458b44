"""The stages of real models, and fine-tuning as lesson 09/01 puts it together; the functions' checks: tests/check."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fasttrack.data import fables
from fasttrack.finetune import finetune
from fasttrack.finetune.transfer import (
    PAD,
    Classifier,
    classifier_stages,
    discriminative_lrs,
    features,
    freeze,
    gradual_unfreeze,
    language_stages,
    train_rows,
)
from fasttrack.models.gpt import GPT, GPTConfig
from fasttrack.models.hub import pretrained_gpt2
from fasttrack.models.saving import save_gpt2
from fasttrack.pretrain.steps import Batch

CONFIG = GPTConfig(vocab_size=20, block_size=8, n_layer=12, n_head=2, n_embd=8)


@pytest.fixture(name="model")
def small() -> GPT:
    torch.manual_seed(0)
    return GPT(CONFIG)


def batch(step: int) -> Batch:
    x = torch.randint(20, (4, 8), generator=torch.Generator().manual_seed(step))
    return x, (x + 1) % 20


def test_pad_is_the_vocabulary_s() -> None:
    assert fables.vocabulary()[PAD] == "<pad>"


def test_stages_hold_every_parameter_once(model: GPT) -> None:
    for whole, stages in ((model, language_stages(12)), (Classifier(model, 3), classifier_stages(12))):
        groups = discriminative_lrs(whole, stages, 0.1)
        held = [id(parameter) for group in groups for parameter in group["params"]]
        assert sorted(held) == sorted(id(parameter) for parameter in whole.parameters())
        assert gradual_unfreeze(whole, stages, 10_000, 3) == len(stages)
        assert all(parameter.requires_grad for parameter in whole.parameters())


def test_held_rows_stay_and_the_others_learn(model: GPT) -> None:
    rows = torch.arange(20) >= 15
    before = model.embedding.weight.detach().clone()
    assert freeze(model, ["embedding"]) == 160
    train_rows(model.embedding.weight, rows)
    finetune(model, batch, steps=4, lr=0.1, warmup=1)
    moved = (model.embedding.weight.detach() != before).any(1)
    assert torch.equal(moved, rows)


def test_a_checkpoint_in_a_folder_is_fine_tuned_as_one_from_the_hub(model: GPT, tmp_path: Path) -> None:
    save_gpt2(model, tmp_path)
    loaded = pretrained_gpt2(tmp_path)
    freeze(loaded, ["embedding", "norm", "blocks.11"])
    losses = finetune(
        loaded, batch, steps=30, groups=discriminative_lrs(loaded, language_stages(12), 0.03), warmup=2
    )
    assert losses[-1] < 0.7 * losses[0]
    kept = dict(model.named_parameters())
    for name, parameter in loaded.named_parameters():
        assert torch.equal(parameter, kept[name]) != parameter.requires_grad


def test_a_classifier_learns_on_top_of_features_and_below_them(model: GPT) -> None:
    ids, _ = batch(0)
    labels = ids[:, 0] % 2  # (4,)
    classifier = Classifier(model, 2)
    losses = finetune(
        classifier,
        lambda _: (ids, labels),
        steps=60,
        groups=discriminative_lrs(classifier, classifier_stages(12), 0.01, 1.0),
    )
    assert losses[0] == pytest.approx(torch.tensor(2.0).log().item())
    assert losses[-1] < 0.1
    with torch.no_grad():
        assert torch.allclose(classifier.head(features(model, ids)), classifier(ids), atol=1e-5)
