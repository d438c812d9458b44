"""Check of 04_makemore/05_wavenet, on the tree's logits at all positions.

Oracle: the tree in NumPy on each window for itself. Also looked at: how often each layer is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from fasttrack.check import check, require
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import wavenet as fixtures
from fasttrack.check.inputs import distinct_sizes, integers
from fasttrack.check.wavenet.model import SINGLE, Stats, drawn, tree


@check
def logits_everywhere(learner: Any, model: Any, seed: int) -> None:
    """The tree's logits after each position, in one pass. Oracle: the tree in NumPy on each window for itself."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (sizes, batch, time) in enumerate(
        (
            ((a + 3, 8, b, c), 2, 11),
            ((b + 2, 4, c, a), 3, 7),
            ((c + 4, 2, a, b), 1, 1),
            ((a + 1, 16, 2, b), 1, 5),
            ((b + 1, 8, a, a), a, 9),
        )
    ):
        values, stats = drawn(seed + 100 * case, sizes)
        ids = integers(seed + case, sizes[0], batch, time)
        right = by_window(values, stats, ids, sizes[1])
        called = f"logits_everywhere(model, ids, {sizes[1]}), ids int64 ({batch}, {time}), model a wavenet"
        found = beside(learner, fixtures.everywhere, model, sizes, values, stats, ids)
        require(isinstance(found, dict), ("expected", "a dict"))
        agree(
            called,
            found["logits"],
            right,
            {
                "one row for each position of ids: the dots in front give rows, too": by_window(
                    values, stats, ids, sizes[1], extra=sizes[1] - 1
                ),
                "before the start stand dots, ids of 0, not zeros among the embeddings":
                    padded_with_zeros(values, stats, ids),
                "the dilation doubles at each level: yours stays 1": dilated(values, stats, ids, sizes[1], lambda k: 1),
                "dilations 1, 2, 4: yours is one power ahead": dilated(values, stats, ids, sizes[1], lambda k: 2 << k),
                "dilations double, 1, 2, 4: yours go 1, 2, 3": dilated(values, stats, ids, sizes[1], lambda k: k + 1),
                "the widest dilation comes last: yours are in the opposite order": dilated(
                    values, stats, ids, sizes[1], lambda k, top=sizes[1]: top >> (k + 1)
                ),
                "logits, not probabilities": right.softmax(2),
            },
            (SINGLE["rtol"], SINGLE["atol"]),
        )  # fmt: skip
        used_once(found["uses"], called, batch, time, sizes[1])


def used_once(uses: list[list[Any]], called: str, batch: int, time: int, block_size: int) -> None:
    """No layer is called twice, or on more positions than those of ids and of the dots in front."""
    length = time + block_size - 1
    name, calls, positions = max(uses, key=lambda use: (use[2], use[1]), default=["", 0, 0])
    windows = batch * time * block_size
    require(
        all(use[1] <= 1 and use[2] <= batch * length for use in uses),
        ("called", called),
        ("expected", f"each layer is used once, on at most ({batch}, {length}) positions"),
        ("got", f"{name} is called {calls} time{'s' * (calls != 1)}, on {positions} positions in all"),
        *[("mistake", "each layer once: yours computes every window anew")]
        * (positions in (windows, windows // 2)),
    )


def by_window(
    values: Sequence[torch.Tensor], stats: Stats, ids: torch.Tensor, block_size: int, extra: int = 0
) -> torch.Tensor:
    """The tree on the window that ends at each position; `extra` positions before the start are counted, too."""
    batch, time = ids.shape
    long = np.concatenate([np.zeros((batch, block_size - 1 + extra), dtype=np.int64), ids.numpy()], 1)
    windows = [long[:, t : t + block_size] for t in range(time + extra)]
    rows = [tree(values, stats, torch.from_numpy(window)) for window in windows]
    return torch.stack(rows, 1)  # (batch, time, vocab_size)


def dilated(
    values: Sequence[torch.Tensor], stats: Stats, ids: torch.Tensor, block_size: int, dilation: Any
) -> torch.Tensor:
    """The stack of convolutions with these dilations, after a start of dots."""
    start = np.zeros((len(ids), block_size - 1), dtype=np.int64)
    return stacked(values, stats, np.concatenate([start, ids.numpy()], 1), dilation)[:, block_size - 1 :]


def padded_with_zeros(values: Sequence[torch.Tensor], stats: Stats, ids: torch.Tensor) -> torch.Tensor:
    """No dots in front: each convolution sees zeros before the start of its own input."""
    return stacked(values, stats, ids.numpy(), lambda k: 1 << k)


def stacked(values: Sequence[torch.Tensor], stats: Stats, ids: np.ndarray, dilation: Any) -> torch.Tensor:
    embedding, *hidden, weight, bias = (value.double().numpy() for value in values)
    h = embedding[ids]  # (batch, time, channels)
    for level, (mean, var) in enumerate(stats):
        matrix, gain, shift = hidden[3 * level : 3 * level + 3]
        gap = min(dilation(level), h.shape[1])
        before = np.concatenate([np.zeros_like(h[:, :gap]), h[:, : h.shape[1] - gap]], 1)
        z = np.concatenate([before, h], 2) @ matrix.T
        z = (z - mean.double().numpy()) / np.sqrt(var.double().numpy() + 1e-5)
        h = np.tanh(gain * z + shift)
    return torch.from_numpy(h @ weight.T + bias).float()
