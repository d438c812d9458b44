"""Checks of cross-entropy, backward: the chain step by step, and in one line. Oracle: torch.autograd."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from fasttrack.check import check, expect
from fasttrack.check.backprop_ninja.oracle import double, forms, pulled, tolerance
from fasttrack.check.inputs import distinct_sizes, integers

DTYPES = (torch.float64, torch.float32)


def batch_sizes(seed: int) -> tuple[tuple[int, int], ...]:
    """(n, vocab_size): an odd batch, one of two, more targets than letters, a batch of one."""
    a, b = distinct_sizes(seed, 2)
    return (2 * a + 1, b + 7), (2, b + 3), (3 * b + 3, b + 1), (1, a + 4)


@check
def likelihood_backward(learner: Any, seed: int) -> None:
    """Gradients in log_probs and probs. Oracle: nll_loss."""
    for k, (n, vocab_size) in enumerate(batch_sizes(seed)):
        for dtype in DTYPES:
            probs = double(seed + k, n, vocab_size).softmax(1).to(dtype)
            y = integers(seed + k, vocab_size, n)
            (d_log,) = pulled(lambda log_probs, y=y: functional.nll_loss(log_probs, y), probs.log())
            (d_probs,) = pulled(lambda p, y=y: functional.nll_loss(p.log(), y), probs)
            columns = torch.zeros_like(probs)
            columns[:, y] = -1 / n
            mistakes: dict[str, Any] = {
                "the loss is a mean over the batch: 1/n is missing": (n * d_log, n * d_probs),
                "the loss is a mean: each target counts 1/n, not 1": (n * d_log, d_probs),
                "the mean is over n targets, not over all elements": (
                    d_log / vocab_size,
                    d_probs / vocab_size,
                ),
                "the sign is turned: the loss is minus the mean": (-d_log, -d_probs),
                "whole columns are not zero: one place in each row": (columns, columns / probs),
                "every element got -1/n: only the targets are looked at": (
                    torch.full_like(probs, -1 / n),
                    torch.full_like(probs, -1 / n) / probs,
                ),
                "the slope of log is 1/probs: divide, do not multiply": (d_log, d_log * probs),
                "dprobs lacks what arrives from above: dlog_probs times the slope": (d_log, 1 / probs),
                "dprobs is dlog_probs times the slope of log": (d_log, d_log),
                **forms((d_log, d_probs)),
            }
            expect(learner, probs, y).close((d_log, d_probs), mistakes=mistakes, **tolerance(dtype))


@check
def normalization_backward(learner: Any, seed: int) -> None:
    """Gradients in counts_sum_inv, counts_sum and counts. Oracle: torch.autograd, one step at a time."""
    for k, (n, vocab_size) in enumerate(batch_sizes(seed)):
        for dtype in DTYPES:
            counts = (0.3 + double(seed + k, n, vocab_size).abs()).to(dtype)
            d = double(seed + 50 + k, n, vocab_size).to(dtype)
            total = counts.sum(1, keepdim=True)
            (inv,) = pulled(lambda i, c=counts, d=d: (c * i * d).sum(), 1 / total)
            (whole,) = pulled(lambda s, c=counts, d=d: (c / s * d).sum(), total)
            (each,) = pulled(lambda c, d=d: (c / c.sum(1, keepdim=True) * d).sum(), counts)
            direct, slope = d / total, -(total**-2)
            mistakes: dict[str, Any] = {
                "counts reach probs on two ways: the one through counts_sum is missing": (inv, whole, direct),
                "counts reach probs on two ways: the direct one is missing": (inv, whole, whole.expand_as(counts)),
                "counts_sum_inv was broadcast along the row: sum its gradient over dimension 1": (
                    d * counts,
                    slope * d * counts,
                    direct + slope * d * counts,
                ),
                "each of the copies adds its share: sum, not mean": tuple(
                    base + share / vocab_size
                    for base, share in ((0, inv), (0, whole), (direct, whole.expand_as(counts)))
                ),
                "the slope of 1/s is -1/s²: the sign is missing": (inv, -whole, direct - whole),
                "the slope of 1/s is -1/s²: the square is missing": (inv, -inv / total, direct - inv / total),
                "the slope of 1/s is -1/s²: that is -s²": (inv, -inv * total**2, direct - inv * total**2),
                "dcounts_sum lacks what arrives from above: dcounts_sum_inv times the slope": (
                    inv,
                    slope,
                    direct + slope,
                ),
                "keepdim: these gradients have shape (n, 1)": (inv[:, 0], whole[:, 0], each),
                "each count gets all of dcounts_sum, not a share of it": (inv, whole, direct + whole / vocab_size),
                **forms((inv, whole, each)),
            }  # fmt: skip
            expect(learner, d, counts).close((inv, whole, each), mistakes=mistakes, **tolerance(dtype))


@check
def exp_backward(learner: Any, seed: int) -> None:
    """Gradients in norm_logits, logit_maxes and logits, for any gradient from above. Oracle: torch.autograd."""
    for k, (n, vocab_size) in enumerate(batch_sizes(seed)):
        for dtype in DTYPES:
            far = 900.0 * (k == 1)  # exp of such a logit is infinite
            logits = (double(seed + k, n, vocab_size) + far).to(dtype)
            d = double(seed + 50 + k, n, vocab_size).to(dtype)
            top, place = logits.max(1, keepdim=True)
            norm, maxes = pulled(lambda z, m, d=d: ((z - m).exp() * d).sum(), logits, top)
            (each,) = pulled(lambda z, d=d: ((z - z.max(1, keepdim=True).values).exp() * d).sum(), logits)
            unshifted = d * logits.exp()
            plain, softened = d - 0, d * logits.softmax(1)
            mistakes: dict[str, Any] = {
                "the way through the maximum is missing in dlogits": (norm, maxes, norm),
                "dlogit_maxes is zero only if the loss does not depend on the maximum: compute it": (
                    norm,
                    0 * maxes,
                    norm,
                ),
                "the maximum's share belongs to one place of each row, the largest": (
                    norm,
                    maxes,
                    norm + maxes,
                ),
                "the maximum is subtracted: its slope is -1": (
                    norm,
                    -maxes,
                    norm.scatter_add(1, place, -maxes),
                ),
                "dnorm_logits was changed afterwards: add the maximum's share to a clone": (
                    each,
                    maxes,
                    each,
                ),
                "add the maximum's share to what is there, do not replace it": (
                    norm,
                    maxes,
                    norm.scatter(1, place, maxes),
                ),
                "logit_maxes was broadcast along the row: sum its gradient over dimension 1": (
                    norm,
                    -norm,
                    norm,
                ),
                "the slope of exp is exp: dcounts times counts": through(plain, place),
                "counts is exp(norm_logits), the maximum subtracted": through(unshifted, place),
                "counts is exp(norm_logits), not yet divided by its sum": through(softened, place),
                "keepdim: dlogit_maxes has shape (n, 1)": (norm, maxes[:, 0], each),
                **forms((norm, maxes, each)),
            }
            expect(learner, d, logits).close((norm, maxes, each), mistakes=mistakes, **tolerance(dtype))


def through(norm: torch.Tensor, place: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """What follows from a wrong gradient in norm_logits."""
    maxes = -norm.sum(1, keepdim=True)
    return norm, maxes, norm.scatter_add(1, place, maxes)


@check
def cross_entropy_backward(learner: Any, seed: int) -> None:
    """The gradient in the logits. Oracle: functional.cross_entropy."""
    for k, (n, vocab_size) in enumerate(batch_sizes(seed)):
        for dtype in DTYPES:
            for scale in (1.0, 1e4):
                logits = (scale * double(seed + k, n, vocab_size)).to(dtype)
                y = integers(seed + k, vocab_size, n)
                (want,) = pulled(lambda z, y=y: functional.cross_entropy(z, y), logits)
                probs, powers = logits.softmax(1), logits.exp()
                one_hot = functional.one_hot(y, vocab_size).to(dtype)
                columns = probs.clone()
                columns[:, y] -= 1
                mistakes: dict[str, Any] = {
                    "the loss is a mean over the batch: 1/n is missing": n * want,
                    "the mean is over n rows, not over all elements": want / vocab_size,
                    "1/n belongs to the one-hot rows, too": probs / n - one_hot,
                    "1/n belongs to the probabilities, too": probs - one_hot / n,
                    "the sign is turned: softmax minus one-hot": -want,
                    "the one-hot rows are not subtracted": probs / n,
                    "softmax over dimension 1: each row is an example": (logits.softmax(0) - one_hot) / n,
                    "1 was subtracted from whole columns: one place in each row": columns / n,
                    "log_softmax is not softmax": (logits.log_softmax(1) - one_hot) / n,
                    "exp of a large logit is infinite: subtract the maximum of the row, or use softmax": (
                        powers / powers.sum(1, keepdim=True) - one_hot
                    )
                    / n,
                }
                expect(learner, logits, y).close(want, mistakes=mistakes, **tolerance(dtype))
