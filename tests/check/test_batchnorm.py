"""The checks of 04_makemore/03_batchnorm on the package's own code, on PyTorch's, and on wrong answers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_linear_bn_weights

from fasttrack.check import CheckFailed
from fasttrack.check import batchnorm as check
from fasttrack.models import batchnorm as own


class Torch(nn.BatchNorm1d):
    """PyTorch's layer for `(batch, time, features)`, without its count of batches."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        del self.num_batches_tracked
        self.num_batches_tracked = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.movedim(-1, 1)).movedim(1, -1)


def normalize(x: torch.Tensor, eps: float = 1e-5) -> torch.Tensor:
    if x[..., 0].numel() == 1:  # which PyTorch refuses
        return x - x
    return functional.batch_norm(x.movedim(-1, 1), None, None, training=True, eps=eps).movedim(1, -1)


def fold(w: torch.Tensor, gain: torch.Tensor, shift: torch.Tensor, *running: Any) -> tuple[torch.Tensor, ...]:
    mean, var, eps = running
    weight, bias = fuse_linear_bn_weights(w, None, mean, var, eps, gain, shift)
    return weight.detach(), bias.detach()


def kaiming(fan_in: int, nonlinearity: str = "linear") -> float:
    if nonlinearity not in ("linear", "tanh", "relu"):
        raise ValueError(nonlinearity)
    return nn.init.calculate_gain(nonlinearity) / math.sqrt(fan_in)


RIGHT: dict[str, Any] = {
    "BatchNorm1d": Torch,
    "normalize": normalize,
    "fold_batchnorm": fold,
    "kaiming_std": kaiming,
    "saturation": lambda h, limit=0.97: float(np.mean(np.abs(h.numpy()) > limit)),
    "dead_units": lambda slope, limit=0.0: slope.abs().flatten(0, -2).max(0).values <= limit,
    "update_to_data": lambda before, after: [
        float(np.log10((b - a).numpy().std() / a.numpy().std())) for a, b in zip(before, after, strict=True)
    ],
}


class Unregistered(Torch):
    """The running statistics as plain attributes."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        del self.running_mean, self.running_var
        self.running_mean, self.running_var = torch.zeros(num_features), torch.ones(num_features)


class Trained(Torch):
    """The running mean as a parameter."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        del self.running_mean
        self.running_mean = nn.Parameter(torch.zeros(num_features))


class Always(Torch):
    """Training mode for ever, in what it computes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = functional.batch_norm(
            x.movedim(-1, 1), None, None, self.weight, self.bias, training=True, eps=self.eps
        )
        if self.training:
            super().forward(x)
        return out.movedim(1, -1)


class Turned(Torch):
    """momentum as the share of the old value."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, 1 - momentum)


class Loud(own.BatchNormMLP):
    """A last layer that starts at full size."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        with torch.no_grad():
            self.output.weight *= 10


class Chance(own.BatchNormMLP):
    """Hidden weights from the global generator."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        for layer in self.hidden:
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=own.kaiming_std(layer.in_features, "tanh"))


# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, Any, str]] = [
    ("expected_initial_loss", lambda vocab_size, logit_std=0.0: math.log(vocab_size), "no difference"),
    ("saturation", lambda h, limit=0.97: (h > limit).float().mean().item(), "at -1, too"),
    ("dead_units", lambda slope, limit=0.0: (slope == 0).flatten(0, -2).any(0), "in every example"),
    ("kaiming_std", lambda fan_in, nonlinearity="linear": 1 / math.sqrt(fan_in), "nonlinearity makes no"),
    ("normalize", lambda x, eps=1e-5: functional.layer_norm(x, x.shape[-1:], eps=eps), "LayerNorm"),
    ("normalize", lambda x, eps=1e-5: normalize(x), "eps is an argument"),
    ("BatchNorm1d", nn.BatchNorm1d, "keys"),  # it has a buffer more
    ("BatchNorm1d", Unregistered, "state_dict would forget them"),
    ("BatchNorm1d", Trained, "running mean is a parameter"),
    ("BatchNorm1d", Always, "in evaluation mode the running statistics normalise"),
    ("BatchNorm1d", Turned, "momentum is the share of the new value"),
    ("fold_batchnorm", lambda w, *rest: (fold(w, *rest)[0], rest[1]), "the running mean is missing"),
    ("update_to_data", lambda before, after: [0.0 for _ in before], "expected"),
    ("BatchNormMLP", Loud, "a tenth of kaiming_std"),
    ("BatchNormMLP", Chance, "not from torch's global one"),
]


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("name", RIGHT)
def test_a_library_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(check, name)(RIGHT[name], seed=seed)


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("name", check.__all__)
def test_what_later_lessons_use_passes_the_same_check(name: str, seed: int) -> None:
    getattr(check, name)(getattr(own, name), seed=seed)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "hint"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(name: str, learner: Any, hint: str, seed: int) -> None:
    with pytest.raises(CheckFailed, match=hint):
        getattr(check, name)(learner, seed=seed)


def test_the_network_starts_as_ignorant_as_it_is() -> None:
    network = own.BatchNormMLP(27, 3, 10, 200, 2, torch.Generator().manual_seed(0))
    ids = torch.randint(27, (512, 4), generator=torch.Generator().manual_seed(1))
    loss = functional.cross_entropy(network(ids[:, :3]), ids[:, 3]).item()
    assert loss == pytest.approx(own.expected_initial_loss(27), abs=0.05)


def test_kaiming_std_names_what_it_knows() -> None:
    with pytest.raises(ValueError, match="no gain for 'gelu'; choose from linear, tanh, relu"):
        own.kaiming_std(3, "gelu")


def test_a_batchnorm_may_make_its_bias_before_its_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    class BiasFirst(own.BatchNorm1d):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self.weight = self._parameters.pop("weight")

    monkeypatch.setattr(own, "BatchNorm1d", BiasFirst)
    network = own.BatchNormMLP(27, 3, 10, 200, 2, torch.Generator().manual_seed(0))
    assert [name.split(".")[-1] for name, _ in network.named_parameters()][2:4] == ["bias", "weight"]
    check.BatchNormMLP(own.BatchNormMLP)
