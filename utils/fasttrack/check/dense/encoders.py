"""Checks of 11_rag/02_dense_retrieval, on vectors of texts. Oracles: loops over rows, and NumPy's SVD."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, require
from fasttrack.check.fixtures import dense as fixtures
from fasttrack.check.inputs import EXACT, distinct_sizes, integers, normal
from fasttrack.check.training.ask import Told, ask


def length(row: torch.Tensor) -> float:
    return math.sqrt(sum(float(x) ** 2 for x in row))


def unit(row: torch.Tensor) -> torch.Tensor:
    return row / length(row) if length(row) else row


@check
def cosine(learner: Any, seed: int) -> None:
    """Each row with each other. Oracle: two loops."""
    m, n, size = distinct_sizes(seed, 3)
    for k, (rows, columns, width, dtype) in enumerate(
        (
            (m, n, size, torch.float64),
            (1, n, 1, torch.float64),
            (n, 1, m, torch.float64),
            (size, m, n, torch.float32),
        )
    ):
        a, b = (
            normal(seed + k, rows, width, dtype=dtype),
            3 * normal(seed + 9 + k, columns, width, dtype=dtype),
        )
        if k:
            a[0], b[-1] = 0, 0  # texts without a known word
        dots = [[float((x.double() * y.double()).sum()) for y in b] for x in a]
        long = [[length(x) * length(y) for y in b] for x in a]
        want = torch.tensor(
            [
                [d / w if w else 0.0 for d, w in zip(*row, strict=True)]
                for row in zip(dots, long, strict=True)
            ],
            dtype=dtype,
        )
        plain, by_row = torch.tensor(dots, dtype=dtype), torch.stack([unit(x) for x in a])
        tolerance = EXACT if dtype == torch.float64 else {"rtol": 1e-5, "atol": 1e-6}
        mistakes = {
            "the dot product alone: divide by both lengths": plain,
            "divide by the length of each row of b, too": by_row @ b.T,
            "divide by the length of each row of a, too": a @ torch.stack([unit(x) for x in b]).T,
            "a row for each row of a, a column for each row of b: yours is transposed": want.T.contiguous(),
            "one minus that: a cosine is larger for more alike": 1 - want,
            "only row i with row i: compare each with each": want.diagonal() if rows == columns else plain,
        }
        with np.errstate(all="ignore"):
            mistakes["a row of zeros has length 0: its cosine is 0, not nan"] = plain / torch.tensor(
                long, dtype=dtype
            )
        expect(learner, a, b).close(want, mistakes=mistakes, **tolerance)


def alike(signs_of: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """Columns, each with the sign that it has in `signs_of`: a singular vector is one up to its sign."""
    if signs_of.shape != columns.shape:
        return columns
    sign = torch.where((signs_of * columns).sum(0) < 0, -1.0, 1.0)
    return columns * sign


@check
def lsa(learner: Any, seed: int) -> None:
    """The leading right singular vectors, whatever their signs. Oracle: NumPy's SVD."""
    m, n, small = distinct_sizes(seed, 3)
    for k, (documents, terms, size) in enumerate(((m + 5, n + 5, small), (12, 4, 4), (3, 11, 3), (9, 9, 1))):
        x = normal(seed + k, documents, terms, dtype=torch.float64).abs()
        left, scale, right = (
            torch.from_numpy(part) for part in np.linalg.svd(x.numpy(), full_matrices=False)
        )
        whole = torch.from_numpy(np.linalg.svd(x.numpy())[2])  # (terms, terms)
        centred = torch.from_numpy(np.linalg.svd((x - x.mean(0)).numpy(), full_matrices=False)[2])
        answer = expect(learner, x, size)
        got = answer.value if isinstance(answer.value, torch.Tensor) else torch.zeros(0)
        want = right[:size].T.contiguous()
        mistakes = {
            "`(terms, size)`: yours is transposed, or a row too many": right[:size],
            "these are vectors of the documents: one of the terms is wanted": left[:, :size],
            "the last directions, which keep least: svd gives the largest first": right[-size:].T,
            "the smallest first: the direction that keeps most belongs in column 0": want.flip(1),
            "directions have length 1: leave the singular values out": want * scale[:size],
            "the mean is not taken away: LSA decomposes x itself": centred[:size].T,
            "`Vh` is transposed already: its rows are the directions, its columns are not": (
                right if got.shape[:1] == right.shape[:1] else whole
            )[:, :size],
        }
        answer.close(
            alike(got, want),
            mistakes={words: alike(got, wrong.contiguous()) for words, wrong in mistakes.items()},
            rtol=1e-7,
            atol=1e-7,
        )
    for shape, size in (((4, 6), 5), ((m + 3, 2), 3), ((5, 5), 0)):
        expect(learner, normal(seed, *shape, dtype=torch.float64), size).raises(ValueError)


