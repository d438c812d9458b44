"""Checks of 06_attention/01_self_attention, on weights. Oracle: PyTorch's attention.

Inputs are moderate: at large ones every softmax is saturated, and any scale would pass.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch.nn import functional

from fasttrack.check import check, expect
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import self_attention as fixtures
from fasttrack.check.inputs import distinct_sizes, normal

Mask = torch.Tensor | None
CLOSE = {"rtol": 1e-9, "atol": 1e-11}  # another order of sums, and exp(x - max) for exp(x)


def attended(q: torch.Tensor, k: torch.Tensor, mask: Mask, scale: float | None = None) -> torch.Tensor:
    """The weights, read off PyTorch's attention: values that are the rows of an identity matrix show them."""
    identity = torch.eye(k.shape[-2], dtype=q.dtype).expand(*k.shape[:-1], k.shape[-2])
    return functional.scaled_dot_product_attention(q, k, identity, mask, scale=scale)


def by_mistake(q: torch.Tensor, k: torch.Tensor, mask: Mask) -> dict[str, torch.Tensor]:
    """What comes of known mistakes."""
    scores = q @ k.transpose(-2, -1)
    size, keys = q.shape[-1], k.shape[-2]
    scaled = scores / math.sqrt(size)

    def softened(some: torch.Tensor, dim: int = -1) -> torch.Tensor:
        if mask is None:
            return some.softmax(dim)
        return some.masked_fill(~mask, -math.inf).softmax(dim).nan_to_num(0.0)

    found = {
        "the scale is missing: divide the scores by the square root of head_size": softened(scores),
        "divide by the square root of head_size, not by head_size": softened(scores / size),
        "divide by the square root of head_size: yours multiplies": softened(scores * math.sqrt(size)),
        "head_size is the last dimension of q: yours is another number": softened(scores / math.sqrt(keys)),
        "softmax over the queries: each query's weights over the keys, the last dim, sum to 1": softened(
            scaled, -2
        ),
        "the scale comes before softmax, not after it": softened(scores) / math.sqrt(size),
        "these are scores: softmax is missing": scaled,
    }
    if mask is None:
        return found
    full = torch.broadcast_to(mask, scores.shape)
    return {
        "the mask makes no difference": scaled.softmax(-1),
        "masked after softmax: what is left of a row does not sum to 1": scaled.softmax(-1) * mask,
        "True means may attend: yours attends to what is masked": attended(q, k, ~mask),
        "a masked score has to be -inf: 0 is a score like any other": scaled.masked_fill(~mask, 0.0).softmax(
            -1
        ),
        "a masked score has to be -inf: with 0 it takes its share, and a mask after softmax only hides it": (
            scaled.masked_fill(~mask, 0.0).softmax(-1) * mask
        ),
        "a masked score has to be -inf: yours is small, and still counts": scaled.masked_fill(
            ~mask, -1.0
        ).softmax(-1),
        "True is added to the score as 1: fill what is masked with -inf": (scaled + mask).softmax(-1),
        "nan: a query that may attend to nothing has weights 0": scaled.masked_fill(~mask, -math.inf).softmax(
            -1
        ),
        "a query that may attend to nothing has weights 0, not equal ones": torch.where(
            full.any(-1, keepdim=True), attended(q, k, mask), torch.tensor(1 / keys, dtype=q.dtype)
        ),
        "a masked key's weight is 0, not what a large negative score leaves where all are masked": torch.where(
            full.any(-1, keepdim=True), attended(q, k, mask), scaled.softmax(-1)
        ),
        **found,
    }


