"""Checks of 06_attention/02_multi_head, on modules. Oracle: nn.MultiheadAttention with the same parameters."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check, require
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import multi_head as fixtures
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.multi_head.heads import drawn_mask, lined_up
from fasttrack.check.multi_head.oracle import Values, by_head, by_pytorch, in_heads, linear, parameters
from fasttrack.check.training.ask import ask
from fasttrack.check.values import describe

TOLERANCE = (1e-10, 1e-11)


@check
def MultiHeadAttention(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Self-attention in several heads. Oracle: nn.MultiheadAttention."""
    construction(learner, "MultiHeadAttention")
    a, b, c = distinct_sizes(seed, 3)
    for case, (batch, time, n_head, size, kind) in enumerate(
        ((3, 5, 3, 4, "batch"), (a, b, 2, 5, ""), (b, c, 2, 3, "pair"), (1, 1, 4, 1, ""), (2, a, 1, 6, "closed"),
         (c, a, 3, 2, "padding"))
    ):  # fmt: skip
        values = parameters(seed + case, n_head * size)
        x = normal(seed + 7 + case, batch, time, n_head * size, dtype=torch.float64)
        mask = drawn_mask(kind, seed + case, batch, time, time)
        compare(learner, "MultiHeadAttention", n_head, values, (x,), mask)


@check
def CrossAttention(learner: Any, seed: int) -> None:  # noqa: N802
    """Attention to a memory. Oracle: nn.MultiheadAttention with another sequence for keys and values."""
    construction(learner, "CrossAttention")
    a, b, c = distinct_sizes(seed, 3)
    for case, (batch, queries, keys, n_head, size, kind) in enumerate(
        ((3, 5, 5, 3, 4, "batch"), (a, b, a + 8, 2, 5, ""), (b, c, a, 2, 3, "pair"), (1, 1, 3, 4, 1, ""),
         (c, a, b, 3, 2, "padding"), (2, a, b, 1, 6, "closed"), (a, b, 1, 2, 2, ""))
    ):  # fmt: skip
        values = parameters(seed + case, n_head * size)
        x = normal(seed + 7 + case, batch, queries, n_head * size, dtype=torch.float64)
        memory = normal(seed + 70 + case, batch, keys, n_head * size, dtype=torch.float64)
        mask = drawn_mask(kind, seed + case, batch, queries, keys)
        compare(learner, "CrossAttention", n_head, values, (x, memory), mask)


def construction(learner: Any, name: str) -> None:
    """Four layers with their biases under their names, and sizes that do not come out even are refused."""
    for n_embd, n_head in ((6, 2), (4, 4), (5, 1)):
        layers = ("query", "key", "value", "proj")
        want: dict[str, tuple[int, ...]] = {f"{layer}.weight": (n_embd, n_embd) for layer in layers}
        biases: dict[str, tuple[int, ...]] = {f"{layer}.bias": (n_embd,) for layer in layers}
        got = beside(learner, fixtures.parameter_shapes, n_embd, n_head)
        got = dict(sorted(got.items())) if isinstance(got, dict) else got
        size = n_embd // n_head
        agree(
            f"the parameters of {name}({n_embd}, {n_head}), by name",
            got,
            dict(sorted((want | biases).items())),
            {
                "all four layers have a bias": dict(sorted(want.items())),
                "three layers of all heads together: n_embd columns in, n_embd out, not head_size": dict(
                    sorted(
                        {
                            key: shape if key.startswith("proj") else (size, *shape[1:])
                            for key, shape in (want | biases).items()
                        }.items()
                    )
                ),
                "proj, the layer behind the heads, is missing": {
                    key: shape for key, shape in sorted((want | biases).items()) if not key.startswith("proj")
                },
                "layers are found only as attributes of a module: call super().__init__() and assign them to self": {},
            },
            None,
        )
        agree(
            f"{name}({n_embd}, {n_head}).n_head",
            beside(learner, fixtures.kept, n_embd, n_head),
            n_head,
            {
                "keep the number of heads in self.n_head: who looks into the module asks for it": None,
                "n_head is the number of heads, not their size": size,
            },
            None,
        )
    for n_embd, n_head in ((7, 3), (6, 4)):
        answer = beside(learner, fixtures.refused, n_embd, n_head)
        require(
            answer == "ValueError",
            ("called", f"{name}({n_embd}, {n_head})"),
            ("expected", "__init__ raises ValueError: n_head does not divide n_embd"),
            ("got", str(answer)),
        )


