"""The checks of 01_tensors/03_training on library functions, on wrong answers, and the data they stand on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score
from torch.nn.utils.rnn import pad_sequence

from fasttrack.check import CheckFailed, training
from fasttrack.data import digits


class Scaler:
    """By scikit-learn."""

    def fit(self, x: torch.Tensor) -> Scaler:
        from sklearn.preprocessing import StandardScaler

        self.scaler = StandardScaler().fit(x.double().numpy())
        return self

    def transform(self, x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(self.scaler.transform(x.double().numpy())).to(x.dtype)


def score(logits: torch.Tensor, targets: torch.Tensor) -> float:
    return float(accuracy_score(targets.numpy(), logits.argmax(1).numpy()))


def collate(batch: Any, padding: int = 0) -> tuple[torch.Tensor, ...]:
    sequences, labels = zip(*batch, strict=True)
    ids = pad_sequence(list(sequences), batch_first=True, padding_value=padding)
    return ids, torch.tensor([len(one) for one in sequences]), torch.tensor(labels)


RIGHT: dict[str, Any] = {"Standardizer": Scaler, "accuracy": score, "collate_pad": collate}
WRONG = [
    ("accuracy", lambda logits, targets: 1 - score(logits, targets), "the share of errors"),
    ("accuracy", lambda logits, targets: torch.tensor(score(logits, targets)), "Python float"),
    ("collate_pad", lambda batch, padding=0: collate(batch), "not with 0"),
    ("collate_pad", lambda batch, padding=0: collate(batch, padding)[::2], "the lengths are missing"),
    ("train_epoch", lambda model, loader, optimizer: None, "expected"),
    ("evaluate", lambda model, loader: (0.0, 0.0), "expected"),
    ("overfit_one_batch", lambda *args: [], "expected"),
    (
        "random_shift",
        lambda images, generator, pixels=1: images,
        "all images of a batch move alike|draws new",
    ),
    ("save_checkpoint", lambda *args: None, "nothing was written"),
    ("load_checkpoint", lambda *args: 3, "expected"),
]


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("name", RIGHT)
def test_a_library_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(training, name)(RIGHT[name], seed=seed)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "hint"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(name: str, learner: Any, hint: str, seed: int) -> None:
    with pytest.raises(CheckFailed, match=hint):
        getattr(training, name)(learner, seed=seed)


def test_a_crash_of_another_kind_is_not_explained_by_a_mistake() -> None:
    with pytest.raises(CheckFailed, match="at non-singleton dimension 1") as failure:
        training.accuracy(lambda logits, targets: (logits == targets).double().mean().item())
    assert "mistake" not in str(failure.value)


def test_digits_are_those_of_scikit_learn() -> None:
    images, labels = digits()
    assert images.shape == (1797, 8, 8)
    assert images.dtype == torch.float32
    assert (images.min(), images.max()) == (0, 16)
    assert labels.dtype == torch.int64
    assert np.bincount(labels.numpy()).min() > 170
