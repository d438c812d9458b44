"""Checks of 06_attention/02_multi_head, on what a module does inside.

Oracles: the weights of nn.MultiheadAttention; its output with all heads but one silenced.
"""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check
from fasttrack.check.fixtures import multi_head as fixtures
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.multi_head.heads import NO_BATCH, drawn_mask
from fasttrack.check.multi_head.oracle import by_head, by_pytorch, in_heads, linear, parameters
from fasttrack.check.training.ask import ask
from fasttrack.check.values import describe

TIGHT = {"rtol": 1e-10, "atol": 1e-11}


def drawn(seed: int) -> Any:
    """Cases for a function of a module, x, memory and a mask."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (batch, queries, keys, n_head, size, kind) in enumerate(
        ((3, b, a + 8, 3, 4, "batch"), (a, 5, 5, 2, 5, ""), (b, c, a, 2, 3, "pair"), (1, 1, 3, 4, 1, ""),
         (c, a, b, 3, 2, "padding"), (2, a, b, 1, 6, "closed"))
    ):  # fmt: skip
        values = parameters(seed + case, n_head * size)
        x = normal(seed + 7 + case, batch, queries, n_head * size, dtype=torch.float64)
        memory = normal(seed + 70 + case, batch, keys, n_head * size, dtype=torch.float64)
        mask = drawn_mask(kind, seed + case, batch, queries, keys)
        words = f"attention of {n_head} heads, x {describe(x)}, memory {describe(memory)}"
        words += "" if mask is None else f", mask {describe(mask)}"
        yield n_head, values, x, memory, mask, words


@check
def head_weights(learner: Any, seed: int) -> None:
    """What each head looks at. Oracle: the weights that nn.MultiheadAttention returns."""
    for n_head, values, x, memory, mask, words in drawn(seed):
        _, want = by_pytorch(values, n_head, x, memory, mask)
        _, free = by_pytorch(values, n_head, x, memory, None)
        q = in_heads(linear(values, "query", x), n_head)
        k = in_heads(linear(values, "key", memory), n_head)
        scores = q @ k.mT
        scaled = scores / q.shape[-1] ** 0.5
        too_small = scores / x.shape[-1] ** 0.5
        hidden = None if mask is None else mask.unsqueeze(-3)
        ask(
            learner,
            fixtures.looked_into,
            n_head,
            values,
            x,
            memory,
            *(() if mask is None else (mask,)),
            called=f"head_weights({words})",
            errors=wide_of_the_heads(mask, n_head),
        ).close(
            want,
            mistakes={
                "one matrix for each head, not their mean": want.mean(1),
                "that is one head over all columns: split q and k": by_pytorch(values, 1, x, memory, mask)[1],
                "the scale 1 / sqrt(head_size) is missing": masked_softmax(scores, hidden),
                "each head scales by the root of its own head_size: yours by that of n_embd": (
                    masked_softmax(too_small, hidden)
                ),
                "the mask makes no difference: pass it on": free,
                "those are scores: take their softmax": masked_scores(scaled, hidden),
                "a row is a query, a column a key: yours is turned": want.mT,
                "mask the scores, not the weights: the rows no longer sum to 1": free
                if hidden is None
                else free * hidden,
                "softmax runs over the keys, the last dimension": masked_softmax(scaled, hidden, -2),
                "use the module's query and key: yours splits x and memory themselves": masked_softmax(
                    in_heads(x, n_head) @ in_heads(memory, n_head).mT / q.shape[-1] ** 0.5, hidden
                ),
                "the mask (batch, query_time, key_time) met the heads' dimension: give it one of size 1 there": (
                    met_by_heads(scaled, mask)
                ),
                NO_BATCH: met_by_heads(scaled, mask if mask is None or mask.dim() == 3 else mask[:, None]),
            },
            **TIGHT,
        )  # fmt: skip


def masked_scores(scores: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    return scores if mask is None else scores.masked_fill(~mask, float("-inf"))


def masked_softmax(scores: torch.Tensor, mask: torch.Tensor | None, dim: int = -1) -> torch.Tensor:
    """Softmax under a mask, 0 where that leaves nothing."""
    return masked_scores(scores, mask).softmax(dim).nan_to_num()


def met_by_heads(scores: torch.Tensor, mask: torch.Tensor | None) -> Any:
    """The weights under a mask that was not given a dimension for the heads."""
    if mask is None or mask.dim() != 3 or len(mask) not in (1, scores.shape[1]):
        return RuntimeError("must match the size of tensor")
    return masked_softmax(scores, mask)


def wide_of_the_heads(mask: torch.Tensor | None, n_head: int) -> dict[str, str]:
    """The mistake behind an error in the heads' dimension where the mask has no batch."""
    shows = mask is not None and mask.dim() == 2 and len(mask) not in (1, n_head)
    return {NO_BATCH: "non-singleton dimension 1"} if shows else {}


@check
def head_contributions(learner: Any, seed: int) -> None:
    """What each head adds to the output. Oracle: nn.MultiheadAttention whose other heads are silenced."""
    for n_head, values, x, memory, mask, words in drawn(seed):
        size = x.shape[-1] // n_head
        parts = []
        for at in range(n_head):
            alone = torch.zeros_like(values["proj.weight"])
            alone[:, at * size : (at + 1) * size] = values["proj.weight"][:, at * size : (at + 1) * size]
            silenced = {**values, "proj.weight": alone, "proj.bias": torch.zeros_like(values["proj.bias"])}
            parts.append(by_pytorch(silenced, n_head, x, memory, mask)[0])
        want = torch.stack(parts, 1)  # (batch, n_head, query_time, n_embd)
        joined = by_head(
            linear(values, "query", x), linear(values, "key", memory), linear(values, "value", memory), n_head, mask
        )  # fmt: skip
        heads = in_heads(joined, n_head)
        by_rows = values["proj.weight"].reshape(n_head, size, -1)
        strided = values["proj.weight"].T.reshape(size, n_head, -1)
        ask(
            learner,
            fixtures.looked_into,
            n_head,
            values,
            x,
            memory,
            *(() if mask is None else (mask,)),
            called=f"head_contributions({words})",
            errors=wide_of_the_heads(mask, n_head),
        ).close(
            want,
            mistakes={
                "the bias of proj belongs to no head: leave it out": want + values["proj.bias"],
                "the bias of proj belongs to no head: yours shares it out": want + values["proj.bias"] / n_head,
                "head k meets its own columns of proj.weight: yours meets rows": torch.einsum(
                    "bhts,hse->bhte", heads, by_rows
                ),
                "cut weight.T head first, (n_head, head_size, n_embd): yours gives a head every n_head-th row": (
                    torch.einsum("bhts,she->bhte", heads, strided)
                ),
                "the sum over heads is what the module gives anyway: keep the heads apart": want.sum(1),
                "those are the heads' outputs: send them through their columns of proj": heads,
                "heads come before time: (batch, n_head, query_time, n_embd)": want.transpose(1, 2),
                "all columns of proj for every head: zeros stand where the other heads were": joined[:, None].expand(
                    want.shape
                ),
            },
            **TIGHT,
        )  # fmt: skip
