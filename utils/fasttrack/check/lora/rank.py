"""Checks of 09_finetuning/02_lora, on low rank. Oracle: NumPy's SVD; matrices whose singular values are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, require
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.training.ask import Told
from fasttrack.check.values import describe

V_ROWS = "torch.linalg.svd returns V transposed: the rows of vh are the v_i, its columns are not"


def with_singular_values(seed: int, rows: int, columns: int, values: list[float]) -> torch.Tensor:
    """A float64 matrix with these singular values, in random directions."""
    left, _ = np.linalg.qr(normal(seed, rows, rows, dtype=torch.float64).numpy())
    right, _ = np.linalg.qr(normal(seed + 1, columns, columns, dtype=torch.float64).numpy())
    k = len(values)
    return torch.from_numpy(left[:, :k] @ np.diag(values) @ right[:, :k].T)


@check
def low_rank(learner: Any, seed: int) -> None:
    """Two thin matrices. Oracle: the product of NumPy's first singular vectors and values."""
    a, b, c = distinct_sizes(seed, 3)
    cases = (
        (a + b, c + 1, 2, torch.float64),
        (b, b + 5, 1, torch.float64),
        (c + 4, c + 4, 3, torch.float64),
        (1, a, 1, torch.float64),
        (a, a + 2, a, torch.float64),
        (40, 7, 4, torch.float32),
    )
    for k, (rows, columns, rank, dtype) in enumerate(cases):
        matrix = normal(seed + 10 * k, rows, columns, dtype=dtype)
        asked = expect(learner, matrix, rank)
        called = f"low_rank(matrix, {rank}), matrix {str(dtype)[6:]} ({rows}, {columns})"
        got = asked.value
        pair = isinstance(got, tuple) and len(got) == 2 and all(isinstance(one, torch.Tensor) for one in got)
        require(
            pair,
            ("called", called),
            ("expected", "a tuple of two tensors, (b, a)"),
            ("got", describe(got)),
        )
        thin, wide = got
        shapes = (tuple(thin.shape), tuple(wide.shape))
        want = ((rows, rank), (rank, columns))
        known = ""
        if shapes == (want[1], want[0]) and want[0] != want[1]:
            known = "b comes first: the product is b @ a"
        elif rows < columns and shapes[0] == want[0] and shapes[1] in ((rank, rows), (rows, rank)):
            known = V_ROWS
        require(
            shapes == want and thin.dtype == wide.dtype == dtype,
            ("called", called),
            ("expected", f"b {want[0]} and a {want[1]}, both {str(dtype)[6:]}"),
            ("got", f"{describe(thin)} and {describe(wide)}"),
            *([("mistake", known)] if known else []),
        )
        u, s, vh = (torch.from_numpy(one) for one in np.linalg.svd(matrix.double().numpy(), False))
        left, right, kept = u[:, :rank], vh[:rank], s[:rank]
        mistakes = {
            "the singular values are missing: U and Vh alone have size 1": left @ right,
            "the singular values are in it twice: put them into one factor, or their roots into both": left
            @ torch.diag(kept**2)
            @ right,
            "the roots of the singular values belong into both factors, not into one": left
            @ torch.diag(kept.sqrt())
            @ right,
            "the last singular values are the smallest: keep the first": u[:, -rank:]
            @ torch.diag(s[-rank:])
            @ vh[-rank:],
        }
        if rows >= columns:  # else its columns have another length
            mistakes[V_ROWS] = left @ torch.diag(kept) @ vh[:, :rank].T
        product = left @ torch.diag(kept) @ right
        loose = {"rtol": 1e-9, "atol": 1e-9} if dtype == torch.float64 else {"rtol": 1e-4, "atol": 1e-5}
        Told(thin.double() @ wide.double(), f"b @ a of {called}").close(product, mistakes=mistakes, **loose)


@check
def rank_for(learner: Any, seed: int) -> None:
    """The smallest rank. Oracle: known singular values, added up in a loop."""
    draw = normal(seed, 9, dtype=torch.float64).abs()
    random_values = sorted((1 + float(one) * 3 for one in draw), reverse=True)
    cases: tuple[tuple[list[float], int, int], ...] = (
        ([8.0, 4.0, 2.0, 1.0], 6, 4),
        (random_values, 9, 12),
        ([5.0], 3, 1),
        ([3.0, 3.0, 3.0, 3.0, 3.0], 5, 8),
        ([10.0, 1.0, 0.1, 0.01], 4, 7),
    )
    for k, (values, rows, columns) in enumerate(cases):
        matrix = with_singular_values(seed + 20 * k, rows, columns, values)
        squares = [value**2 for value in values]
        total = sum(squares)
        reached = [sum(squares[: r + 1]) / total for r in range(len(values))]
        between = [(low + high) / 2 for low, high in zip([0.0, *reached[:-1]], reached, strict=True)]
        for share in (*between, reached[0] + 1e-6 if len(values) > 1 else 0.9, reached[0] - 1e-6):
            want = next(r + 1 for r, done in enumerate(reached) if done >= share)
            norms = [sum(values[: r + 1]) / sum(values) for r in range(len(values))]
            roots = [done**0.5 for done in reached]
            slips = {
                "squares: the squared norm is the sum of the squared singular values": norms,
                "the share is one of the squared norm: no root": roots,
            }
            mistakes: dict[str, Any] = {
                "one too few: count from 1": want - 1,
                "one too many: `share` is reached before": want + 1,
                "a plain int, not a tensor": torch.tensor(want),
                "a plain int": float(want),
            }
            named = {
                words: next((r + 1 for r, done in enumerate(shares) if done >= share), -1)
                for words, shares in slips.items()
            }
            mistakes = {words: value for words, value in named.items() if value != want} | mistakes
            expect(learner, matrix, share).equals(want, mistakes=mistakes)
    ones = torch.eye(4, dtype=torch.float64)  # of which every sum of squares is exact
    for want, share in ((2, 0.5), (3, 0.75)):
        expect(learner, ones, share).equals(
            want, mistakes={"at least: terms that hold exactly `share` are enough": want + 1}
        )
