"""Checks of 06_attention/01_self_attention, on modules. Oracle: PyTorch's attention with copied parameters, float64."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch.nn import functional

from fasttrack.check import check, require
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import self_attention as fixtures
from fasttrack.check.inputs import distinct_sizes, integers, normal
from fasttrack.check.self_attention.weights import Mask, causal

Values = Mapping[str, torch.Tensor]
NEAR = (1e-9, 1e-11)
ROLES = ("query", "key", "value")


def drawn(shapes: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, torch.Tensor]:
    """A value for each parameter, of a size that leaves softmax unsaturated."""
    return {
        name: normal(seed + k, *shape, dtype=torch.float64) / (math.sqrt(shape[-1]) if "." in name else 1.0)
        for k, (name, shape) in enumerate(shapes.items())
    }


def attend(x: torch.Tensor, values: Values, mask: Mask, path: str = "", **wrong: Any) -> torch.Tensor:
    """One head with the parameters under `path`; `wrong` may exchange the roles, or change the scale."""
    names = wrong.pop("roles", ROLES)
    q, k, v = (x @ values[f"{path}{name}.weight"].T for name in names)
    return functional.scaled_dot_product_attention(q, k, v, mask, **wrong)


def demand_shapes(got: Any, want: Mapping[str, tuple[int, ...]], made: str) -> None:
    """The parameters are those of the exercise, by name and shape; their order is free."""
    found = got if isinstance(got, dict) else {}
    missing = [name for name in want if name not in found]
    extra = [str(name) for name in found if name not in want]
    mistakes = []
    if any(name.endswith("bias") for name in extra):
        mistakes.append(("mistake", "query, key and value have no bias: bias=False"))
    elif missing and extra:
        mistakes.append(("mistake", "the layers have the names that the exercise gives them"))
    elif any(missing) and not found:
        mistakes.append(("mistake", "no parameter is registered: layers are attributes, set in __init__"))
    elif any(name.startswith("heads.") for name in missing):
        mistakes.append(("mistake", "n_layer heads, each with parameters of its own, in an nn.ModuleList"))
    require(
        not missing and not extra,
        ("looked at", f"the names of the parameters of {made}"),
        ("expected", ", ".join(want)),
        ("got", ", ".join(map(str, found)) or "none"),
        *mistakes,
    )
    for name, shape in want.items():
        agree(
            f"the shape of {name} in {made}",
            found[name],
            shape,
            {"nn.Linear(n_embd, head_size): it maps n_embd numbers to head_size": shape[::-1]},
            None,
        )


@check
def Head(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Three linear maps and attention. Oracle: scaled_dot_product_attention with the same parameters."""
    a, b, c, d = distinct_sizes(seed, 4)
    for case, (batch, time, n_embd, head_size, mask) in enumerate(
        (
            (a, b, c, d, causal(b)),
            (1, 5, d, 2 * d, None),
            (b, 1, a, a, causal(1)),
            (c, a, b, b, causal(a).flip(0)),
            (2, c, 16, 4, normal(seed, 2, c, c) > 0.5),
        )
    ):
        shape = (head_size, n_embd)
        shapes = dict.fromkeys((f"{role}.weight" for role in ROLES), shape)
        made = f"Head({n_embd}, {head_size})"
        demand_shapes(beside(learner, fixtures.parameter_shapes, n_embd, head_size), shapes, made)
        values = drawn(shapes, seed + 10 * case)
        x = normal(seed + 50 + case, batch, time, n_embd, dtype=torch.float64)
        args = (x,) if mask is None else (x, mask)
        got, reached = beside(learner, fixtures.outputs, (n_embd, head_size), values, *args)
        q, k, v = (x @ values[f"{role}.weight"].T for role in ROLES)
        wrong = {
            "the mask has to reach the attention": attend(x, values, None),
            "without a mask every position attends to all: the mask is the caller's affair": attend(
                x, values, causal(time)
            ),
            "queries and keys are exchanged": attend(x, values, mask, roles=("key", "query", "value")),
            "values come from self.value, not from self.key": attend(
                x, values, mask, roles=("query", "key", "key")
            ),
            "keys come from self.key, not from self.query": attend(
                x, values, mask, roles=("query", "query", "value")
            ),
            "the order is q, k, v": attend(x, values, mask, roles=("key", "value", "query")),
            "the scale is missing": attend(x, values, mask, scale=1.0),
            "the scale is taken twice: scaled_dot_product_attention divides already": attend(
                x, values, mask, scale=1 / head_size
            ),
            "head_size is the size of q, not n_embd": attend(x, values, mask, scale=1 / math.sqrt(n_embd)),
            "the values are x itself: they have a linear layer of their own": (
                functional.scaled_dot_product_attention(q, k, x, mask)
            ),
            "these are the values: nothing attends to anything": v,
        }
        agree(
            f"{made}(x{'' if mask is None else ', mask'}) with given parameters",
            got,
            attend(x, values, mask),
            wrong,
            NEAR,
        )
        if time > 2:
            agree("which parameters a loss reaches", reached, dict.fromkeys(shapes, True), tolerance=None)


