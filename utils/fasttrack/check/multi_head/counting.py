"""Checks of 06_attention/02_multi_head, on counting. Oracles: layers that are built and counted; a loop over rows."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from fasttrack.check import check, expect
from fasttrack.check.inputs import distinct_sizes, integers


@check
def attention_parameters(learner: Any, seed: int) -> None:
    """Parameters of all attention layers of a model. Oracle: one of them, built on the meta device."""
    a, b, c, d = distinct_sizes(seed, 4)
    for n_layer, n_embd, n_head, head_size, bias in (
        (24, 1024, 128, 128, False),
        (3, 6, 2, 5, True),
        (96, 12288, 96, 128, False),
        (12, 768, 12, 64, True),
        (a, b, c, d, True),
        (d, a * b, b, c, False),
        (2, 1, 1, 1, True),
    ):
        inner = n_head * head_size
        with torch.device("meta"):
            layers = [nn.Linear(n_embd, inner, bias) for _ in range(3)] + [nn.Linear(inner, n_embd, bias)]
        matrices = sum(layer.weight.numel() for layer in layers)
        want = n_layer * sum(one.numel() for layer in layers for one in layer.parameters())
        expect(learner, n_layer, n_embd, n_head, head_size, bias).equals(
            want,
            mistakes={
                "proj is missing: four matrices, not three": n_layer * (3 * (n_embd + bias) * inner),
                **(
                    {"each of the four layers has a bias, too, if bias is True": n_layer * matrices}
                    if bias
                    else {"no layer has a bias if bias is False": n_layer * (matrices + 3 * inner + n_embd)}
                ),
                "proj ends in n_embd columns, so its bias has n_embd elements": n_layer
                * (matrices + 4 * inner),
                "the biases of query, key and value have n_head * head_size elements": n_layer
                * (matrices + 4 * n_embd),
                "n_head * head_size need not be n_embd": n_layer * (4 * n_embd * n_embd + bias * 4 * n_embd),
                "that is one layer: times n_layer": want // n_layer,
                "those are the columns of a single head: n_head times as many": n_layer
                * (4 * n_embd * head_size + bias * (3 * head_size + n_embd)),
                "the number of parameters is an int": float(want),
            },
        )


@check
def exact_match(learner: Any, seed: int) -> None:
    """The share of rows that are right throughout. Oracle: a loop over rows."""
    a, b = distinct_sizes(seed, 2)
    targets = integers(seed, 4, 8, b)
    predicted = targets.clone()
    for row, column in ((0, 0), (3, b - 1), (3, 0), (6, b // 2)):
        predicted[row, column] += 1
    for got, want in (
        (predicted, targets),
        (targets, targets),
        (targets + 1, targets),
        (torch.tensor([[1, 2], [3, 4], [5, 6]]), torch.tensor([[1, 0], [0, 4], [5, 6]])),
        (torch.tensor([[3]]), torch.tensor([[3]])),
        (integers(seed, 2, a, 1), integers(seed + 1, 2, a, 1)),
        (integers(seed, 2, 40, 2), integers(seed + 1, 2, 40, 2)),
    ):
        rows = [one == other for one, other in zip(got.tolist(), want.tolist(), strict=True)]
        share = sum(rows) / len(rows)
        cells = float((got == want).double().mean())
        expect(learner, got, want).close(
            share,
            mistakes={
                "a row counts only if all of it is right: yours is the share of right ids": cells,
                "a row counts only if all of it is right: one right id is not enough": float(
                    (got == want).any(1).double().mean()
                ),
                "a share of the rows, not their number": float(sum(rows)),
                "a share of the rows, not their number, and as a float": sum(rows),
                "a Python float, not a tensor: .item()": torch.tensor(share),
                "the share of rows that are wrong": 1 - share,
                "all of it is right: over the columns of each row, dimension 1, not 0": float(
                    (got == want).all(0).double().mean()
                ),
            },
            rtol=1e-6,
            atol=1e-7,
        )
