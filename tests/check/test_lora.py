"""The checks of 09_finetuning/02_lora on known functions, the package's own, and wrong ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from fasttrack.check import CheckFailed, NotWritten
from fasttrack.check import lora as check
from fasttrack.finetune import lora
from fasttrack.finetune.lora import LoRALinear

SEEDS = [0, 1, 7, 1234]


RIGHT: dict[str, tuple[Any, ...]] = {
    "low_rank": (lora.low_rank,),
    "rank_for": (lora.rank_for,),
    "LoRALinear": (LoRALinear,),
    "inject_lora": (lora.inject_lora, LoRALinear),
    "trainable": (lora.trainable,),
    "merge": (lora.merge, LoRALinear),
    "unmerge": (lora.unmerge, LoRALinear),
    "lora_state": (lora.lora_state, LoRALinear),
    "load_lora": (lora.load_lora, LoRALinear),
    "mixed_lora": (lora.mixed_lora,),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_and_the_package_s_own_pass_under_any_seed(name: str, seed: int) -> None:
    getattr(check, name)(*RIGHT[name], seed=seed)


@pytest.mark.parametrize("name", ["inject_lora", "merge", "unmerge", "lora_state", "load_lora"])
def test_a_layer_that_is_missing_is_named(name: str) -> None:
    class Unwritten(nn.Module):
        def __init__(self, *_: Any) -> None:
            raise NotImplementedError

    def inject(model: nn.Module, targets: list[str], rank: int, alpha: float) -> Any:
        return Unwritten(model, rank, alpha)

    own = inject if name == "inject_lora" else RIGHT[name][0]
    with pytest.raises(NotWritten, match="not written yet: Unwritten"):
        getattr(check, name)(own, Unwritten)


class Changed(LoRALinear):
    """Right, but for what a test changes."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__(base, rank, alpha)
        with torch.no_grad():
            self.start()

    def start(self) -> None:
        """Other numbers."""


class Zeros(Changed):
    def start(self) -> None:
        self.lora_a.zero_()


class Ones(Changed):
    def start(self) -> None:
        self.lora_b.fill_(0.1)


class Wide(Changed):
    def start(self) -> None:
        self.lora_a.uniform_(-1, 1)


class ByRank(Changed):
    def start(self) -> None:
        bound = 1 / math.sqrt(len(self.lora_a))
        self.lora_a.uniform_(-bound, bound)


class Thawed(Changed):
    def start(self) -> None:
        self.base.requires_grad_(True)


class Unscaled(LoRALinear):
    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__(base, rank, alpha)
        self.scaling = 1.0


def late(model: nn.Module, targets: list[str], rank: int, alpha: float) -> list[str]:
    names = lora.inject_lora(model, targets, rank, alpha)
    model.requires_grad_(False)
    return names


def anywhere(model: nn.Module, targets: list[str], rank: int, alpha: float) -> list[str]:
    names = [
        name
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and any(target in name for target in targets)
    ]
    return lora.inject_lora(model, names, rank, alpha)


def forgiving(model: nn.Module, targets: list[str], rank: int, alpha: float) -> list[str]:
    linear = [name for name, layer in model.named_modules() if isinstance(layer, nn.Linear)]
    there = [target for target in targets if any(lora.ends_in(name, target) for name in linear)]
    return lora.inject_lora(model, there, rank, alpha)


def by_attribute(model: nn.Module, targets: list[str], rank: int, alpha: float) -> list[str]:
    names = [name for name, _ in model.named_modules() if any(lora.ends_in(name, t) for t in targets)]
    if not names:
        raise ValueError(str(targets))
    model.requires_grad_(False)
    for name in names:
        layer = model.get_submodule(name)
        assert isinstance(layer, nn.Linear)
        setattr(model, name, LoRALinear(layer, rank, alpha))
    return names


def attributes(model: nn.Module, taken_out: dict[str, nn.Module]) -> None:
    for name, layer in taken_out.items():
        setattr(model, name, layer)


def in_place(model: nn.Module) -> dict[str, LoRALinear]:
    taken_out = {name: layer for name, layer in model.named_modules() if isinstance(layer, LoRALinear)}
    with torch.no_grad():
        for name, layer in taken_out.items():
            layer.base.weight += layer.scaling * layer.lora_b @ layer.lora_a
            model.set_submodule(name, layer.base)
    return taken_out


def with_base(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def unguarded(model: nn.Module, state: dict[str, torch.Tensor]) -> None:
    model.load_state_dict(state, strict=False)


def last_one(x: torch.Tensor, which: torch.Tensor, a: torch.Tensor, b: torch.Tensor, scaling: float) -> Any:
    return scaling * x @ a[which].mT @ b[which].mT


# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, tuple[Any, ...], str]] = [
    ("low_rank", (lambda m, r: lora.low_rank(m, r)[::-1],), "b comes first"),
    ("low_rank", (lambda m, r: (torch.linalg.svd(m, False)[0][:, :r], torch.linalg.svd(m, False)[2][:r]),), "missing"),
    ("rank_for", (lambda m, share: lora.rank_for(m, share) + 1,), "one too many"),
    ("rank_for", (lambda m, share: float(lora.rank_for(m, share)),), "a plain int"),
    ("LoRALinear", (Zeros,), "both are 0"),
    ("LoRALinear", (Ones,), "must start as its base"),
    ("LoRALinear", (Wide,), "not 1"),
    ("LoRALinear", (ByRank,), "all numbers between"),
    ("LoRALinear", (Thawed,), "freeze the base"),
    ("LoRALinear", (Unscaled,), "yours is 1"),
    ("inject_lora", (late, LoRALinear), "freeze the model first"),
    ("inject_lora", (by_attribute, LoRALinear), "name with a dot"),
    ("inject_lora", (anywhere, LoRALinear), "whole parts"),
    ("inject_lora", (forgiving, LoRALinear), "no error"),
    ("trainable", (lambda model: lora.trainable(model)[::-1],), "trained ones first"),
    ("merge", (in_place, LoRALinear), "make a new nn.Linear"),
    ("unmerge", (attributes, LoRALinear), "name with a dot"),
    ("unmerge", (lambda model, taken_out: None, LoRALinear), "in its place again"),
    ("lora_state", (with_base, LoRALinear), "lora_a and lora_b alone"),
    ("load_lora", (unguarded, LoRALinear), "ValueError"),
    ("mixed_lora", (last_one,), "-1 means no adapter"),
]  # fmt: skip


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "words"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(
    name: str, learner: tuple[Callable[..., Any], ...], words: str, seed: int
) -> None:
    with pytest.raises(CheckFailed, match=words):
        getattr(check, name)(*learner, seed=seed)
