"""Checks of the linear layer, tanh and the embedding, backward. Oracle: torch.autograd of torch's own functions."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from fasttrack.check import check, expect
from fasttrack.check.backprop_ninja.oracle import double, forms, pulled, tolerance
from fasttrack.check.inputs import distinct_sizes, integers

DTYPES = (torch.float64, torch.float32)


@check
def linear_backward(learner: Any, seed: int) -> None:
    """Gradients in x, W and b. Oracle: functional.linear."""
    a, b, c = distinct_sizes(seed, 3)
    for k, (n, d_in, d_out) in enumerate(((a, b, c), (a, a, a), (2, c, b), (1, b, a), (7, b, 1))):
        for dtype in DTYPES:
            dout, x, W = (
                double(seed + 10 * k + j, *shape).to(dtype)
                for j, shape in enumerate(((n, d_out), (n, d_in), (d_in, d_out)))
            )
            dx, dW, db = pulled(
                lambda x, W, b, g=dout: (functional.linear(x, W.T, b) * g).sum(), x, W, torch.zeros_like(dout[0])
            )  # fmt: skip
            mistakes: dict[str, Any] = {
                "b was broadcast over the rows: sum its gradient over the batch": (dx, dW, dout),
                "no 1/n here: it is in dout already": (dx, dW / n, db / n),
                "sum, not mean: the 1/n of the loss is in dout already": (dx, dW, db / n),
                "db has the shape of b, (d_out,): no keepdim": (dx, dW, db[None]),
                "that is the gradient of W transposed": (dx, dW.T, db),
                **forms((dx, dW, db)),
            }
            if n == d_in == d_out:
                mistakes |= {
                    "dx = dout @ W.T: the transpose is missing": (dout @ W, dW, db),
                    "dW = x.T @ dout: the transpose is missing": (dx, x @ dout, db),
                    "both transposes are missing": (dout @ W, x @ dout, db),
                    "b is used in every row: sum over dimension 0": (dx, dW, dout.sum(1)),
                }
            expect(learner, dout, x, W).close((dx, dW, db), mistakes=mistakes, **tolerance(dtype))


@check
def tanh_backward(learner: Any, seed: int) -> None:
    """The gradient in the input of tanh, from its output. Oracle: torch.tanh."""
    a, b, c = distinct_sizes(seed, 3)
    for k, shape in enumerate(((a, b), (2, c), (a, b, c), (1,), ())):
        for dtype in DTYPES:
            z = 2 * double(seed + k, *shape)
            d, h = double(seed + 50 + k, *shape).to(dtype), z.tanh().to(dtype)
            (want,) = pulled(lambda z, d=d: (z.tanh() * d.double()).sum(), h.double().atanh())
            mistakes = {
                "h is the output of tanh already: no tanh here": d * (1 - h.tanh() ** 2),
                "what arrives from above is missing: dh times the slope": 1 - h**2,
                "the slope is 1 - h², the square is missing": d * (1 - h),
                "the slope is 1 - h²: the sign": d * (1 + h**2),
                "that is the slope of the logistic sigmoid": d * h * (1 - h),
                "the slope comes from h, not from dh": h * (1 - d**2),
                "the square of dh belongs nowhere: dh * (1 - h**2)": d - (d * h) ** 2,
            }
            expect(learner, d, h).close(want.to(dtype), mistakes=mistakes, **tolerance(dtype))
    saturated = torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64)
    expect(learner, torch.full_like(saturated, 1e8), saturated).close(
        torch.tensor([0.0, 0.0, 1e8], dtype=torch.float64)
    )


@check
def embedding_backward(learner: Any, seed: int) -> None:
    """The gradient in the table; repeated letters add. Oracle: functional.embedding."""
    a, b, c = distinct_sizes(seed, 3)
    for k, (n, block_size, n_embd, vocab_size) in enumerate(
        ((2 * a + 1, 3, b, c + 2), (2, b, c, 2), (a, 2, 3, 27), (5, 1, b, 3), (1, a, 2, 4), (3, 2, 1, 30))
    ):
        x = integers(seed + k, vocab_size, n, block_size)
        if k == 5:
            x = torch.arange(6).view(3, 2) * 5  # every letter once, the last one at the end of the table
        for dtype in DTYPES:
            d = double(seed + 50 + k, n, block_size * n_embd).to(dtype)
            (want,) = pulled(
                lambda C, x=x, d=d: (functional.embedding(x, C).flatten(1) * d).sum(),
                torch.zeros(vocab_size, n_embd, dtype=dtype),
            )
            rows, ids = d.reshape(-1, n_embd), x.flatten().tolist()
            last, first = torch.zeros_like(want), torch.zeros_like(want)
            for i, row in zip(ids, rows, strict=True):
                last[i] = row
            for i, row in zip(reversed(ids), reversed(rows), strict=True):
                first[i] = row
            by_position = torch.zeros_like(want)
            for position in range(block_size):
                kept = {int(x[r, position]): rows[r * block_size + position] for r in range(n)}
                for i, row in kept.items():
                    by_position[i] += row
            often = torch.bincount(x.flatten(), minlength=vocab_size).clamp(min=1)[:, None]
            turned = d.reshape(n, n_embd, block_size).transpose(1, 2).reshape(-1, n_embd)
            by_columns = torch.zeros_like(want).index_add(0, x.T.flatten(), rows)
            mistakes = {
                "a letter that occurs again overwrites its row: gradients of all occurrences add": last,
                "only the first occurrence of each letter counts: all of them add": first,
                "letters repeat at the same position of two contexts, too: += by an index writes once": by_position,
                "occurrences add: sum, not mean": want / often,
                "dembcat is cut up wrongly: n_embd numbers for each letter, one letter after the other": (
                    torch.zeros_like(want).index_add(0, x.flatten(), turned)
                ),
                "the letters are in another order than the rows of dembcat: x.flatten(), not x.T": by_columns,
                "one row for each of vocab_size letters, also those that do not occur": want[
                    : int(x.max()) + 1
                ],
                "dC is (vocab_size, n_embd)": want.T,
                "1/n is in the gradient from above already": want / n,
            }
            expect(learner, d, x, vocab_size).close(want, mistakes=mistakes, **tolerance(dtype))
