"""The bytes that are kept for the way back, where they can be counted by hand."""

from __future__ import annotations

import torch
from torch import nn

from fasttrack.models.memory import activation_bytes


def test_a_linear_layer_keeps_its_input_and_gelu_keeps_its_own_once() -> None:
    model = nn.Linear(3, 5)
    x = torch.ones(7, 3)
    assert activation_bytes(model, lambda: model(x)) == 4 * 7 * 3
    assert activation_bytes(model, lambda: nn.functional.gelu(model(x))) == 4 * 7 * (3 + 5)
    assert activation_bytes(model, lambda: model(x) + model(x)) == 4 * 7 * 3  # one input, kept twice


def test_nothing_is_kept_without_gradients() -> None:
    model = nn.Linear(3, 5)
    with torch.no_grad():
        assert activation_bytes(model, lambda: model(torch.ones(2, 3))) == 0
