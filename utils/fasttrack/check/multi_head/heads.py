"""Checks of 06_attention/02_multi_head, on splitting and merging. Oracles: slices and a loop over heads."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from fasttrack.check import check, expect, fixtures
from fasttrack.check.fixtures import beside
from fasttrack.check.inputs import EXACT, distinct_sizes, normal
from fasttrack.check.multi_head.oracle import by_head, in_heads, interleaved, mask_of, woven
from fasttrack.check.training.ask import Told
from fasttrack.check.values import describe

NO_BATCH = "a mask (query_time, key_time) has no batch: count from the right, unsqueeze(-3) fits both kinds"


@check
def split_heads(learner: Any, seed: int) -> None:
    """A block of columns for each head. Oracle: slices, stacked."""
    a, b, c, d = distinct_sizes(seed, 4)
    for case, (batch, time, n_head, size) in enumerate(
        ((a, b, c, d), (1, b, 2, 3), (b, 1, 3, a), (c, a, 1, 4), (a, d, 4, 1), (1, 1, 1, 1))
    ):
        dtype = torch.float64 if case % 2 else torch.float32
        x = normal(seed + case, batch, time, n_head * size, dtype=dtype)
        want = torch.stack([x[..., k * size : (k + 1) * size] for k in range(n_head)], 1)
        expect(learner, x, n_head).equals(
            want,
            mistakes={
                "reshape keeps the order of memory, so your heads got rows of other positions: "
                "split the columns in two dimensions first, then exchange dimensions": x.reshape(want.shape),
                "the heads' dimension comes before time: (batch, n_head, time, head_size)": want.transpose(
                    1, 2
                ),
                "head k gets a block of neighbouring columns: yours gets every n_head-th": torch.stack(
                    [x[..., k::n_head] for k in range(n_head)], 1
                ),
                "n_head is the number of heads, not the size of one": torch.stack(
                    [x[..., at : at + n_head] for at in range(0, n_head * size, n_head)], 1
                ),
                "the dimensions are (batch, n_head, time, head_size): yours ends in (head_size, time)": want.mT,
            },
        )
    for n_head, n_embd in ((3, 7), (4, 6), (2, 1)):
        refusal = expect(learner, normal(seed, 2, 3, n_embd), n_head)
        refusal.raises(
            ValueError,
            mistakes={
                "n_head must divide n_embd: raise ValueError yourself, with your own words": RuntimeError
            },
        )


@check
def merge_heads(learner: Any, seed: int) -> None:
    """The heads' columns side by side. Oracle: torch.cat over heads."""
    a, b, c, d = distinct_sizes(seed, 4)
    for case, (batch, n_head, time, size) in enumerate(
        ((a, b, c, d), (1, 2, b, 3), (b, 3, 1, a), (c, 1, a, 4), (a, 4, d, 1), (1, 1, 1, 1))
    ):
        dtype = torch.float64 if case % 2 else torch.float32
        x = normal(seed + case, batch, n_head, time, size, dtype=dtype)
        want = torch.cat([x[:, k] for k in range(n_head)], -1)
        expect(learner, x).equals(
            want,
            mistakes={
                "exchange heads and time before you flatten: reshape alone mixes positions": x.reshape(
                    want.shape
                ),
                "view needs memory in order, and a transposed tensor is not: reshape or contiguous": RuntimeError(
                    "view size"
                ),
                "a head's columns stay together: yours are woven into those of the other heads": woven(
                    want, n_head
                ),
                "heads are joined side by side, not added": x.sum(1),
                "heads are joined side by side, not averaged": x.mean(1),
                "flatten the last two dimensions only: (batch, time, n_embd)": want.flatten(1),
                "the output is (batch, time, n_embd)": want.transpose(1, 2),
            },
        )


