"""Checks of the whole network's gradients, and of a step with them.

Oracles: torch.autograd of the network in torch's own functions; torch.sub and functional.batch_norm for a step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from fasttrack.check import check, expect
from fasttrack.check.backprop_ninja.oracle import double, tolerance
from fasttrack.check.inputs import distinct_sizes, integers

Tensors = dict[str, torch.Tensor]
EPS = 1e-5


@dataclass(frozen=True)
class Case:
    """Parameters of a network and a batch."""

    params: Tensors
    x: torch.Tensor  # int64 (n, block_size)
    y: torch.Tensor  # int64 (n,)


def case(seed: int, sizes: tuple[int, int, int, int, int], dtype: torch.dtype = torch.float64) -> Case:
    """`sizes`: vocab_size, block_size, n_embd, n_hidden, n. No parameter is neutral."""
    vocab_size, block_size, n_embd, n_hidden, n = sizes
    shapes = {
        "C": (vocab_size, n_embd),
        "W1": (block_size * n_embd, n_hidden),
        "gain": (n_hidden,),
        "shift": (n_hidden,),
        "W2": (n_hidden, vocab_size),
        "b2": (vocab_size,),
    }
    params = {
        name: ((1.5 if name == "gain" else 0.0) + 0.5 * double(seed + k, *shape)).to(dtype)
        for k, (name, shape) in enumerate(shapes.items())
    }
    return Case(params, integers(seed, vocab_size, n, block_size), integers(seed + 1, vocab_size, n))


def cases(seed: int) -> tuple[Case, ...]:
    """More letters in a batch than in the alphabet; a batch of two; an odd one; float32."""
    a, b, c = distinct_sizes(seed, 3)
    return (
        case(seed, (a + 3, 3, b, c, 2 * a)),
        case(seed + 10, (27, c, 2, b, 2)),
        case(seed + 20, (b + 2, 1, c, a + 8, 2 * b + 1)),
        case(seed + 30, (27, 3, a, 2 * c, 12), torch.float32),
    )


@dataclass(frozen=True)
class How:
    """The network as it is, or with a way that backward overlooks."""

    mean: bool = True
    variance: bool = True
    tanh: bool = True
    gain: int = 1  # how many times the gradient in bnraw has it as a factor
    mean_over: str = "rows"
    divide_by_less: bool = False  # the gradient of a variance that divides by n - 1


def network(params: Mapping[str, torch.Tensor], x: torch.Tensor, y: torch.Tensor, how: How) -> Tensors:
    """Every step of the forward pass by name. `how` changes gradients, never values, but for the loss's scale."""

    def seen(value: torch.Tensor, felt: bool) -> torch.Tensor:
        return value if felt else value.detach()

    n = len(y)
    emb = functional.embedding(x, params["C"])
    embcat = emb.flatten(1)
    hprebn = functional.linear(embcat, params["W1"].T)
    bnmeani = seen(hprebn.mean(0, keepdim=True), how.mean)
    bndiff = hprebn - bnmeani
    bndiff2 = torch.square(bndiff)
    bnvar = seen(bndiff2.mean(0, keepdim=True), how.variance)
    if how.divide_by_less:
        larger = bnvar * n / (n - 1)
        bnvar = larger + (bnvar - larger).detach()
    bnvar_inv = torch.rsqrt(bnvar + EPS)
    bnraw = bndiff * bnvar_inv
    gain = params["gain"]
    hpreact = gain * bnraw + params["shift"]
    if how.gain != 1:
        one_way = gain.detach() ** how.gain * bnraw
        hpreact = gain * bnraw.detach() + params["shift"] + one_way - one_way.detach()
    h = torch.tanh(hpreact)
    if not how.tanh:
        h = hpreact + (h - hpreact).detach()
    logits = functional.linear(h, params["W2"].T, params["b2"])
    logit_maxes = logits.amax(1, keepdim=True)
    norm_logits = logits - logit_maxes
    counts = torch.exp(norm_logits)
    counts_sum = counts.sum(1, keepdim=True)
    counts_sum_inv = counts_sum.reciprocal()
    probs = counts * counts_sum_inv
    log_probs = torch.log(probs)
    loss = functional.nll_loss(log_probs, y, reduction="mean" if how.mean_over == "rows" else "sum")
    return {
        "emb": emb,
        "embcat": embcat,
        "hprebn": hprebn,
        "bnmeani": bnmeani,
        "bndiff": bndiff,
        "bndiff2": bndiff2,
        "bnvar": bnvar,
        "bnvar_inv": bnvar_inv,
        "bnraw": bnraw,
        "hpreact": hpreact,
        "h": h,
        "logits": logits,
        "logit_maxes": logit_maxes,
        "norm_logits": norm_logits,
        "counts": counts,
        "counts_sum": counts_sum,
        "counts_sum_inv": counts_sum_inv,
        "probs": probs,
        "log_probs": log_probs,
        "loss": loss,
    }


def gradients(at: Case, how: How = How(), *, overwritten: bool = False) -> Tensors:
    """The gradient in each parameter, by autograd."""
    leaves = {name: value.clone().requires_grad_() for name, value in at.params.items()}
    steps = network(leaves, at.x, at.y, how)
    *found, demb = torch.autograd.grad(steps["loss"], [*leaves.values(), steps["emb"]])
    grads = dict(zip(leaves, found, strict=True))
    if overwritten:
        grads["C"] = torch.zeros_like(grads["C"])
        for i, row in zip(at.x.flatten().tolist(), demb.flatten(0, 1), strict=True):
            grads["C"][i] = row
    return grads


