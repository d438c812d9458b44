"""The checks of 04_makemore/05_wavenet on known functions, on wrong ones, and on a seed's inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from fasttrack.check import CheckFailed, wavenet
from fasttrack.models import wavenet as model


def batch_statistics(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    var, mean = torch.var_mean(x.flatten(0, -2), 0, correction=0)
    return mean, var


ANSWERS: dict[str, tuple[Any, ...]] = {
    "FlattenConsecutive": (model.FlattenConsecutive,),
    "Sequential": (model.Sequential,),
    "batch_statistics": (batch_statistics,),
    "wavenet": (model.wavenet,),
    "sample_names": (model.sample_names,),
    "receptive_field": (model.receptive_field,),
    "causal_dilated_conv": (model.causal_dilated_conv,),
    "logits_everywhere": (model.logits_everywhere, model.wavenet),
}


@pytest.mark.parametrize("seed", [0, 1, 7])
@pytest.mark.parametrize("name", ANSWERS)
def test_the_package_passes_the_checks_of_the_lesson(name: str, seed: int) -> None:
    getattr(wavenet, name)(*ANSWERS[name], seed=seed)


class Unsqueezed(model.FlattenConsecutive):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).reshape(len(x), -1, self.n * x.shape[2])


class Deaf(model.Sequential):
    def train(self, mode: bool = True) -> Deaf:
        self.training = mode
        return self


class Doubled(model.Sequential):
    """Lists the parameters of its first layer twice."""

    def parameters(self, recurse: bool = True) -> Any:
        return [*self.layers[0].parameters(), *super().parameters(recurse)]


def by_position(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return x.mean(0), x.var(0, correction=0)


def untouched_head(*sizes: int) -> nn.Module:
    made = model.wavenet(*sizes)
    with torch.no_grad():
        made.layers[-1].weight *= 10
    return made


def one_short(kernel_size: int, dilations: list[int]) -> int:
    return model.receptive_field(kernel_size, dilations) - 1


def ahead(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, dilation: int) -> torch.Tensor:
    channels = x.shape[2]
    turned = weight.reshape(len(weight), -1, channels).flip(1).reshape(weight.shape)
    return model.causal_dilated_conv(x.flip(1), turned, bias, dilation).flip(1)


def without_dots(made: Any, ids: torch.Tensor, block_size: int) -> torch.Tensor:
    everywhere = model.logits_everywhere(made, torch.cat([ids, ids], 1), block_size)
    return everywhere[:, ids.shape[1] :]


def by_window(made: Any, ids: torch.Tensor, block_size: int) -> torch.Tensor:
    windows = nn.functional.pad(ids, (block_size - 1, 0)).unfold(1, block_size, 1)
    answer: torch.Tensor = made(windows.reshape(-1, block_size)).reshape(*ids.shape, -1)
    return answer


def greedy(made: Any, itos: Any, block_size: int, count: int, generator: torch.Generator) -> list[str]:
    return model.sample_names(made, itos, block_size, count, generator)[:1] * count


def as_it_comes(made: Any, itos: Any, block_size: int, count: int, generator: torch.Generator) -> list[str]:
    training, made.eval = made.training, lambda: made
    return model.sample_names(made.train(training), itos, block_size, count, generator)


WRONG: list[tuple[str, tuple[Any, ...], str]] = [
    ("FlattenConsecutive", (Unsqueezed,), "squeeze dimension 1"),
    ("Sequential", (Deaf,), "the mode must reach every layer"),
    ("Sequential", (Doubled,), "parameters"),
    ("batch_statistics", (by_position,), "over the batch only: each position"),
    ("wavenet", (untouched_head,), "multiply it by 0.1"),
    ("sample_names", (greedy,), "expected"),
    ("sample_names", (as_it_comes,), "call model.eval"),
    ("receptive_field", (one_short,), "one more"),
    ("causal_dilated_conv", (ahead,), "expected"),
    ("logits_everywhere", (without_dots, model.wavenet), "expected"),
    ("logits_everywhere", (by_window, model.wavenet), "every window anew"),
]


@pytest.mark.parametrize(("name", "learner", "words"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(name: str, learner: tuple[Any, ...], words: str) -> None:
    with pytest.raises(CheckFailed, match=words):
        getattr(wavenet, name)(*learner)


def test_a_sequence_of_sequences_has_one_mode_and_all_parameters() -> None:
    made = model.Sequential([nn.Linear(2, 3), model.Sequential([nn.Dropout(0.5), nn.Linear(3, 1)])])
    assert [tuple(one.shape) for one in made.parameters()] == [(3, 2), (3,), (1, 3), (1,)]
    assert not any(one.training for one in made.eval().modules())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: model.FlattenConsecutive(2)(torch.zeros(1, 3, 2)), "3 positions"),
        (lambda: model.wavenet(27, 6, 4, 8), "6 is no power of two"),
    ],
)
def test_sizes_that_do_not_come_out_even_are_refused(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()