@check
def multi_head_attention(learner: Any, seed: int) -> None:
    """Attention in each head's columns. Oracle: PyTorch's function on slices, one head after the other."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (batch, queries, keys, n_head, size, kind) in enumerate(
        (
            (3, b + 1, a + 8, 3, 4, "batch"),
            (a, b, b, 2, 5, ""),
            (b, a, c, 2, 3, "pair"),
            (4, c, a, 2, 4, "padding"),
            (1, 4, 5, 3, 2, "batch"),
            (2, 1, 3, 4, 1, "closed"),
            (c, 5, 1, 1, 6, ""),
        )
    ):
        n_embd = n_head * size
        q = normal(seed + case, batch, queries, n_embd, dtype=torch.float64)
        k = normal(seed + 20 + case, batch, keys, n_embd, dtype=torch.float64)
        v = normal(seed + 40 + case, batch, keys, n_embd, dtype=torch.float64)
        mask = drawn_mask(kind, seed + case, batch, queries, keys)
        want = by_head(q, k, v, n_head, mask)
        mistakes: dict[str, Any] = {
            "each head scales by the root of its own head_size: yours by that of n_embd": by_head(
                q, k, v, n_head, mask, scale=n_embd**-0.5
            ),
            "the scale 1 / sqrt(head_size) is missing": by_head(q, k, v, n_head, mask, scale=1.0),
            "that is one head over all columns: split q, k and v first": by_head(q, k, v, 1, mask),
            "the mask makes no difference": by_head(q, k, v, n_head, None),
            "True means may attend: yours is inverted": by_head(q, k, v, n_head, None if mask is None else ~mask),
            "head k gets a block of neighbouring columns: yours gets every n_head-th": woven(
                by_head(interleaved(q, n_head), interleaved(k, n_head), interleaved(v, n_head), n_head, mask), n_head
            ),
            "the heads are not merged: the output is (batch, query_time, n_embd)": in_heads(want, n_head),
            "heads and time must be exchanged back before you flatten": in_heads(want, n_head).reshape(want.shape),
            **lined_up(q, k, v, n_head, mask),
        }  # fmt: skip
        if mask is None:
            expect(learner, q, k, v, n_head).close(want, mistakes=mistakes, **EXACT)
        expect(learner, q, k, v, n_head, mask).close(want, mistakes=mistakes, **EXACT)
    x = normal(seed, a, 4, 6, dtype=torch.float64)
    mask = torch.tensor([[True, False, True, True], [False] * 4, [True] * 4, [False, False, True, False]])
    slope = beside(learner, fixtures.gradient, x, x.flip(1), x + 1, 2, mask)
    leaf = x.clone().requires_grad_()
    (want,) = torch.autograd.grad(by_head(leaf, x.flip(1), x + 1, 2, mask).sum(), leaf)
    called = f"the gradient at q {describe(x)} of the sum of the output; one query may attend to nothing"
    Told(slope, called).close(want, None, **EXACT)


def drawn_mask(kind: str, seed: int, batch: int, queries: int, keys: int) -> torch.Tensor | None:
    """A mask for each row of the batch, one for all, one by keys alone, or one that closes a row."""
    if kind == "batch":
        return mask_of(seed, batch, queries, keys)
    if kind == "pair":
        return mask_of(seed, queries, keys)
    if kind == "padding":
        return mask_of(seed, batch, 1, keys)
    if kind == "closed":
        mask = mask_of(seed, batch, queries, keys)
        mask[0] = False
        return mask
    return None


def lined_up(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, n_head: int, mask: torch.Tensor | None
) -> dict[str, Any]:
    """What a mask does that lacks a dimension for the heads, or has it in the wrong place; equal sizes hide both."""
    if mask is None:
        return {}
    words = "the mask (batch, query_time, key_time) met the heads' dimension: give it one of size 1 there"
    told = "must match the size of tensor"
    if mask.dim() == 2:
        words, told, mask = NO_BATCH, "non-singleton dimension 1", mask[:, None]
    if len(mask) not in (1, n_head):
        return {words: RuntimeError(told)}
    q, k, v = (in_heads(one, n_head) for one in (q, k, v))
    joined = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return {words: joined.transpose(1, 2).flatten(2)}