def pooled(vectors: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
    """Row by row, the mean of what is real."""
    rows = []
    for row, real in zip(vectors, padding, strict=True):
        kept = [row[t] for t in range(len(row)) if real[t]]
        rows.append(sum(kept, torch.zeros_like(row[0])) / max(1, len(kept)))
    return torch.stack(rows)


@check
def mean_pool(learner: Any, seed: int) -> None:
    """The mean over real positions. Oracle: a loop."""
    a, b, c = distinct_sizes(seed, 3)
    for k, (batch, time, size, dtype) in enumerate(
        (
            (a, b, c, torch.float64),
            (1, c, 1, torch.float64),
            (b, 1, a, torch.float64),
            (c, a + 4, b, torch.float32),
        )
    ):
        vectors = normal(seed + k, batch, time, size, dtype=dtype)
        padding = integers(seed + 5 + k, 2, batch, time).bool()
        padding[:, 0] = True
        padding[0, -1] = time == 1
        if k == 2:
            padding[-1] = False  # a text without a known word
        if k == 3:
            vectors[~padding] = torch.inf  # what stands there must not count, whatever it is
        want = pooled(vectors, padding)
        zeroed = vectors * padding[..., None]
        tolerance = EXACT if dtype == torch.float64 else {"rtol": 1e-5, "atol": 1e-6}
        divided = zeroed.sum(1) / padding.sum(1, keepdim=True)
        named = {
            "padding counts: leave the positions out where padding is False": vectors.mean(1),
            "divide by the number of real positions, not by time": zeroed.sum(1) / time,
            "the sum, not the mean": zeroed.sum(1),
            "the mean over time (dimension 1), not over the batch": zeroed.mean(0),
            "True means real: you took the mean of the padding": pooled(vectors, ~padding),
            "the largest, not the mean": vectors.amax(1),
            "a text without real positions gives zeros: you divided by 0": divided,
        }
        if k == 3:
            told = "inf * 0 is nan: replace what stands at padding (masked_fill, where), do not multiply"
            named = {told: divided}
        expect(learner, vectors, padding).close(want, mistakes=named, **tolerance)


@check
def BiEncoder(learner: Any, seed: int) -> None:  # noqa: N802
    """Look up, mean, length 1, and a gradient. Oracle: a loop, differentiated by PyTorch."""
    a, b, c = distinct_sizes(seed, 3)
    for k, (vocab_size, n_embd, batch, time) in enumerate(
        ((a + 5, b, c, a), (b + 3, c + 1, 1, 1), (30, a, b, c + 6))
    ):
        weight = normal(seed + k, vocab_size, n_embd, dtype=torch.float64)
        upstream = normal(seed + 20 + k, batch, n_embd, dtype=torch.float64)
        ids = integers(seed + 30 + k, vocab_size - 1, batch, time) + 1
        ids[0, time // 2 + 1 :] = 0
        if batch > 2:
            ids[1] = 0
        called = f"BiEncoder({vocab_size}, {n_embd}) on ids ({batch}, {time}), of which {int((ids == 0).sum())} are 0"
        answer = ask(learner, fixtures.encoded, weight, ids, upstream, called=called)
        seen = answer.value
        require(
            seen["parameters"] == {"embedding.weight": (vocab_size, n_embd)},
            ("called", called),
            ("expected", f"one parameter: embedding.weight {(vocab_size, n_embd)}"),
            (
                "got",
                ", ".join(f"{name} {shape}" for name, shape in seen["parameters"].items()) or "no parameter",
            ),
        )
        leaf = weight.clone().requires_grad_()
        mean = pooled(leaf[ids], ids != 0)
        want = torch.stack([row / row.norm() if bool((row != 0).any()) else row for row in mean])
        (want * upstream).sum().backward()  # type: ignore[no-untyped-call]
        through = torch.stack([unit(row) for row in weight[ids].mean(1)])
        of_units = pooled(torch.nn.functional.normalize(weight[ids], dim=2), ids != 0)
        first = torch.stack([unit(row) for row in of_units])
        named = {
            "vectors have length 1: normalise the mean": mean.detach(),
            "id 0 is padding: it must not count in the mean": through,
            "normalise the mean, not each word: a word's length is its weight": first,
            "normalise the mean, not each word: the mean of vectors of length 1 is shorter": of_units,
        }
        got = seen["vectors"]
        Told(got, called + ": vectors").close(want.detach(), mistakes=named, **EXACT)
        Told(seen["gradient"], called + ": gradient of embedding.weight").close(
            leaf.grad, mistakes={}, **EXACT
        )
