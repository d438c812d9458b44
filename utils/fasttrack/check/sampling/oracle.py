"""The model of `fixtures.sampling.Window` in plain Python, and the logits that checks of cuts draw."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch

from fasttrack.check.inputs import integers, normal

INF = math.inf
Cut = Callable[[list[float], Sequence[int]], list[float]]  # logits, ids so far -> logits

CUTS: dict[str, Cut] = {
    "as they are": lambda logits, ids: logits,
    "sharper": lambda logits, ids: [2 * one for one in logits],
    "never twice": lambda logits, ids: [-INF if i in ids else one for i, one in enumerate(logits)],
}


def next_logits(table: torch.Tensor, ids: Sequence[int], block_size: int = 1000) -> list[float]:
    """The logits after `ids`, of which the model sees the last `block_size`."""
    seen = list(ids)[-block_size:]
    row: list[float] = table[sum((i + 1) * one for i, one in enumerate(seen)) % len(table)].tolist()
    return row


def log_probs(logits: Sequence[float]) -> list[float]:
    top = max(logits)
    total = top + math.log(math.fsum(math.exp(one - top) for one in logits))
    return [one - total for one in logits]


def probs(logits: Sequence[float]) -> list[float]:
    return [math.exp(one) for one in log_probs(logits)]


def certain(seed: int, states: int, vocab_size: int) -> torch.Tensor:
    """A table `(states, vocab_size)` whose every row leaves one token only, other ones in neighbouring rows."""
    rows = (torch.arange(states) + integers(seed, vocab_size, 1)) % vocab_size
    return 1000.0 * torch.eye(vocab_size, dtype=torch.float64)[rows]


def tables(seed: int, *shape: int, scale: float = 2.0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Normal logits."""
    return scale * normal(seed, *shape, dtype=dtype)


def kept(logits: torch.Tensor, mask: np.ndarray | torch.Tensor, fill: float = -INF) -> torch.Tensor:
    """`logits` where `mask` is True, `fill` elsewhere."""
    return torch.where(torch.as_tensor(mask), logits, torch.tensor(fill, dtype=logits.dtype))


def apart(wrong: dict[str, torch.Tensor], right: torch.Tensor) -> dict[str, torch.Tensor]:
    """The mistakes whose value is not the right one for this input."""
    return {words: value for words, value in wrong.items() if not torch.equal(value, right)}


def other_fills(logits: torch.Tensor, mask: np.ndarray | torch.Tensor) -> dict[str, torch.Tensor]:
    """The right cut with something else than -inf, or something else than logits."""
    right = kept(logits, mask)
    least = torch.finfo(logits.dtype).min
    return {
        "a logit of 0 is not cut, it still has a probability: fill with -inf": kept(logits, mask, 0.0),
        **{
            f"fill with -inf, not with a large negative number such as {fill:g}": kept(logits, mask, fill)
            for fill in (-1e9, -1e10, -1e4, -1e5, -1e8, -1e20, least)
        },
        "logits, not probabilities: the softmax comes later": right.softmax(-1),
        "logits, not log-probabilities: what stays is left as it is": right.log_softmax(-1),
        "you return which tokens stay: return the logits": torch.as_tensor(mask),
        "True where a token stays, and yours cuts those": kept(logits, ~torch.as_tensor(mask)),
    }
