"""BatchNorm with one thing wrong, written out: what a learner's layer would show, call by call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

Steps = Sequence[tuple[bool, torch.Tensor]]  # training?, input
Values = Mapping[str, torch.Tensor]
Seen = list[dict[str, Any]]


@dataclass(frozen=True)
class How:
    """A layer as it should be, or with one thing wrong."""

    correction: int = 0  # in the variance that normalises
    running_correction: int = 1  # in the variance that is kept
    swapped: bool = False  # momentum is the share of the old value
    momentum: float | None = None
    eps: float | None = None
    root: str = "inside"  # where eps is added; or "outside"
    trains_by: str = "batch"  # or "running": what training normalises by
    evaluates_by: str = "running"  # or "batch"
    keeps_in_evaluation: bool = False
    keeps: bool = True
    dims: str = "all"  # but the last; or "first", "last"
    weight: bool = True
    bias: bool = True
    order: str = "gain first"  # or "bias first"
    learned_in: str = "both"  # the modes in which weight and bias are applied; or "training", "evaluation"
    counts: str = "all"  # what n is in the kept variance; or "batch"


def simulated(made_of: Sequence[Any], values: Values, steps: Steps, how: How) -> Seen:
    """What `fixtures.layer_run` sees of a layer that works this way."""
    given = dict(zip(("size", "eps", "momentum"), made_of, strict=False))
    size = given["size"]
    eps = given.get("eps", 1e-5) if how.eps is None else how.eps
    momentum = given.get("momentum", 0.1) if how.momentum is None else how.momentum
    share = 1 - momentum if how.swapped else momentum
    mean, var = torch.zeros(size, dtype=torch.float64), torch.ones(size, dtype=torch.float64)
    seen: Seen = []
    for training, x in steps:
        dims = {"all": tuple(range(x.dim() - 1)), "first": (0,), "last": (-1,)}[how.dims]
        by = (how.trains_by if training else how.evaluates_by) == "batch"
        keep = how.keeps and (training or how.keeps_in_evaluation)
        own = x.mean(dims, keepdim=True)
        spread = x.var(dims, correction=how.correction, keepdim=True) if by else x
        if keep:
            kept = x.var(dims, correction=how.running_correction)
            if how.counts == "batch":
                kept = x.var(dims, correction=0) * len(x) / (len(x) - 1)
            mean = (1 - share) * mean + share * x.mean(dims)
            var = (1 - share) * var + share * kept
        m, v = (own, spread) if by else (mean, var)
        scale = 1 / (v + eps).sqrt() if how.root == "inside" else 1 / (v.sqrt() + eps)
        out = (x - m) * scale
        if how.learned_in in ("both", "training" if training else "evaluation"):
            gain = values["weight"] if how.weight else 1.0
            shift = values["bias"] if how.bias else 0.0
            out = out * gain + shift if how.order == "gain first" else (out + shift) * gain
        seen.append({"output": out, "running_mean": mean, "running_var": var})
    return seen


WRONG = {
    "is your epsilon inside the root? yours is added to the standard deviation": How(root="outside"),
    "eps is an argument of __init__": How(eps=1e-5),
    "eps is missing": How(eps=0.0),
    "momentum is the share of the new value: running = (1 - momentum) * running + momentum * new": How(
        swapped=True
    ),
    "momentum is an argument of __init__": How(momentum=0.1),
    "the variance that normalises divides by n, not by n - 1: correction=0": How(correction=1),
    "the running variance takes the unbiased variance of the batch: it divides by n - 1": How(
        running_correction=0
    ),
    "the two variances are swapped: n normalises, n - 1 is kept": How(correction=1, running_correction=0),
    "in evaluation mode the running statistics normalise, not those of the batch: ask self.training": How(
        evaluates_by="batch"
    ),
    "evaluation must not touch the running statistics": How(keeps_in_evaluation=True),
    "evaluation must not touch the running statistics, nor normalise by the batch: ask self.training": How(
        evaluates_by="batch", keeps_in_evaluation=True
    ),
    "in training mode the statistics of the batch normalise, not the running ones": How(trains_by="running"),
    "training and evaluation are turned round": How(trains_by="running", evaluates_by="batch"),
    "the running statistics never change: update them in training": How(keeps=False),
    "the last batch alone is kept: mix it with what was there": How(momentum=1.0),
    "weight, the gain, is missing": How(weight=False),
    "bias is missing": How(bias=False),
    "weight and bias are missing": How(weight=False, bias=False),
    "weight and bias count in evaluation, too: yours are applied in training alone": How(
        learned_in="training"
    ),
    "weight and bias count in training, too: yours are applied in evaluation alone": How(
        learned_in="evaluation"
    ),
    "times weight, then plus bias: yours adds the bias first": How(order="bias first"),
    "n counts all examples, over batch and time: yours, in the running variance, is the batch alone": How(
        counts="batch"
    ),
}
FLAT = {  # mistakes about dimensions, as far as the shapes let them run
    "over batch and time together: yours has a mean for each time": How(dims="first"),
    "over the examples, for each feature: yours is over the features of each example (LayerNorm)": How(
        dims="last"
    ),
}
CANCELLED = (
    "the digits cancel: E[x²] - E[x]² is the small difference of two large numbers. "
    "Subtract the mean before squaring"
)


def cancelled(got: Any, want: torch.Tensor) -> dict[str, Any]:
    """What came, if it can be the mistake: where float64 was right, float32 far from zero is not."""
    fits = isinstance(got, torch.Tensor) and got.shape == want.shape and got.dtype == torch.float32
    return {CANCELLED: got} if fits else {}


def alone(x: torch.Tensor) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a new layer shows of a batch of one, `x` (1, [time,] features), and what known mistakes show."""
    size, count = x.shape[-1], x[..., 0].numel()
    mean, var = torch.zeros(size, dtype=torch.float64), torch.ones(size, dtype=torch.float64)
    moved = 0.1 * x.reshape(count, size).mean(0)

    def shown(raised: str, mean: torch.Tensor, var: torch.Tensor) -> dict[str, Any]:
        out = (x - mean) / (var + 1e-5).sqrt()
        return {"raised in training": raised, "running_mean": mean, "running_var": var, "evaluated": out}

    if count > 1:
        kept = 0.9 * var + 0.1 * x.reshape(count, size).var(0)
        few = f"one example means one over batch and time: (1, {count}, features) has {count}"
        return shown("nothing", moved, kept), {few: shown("ValueError", mean, var)}
    nan, small = torch.full_like(var, torch.nan), 0.9 * var
    none = "a batch of one has no variance: raise ValueError in training"
    late = "raise before the running statistics change"
    return shown("ValueError", mean, var), {
        f"{none}, or nan is kept for good": shown("nothing", moved, nan),
        none: shown("nothing", moved, small),
        late: shown("ValueError", moved, var),
        f"{late}: yours keeps nan": shown("ValueError", moved, nan),
        f"{late}: both have moved": shown("ValueError", moved, small),
    }
