"""The checks of 04_makemore/01_bigram on the package's own functions, on libraries, and on wrong answers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from fasttrack import makemore
from fasttrack.check import CheckFailed, bigram
from fasttrack.data import split_names


def draw(probs: torch.Tensor, itos: list[str], count: int, generator: torch.Generator) -> list[str]:
    names: list[str] = []
    while len(names) < count:
        ids = [0]
        while len(ids) == 1 or ids[-1]:
            ids.append(int(torch.multinomial(probs[ids[-1]], 1, generator=generator)))
        names.append("".join(itos[i] for i in ids[1:-1]))
    return names


def loss(W: torch.Tensor, x: torch.Tensor, y: torch.Tensor, weight_decay: float = 0.0) -> torch.Tensor:
    return functional.cross_entropy(W[x], y) + weight_decay * functional.mse_loss(W, torch.zeros_like(W))


def train(
    x: torch.Tensor, y: torch.Tensor, size: int, lr: float, steps: int, weight_decay: float = 0.0
) -> tuple[torch.Tensor, list[float]]:
    W, losses = torch.nn.Parameter(torch.zeros(size, size)), []
    optimizer = torch.optim.SGD([W], lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss(W, x, y, weight_decay)
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(value.item())
    return W.detach(), losses


RIGHT: dict[str, Any] = {
    "split_names": split_names,
    "build_vocab": makemore.build_vocab,
    "bigrams": makemore.bigrams,
    "count_bigrams": makemore.count_bigrams,
    "bigram_probs": makemore.bigram_probs,
    "negative_log_likelihood": makemore.negative_log_likelihood,
    "sample_names": draw,
    "choose_smoothing": makemore.choose_smoothing,
    "one_step_loss": loss,
    "train_bigram": train,
}


def no_keepdim(counts: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
    table = counts + float(smoothing)
    return table / table.sum(1)


def always_likeliest(
    probs: torch.Tensor, itos: list[str], count: int, generator: torch.Generator
) -> list[str]:
    return draw(functional.one_hot(probs.argmax(1), len(probs)).float(), itos, count, generator)


def no_empty(probs: torch.Tensor, itos: list[str], count: int, generator: torch.Generator) -> list[str]:
    names: list[str] = []
    while len(names) < count:
        names += filter(None, draw(probs, itos, 1, generator))
    return names


def backwards(probs: torch.Tensor, itos: list[str], count: int, generator: torch.Generator) -> list[str]:
    return [name[::-1] for name in draw(probs, itos, count, generator)]


def memoryless(probs: torch.Tensor, itos: list[str], count: int, generator: torch.Generator) -> list[str]:
    if set(probs.flatten().tolist()) == {0.0, 1.0}:
        return draw(probs, itos, count, generator)
    return draw(probs[:1].lerp(probs.mean(0, keepdim=True), 0.5).expand_as(probs), itos, count, generator)


# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, Any, str]] = [
    ("split_names", lambda names: (names, [], []), "expected"),
    ("split_names", lambda names: split_names(sorted(names)), "keep the order"),
    ("build_vocab", lambda names: makemore.build_vocab(names)[::-1], "first stoi"),
    ("bigrams", lambda names, stoi: makemore.bigrams(names, stoi)[::-1], "x comes first"),
    ("bigrams", lambda names, stoi: makemore.bigrams(["".join(names)], stoi), "expected"),
    ("count_bigrams", lambda x, y, size: makemore.count_bigrams(x, y, size).clamp(max=1), "adds one to a place once"),
    ("count_bigrams", lambda x, y, size: makemore.count_bigrams(y, x, size), "x is the row"),
    ("bigram_probs", no_keepdim, "the sums lost their dimension"),
    ("bigram_probs", lambda counts, smoothing=1.0: makemore.bigram_probs(counts, smoothing), "nothing is added"),
    ("negative_log_likelihood", lambda p, x, y: -(p[x, y] + 1e-8).log().mean(), "added inside the logarithm"),
    ("negative_log_likelihood", lambda p, x, y: -p[x][:, y].log().mean(), "every y after every x"),
    ("sample_names", always_likeliest, "every call gives the same names"),
    ("sample_names", no_empty, "an empty name is a name too"),
    ("sample_names", backwards, "expected"),
    ("sample_names", memoryless, "follows"),
    ("choose_smoothing", lambda counts, x, y, strengths: min(strengths), "judge by the dev pairs"),
    ("one_step_loss", lambda W, x, y, weight_decay=0.0: functional.cross_entropy(W[x], y), "makes no difference"),
    ("train_bigram", lambda x, y, size, lr, steps, weight_decay=0.0: train(x, y, size, lr, steps), "passed on"),
    ("train_bigram", lambda *args: train(*args)[::-1], "first W, then the losses"),
]  # fmt: skip


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(bigram, name)(RIGHT[name], seed=seed)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "hint"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(name: str, learner: Any, hint: str, seed: int) -> None:
    with pytest.raises(CheckFailed, match=hint):
        getattr(bigram, name)(learner, seed=seed)


@pytest.mark.parametrize("epsilon", [1e-12, 1e-8])
def test_an_infinite_loss_must_not_be_hidden(epsilon: float) -> None:
    def capped(probs: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return -probs[x, y].clamp(min=epsilon).log().mean()

    with pytest.raises(CheckFailed, match=r"inside the logarithm.*the answer here is inf"):
        bigram.negative_log_likelihood(capped)
