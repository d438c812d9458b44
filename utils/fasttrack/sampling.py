"""From logits to text: what is cut from a distribution before a token is drawn, and how a sequence is searched for.

The functions are those of lesson 07/03, typed and under the same checks. A cut token's logit is -inf; what is left is
renormalised by the softmax that follows. Left out: a cache of keys and values, prompts of different lengths in a batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn

Choose = Callable[
    [torch.Tensor, torch.Tensor], torch.Tensor
]  # logits (batch, vocab_size), ids so far -> logits


def temperature(logits: torch.Tensor, t: float) -> torch.Tensor:
    """Logits `(..., vocab_size)` divided by `t`; 0 cuts all but the most probable token (the first of equals).

    Raises ValueError for a negative `t`.
    """
    if t < 0:
        raise ValueError(f"temperature: {t} is negative; 0 takes the most probable token, 1 changes nothing")
    if t == 0:
        best = logits.argmax(-1, keepdim=True)
        return torch.full_like(logits, -math.inf).scatter(-1, best, logits.gather(-1, best))
    return logits / t


def top_k(logits: torch.Tensor, k: int) -> torch.Tensor:
    """Cut all but the `k` most probable tokens, and those that equal the last of them (Fan et al., 2018).

    Raises ValueError for `k` below 1; a `k` beyond the vocabulary cuts nothing.
    """
    if k < 1:
        raise ValueError(f"top_k: k is {k}; at least one token must stay")
    last = logits.topk(min(k, logits.shape[-1])).values[..., -1:]
    return logits.masked_fill(logits < last, -math.inf)


def top_p(logits: torch.Tensor, p: float) -> torch.Tensor:
    """Cut all but the fewest most probable tokens that together have a probability of `p` (Holtzman et al., 2020).

    The most probable token always stays, and all do at p = 1. Raises ValueError unless 0 < p <= 1.
    """
    if not 0 < p <= 1:
        raise ValueError(f"top_p: p is {p}; it is a probability above 0")
    if p == 1:  # a running sum in float32 may be 1 before the tail
        return logits
    probs, order = logits.softmax(-1).sort(dim=-1, descending=True, stable=True)
    before = probs.cumsum(-1) - probs  # what the more probable tokens have together
    keep = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order, before < p)
    return logits.masked_fill(~keep, -math.inf)


def min_p(logits: torch.Tensor, p: float) -> torch.Tensor:
    """Cut the tokens less than `p` times as probable as the most probable one (Nguyen et al., 2024).

    Raises ValueError unless 0 <= p <= 1.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"min_p: p is {p}; it is a share between 0 and 1")
    least = logits.amax(-1, keepdim=True) + (math.log(p) if p else -math.inf)
    return logits.masked_fill(logits < least, -math.inf)


def repetition_penalty(logits: torch.Tensor, ids: torch.Tensor, penalty: float) -> torch.Tensor:
    """Make each token that `ids` `(batch, time)` holds less likely, once however often it occurs (Keskar et al., 2019).

    Logits `(batch, vocab_size)` above 0 are divided by `penalty`, the others multiplied. Raises ValueError unless
    `penalty` > 0.
    """
    if penalty <= 0:
        raise ValueError(f"repetition_penalty: {penalty} must be above 0; 1 changes nothing")
    found = logits.gather(-1, ids)
    return logits.scatter(-1, ids, torch.where(found > 0, found / penalty, found * penalty))


@torch.no_grad()
def generate(
    model: nn.Module,
    ids: torch.Tensor,
    max_new_tokens: int,
    block_size: int,
    generator: torch.Generator | None = None,
    choose: Choose = lambda logits, ids: logits,
    stop: int | None = None,
) -> torch.Tensor:
    """Continue each row of `ids` `(batch, time)`: `(batch, time + new)`, where new is at most `max_new_tokens`.

    The model sees the last `block_size` tokens; `choose` cuts the logits of the next one, which is drawn from what is
    left. A row that has drawn `stop` is filled up with it, and when all have, the drawing ends. The model's mode is
    restored. Raises ValueError for an empty prompt.
    """
    if not ids.shape[1]:
        raise ValueError(
            "generate: the prompt is empty; begin with a token, such as the one that ends a text"
        )
    was_training = model.training
    model.eval()
    ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for _ in range(max_new_tokens):
        logits = choose(model(ids[:, -block_size:])[:, -1], ids)  # (batch, vocab_size)
        drawn = torch.multinomial(logits.softmax(-1), 1, generator=generator)  # (batch, 1)
        if stop is not None:
            drawn = drawn.masked_fill(ended[:, None], stop)
            ended |= drawn[:, 0] == stop
        ids = torch.cat([ids, drawn], 1)
        if ended.all():
            break
    model.train(was_training)
    return ids


@torch.no_grad()
def beam_search(
    model: nn.Module,
    ids: torch.Tensor,
    max_new_tokens: int,
    block_size: int,
    beams: int,
    stop: int | None = None,
) -> list[tuple[torch.Tensor, float]]:
    """The `beams` continuations of the prompt `ids` `(time,)` that a search of that width finds most probable.

    Pairs of all tokens and the log-probability of the new ones, best first. A continuation ends at `stop`; the others
    go on to `max_new_tokens`. Log-probabilities are sums, so a shorter text has the advantage.
    """
    was_training = model.training
    model.eval()
    found = [(ids, 0.0)]
    for _ in range(max_new_tokens):
        longer: list[tuple[torch.Tensor, float]] = []
        for sequence, logprob in found:
            if stop is not None and len(sequence) > len(ids) and sequence[-1] == stop:
                longer.append((sequence, logprob))
                continue
            log_probs = model(sequence[None, -block_size:])[0, -1].log_softmax(-1)
            best = log_probs.topk(min(beams, len(log_probs)))
            for more, token in zip(best.values.tolist(), best.indices, strict=True):
                longer.append((torch.cat([sequence, token[None]]), logprob + more))
        found = sorted(longer, key=lambda pair: -pair[1])[:beams]
    model.train(was_training)
    return found