@check
def mlp_backward(learner: Any, seed: int) -> None:
    """All gradients of the network. Oracle: torch.autograd."""
    for at in cases(seed):
        want = gradients(at)
        steps = {name: value.detach() for name, value in network(at.params, at.x, at.y, How()).items()}
        mistakes: dict[str, Any] = {
            "the loss is a mean over the batch: 1/n is missing": gradients(at, How(mean_over="none")),
            "C: letters that repeat add, they do not overwrite": gradients(at, overwritten=True),
            "BatchNorm's mean and variance are taken for constants": gradients(at, How(mean=False, variance=False)),
            "the way through BatchNorm's variance is missing": gradients(at, How(variance=False)),
            "BatchNorm divides by n here, correction 0: yours has n - 1": gradients(at, How(divide_by_less=True)),
            "the slope of tanh is missing": gradients(at, How(tanh=False)),
            "the factor gain is missing in front of BatchNorm": gradients(at, How(gain=0)),
            "gain is in there twice: batchnorm_backward starts at dhpreact and contains it": gradients(at, How(gain=2)),
            "a dict with the keys of params": tuple(want.values()),
            **{f"{name} is missing in the dict": {k: v for k, v in want.items() if k != name} for name in want},
        }  # fmt: skip
        if len(at.y) == 2:
            del mistakes["the way through BatchNorm's variance is missing"]
        rounding = (
            tolerance(torch.float64)
            if at.params["C"].dtype == torch.float64
            else {"rtol": 1e-4, "atol": 1e-5}
        )
        expect(learner, at.params, steps, at.x, at.y).close(want, mistakes=mistakes, **rounding)


def step(at: Case, running: Tensors, lr: float, momentum: float) -> tuple[Tensors, Tensors, float]:
    """One step by torch.sub, running statistics by functional.batch_norm, and the loss before."""
    leaves = {name: value.clone().requires_grad_() for name, value in at.params.items()}
    mean, var = running["mean"].clone(), running["var"].clone()
    hprebn = leaves["C"][at.x].flatten(1) @ leaves["W1"]
    hpreact = functional.batch_norm(hprebn, mean, var, leaves["gain"], leaves["shift"], True, momentum, EPS)
    loss = functional.cross_entropy(hpreact.tanh() @ leaves["W2"] + leaves["b2"], at.y)
    grads = torch.autograd.grad(loss, list(leaves.values()))
    stepped = {
        name: torch.sub(value, grad, alpha=lr)
        for (name, value), grad in zip(at.params.items(), grads, strict=True)
    }
    return stepped, {"mean": mean, "var": var}, loss.item()


@check
def train_step(learner: Any, seed: int) -> None:
    """Parameters after a step, running statistics, the loss before. Oracle: torch.sub, functional.batch_norm."""
    for k, at in enumerate(cases(seed)[:3]):
        n_hidden, n = len(at.params["gain"]), len(at.y)
        old = {"mean": double(seed + 70 + k, n_hidden), "var": 1 + double(seed + 71 + k, n_hidden).abs()}
        lr, momentum = (0.3, 0.1) if k == 0 else (0.7, 0.35)
        want = params, running, loss = step(at, old, lr, momentum)
        turned, whole = step(at, old, lr, 1 - momentum)[1], step(at, old, lr, 1.0)[1]
        biased = old["var"] + momentum * (whole["var"] * (n - 1) / n - old["var"])
        after = step(Case(params, at.x, at.y), old, lr, momentum)
        mistakes: dict[str, Any] = {
            "uphill: subtract lr times the gradient": (step(at, old, -lr, momentum)[0], running, loss),
            "lr is missing": (step(at, old, 1.0, momentum)[0], running, loss),
            "the parameters have not changed": (at.params, running, loss),
            "the running variance takes the unbiased variance: n / (n - 1) times bnvar": (
                params,
                {"mean": running["mean"], "var": biased},
                loss,
            ),
            "momentum is the weight of the new batch, 1 - momentum that of the old value": (
                params,
                turned,
                loss,
            ),
            "momentum belongs to the batch, 1 - momentum to the old value; and n / (n - 1) is missing": (
                params,
                {
                    "mean": turned["mean"],
                    "var": old["var"] + (1 - momentum) / momentum * (biased - old["var"]),
                },
                loss,
            ),
            "the running statistics have not changed": (params, old, loss),
            "the running statistics are averages, not those of the last batch": (params, whole, loss),
            "the running statistics have shape (n_hidden,): bnmeani[0]": (
                params,
                {name: value[None] for name, value in running.items()},
                loss,
            ),
            "the loss before the step, not after it": (params, running, after[2]),
            "the running statistics come from the batch at the old parameters": (
                params,
                after[1],
                loss,
            ),
            "the loss as a Python float: .item()": (params, running, torch.tensor(loss, dtype=torch.float64)),
            "return the loss, too": (params, running),
            "params first, then running, then the loss": (loss, params, running),
        }
        args = (at.params, old, at.x, at.y, lr) + ((momentum,) if k else ())
        expect(learner, *args).close(want, mistakes=mistakes, **tolerance(torch.float64))
