"""Check of 07_gpt/02_pretraining, on orthogonalised updates. Oracle: each singular value, by NumPy's SVD."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import distinct_sizes, normal

A, B, C = 3.4445, -4.7750, 2.0315  # Jordan et al., 2024


def through(
    matrix: torch.Tensor,
    steps: int,
    *,
    coefficients: tuple[float, float, float] = (A, B, C),
    norm: str = "fro",
    restore: bool = False,
    tiny: float = 1e-7,
) -> torch.Tensor:
    """Each singular value s becomes a s + b s³ + c s⁵, `steps` times; the singular vectors stay."""
    u, s, vh = np.linalg.svd(matrix.double().numpy(), full_matrices=False)
    size = {"fro": float(np.sqrt((s**2).sum())), "spectral": float(s.max()), "none": 1.0 - tiny}[norm] + tiny
    s = s / size
    a, b, c = coefficients
    with np.errstate(all="ignore"):  # without the division they run away
        for _ in range(steps):
            s = a * s + b * s**3 + c * s**5
        return torch.from_numpy(u @ np.diag(s * (size if restore else 1)) @ vh).to(matrix.dtype)


@check
def orthogonalise(learner: Any, seed: int) -> None:
    """Newton and Schulz's iteration. Oracle: what it does to each singular value, which NumPy's SVD finds."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (rows, columns, scale, steps, dtype) in enumerate(
        (
            (a + c, a, 1.0, 1, torch.float64),  # first: one round, after which nothing has overflowed
            (a, a + b, 1.0, None, torch.float64),
            (b + c, b, 1.0, None, torch.float64),
            (c, c, 1e3, 3, torch.float64),
            (1, a, 0.01, 5, torch.float64),
            (8 * a, 4 * b, 1.0, None, torch.float32),
            (b, c, 1e-7, 2, torch.float64),
        )
    ):
        matrix = scale * normal(seed + case, rows, columns, dtype=dtype)
        given = () if steps is None else (steps,)
        count = 5 if steps is None else steps
        u, _, vh = np.linalg.svd(matrix.double().numpy(), full_matrices=False)
        right = through(matrix, count)
        rest = {
            "divide by the Frobenius norm first: singular values above 1 run away": through(
                matrix, count, norm="none"
            ),
            "divide by the root of the sum of all squares, not by the largest singular value": through(
                matrix, count, norm="spectral"
            ),
            "the size of the matrix does not come back: the result has singular values near 1": through(
                matrix, count, restore=True
            ),
            "a tall matrix comes back in its own shape: transpose again at the end": right.T,
            "1e-7 is added to the norm": through(matrix, count, tiny=0.0),
            "one round too many": through(matrix, count + 1),
            "one round too few": through(matrix, count - 1),
            "steps is how often: 5 is only where none is given": through(matrix, 5),
            "nothing has been done but divide by the norm": through(matrix, 0),
            "that is exactly U Vᵀ: five rounds of the polynomial are asked for, near to it and faster": (
                torch.from_numpy(u @ vh).to(dtype)
            ),
            "1.5 and -0.5 are another polynomial: 3.4445, -4.7750, 2.0315": through(
                matrix, count, coefficients=(1.5, -0.5, 0.0)
            ),
            "the last coefficient belongs to the fifth power: c (X Xᵀ)(X Xᵀ) X": through(
                matrix, count, coefficients=(A, B + C, 0.0)
            ),
            "the fifth power is missing": through(matrix, count, coefficients=(A, B, 0.0)),
            "b is negative: -4.7750": through(matrix, count, coefficients=(A, -B, C)),
        }
        tolerance = {"rtol": 1e-5, "atol": 2e-6} if dtype == torch.float64 else {"rtol": 2e-3, "atol": 2e-4}
        expect(learner, matrix, *given).close(right, mistakes=rest, **tolerance)
    expect(learner, torch.zeros(b, a)).close(
        torch.zeros(b, a),
        mistakes={"a matrix of zeros has norm 0: add 1e-7 to the norm": torch.full((b, a), torch.nan)},
    )
