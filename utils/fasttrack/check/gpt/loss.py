"""Check of 07_gpt/01_gpt, on the loss. Oracle: a loop over positions, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import distinct_sizes, integers, normal


def surprises(logits: torch.Tensor, ids: torch.Tensor, step: int) -> list[list[float]]:
    """What each prediction costs: the token `step` places on, for every position that has one."""
    table = logits.double().numpy()
    time = ids.shape[1]
    rows = []
    for b in range(ids.shape[0]):
        row = []
        for t in range(max(0, -step), min(time, time - step)):
            line = table[b, t]
            top = line.max()
            row.append(float(top + np.log(np.exp(line - top).sum()) - line[int(ids[b, t + step])]))
        rows.append(row)
    return rows


@check
def next_token_loss(learner: Any, seed: int) -> None:
    """The mean surprise of each next token. Oracle: a loop over positions, in NumPy."""
    a, b, c = distinct_sizes(seed, 3)
    for k, (batch, time, vocab_size, scale, dtype) in enumerate(
        (
            (a, b, c + 3, 1.5, torch.float64),
            (1, 2, b, 1.0, torch.float64),
            (b, c + 4, 2, 1.0, torch.float64),
            (2, a + 3, 11, 500.0, torch.float64),
            (c, a + 1, 30, 1.0, torch.float32),
        )
    ):
        logits = scale * normal(seed + k, batch, time, vocab_size, dtype=dtype)
        ids = integers(seed + 10 + k, vocab_size, batch, time)
        costs = surprises(logits, ids, 1)
        right = float(np.mean(costs))
        own, behind = (float(np.mean(surprises(logits, ids, step))) for step in (0, -1))
        rolled = float(np.mean(surprises(logits, ids.roll(-1, 1), 0)))
        mixed = torch.nn.functional.cross_entropy(
            logits[:, :-1].transpose(0, 1).flatten(0, 1), ids[:, 1:].flatten()
        )

        def scalar(value: float) -> torch.Tensor:
            return torch.tensor(value, dtype=dtype)  # noqa: B023

        tolerance = {"rtol": 1e-9, "atol": 1e-12} if dtype == torch.float64 else {"rtol": 1e-5, "atol": 1e-6}
        expect(learner, logits, ids).close(
            scalar(right),
            mistakes={
                "targets are not shifted: position t predicts token t + 1, not the one it sees": scalar(own),
                "shifted the wrong way: position t predicts token t + 1, yours the one before": scalar(
                    behind
                ),
                "the mean, not the sum": scalar(float(np.sum(costs))),
                "the mean over all predictions, not the sum over time": scalar(float(np.sum(costs)) / batch),
                "the mean over all predictions, not the sum over the batch": scalar(
                    float(np.sum(costs)) / (time - 1)
                ),
                "there are time - 1 predictions in a row, and you divide by time": scalar(
                    float(np.sum(costs)) / (batch * time)
                ),
                "the last position has no next token: roll brings the first one round": scalar(rolled),
                "the sign is turned": scalar(-right),
                "nats: the natural logarithm": scalar(right / float(np.log(2))),
                "only the last prediction counts in yours": scalar(
                    float(np.mean([row[-1] for row in costs]))
                ),
                "logits and ids are put in different orders: flatten both alike": scalar(mixed.item()),
                "a tensor of shape (), not a Python number": right,
                "one number: the mean over all of them": torch.tensor(costs, dtype=dtype),
                "e to large logits overflows: use cross_entropy or log_softmax": scalar(float("nan")),
                "log of a probability that has become 0: use cross_entropy or log_softmax": scalar(
                    float("inf")
                ),
                "cross_entropy wants (n, vocab_size) and (n,): flatten batch and time": RuntimeError,
                "cross_entropy wants (n, vocab_size) and (n,): flatten both": ValueError,
            },
            **tolerance,
        )
