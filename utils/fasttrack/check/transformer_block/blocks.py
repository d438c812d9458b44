"""Checks of 06_attention/04_transformer_block, on the residual stream and on blocks.

Oracles: a plain loop, torch.nn.TransformerEncoderLayer with copied parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from fasttrack.check import check
from fasttrack.check.fixtures import transformer_block as fixtures
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.training.ask import ask
from fasttrack.check.transformer_block.norms import seen
from fasttrack.check.transformer_block.parts import Parts, Values, asked, drawn, layout, oracle
from fasttrack.check.values import describe

BOTH = {"rtol": 1e-9, "atol": 1e-9}


@check
def residual_stream(learner: Any, seed: int) -> None:
    """x, x + f(x), and so on. Oracle: a loop with a sum."""
    a, b, c = distinct_sizes(seed, 3)
    for k, (shape, count) in enumerate((((a, b, c), 3), ((1, b, a), 1), ((c, 1, b), 5), ((b, c, a), 0))):
        x = normal(seed + k, *shape, dtype=torch.float64)
        maps = [[1.0 + j, 0.5 * j - 0.3] for j in range(count)]
        branches = [partial(wave, one) for one in maps]
        called = f"residual_stream(x, branches), x {describe(x)}, {count} branches"
        added, replaced, side = [x], [x], [x]
        for branch in branches:
            added.append(added[-1] + branch(added[-1]))
            replaced.append(branch(replaced[-1]))
            side.append(side[-1] + branch(x))
        alone = [x, *(branch(state) for branch, state in zip(branches, added, strict=False))]
        from_start = [x]
        for branch in branches:
            from_start.append(x + branch(from_start[-1]))

        def told(
            stream: Sequence[torch.Tensor], inputs: Sequence[torch.Tensor], kept: bool = True
        ) -> dict[str, Any]:
            return {
                "stream": list(stream),
                "inputs of the branches": [[one] for one in inputs],
                "x is left as it was": kept,
            }

        last = added[-1]
        ask(learner, fixtures.streamed, x, maps, called=called).close(
            told(added, added[:-1]),
            mistakes={
                "each branch is added to the stream: yours replaces it": told(replaced, replaced[:-1]),
                "each branch reads the stream as it is by then: yours all read x": told(side, [x] * count),
                "each branch is added to the stream: yours is added to x": told(from_start, from_start[:-1]),
                "the stream, not what each branch adds to it": told(alone, added[:-1]),
                "the list begins with x, the stream before the first branch": told(added[1:], added[:-1]),
                "the stream after the last branch is missing": told(added[:-1], added[:-1]),
                "all states of the stream, not only the last": {**told([], added[:-1]), "stream": last},
                "x += … works in place: every entry of your list is the same tensor, and x has changed": told(
                    [last] * (count + 1), added[:-1], kept=False
                ),
                "each branch is called once": {
                    **told(added, added[:-1]),
                    "inputs of the branches": [[one, one] for one in added[:-1]],
                },
            },
            **BOTH,
        )  # fmt: skip


def wave(one: Sequence[float], t: torch.Tensor) -> torch.Tensor:
    return torch.sin(one[0] * t) + one[1]


def block(learner: Any, name: str, seed: int, how: str) -> None:
    """A block's parameters, its parts, its outputs under several masks, and its gradients."""
    a, b, c = distinct_sizes(seed, 3)
    for n, n_head in ((2 * a, 2), (b, 1)):
        want = layout(n)
        single = {key: size for key, size in want.items() if "norm2" not in key}
        ask(
            learner, fixtures.shapes, n, n_head, called=f"the parameters of {name}({n}, {n_head}), by name"
        ).equals(
            want,
            mistakes={
                "two norms, each with parameters of its own": single,
                "no parameters are registered: parts are attributes, made in __init__": {},
            },
        )
    cases: tuple[tuple[tuple[int, int, int], int, torch.Tensor | None], ...] = (
        ((a, b, 6), 2, None),
        ((c, 5, 8), 4, torch.ones(5, 5, dtype=torch.bool).tril()),
        ((1, 1, 4), 2, torch.ones(1, 1, dtype=torch.bool)),
        ((b, 4, 3 * a), 3, padded(b, 4)),
        ((2, c, 5), 1, torch.ones(c, c, dtype=torch.bool).triu()),
    )
    for k, (shape, n_head, mask) in enumerate(cases):
        values = drawn(seed + 100 * k, shape[-1])
        x = 1.5 * normal(seed + k + 50, *shape, dtype=torch.float64) + 0.4
        if k == 0:
            by_part(learner, name, (shape[-1], n_head), values, x)
        layer = oracle(values, n_head, norm_first=how == "pre")
        with torch.no_grad():
            right = asked(layer, x, mask, n_head)
        parts = Parts(values, n_head, mask)
        wrong = parts.wrong_pre(x) if how == "pre" else parts.wrong_post(x)
        if mask is not None:
            wrong["the mask must reach attention"] = getattr(Parts(values, n_head, None), how)(x)
        mistakes = {words: seen(value) for words, value in wrong.items()}
        mistakes["it changes x in place: x = x + …, not x += …"] = seen(right, untouched=False)
        called = f"{name}({shape[-1]}, {n_head})(x{'' if mask is None else ', mask'}), x {describe(x)}"
        called += "" if mask is None else f", mask {describe(mask)}"
        more = () if mask is None else (mask,)
        ask(learner, fixtures.output, (shape[-1], n_head), values, x, *more, called=called).close(
            seen(right), mistakes=mistakes, **BOTH
        )
    values, x, upstream = drawn(seed, 4), *(normal(seed + k, 2, 3, 4, dtype=torch.float64) for k in (90, 91))
    layer, leaf = oracle(values, 2, norm_first=how == "pre"), x.clone().requires_grad_()
    layer(leaf).backward(upstream)
    grads = {key: layer.get_parameter(key).grad for key in ("norm1.weight", "norm2.bias")}
    called = f"the gradients of {name}(4, 2) at x, norm1.weight and norm2.bias"
    ask(learner, fixtures.gradients, (4, 2), values, list(grads), x, upstream, called=called).close(
        {"x": leaf.grad, **grads}, mistakes={"no gradient reaches x": {**grads, "x": None}}, **BOTH
    )


