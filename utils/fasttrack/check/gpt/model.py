"""Check of 07_gpt/01_gpt, on the whole model. Oracle: GPT-2 in PyTorch's functions, with copied parameters."""

from __future__ import annotations

from typing import Any

import torch

from fasttrack.check import check, require
from fasttrack.check.fixtures import gpt as fixtures
from fasttrack.check.gpt.inputs import spelled
from fasttrack.check.gpt.oracle import Sizes, State, drawn, gpt2_hidden, gpt2_logits, lesson_names, tokens
from fasttrack.check.inputs import distinct_sizes, normal
from fasttrack.check.training.ask import ask

Shapes = dict[str, tuple[int, ...]]  # of parameters, by name
BOTH = {"rtol": 1e-9, "atol": 1e-9}

# What a slip makes of the logits: the options of gpt2_logits.
SLIPS: dict[str, dict[str, Any]] = {
    "the position embedding is missing": {"shift": None},
    "positions count from 0: yours are off by one": {"shift": 1},
    "positions count from 0: yours begin one too early": {"shift": -1},
    "the last norm is missing: the stream is normalised once more before the logits": {"final_norm": False},
    "the causal mask is missing: every position sees what comes after it": {"causal": False},
    "the mask is inverted: True means may attend": {"inverted": True},
    "gelu is the tanh form in GPT-2; yours is the exact one, with erf": {"gelu": "none"},
    "the heads are merged wrongly: exchange time and n_head before you join their columns": {
        "merged": "reshaped at once"
    },
    "the heads are merged wrongly: a head's columns stay together": {"merged": "interleaved"},
    "scores are divided by the square root of head_size": {"scaled": False},
    "GPT-2's blocks are pre-norm; yours normalise the sum": {"pre_norm": False},
    "the blocks are called in reverse": {"reverse": True},
    "only the first block is called": {"blocks": 1},
    "no block is called": {"blocks": 0},
    "the last block is not called": {"blocks": -1},
}


def parameters(learner: Any, sizes: Sizes, state: State) -> State:
    """A checkpoint's tensors under the names of a new model's parameters, which must be those of the exercise."""
    called = f"the parameters of GPT({spelled(tuple(sizes))}), by name"
    found = ask(learner, fixtures.layout, sizes, called=called)
    got = found.value
    joined = isinstance(got, dict) and "blocks.0.attention.qkv.weight" in got
    named = lesson_names(state, joined)
    want = {name: tuple(value.shape) for name, value in named.items()}
    mistakes: dict[str, Any] = {}
    if isinstance(got, dict):
        more = {name: shape for name, shape in got.items() if name not in want}
        less = {name: shape for name, shape in want.items() if name not in got}
        slip = named_wrongly(sizes, set(got), more, less)
        require(
            not more and not less,
            ("called", called),
            *([("mistake", slip)] if slip else []),
            *[
                (label, some(entries))
                for label, entries in (("missing", less), ("too many", more))
                if entries
            ],
        )
        if any(len(shape) == 2 and got.get(name) == shape[::-1] for name, shape in want.items()):
            mistakes["a table is turned: one row for each token or position"] = got
    found.equals(want, mistakes=mistakes)
    return named


def named_wrongly(sizes: Sizes, got: set[str], more: Shapes, less: Shapes) -> str:
    """What surplus and missing names tell of the model, or an empty string."""
    of_blocks = bool(less) and all(name.startswith("blocks.") for name in less) and not more
    if more and set(more.values()) <= {(sizes[0], sizes[4]), (sizes[0],)} and not less:
        return "the output is not tied: use embedding.weight, and make no matrix of its own"
    if not got:
        return "no parameters are registered: parts are attributes, made in __init__"
    if of_blocks and any(name.startswith("blocks.0.") for name in got):
        return "there is one block only, perhaps many times: make a new one for each layer"
    if of_blocks:
        return "blocks are not registered: a plain list hides them, nn.ModuleList does not"
    if less and all(name.startswith("norm.") for name in less):
        return "the last norm is missing"
    if set(less) == {"positions.weight"} and not more:
        return "the position embedding is missing: a table (block_size, n_embd), learned"
    return ""


