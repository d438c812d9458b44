"""Checks of 06_attention/01_self_attention, on scores and softmax's derivative. Oracles: einsum, autograd."""

from __future__ import annotations

import math
from typing import Any

import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import EXACT, distinct_sizes, normal


@check
def attention_scores(learner: Any, seed: int) -> None:
    """q times k, for each pair of positions. Oracle: einsum."""
    a, b, c, d = distinct_sizes(seed, 4)
    for case, (shape, queries, keys, size, dtype) in enumerate(
        (
            ((), a, b, c, torch.float64),
            ((), d, d, a, torch.float64),
            ((a,), b, c, d, torch.float32),
            ((b,), b, b, b, torch.float64),
            ((2, a), c, 1, b, torch.float64),
        )
    ):
        q = normal(seed + case, *shape, queries, size, dtype=dtype)
        k = normal(seed + 10 + case, *shape, keys, size, dtype=dtype)
        want = torch.einsum("...qh,...kh->...qk", q, k)
        expect(learner, q, k).close(
            want,
            mistakes={
                "rows are queries, columns are keys: yours is turned": want.transpose(-2, -1),
                "the scores as they are: the scale comes in exercise 6": want / math.sqrt(size),
                "the scores as they are: no softmax yet": want.softmax(-1),
                **({"k has to be transposed: swap its last two dimensions": q @ k} if size == keys else {}),
                **(
                    {"multiplied element by element: a matrix product is q @ …": q * k}
                    if queries == keys
                    else {}
                ),
                "k has to be transposed: swap its last two dimensions (k.mT)": RuntimeError("mat1 and mat2"),
                **(
                    {"swap the last two dimensions of k only: k.T turns all of them round": RuntimeError}
                    if shape
                    else {
                        "multiplied element by element: q @ … is a matrix product": RuntimeError("must match")
                    }
                ),
            },
            **(EXACT if dtype == torch.float64 else {}),
        )


@check
def softmax_jacobian(learner: Any, seed: int) -> None:
    """How each weight moves with each score. Oracle: autograd through softmax."""
    a, b = distinct_sizes(seed, 2)
    for case, (size, dtype) in enumerate(
        ((a, torch.float64), (b, torch.float32), (1, torch.float64), (12, torch.float64))
    ):
        scores = 1.5 * normal(seed + case, size, dtype=dtype)
        weights = scores.softmax(0)
        want: torch.Tensor = torch.autograd.functional.jacobian(  # type: ignore[no-untyped-call]
            lambda s: s.softmax(0), scores
        )
        product = weights[:, None] * weights[None, :]
        expect(learner, weights).close(
            want,
            mistakes={
                "the diagonal is missing: w_i itself belongs there, less its square": -product,
                "the sign is turned": -want,
                "the products of different weights count, too, with a minus": weights.diag()
                - product.diag().diag(),
                "minus the products, not plus": weights.diag() + product,
                "one number for each pair of a weight and a score: (n, n)": weights * (1 - weights),
                "1 on the diagonal has to be w_i": torch.eye(size, dtype=dtype) - product,
                "w_i (1 - w_j) stands on the diagonal only: elsewhere it is -w_i w_j": weights[:, None]
                * (1 - weights[None, :]),
                "the weights are softmax's output already: do not take softmax again": again(weights),
            },
            **(EXACT if dtype == torch.float64 else {}),
        )


def again(weights: torch.Tensor) -> torch.Tensor:
    twice = weights.softmax(0)
    return twice.diag() - twice[:, None] * twice[None, :]
