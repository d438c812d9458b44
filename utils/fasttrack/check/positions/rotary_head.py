"""Check of 06_attention/03_positions, on a head with RoPE. Oracle: PyTorch's attention, NumPy's complex numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch.nn import functional

from fasttrack.check import check
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import self_attention as fixtures
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.positions.rotary import angles, turned
from fasttrack.check.self_attention.head import NEAR, ROLES, demand_shapes, drawn
from fasttrack.check.self_attention.weights import causal


def head(
    x: torch.Tensor, values: Mapping[str, torch.Tensor], by: torch.Tensor, mask: torch.Tensor | None, **wrong: Any
) -> torch.Tensor:  # fmt: skip
    """One head with these parameters, the roles in `turns` turned by their angles; `wrong` changes the scale."""
    turns = wrong.pop("turns", ("query", "key"))
    interleaved = wrong.pop("interleaved", False)
    q, k, v = (
        turned(x @ values[f"{role}.weight"].T, by, interleaved)
        if role in turns
        else x @ values[f"{role}.weight"].T
        for role in ROLES
    )
    return functional.scaled_dot_product_attention(q, k, v, mask, **wrong)


@check
def RopeHead(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """A head whose queries and keys are turned. Oracle: PyTorch's attention with the same parameters, NumPy's turns."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (batch, time, n_embd, head_size, start, masked) in enumerate(
        ((a, 5, 2 * b, 4, 0, True), (1, b + 2, 8, 8, 11, False), (c, 3, 2 * a, 2 * b, 100, True), (2, 1, 4, 6, 3, True))
    ):  # fmt: skip
        shapes = dict.fromkeys((f"{role}.weight" for role in ROLES), (head_size, n_embd))
        made = f"RopeHead({n_embd}, {head_size})"
        demand_shapes(beside(learner, fixtures.parameter_shapes, n_embd, head_size), shapes, made)
        values = drawn(shapes, seed + 10 * case)
        x = 2 * normal(seed + 50 + case, batch, time, n_embd, dtype=torch.float64)
        positions = start + torch.arange(time)
        mask = causal(time) if masked else None
        by = angles(positions, head_size, 10000.0)
        early = turned(x, angles(positions, n_embd, 10000.0))
        want = head(x, values, by, mask)
        wrong = {
            "values are not turned: only queries and keys": head(x, values, by, mask, turns=ROLES),
            "the keys are turned, too": head(x, values, by, mask, turns=("query",)),
            "the queries are turned, too": head(x, values, by, mask, turns=("key",)),
            "nothing is turned: rope(q, positions), rope(k, positions)": head(x, values, by, mask, turns=()),
            "the mask has to reach the attention": head(x, values, by, None),
            "without a mask every position attends to all: the mask is the caller's affair": head(
                x, values, by, causal(time)
            ),
            "the scale is missing": head(x, values, by, mask, scale=1.0),
            "the scale is taken twice: scaled_dot_product_attention divides already": head(
                x, values, by, mask, scale=1 / head_size
            ),
            "queries and keys are turned opposite ways: scores depend on the sum of the positions": (
                opposed(x, values, by, mask)
            ),
            "turn queries and keys, not x: the linear layers come first": head(
                early, values, by, mask, turns=()
            ),
            "turn queries and keys, not x: the values stay as they are": cross(early, x, values, mask),
            "pairs are split halves: yours are interleaved": head(x, values, by, mask, interleaved=True),
        }
        args = (x, positions) if mask is None else (x, positions, mask)
        got, reached = beside(learner, fixtures.outputs, (n_embd, head_size), values, *args)
        agree(f"{made}(x, positions{', mask' * masked}) with given parameters", got, want, wrong, NEAR)
        if time > 2:
            agree("which parameters a loss reaches", reached, dict.fromkeys(shapes, True), tolerance=None)
        later = (x, positions * 2 + 500, *args[2:])
        apart, _ = beside(learner, fixtures.outputs, (n_embd, head_size), values, *later)
        agree(
            f"the same with positions twice as far apart, from {2 * start + 500}",
            apart,
            head(x, values, angles(positions * 2 + 500, head_size, 10000.0), mask),
            {"the positions are given: yours count from 0": want} if time > 1 else {},
            NEAR,
        )


def cross(
    early: torch.Tensor, x: torch.Tensor, values: Mapping[str, torch.Tensor], mask: torch.Tensor | None
) -> torch.Tensor:
    """A head whose queries and keys come from `early`, its values from `x`."""
    q, k = (early @ values[f"{role}.weight"].T for role in ROLES[:2])
    return functional.scaled_dot_product_attention(q, k, x @ values["value.weight"].T, mask)


def opposed(
    x: torch.Tensor, values: Mapping[str, torch.Tensor], by: torch.Tensor, mask: torch.Tensor | None
) -> torch.Tensor:
    """A head whose keys turn against its queries."""
    q, k, v = (x @ values[f"{role}.weight"].T for role in ROLES)
    scores = turned(q, by) @ turned(k, -by).mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(-1) @ v