def some(entries: Shapes) -> str:
    """The first names with their shapes, and how many there are."""
    first = ", ".join(f"{name} {shape}" for name, shape in list(entries.items())[:3])
    return first + (f" … ({len(entries)} in all)" if len(entries) > 3 else "")


@check
def GPT(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Ids to logits. Oracle: the same in PyTorch's functions, with copied parameters, in float64."""
    a, b, c = distinct_sizes(seed, 3)
    cases: tuple[tuple[Sizes, tuple[int, ...], int], ...] = (
        ((13, b + 3, 3, 2, 8), (a, b + 1), 0),
        ((b + 20, c + 2, 2, 3, 6 * a), (1, c + 2), 1),
        ((5, 9, 4, 1, c), (b, 1), 2),
        ((31, 2 * c + 1, 1, a, 2 * a), (2, c), 3),
    )
    for sizes, (batch, time), k in cases:
        state = drawn(seed + 100 * k, sizes)
        named = parameters(learner, sizes, state)
        ids = tokens(seed + k, sizes, batch, time)
        right = gpt2_logits(state, sizes, ids)
        wrong = {words: gpt2_logits(state, sizes, ids, **slip) for words, slip in SLIPS.items()}
        wrong |= {
            "logits, not log-probabilities: no softmax in the model": right.log_softmax(-1),
            "logits, not probabilities: no softmax in the model": right.softmax(-1),
            "logits for every position, not for the last alone": right[:, -1],
            "every position has logits: keep the dimension of time": right[:, -1:],
        }
        mistakes: dict[str, Any] = {words: value for words, value in wrong.items() if not same(value, right)}
        mistakes["nn.Linear's layout: x @ embedding.weight.T"] = RuntimeError
        called = f"GPT({spelled(tuple(sizes))})(ids), ids int64 ({batch}, {time})"
        ask(learner, fixtures.logits, sizes, named, ids, called=called).close(
            right, mistakes=mistakes, **BOTH
        )
    backward(learner, seed)
    sizes = cases[0][0]
    state = drawn(seed, sizes)
    ids = tokens(seed, sizes, 1, sizes[1] + 1)
    called = f"GPT({spelled(tuple(sizes))})(ids), ids of shape (1, {sizes[1] + 1})"
    raised = ask(
        learner, fixtures.too_long, sizes, parameters(learner, sizes, state), ids, called=called
    ).value
    require(
        raised == "ValueError",
        ("called", called),
        ("expected", "ValueError: there are more positions than block_size"),
        ("got", f"{raised}" if raised else "no error"),
    )


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-9, atol=1e-9)


def backward(learner: Any, seed: int) -> None:
    """Gradients at the tables and the last norm: the embedding's comes from both of its uses."""
    sizes: Sizes = (7, 4, 2, 2, 6)
    state = drawn(seed + 50, sizes)
    ids, upstream = tokens(seed + 51, sizes, 2, 3), normal(seed + 52, 2, 3, 7, dtype=torch.float64)
    named = parameters(learner, sizes, state)

    def grads(out_only: bool = False, in_only: bool = False) -> dict[str, torch.Tensor | None]:
        leaves = {name: value.clone().requires_grad_() for name, value in state.items()}
        out = gpt2_logits(leaves, sizes, ids)
        (grad,) = torch.autograd.grad(out, leaves["wte.weight"], upstream, retain_graph=True)
        if out_only or in_only:
            last = gpt2_hidden(state, sizes, ids)
            above = torch.einsum("btv,btn->vn", upstream, last)
            grad = above if out_only else grad - above
        rest = torch.autograd.grad(out, [leaves[name] for name in ("wpe.weight", "ln_f.bias")], upstream)
        return dict(zip(("embedding.weight", "positions.weight", "norm.bias"), (grad, *rest), strict=True))

    names = ["embedding.weight", "positions.weight", "norm.bias"]
    called = "the gradients of a GPT at embedding.weight, positions.weight and norm.bias"
    ask(learner, fixtures.gradients, sizes, named, names, ids, upstream, called=called).close(
        grads(),
        mistakes={
            "the matrix is shared, and learns from its use as output, too: no detach, no .data": grads(
                in_only=True
            ),
            "the matrix is shared, and learns from its use as input, too": grads(out_only=True),
        },
        rtol=1e-8,
        atol=1e-9,
    )