def cases(seed: int) -> list[tuple[torch.Tensor, torch.Tensor, Mask]]:
    """Queries, keys and masks: self and cross, batches and none, heads, padding, rows that see nothing."""
    a, b, c, d = distinct_sizes(seed, 4)

    def drawn(step: int, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
        return normal(seed + step, *shape, dtype=dtype)

    padding = (
        torch.arange(c)[None, None, :] < torch.tensor([1 + (seed + i) % c for i in range(a)])[:, None, None]
    )
    some = drawn(7, a, b, c) > 0
    some[..., 0, 0], some[..., -1, :] = True, False
    return [
        (drawn(0, a, b, d), drawn(1, a, c, d), None),
        (drawn(2, 2, a, b, c), drawn(3, 2, a, b, c), causal(b)),
        (drawn(4, a, b, d), drawn(5, a, c, d), padding),  # (a, 1, c)
        (drawn(4, a, b, 16), drawn(5, a, c, 16), some),
        (drawn(8, b, d), drawn(9, b, d), causal(b)),
        (drawn(8, 1, 1, b), drawn(9, 1, 1, b), None),
        (drawn(6, a, b, d, dtype=torch.float32), drawn(7, a, b, d, dtype=torch.float32), causal(b)),
        (drawn(8, a, d), drawn(9, c, d), torch.zeros(a, c, dtype=torch.bool)),
    ]


def causal(time: int) -> torch.Tensor:
    places = torch.arange(time)
    return places[None, :] <= places[:, None]


@check
def attention_weights(learner: Any, seed: int) -> None:
    """softmax(q k / sqrt(head_size)) where the mask allows. Oracle: PyTorch's attention on an identity matrix."""
    for q, k, mask in cases(seed):
        tolerance = CLOSE if q.dtype == torch.float64 else {}
        args = (q, k) if mask is None else (q, k, mask)
        expect(learner, *args).close(
            attended(q, k, mask), mistakes=partial(by_mistake, q, k, mask), **tolerance
        )
    q, k, _ = cases(seed)[4]
    k[-1] = 3e4 * q[0]  # a key that only the last query may see, and that is far louder than all others
    mask = causal(len(q))
    loud = q @ k.T / math.sqrt(q.shape[-1])
    expect(learner, q, k, mask).close(
        attended(q, k, mask),
        mistakes={
            "mask before softmax: a loud score that is masked later leaves 0 / 0 to the others": after_softmax(
                loud, mask
            ),
            "mask before softmax: a loud score that is masked later leaves nothing to the others": after_softmax(
                loud, mask
            ).nan_to_num(0.0),
            "exp of a large score is inf: softmax takes care of that": exponentials(loud, mask),
        },
        **CLOSE,
    )
    faint, any_key = torch.tensor([[-1e5], [0.0]], dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    first = torch.tensor([[True, False]])  # the one key that may be seen has by far the lower score
    expect(learner, any_key, faint, first).close(
        attended(any_key, faint, first),
        mistakes={
            "fill with -inf: an allowed score may lie below any other number": torch.zeros(1, 2).double(),
        },
        **CLOSE,
    )
    q, k, _ = cases(seed)[3]
    mask = normal(seed + 21, q.shape[-2], k.shape[-2]) > 0
    mask[0, 0], mask[-1] = True, False
    upstream = normal(seed + 20, *q.shape[:-1], k.shape[-2], dtype=torch.float64)
    slopes = beside(learner, fixtures.slopes_of_weights, q, k, mask, upstream)
    wanted = fixtures.slopes_of_weights(attended, q, k, mask, upstream)
    for name, slope, want in zip("qk", slopes, wanted, strict=True):
        agree(
            f"the gradient at {name}, where some queries may attend to nothing",
            slope,
            want,
            {
                "nan: fill masked scores (masked_fill), do not add -inf: a filled place hands no gradient back": (
                    with_nan(slope, want)
                )
            },
            (1e-9, 1e-11),
        )


def after_softmax(scores: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    kept = scores.softmax(-1) * mask
    return kept / kept.sum(-1, keepdim=True)


def exponentials(scores: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    kept = scores.exp() * mask
    return kept / kept.sum(-1, keepdim=True)


def with_nan(got: Any, want: torch.Tensor) -> torch.Tensor:
    """`want`, with nan wherever `got` is."""
    if not isinstance(got, torch.Tensor) or got.shape != want.shape:
        return want
    return torch.where(got.isnan(), got.double(), want)


@check
def scaled_dot_product_attention(learner: Any, seed: int) -> None:
    """The weights' mean of the values. Oracle: torch.nn.functional.scaled_dot_product_attention."""
    for case, (q, k, mask) in enumerate(cases(seed)):
        # One size of its own for the values, and one time that of q, so that v is not mistaken for it.
        size = q.shape[-1] if case % 4 == 3 else q.shape[-1] + 1
        v = normal(seed + 30 + case, *k.shape[:-1], size, dtype=q.dtype)
        args = (q, k, v) if mask is None else (q, k, v, mask)
        want = functional.scaled_dot_product_attention(q, k, v, mask)
        tolerance = CLOSE if q.dtype == torch.float64 else {}
        expect(learner, *args).close(want, mistakes=partial(misattended, q, k, v, mask), **tolerance)


def misattended(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: Mask) -> dict[str, torch.Tensor]:
    """What comes of known mistakes."""
    found = {
        "these are the weights: multiply them by v": attended(q, k, mask),
        "the mask has to reach attention_weights": attended(q, k, None) @ v,
    }
    if q.shape == k.shape:
        found["queries and keys are exchanged: q comes first"] = attended(k, q, mask) @ v
        found["the weights are turned: rows are queries"] = attended(q, k, mask).transpose(-2, -1) @ v
    return found | {name: wrong @ v for name, wrong in by_mistake(q, k, mask).items()}
