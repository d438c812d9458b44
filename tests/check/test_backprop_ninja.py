"""The checks of 04_makemore/04_backprop_ninja on known functions, on wrong ones, and on a seed's inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional

from fasttrack.check import CheckFailed, backprop_ninja

Tensors = dict[str, torch.Tensor]


def likelihood(probs: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    d_log = -functional.one_hot(y, probs.shape[1]).to(probs.dtype) / len(y)
    return d_log, d_log / probs


def normalization(d: torch.Tensor, counts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    inv = 1 / counts.sum(1, keepdim=True)
    d_inv = torch.einsum("nv,nv->n", d, counts)[:, None]
    return d_inv, -(inv**2) * d_inv, d * inv - inv**2 * d_inv


def exponential(d: torch.Tensor, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    norm = d * (logits - logits.amax(1, keepdim=True)).exp()
    share = -norm.sum(1, keepdim=True)
    return norm, share, norm + share * functional.one_hot(logits.argmax(1), logits.shape[1])


def cross_entropy(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    d = logits.log_softmax(1).exp()
    d[torch.arange(len(y)), y] -= 1
    return d / len(y)


def linear(
    d: torch.Tensor, x: torch.Tensor, W: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return torch.einsum("no,io->ni", d, W), torch.einsum("ni,no->io", x, d), torch.einsum("no->o", d)


def affine(
    d: torch.Tensor, raw: torch.Tensor, gain: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return gain * d, torch.einsum("nh,nh->h", d, raw), torch.einsum("nh->h", d)


def variance(
    d: torch.Tensor, diff: torch.Tensor, inv: torch.Tensor, correction: int = 0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    d_inv = (d * diff).sum(0, keepdim=True)
    d_var = d_inv * inv * inv * inv / -2
    return d_inv, d_var, torch.ones_like(diff) * d_var / (len(diff) - correction)


def mean(
    d: torch.Tensor, squares: torch.Tensor, diff: torch.Tensor, inv: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    d_diff = d * inv + squares * diff + diff * squares
    return d_diff, -d_diff.sum(0, keepdim=True), d_diff - d_diff.mean(0)


def batchnorm(
    d: torch.Tensor, raw: torch.Tensor, gain: torch.Tensor, inv: torch.Tensor, correction: int = 0
) -> torch.Tensor:
    n = len(d)
    share = n / (n - correction)
    return gain * inv / n * (n * d - d.sum(0) - share * raw * (d * raw).sum(0))


def embedding(d: torch.Tensor, x: torch.Tensor, vocab_size: int) -> torch.Tensor:
    one_hot = functional.one_hot(x.flatten(), vocab_size).to(d.dtype)
    return one_hot.T @ d.reshape(len(one_hot), -1)


def network(params: Tensors, steps: Tensors, x: torch.Tensor, y: torch.Tensor) -> Tensors:
    dh, dW2, db2 = linear(cross_entropy(steps["logits"], y), steps["h"], params["W2"])
    d = dh * (1 - steps["h"] ** 2)
    _, gain, shift = affine(d, steps["bnraw"], params["gain"])
    d = batchnorm(d, steps["bnraw"], params["gain"], steps["bnvar_inv"])
    demb, dW1, _ = linear(d, steps["embcat"], params["W1"])
    C = embedding(demb, x, len(params["C"]))
    return {"C": C, "W1": dW1, "gain": gain, "shift": shift, "W2": dW2, "b2": db2}


def train(
    params: Tensors, running: Tensors, x: torch.Tensor, y: torch.Tensor, lr: float, momentum: float = 0.1
) -> tuple[Tensors, Tensors, float]:
    leaves = {name: value.clone().requires_grad_() for name, value in params.items()}
    raw = leaves["C"][x].flatten(1) @ leaves["W1"]
    var, average = raw.var(0, correction=0), raw.mean(0)
    h = torch.tanh(leaves["gain"] * (raw - average) / (var + 1e-5).sqrt() + leaves["shift"])
    loss = functional.cross_entropy(h @ leaves["W2"] + leaves["b2"], y)
    loss.backward()  # type: ignore[no-untyped-call]
    now = {"mean": average.detach(), "var": raw.var(0).detach()}
    with torch.no_grad():
        stepped = {name: leaf - lr * leaf.grad for name, leaf in leaves.items() if leaf.grad is not None}
    return stepped, {k: v.lerp(now[k], momentum) for k, v in running.items()}, loss.item()


RIGHT: dict[str, Any] = {
    "likelihood_backward": likelihood,
    "normalization_backward": normalization,
    "exp_backward": exponential,
    "cross_entropy_backward": cross_entropy,
    "linear_backward": linear,
    "tanh_backward": lambda d, h: d - d * h * h,
    "affine_backward": affine,
    "variance_backward": variance,
    "mean_backward": mean,
    "batchnorm_backward": batchnorm,
    "embedding_backward": embedding,
    "mlp_backward": network,
    "train_step": train,
}


def overwriting(d: torch.Tensor, x: torch.Tensor, vocab_size: int) -> torch.Tensor:
    dC = torch.zeros(vocab_size, d.shape[1] // x.shape[1], dtype=d.dtype)
    dC[x] = d.reshape(*x.shape, -1)
    return dC


# exercise, what a learner wrote, what they must be told
WRONG: list[tuple[str, Any, str]] = [
    ("likelihood_backward", lambda p, y: tuple(len(y) * d for d in likelihood(p, y)), "1/n is missing"),
    (
        "normalization_backward",
        lambda d, c: (*normalization(d, c)[:2], d / c.sum(1, keepdim=True)),
        "through counts",
    ),
    (
        "exp_backward",
        lambda d, z: (*exponential(d, z)[:2], exponential(d, z)[0]),
        "through the maximum is missing",
    ),
    (
        "exp_backward",
        lambda d, z: (exponential(d, z)[2], exponential(d, z)[1], exponential(d, z)[2]),
        "to a clone",
    ),
    ("cross_entropy_backward", lambda z, y: len(y) * cross_entropy(z, y), "1/n is missing"),
    ("linear_backward", lambda d, x, W: (*linear(d, x, W)[:2], d), "sum its gradient over the batch"),
    ("tanh_backward", lambda d, h: d * (1 - h.tanh() ** 2), "no tanh here"),
    ("affine_backward", lambda d, raw, g: (g * d, d * raw, d), "sum their gradients"),
    ("variance_backward", lambda d, c, i, correction=0: variance(d, c, i, 1), "n - 1 for n"),
    ("variance_backward", lambda d, c, i, correction=0: variance(d, c, i, 0), "n for n - 1"),
    ("mean_backward", lambda d, s, c, i: mean(d, 0 * s, c, i), "through its square is missing"),
    ("batchnorm_backward", lambda d, r, g, i, correction=0: batchnorm(d, r, g, i, 1), "n - 1 for n"),
    ("batchnorm_backward", lambda d, r, g, i, correction=0: batchnorm(d, r, g, i), "n for n - 1"),
    ("batchnorm_backward", lambda d, r, g, i, correction=0: g * d * i, "taken for constants"),
    ("embedding_backward", overwriting, "overwrites its row"),
    (
        "mlp_backward",
        lambda p, s, x, y: {k: len(y) * v for k, v in network(p, s, x, y).items()},
        "1/n is missing",
    ),
    ("train_step", lambda p, r, x, y, lr, momentum=0.1: train(p, r, x, y, -lr, momentum), "uphill"),
]


@pytest.mark.parametrize("seed", [0, 7, 1234])
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes_under_any_seed(name: str, seed: int) -> None:
    getattr(backprop_ninja, name)(RIGHT[name], seed=seed)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "learner", "hint"), WRONG)
def test_a_wrong_answer_is_told_its_mistake(
    name: str, learner: Callable[..., Any], hint: str, seed: int
) -> None:
    with pytest.raises(CheckFailed, match=hint):
        getattr(backprop_ninja, name)(learner, seed=seed)


@pytest.mark.parametrize("name", [name for name in RIGHT if name != "train_step"])
def test_a_gradient_that_is_off_by_a_millionth_fails(name: str) -> None:
    def off(*args: Any) -> Any:
        answer = RIGHT[name](*args)
        if isinstance(answer, dict):
            return {key: value * (1 + 1e-6) for key, value in answer.items()}
        return tuple(d * (1 + 1e-6) for d in answer) if isinstance(answer, tuple) else answer * (1 + 1e-6)

    with pytest.raises(CheckFailed):
        getattr(backprop_ninja, name)(off)
