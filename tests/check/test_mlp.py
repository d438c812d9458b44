"""The checks of 04_makemore/02_mlp on known functions, on wrong ones, and on what `fasttrack.models.mlp` offers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from fasttrack.check import CheckFailed, mlp
from fasttrack.data import names_split
from fasttrack.makemore import build_vocab
from fasttrack.models import mlp as package

RIGHT: dict[str, Any] = {name: getattr(package, name, package.train) for name in mlp.__all__}


def summed(C: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return functional.embedding_bag(x, C, mode="sum")


def softmaxed(model: Any, x: Any, y: Any, batch_size: int, generator: Any) -> torch.Tensor:
    i = torch.randint(len(x), (batch_size,), generator=generator)
    return functional.cross_entropy(model(x[i]).softmax(1), y[i])


def stale(model: Any, optimizer: Any, x: Any, y: Any, rates: Any, batch_size: int, generator: Any) -> Any:
    class Keeping:
        param_groups, step = optimizer.param_groups, optimizer.step

        def zero_grad(self) -> None:
            pass

    keeping: Any = Keeping()
    return package.train(model, keeping, x, y, rates, batch_size, generator)


WRONG = [
    ("build_dataset", lambda names, stoi, n: package.build_dataset(names, stoi, n)[::-1], "x comes first"),
    ("split", lambda names, stoi, n: list(package.split(names, stoi, n)), "a list, not a tuple"),
    ("unseen_share", lambda a, b: 1 - package.unseen_share(a, b), "that of the others"),
    ("embed", summed, "side by side, not added up"),
    ("minibatch_loss", softmaxed, "softmax was applied before"),
    ("train_model", stale, "gradients of all steps pile up"),
    ("lr_range_test", lambda *args: package.lr_range_test(*args)[::-1], "first the rates"),
    ("cosine_rates", lambda lr, steps: torch.tensor(package.cosine_rates(lr, steps)), "a list, not a tensor"),
    ("nearest", lambda C, i, count: package.nearest(C, i, count)[::-1], "nearest first"),
]


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("name", mlp.__all__)
def test_the_package_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(mlp, name)(RIGHT[name], seed=seed)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(
    ("name", "learner", "hint"), WRONG, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_wrong_answer_is_told_its_mistake(name: str, learner: Any, hint: str, seed: int) -> None:
    with pytest.raises(CheckFailed, match=hint):
        getattr(mlp, name)(learner, seed=seed)


def test_split_loss_is_the_mean_over_all_examples_in_evaluation_mode() -> None:
    model = torch.nn.Sequential(
        torch.nn.Embedding(5, 3), torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Linear(6, 5)
    )
    x, y = torch.randint(5, (23, 2)), torch.randint(5, (23,))
    want = functional.cross_entropy(model.eval()(x), y).item()
    for mode in (True, False):
        assert package.split_loss(model.train(mode), x, y, batch_size=10) == pytest.approx(want, rel=1e-6)
        assert model.training is mode
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_network_of_the_lectures_has_their_number_of_parameters() -> None:
    model = package.MLP(27, 3, 10, 200, torch.Generator())
    assert sum(parameter.numel() for parameter in model.parameters()) == 11_897


def test_no_example_of_the_bundled_names_crosses_from_one_name_to_the_next() -> None:
    names = names_split().dev
    stoi, _ = build_vocab(names)
    x, y = package.build_dataset(names, stoi, 3)
    assert len(y) == sum(len(name) + 1 for name in names)
    later_dots = (x[:, 1:] == 0) & (x[:, :-1] != 0)  # a dot after a letter
    assert not later_dots.any()