def padded(batch: int, time: int) -> torch.Tensor:
    """Rows of different lengths: bool `(batch, 1, time)`, the first row with nothing to attend to."""
    return (torch.arange(time) < torch.arange(batch)[:, None] % (time + 1))[:, None]


def by_part(learner: Any, name: str, made_of: tuple[int, int], values: Values, x: torch.Tensor) -> None:
    """Norms and feed-forward network by themselves, so that a fault of theirs is not taken for one of the block."""
    parts = Parts(values, made_of[1], None)
    wants: dict[str, tuple[torch.Tensor, str]] = {
        "norm1": (parts.norm1(x), "it is not the layer norm of exercise 2: look there first"),
        "norm2": (parts.norm2(x), "it is not the layer norm of exercise 2: look there first"),
        "feed_forward": (parts.ff(x), "it is not the FeedForward of exercise 5: look there first"),
    }
    for part, (want, cause) in wants.items():
        got = ask(learner, fixtures.part, made_of, values, part, x, called=f"{name}{made_of}.{part}(x)")
        got.close(want, mistakes={cause: got.value}, **BOTH)


@check
def Block(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Pre-norm. Oracle: torch.nn.TransformerEncoderLayer(norm_first=True) with copied parameters."""
    block(learner, "Block", seed, "pre")


@check
def PostNormBlock(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Post-norm. Oracle: torch.nn.TransformerEncoderLayer(norm_first=False) with copied parameters."""
    block(learner, "PostNormBlock", seed, "post")