def logits(ids: torch.Tensor, values: Values, n_layer: int, **wrong: Any) -> torch.Tensor:
    """The model with these parameters; `wrong` names what is left out or done otherwise."""
    time = ids.shape[1]
    places = torch.arange(time) + (1 if wrong.get("late") else 0)
    if wrong.get("backwards"):
        places = places.flip(0)
    if wrong.get("by id"):
        places = ids
    x = values["token.weight"][ids]
    if wrong.get("all places") or wrong.get("all places, masked"):
        x = x + values["position.weight"]
    elif not wrong.get("no positions"):
        x = x + values["position.weight"][places]
    start = x
    for layer in range(n_layer):
        path = f"heads.{0 if wrong.get('one head') else layer}."
        read = attend(
            start if wrong.get("side by side") else x,
            values,
            None if wrong.get("ahead") or wrong.get("all places") else causal(x.shape[1]),
            path,
        )
        x = read if wrong.get("nothing kept") else x + read
    return x if wrong.get("no out") else x @ values["out.weight"].T + values["out.bias"]


@check
def AttentionOnly(learner: Any, seed: int) -> None:  # noqa: N802
    """Embeddings, heads that add what they read, logits. Oracle: the same with PyTorch's attention."""
    a, b, c, d = distinct_sizes(seed, 4)
    for case, (vocab_size, block_size, n_embd, n_layer, batch, time) in enumerate(
        (
            (4, 5, b, 2, c, 1),  # places by id, or all of them, raise no error here
            (a + 4, b + 3, c, 2, d, b + 1),
            (d + 2, 7, a, 1, 1, 7),
            (b + 3, c + 3, d, 3, a, 2),
        )
    ):
        sizes = (vocab_size, block_size, n_embd, n_layer)
        shapes: dict[str, tuple[int, ...]] = {
            "token.weight": (vocab_size, n_embd),
            "position.weight": (block_size, n_embd),
            **{f"heads.{i}.{role}.weight": (n_embd, n_embd) for i in range(n_layer) for role in ROLES},
            "out.weight": (vocab_size, n_embd),
            "out.bias": (vocab_size,),
        }
        made = f"AttentionOnly{sizes}"
        demand_shapes(beside(learner, fixtures.parameter_shapes, *sizes), shapes, made)
        values = drawn(shapes, seed + 40 * case)
        ids = integers(seed + case, vocab_size, batch, time)
        got, _ = beside(learner, fixtures.outputs, sizes, values, ids)
        wrong = {
            name: logits(ids, values, n_layer, **{flag: True})
            for name, flag in {
                "it looks ahead: every head gets the causal mask": "ahead",
                "x = x + head(x, …): what was there before is lost": "nothing kept",
                "the positions are missing": "no positions",
                "each head reads what the one before it wrote: yours all read the embeddings": "side by side",
                "each layer has a head of its own: yours uses the first for all": "one head",
                "these are the vectors before the last layer: out makes logits of them": "no out",
                "positions count from the start of the sequence: yours are backwards": "backwards",
                **({"positions begin at 0": "late"} if time < block_size else {}),
                **(
                    {
                        "positions are the places 0, 1, 2, …, not the ids": "by id",
                        "positions 0 to time - 1: a text may be shorter than block_size": "all places",
                        "positions 0 to time - 1, not all of block_size": "all places, masked",
                    }
                    if case == 0
                    else {}
                ),
            }.items()
        }
        want = logits(ids, values, n_layer)
        wrong["logits, not probabilities"] = want.softmax(-1)
        agree(f"{made}(ids) with given parameters, ids int64 ({batch}, {time})", got, want, wrong, NEAR)
