"""Check of 07_gpt/03_sampling, on the repetition penalty. Oracle: a loop over rows and the tokens each has seen."""

from __future__ import annotations

import math
from typing import Any

import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import distinct_sizes, integers
from fasttrack.check.sampling.oracle import apart, tables


def penalised(
    logits: torch.Tensor, ids: torch.Tensor, penalty: float, *, times: str = "once", rule: str = "by sign"
) -> torch.Tensor:
    """The logits with the rule applied to each row's own tokens."""
    answer = logits.clone()
    for row, seen in enumerate(ids.tolist()):
        for token in seen if times == "each time" else sorted(set(seen)):
            value = answer[row, token].item()
            answer[row, token] = {
                "by sign": value / penalty if value > 0 else value * penalty,
                "turned": value * penalty if value > 0 else value / penalty,
                "divided": value / penalty,
                "multiplied": value * penalty,
                "subtracted": value - penalty,
                "logarithm": value - math.log(penalty),
                "cut": -math.inf,
                "only above 0": value / penalty if value > 0 else value,
            }[rule]
    return answer


@check
def repetition_penalty(learner: Any, seed: int) -> None:
    """Each token seen before is less likely, once. Oracle: a loop over the set of each row's tokens."""
    a, b, c = distinct_sizes(seed, 3)
    for n, (batch, time, size, penalty, dtype) in enumerate(
        (
            (a, b + 4, 90, 1.7, torch.float64),
            (1, 3, c + 2, 1.2, torch.float64),
            (b, 1, a + 3, 3.0, torch.float64),
            (2, 30, 6, 0.5, torch.float64),
            (c, a + 2, 25, 1.3, torch.float32),
            (3, 5, 8, 1.0, torch.float64),
        )
    ):
        logits = tables(seed + n, batch, size, dtype=dtype)
        ids = integers(seed + 10 + n, size, batch, time)
        if n == 0:
            logits[:, 2] = -math.inf  # cut before
            ids[:, 1] = 2
            ids[:, -1] = ids[:, 0]
        right = penalised(logits, ids, penalty)
        every = ids.flatten().expand(batch, -1)
        wrong = {
            "a negative logit divided by the penalty becomes more likely: multiply it": penalised(
                logits, ids, penalty, rule="divided"
            ),
            "a positive logit is divided, a negative one multiplied: yours is turned": penalised(
                logits, ids, penalty, rule="turned"
            ),
            "a positive logit times the penalty becomes more likely: divide it": penalised(
                logits, ids, penalty, rule="multiplied"
            ),
            "a negative logit is multiplied: yours stays as it was": penalised(
                logits, ids, penalty, rule="only above 0"
            ),
            "once for each token, however often it has occurred": penalised(
                logits, ids, penalty, times="each time"
            ),
            "only tokens that have occurred are changed": torch.where(
                logits > 0, logits / penalty, logits * penalty
            ),
            "each row has its own tokens: yours are punished for those of all rows": penalised(
                logits, every, penalty
            ),
            "the last token alone is punished: all of them count": penalised(logits, ids[:, -1:], penalty),
            "the penalty divides, it is not subtracted": penalised(logits, ids, penalty, rule="subtracted"),
            "the penalty divides logits, not probabilities": penalised(
                logits, ids, penalty, rule="logarithm"
            ),
            "less likely, not impossible": penalised(logits, ids, penalty, rule="cut"),
            "the penalty makes no difference": logits,
            "logits, not probabilities: the softmax comes later": right.softmax(-1),
        }
        expect(learner, logits, ids, penalty).close(right, mistakes=apart(wrong, right))
    for penalty in (0.0, -1.2):
        expect(learner, logits, ids, penalty).raises(
            ValueError, mistakes={"raise ValueError: an assert vanishes under python -O": AssertionError}
        )