def compare(
    learner: Any,
    name: str,
    n_head: int,
    values: Values,
    inputs: tuple[torch.Tensor, ...],
    mask: torch.Tensor | None,
) -> None:
    """Output and gradient with these parameters."""
    x, memory = inputs[0], inputs[-1]
    leaf = x.clone().requires_grad_()
    q, k, v = linear(values, "query", leaf), linear(values, "key", memory), linear(values, "value", memory)
    if len(inputs) == 1:
        k, v = linear(values, "key", leaf), linear(values, "value", leaf)
    (slope,) = torch.autograd.grad(
        linear(values, "proj", by_head(q, k, v, n_head, mask)).sum(), leaf, retain_graph=True
    )
    want, _ = by_pytorch(values, n_head, x, memory, mask)
    q, k, v = q.detach(), k.detach(), v.detach()
    wrong = mistakes_of(values, n_head, (q, k, v), inputs, mask, want)
    words = ", ".join(
        f"{what} {describe(one)}" for what, one in zip(("x", "memory"), inputs, strict=False)
    ) + ("" if mask is None else f", mask {describe(mask)}")
    called = f"{name}({x.shape[-1]}, {n_head}) with given parameters, {words}"
    given = () if mask is None else (mask,)
    answer = ask(learner, fixtures.attended, n_head, values, inputs, *given, called=called)
    found = answer.value
    require(isinstance(found, dict), ("called", called), ("expected", "an output"))
    agree(f"the output of {called}", found["output"], want, wrong, TOLERANCE)
    agree(f"the gradient at x of {called}", found["gradient at x"], slope, None, TOLERANCE)


def mistakes_of(
    values: Values,
    n_head: int,
    projections: tuple[torch.Tensor, ...],
    inputs: tuple[torch.Tensor, ...],
    mask: torch.Tensor | None,
    want: torch.Tensor,
) -> dict[str, Any]:
    """What mistaken modules give; some mistakes are known only where both times agree."""
    (q, k, v), x, memory = projections, inputs[0], inputs[-1]

    def projected(joined: torch.Tensor) -> torch.Tensor:
        return linear(values, "proj", joined)

    joined = by_head(q, k, v, n_head, mask)
    wrong: dict[str, Any] = {
        "the last layer, proj, is missing": joined,
        "that is one head over all columns: split q, k and v": projected(by_head(q, k, v, 1, mask)),
        "each head scales by the root of its own head_size: yours by that of n_embd": projected(
            by_head(q, k, v, n_head, mask, scale=x.shape[-1] ** -0.5)
        ),
        "the scale 1 / sqrt(head_size) is missing": projected(by_head(q, k, v, n_head, mask, scale=1.0)),
        "the mask makes no difference: pass it on": projected(by_head(q, k, v, n_head)),
        "True means may attend: yours is inverted": projected(
            by_head(q, k, v, n_head, None if mask is None else ~mask)
        ),
        "the values come from `value`: yours are the keys": projected(by_head(q, k, k, n_head, mask)),
        **{
            words: projected(one)
            for words, one in lined_up(q, k, v, n_head, mask).items()
            if torch.is_tensor(one)
        },
        "heads and time must be exchanged back before you flatten": projected(
            in_heads(joined, n_head).reshape(joined.shape)
        ),
        "the layer adds nothing to x: the residual connection comes with lesson 04": want + x,
        "forward returns its result: the return is missing": None,
    }
    if x.shape == memory.shape:
        wrong["queries and keys are exchanged"] = projected(by_head(k, q, v, n_head, mask))
    if x.shape == memory.shape and len(inputs) == 2:
        q_memory, k_x, v_x = (
            linear(values, layer, one) for layer, one in (("query", memory), ("key", x), ("value", x))
        )
        wrong |= {
            "keys and values come from the memory: yours attends within x": projected(
                by_head(q, k_x, v_x, n_head, mask)
            ),
            "queries come from x: yours attends within the memory": projected(
                by_head(q_memory, k, v, n_head, mask)
            ),
            "the values come from the memory, too": projected(by_head(q, k, v_x, n_head, mask)),
            "the keys come from the memory, too": projected(by_head(q, k_x, v, n_head, mask)),
            "x asks the memory: yours lets the memory ask x": projected(
                by_head(q_memory, k_x, v_x, n_head, mask)
            ),
        }
    return wrong
