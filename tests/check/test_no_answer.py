"""Every check of every lesson on no answer at all: a stub, and functions that always return the same."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from fasttrack import check
from fasttrack.check import CheckFailed, NotWritten
from tests.check import test_gpt, test_lora, test_micrograd, test_wavenet

LESSONS = {
    info.name: importlib.import_module(f"fasttrack.check.{info.name}")
    for info in pkgutil.iter_modules(check.__path__)
    if info.ispkg and info.name != "fixtures"
}
CHECKS = [(lesson, name) for lesson, module in LESSONS.items() for name in module.__all__]
BUILT_ON: dict[
    str, Any
] = {  # checks that take more than the learner's object: a right answer, what it builds on
    "gpt": test_gpt.RIGHT,
    "lora": test_lora.RIGHT,
    "micrograd": test_micrograd.RIGHT,
    "wavenet": test_wavenet.ANSWERS,
}
STATIC = [("autograd", "Swish")]  # a class whose methods are static: it is never made
FUNCTION = "def {name}(*args, **kwargs):\n    raise NotImplementedError"
CLASS = "class {name}(Module):\n    def __init__(self, *args, **kwargs):\n        raise NotImplementedError"
LAZY = [None, 0, 1.0, (), [], {}, "", torch.tensor(0.0), torch.zeros(3), np.zeros(3)]
LAZY += [(torch.zeros(3),) * 3, [(np.zeros(3), np.zeros(2))]]


def checked(lesson: str, name: str, learner: Any) -> None:
    others = BUILT_ON[lesson][name][1:] if lesson in BUILT_ON else ()
    getattr(LESSONS[lesson], name)(learner, *others)


def test_no_lesson_is_left_out() -> None:
    assert len(LESSONS) >= 23
    assert all(len(module.__all__) >= 5 for module in LESSONS.values())


@pytest.mark.parametrize(("lesson", "name"), [pair for pair in CHECKS if pair not in STATIC])
def test_a_stub_is_not_written_yet(lesson: str, name: str) -> None:
    scope: dict[str, Any] = {"Module": nn.Module}
    exec((CLASS if name[0].isupper() else FUNCTION).format(name=name), scope)
    with pytest.raises(NotWritten, match=f"^not written yet: {name}$"):
        checked(lesson, name, scope[name])


@pytest.mark.parametrize("lazy", LAZY, ids=repr)
@pytest.mark.parametrize(("lesson", "name"), [(lesson, name) for lesson, name in CHECKS if name[0].islower()])
def test_a_constant_fails(lesson: str, name: str, lazy: Any) -> None:
    with pytest.raises(CheckFailed):
        checked(lesson, name, lambda *args, **kwargs: lazy)
