"""Check of 04_makemore/05_wavenet, on the model.

Oracle: the tree node by node, in NumPy and float64, from the parameters that the check has put in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, require
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import wavenet as fixtures
from fasttrack.check.inputs import Shape, distinct_sizes, integers, normal
from fasttrack.check.training.ask import Told, ask

SINGLE = {"rtol": 1e-4, "atol": 2e-5}
Stats = list[tuple[torch.Tensor, torch.Tensor]]


def shapes_of(vocab_size: int, block_size: int, n_embd: int, n_hidden: int) -> list[Shape]:
    """Of the parameters, in the order of the layers."""
    hidden: list[Shape] = []
    for level in range(block_size.bit_length() - 1):
        hidden += [(n_hidden, 2 * (n_hidden if level else n_embd)), (n_hidden,), (n_hidden,)]
    return [(vocab_size, n_embd), *hidden, (vocab_size, n_hidden), (vocab_size,)]


def drawn(seed: int, sizes: Sequence[int]) -> tuple[list[torch.Tensor], Stats]:
    """Parameters and running statistics; the variances are positive, and the statistics not 0 and 1."""
    vocab_size, block_size, n_embd, n_hidden = sizes
    values = [
        normal(seed + k, *shape) / (shape[1] ** 0.5 if len(shape) == 2 and k else 1)
        for k, shape in enumerate(shapes_of(vocab_size, block_size, n_embd, n_hidden))
    ]
    levels = block_size.bit_length() - 1
    stats = [
        (0.5 * normal(seed + 50 + k, n_hidden), 0.5 + normal(seed + 60 + k, n_hidden).abs()) for k in range(levels)
    ]  # fmt: skip
    return values, stats


def tree(
    values: Sequence[torch.Tensor], stats: Stats | None, x: torch.Tensor, how: str = "right"
) -> torch.Tensor:
    """Logits `(n, vocab_size)` of contexts `x` `(n, block_size)`; without `stats`, by those of the batch.

    `how` names what a learner may have left out or exchanged.
    """
    embedding, *hidden, weight, bias = (value.double().numpy() for value in values)
    h = embedding[x.numpy()]  # (n, positions, channels)
    for level in range(len(hidden) // 3):
        matrix, gain, shift = hidden[3 * level : 3 * level + 3]
        old, new = h[:, 0::2], h[:, 1::2]
        if how == "newest first":
            old, new = new, old
        z = np.concatenate([old, new], 2) @ matrix.T
        if stats is None:
            dims = 0 if how == "by position" else (0, 1)
            mean, var = z.mean(dims), z.var(dims)
        else:
            mean, var = (one.double().numpy() for one in stats[level])
        z = gain * (z - mean) / np.sqrt(var + 1e-5) + shift if how != "no BatchNorm" else z
        h = np.maximum(z, 0) if how == "relu" else z if how == "no tanh" else np.tanh(z)
    logits = h[:, 0] @ weight.T + bias
    if how == "probabilities":
        logits = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return torch.from_numpy(logits).float()


@check
def wavenet(learner: Any, seed: int) -> None:
    """The tree over `block_size` characters. Oracle: its nodes in NumPy, from the same parameters."""
    a, b, c = distinct_sizes(seed, 3)
    for case, sizes in enumerate(((a + 3, 8, b, c), (b + 2, 2, c, a), (c + 4, 4, a, b), (a, 16, 2, c))):
        want = shapes_of(*sizes)
        made = "wavenet(vocab_size={}, block_size={}, n_embd={}, n_hidden={})".format(*sizes)
        first = beside(learner, fixtures.first_values, sizes, seed + case)
        require(isinstance(first, dict), ("expected", "a dict"))
        Told(first["shapes"], f"{made}, the shapes of its parameters").equals(
            want, mistakes=wrong_shapes(*sizes)
        )
        values, stats = drawn(seed + 100 * case, sizes)
        x = integers(seed + case, sizes[0], 6, sizes[1])
        called = f"{made}(x) with other parameters, x int64 (6, {sizes[1]})"
        right = {"in evaluation mode": tree(values, stats, x), "in training mode": tree(values, None, x)}
        mistakes: dict[str, Any] = {
            words: {
                "in evaluation mode": tree(values, stats, x, how),
                "in training mode": tree(values, None, x, how),
            }
            for words, how in {
                "tanh after each BatchNorm": "no tanh",
                "tanh, not relu": "relu",
                "logits, not probabilities": "probabilities",
            }.items()
        }
        mistakes["BatchNorm over the batch only: at each level it takes all positions together"] = {
            **right,
            "in training mode": tree(values, None, x, "by position"),
        }
        answer = ask(learner, fixtures.tree_outputs, sizes, values, stats, x, called=called)
        require(
            not isinstance(answer.value, str),
            ("called", called),
            ("raised", f"{answer.value}"),
            ("mistake", "the BatchNorm1d of part 4, not nn.BatchNorm1d: channels come last"),
        )
        answer.close(right, mistakes=mistakes if sizes[1] > 2 else {}, **SINGLE)
        started(first["largest of the last weight"], sizes[3], made)
    unscaled(learner, seed, a)
    for block_size in (6, 1, 12, 0):
        expect(learner, 27, block_size, a, b).raises(ValueError)


def wrong_shapes(vocab_size: int, block_size: int, n_embd: int, n_hidden: int) -> dict[str, Any]:
    want = shapes_of(vocab_size, block_size, n_embd, n_hidden)
    hidden = want[1:-2]
    biased = [
        shape for k in range(0, len(hidden), 3) for shape in (hidden[k], (n_hidden,), *hidden[k + 1 : k + 3])
    ]
    flat = [(vocab_size, n_embd), (n_hidden, block_size * n_embd), (n_hidden,), (n_hidden,), *want[-2:]]
    return {
        "a linear layer before BatchNorm needs no bias: its mean is taken out again": [want[0], *biased, *want[-2:]],
        "one level only: all characters at once are the flat model": flat,
        "one level is missing: a tree over 2^k characters has k": [*want[:-5], *want[-2:]],
        "BatchNorm is missing": [want[0], *hidden[::3], *want[-2:]],
        "the last layer has a bias": want[:-1],
        "the last layer, to vocab_size logits, is missing": want[:-2],
    }  # fmt: skip


def started(largest: Any, n_hidden: int, made: str) -> None:
    """The last weight starts a tenth as large as nn.Linear makes it, which is up to 1 / sqrt(n_hidden)."""
    bound = n_hidden**-0.5
    fine = isinstance(largest, float) and 0.03 * bound < largest <= 0.1001 * bound
    named = (
        [("mistake", "the last weight starts too large: multiply it by 0.1")]
        if largest > 0.11 * bound
        else []
    )
    require(
        fine,
        ("looked at", f"{made}, the largest element of the last layer's weight"),
        ("expected", f"at most {0.1 * bound:.4f}, a tenth of what nn.Linear starts with"),
        ("got", f"{largest:.4f}"),
        *named,
    )


def unscaled(learner: Any, seed: int, n_hidden: int) -> None:
    """The last bias stays as nn.Linear makes it: of 40 elements the largest is near 1 / sqrt(n_hidden)."""
    largest = beside(learner, fixtures.first_values, (40, 2, 3, n_hidden), seed)["largest of the last bias"]
    bound = n_hidden**-0.5
    small = isinstance(largest, float) and largest <= 0.1001 * bound
    require(
        isinstance(largest, float) and 0.5 * bound < largest <= 1.0001 * bound,
        (
            "looked at",
            f"wavenet(vocab_size=40, block_size=2, n_embd=3, n_hidden={n_hidden}), the last layer's bias",
        ),
        (
            "expected",
            f"its largest element between {0.5 * bound:.4f} and {bound:.4f}, as nn.Linear starts it",
        ),
        ("got", f"{largest:.4f}"),
        *[("mistake", "only the weight of the last layer is multiplied: leave its bias as it is")] * small,
    )
