"""Checks of BatchNorm, backward: gain and shift, variance, mean, and all in one line. Oracle: torch.autograd."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from fasttrack.check import check, expect
from fasttrack.check.backprop_ninja.oracle import double, forms, pulled, tolerance
from fasttrack.check.inputs import distinct_sizes

BIASED, UNBIASED = 0, 1
OTHER = {
    BIASED: "n - 1 for n: with correction 0 the variance divides by n, so backward does",
    UNBIASED: "n for n - 1: with correction 1 the variance divides by n - 1, so backward does",
}


@dataclass(frozen=True)
class Batch:
    """A batch before BatchNorm, what the forward pass makes of it, and a gradient from above."""

    hprebn: torch.Tensor  # (n, n_hidden), as everything but what is said otherwise
    bndiff: torch.Tensor
    bnvar_inv: torch.Tensor  # (1, n_hidden)
    bnraw: torch.Tensor
    gain: torch.Tensor  # (n_hidden,)
    above: torch.Tensor
    correction: int
    eps: float

    @property
    def n(self) -> int:
        return len(self.hprebn)

    @property
    def divisor(self) -> int:
        """What the variance divides by."""
        return self.n - self.correction

    def as_given(self, *, always: bool = False) -> tuple[int, ...]:
        """The argument `correction`; left out where the default says the same."""
        return (self.correction,) if self.correction or always else ()


def batches(seed: int) -> Iterator[Batch]:
    """An even, an odd and the smallest batch, each with both variances and both dtypes; eps small and large."""
    a, b, c = distinct_sizes(seed, 3)
    for k, (n, n_hidden, eps) in enumerate(
        ((2 * a, b, 1e-5), (2 * c + 1, b, 0.3), (2, c, 0.1), (3, 1, 1e-3))
    ):
        for correction in (BIASED, UNBIASED):
            for dtype in (torch.float64, torch.float32):
                u = 2 * double(seed + k, n, n_hidden) + double(seed + 20 + k, n_hidden)
                inv = (u.var(0, correction=correction, keepdim=True) + eps).rsqrt()
                centred = u - u.mean(0)
                gain = 1.5 + 0.4 * double(seed + 40 + k, n_hidden)
                above = double(seed + 60 + k, n, n_hidden)
                yield Batch(
                    hprebn=u.to(dtype),
                    bndiff=centred.to(dtype),
                    bnvar_inv=inv.to(dtype),
                    bnraw=(centred * inv).to(dtype),
                    gain=gain.to(dtype),
                    above=above.to(dtype),
                    correction=correction,
                    eps=eps,
                )


@check
def affine_backward(learner: Any, seed: int) -> None:
    """Gradients in bnraw, gain and shift. Oracle: torch.autograd."""
    for at in batches(seed):
        d, raw = at.above, at.bnraw
        want = pulled(lambda r, g, s, d=d: ((g * r + s) * d).sum(), raw, at.gain, torch.zeros_like(at.gain))
        dbnraw, dgain, dshift = want
        mistakes: dict[str, Any] = {
            "gain and shift were broadcast over the batch: sum their gradients over dimension 0": (
                dbnraw,
                d * raw,
                d,
            ),
            "shift was broadcast over the batch: sum its gradient over dimension 0": (dbnraw, dgain, d),
            "gain was broadcast over the batch: sum its gradient over dimension 0": (dbnraw, d * raw, dshift),
            "sum, not mean: the 1/n of the loss is in dhpreact already": (
                dbnraw,
                dgain / at.n,
                dshift / at.n,
            ),
            "gain and shift have shape (n_hidden,): no keepdim": (dbnraw, dgain[None], dshift[None]),
            "the slope in bnraw is gain": (d, dgain, dshift),
            "the slope in gain is bnraw": (dbnraw, dshift, dshift),
            "the slope in gain is bnraw, not gain": (dbnraw, dshift * at.gain, dshift),
            **forms(want),
        }
        expect(learner, d, raw, at.gain).close(want, mistakes=mistakes, **tolerance(d.dtype))


@check
def variance_backward(learner: Any, seed: int) -> None:
    """Gradients in bnvar_inv, bnvar and bndiff2, with both variances. Oracle: torch.autograd, step by step."""
    for k, at in enumerate(batches(seed)):
        d, centred, inv = at.above, at.bndiff, at.bnvar_inv
        squares, m = centred**2, at.divisor
        (dinv,) = pulled(lambda i, c=centred, d=d: (c * i * d).sum(), inv)
        (dvar,) = pulled(lambda v, c=centred, d=d: (c * v.rsqrt() * d).sum(), inv**-2)
        (dsquares,) = pulled(lambda q, m=m, dvar=dvar: (q.sum(0, keepdim=True) / m * dvar).sum(), squares)

        def after(
            factor: torch.Tensor, dinv: torch.Tensor = dinv, at: Batch = at
        ) -> tuple[torch.Tensor, ...]:
            """What follows from another slope of bnvar ** -0.5."""
            return dinv, factor * dinv, (factor * dinv).expand_as(at.bndiff) / at.divisor

        unsummed = -0.5 * inv**3 * d * centred
        mistakes: dict[str, Any] = {
            OTHER[at.correction]: (dinv, dvar, dsquares * m / (at.n - 1 + at.correction)),
            "the variance divides by n - correction: that factor is missing": (dinv, dvar, dvar.expand_as(d)),
            "dbndiff2 has the shape of bndiff2, (n, n_hidden): a sum goes backward to every row": (
                dinv,
                dvar,
                dvar / m,
            ),
            "bnvar_inv was broadcast over the batch: sum its gradient over dimension 0": (
                d * centred,
                unsummed,
                unsummed / m,
            ),
            "keepdim: these gradients have shape (1, n_hidden)": (dinv[0], dvar[0], dsquares),
            "the slope of v ** -0.5 is negative": after(0.5 * inv**3),
            "the slope of v ** -0.5 has the factor 1/2": after(-(inv**3)),
            "the slope of v ** -0.5 is -0.5 * v ** -1.5: the third power of bnvar_inv": after(-0.5 * inv),
            "the third power of bnvar_inv, not the second": after(-0.5 * inv**2),
            "bnvar_inv is already (bnvar + eps) ** -0.5: its third power": after(-0.5 * inv**1.5),
            "the third power of bnvar_inv, not v ** 1.5": after(-0.5 * inv**-3),
            "eps is inside bnvar_inv: use its third power instead of a variance without eps": after(
                -0.5 * (inv**-2 - at.eps).clamp(min=1e-30) ** -1.5
            ),
            "what arrives from above is missing: dbnvar is dbnvar_inv times the slope": (
                dinv,
                -0.5 * inv**3,
                (-0.5 * inv**3).expand_as(d) / m,
            ),
            "the slope of bnraw in bnvar_inv is bndiff": after(-0.5 * inv**3, (d * at.bnraw).sum(0, keepdim=True)),
            "each row adds its share: sum, not mean": (dinv / at.n, dvar / at.n, dsquares / at.n),
            **forms((dinv, dvar, dsquares)),
        }  # fmt: skip
        expect(learner, d, centred, inv, *at.as_given(always=k % 4 == 0)).close(
            (dinv, dvar, dsquares), mistakes=mistakes, **tolerance(d.dtype)
        )


@check
def mean_backward(learner: Any, seed: int) -> None:
    """Gradients in bndiff, bnmeani and hprebn, for any gradient in the squares. Oracle: torch.autograd."""
    for k, at in enumerate(batches(seed)):
        d, centred, inv, n = at.above, at.bndiff, at.bnvar_inv, at.n
        squares = double(seed + 80 + k, *d.shape).to(d.dtype)

        def out(
            c: torch.Tensor, inv: torch.Tensor = inv, d: torch.Tensor = d, squares: torch.Tensor = squares
        ) -> torch.Tensor:
            """A number whose gradient is `d` in bnraw and `squares` in bndiff2."""
            return (c * inv * d).sum() + (c**2 * squares).sum()

        (diff,) = pulled(out, centred)
        (mean,) = pulled(lambda m, out=out, c=centred: out(c - m), torch.zeros_like(inv))
        (whole,) = pulled(lambda u, out=out: out(u - u.mean(0, keepdim=True)), centred)
        direct, square = d * inv, 2 * centred * squares

        def after(diff: torch.Tensor, n: int = n) -> tuple[torch.Tensor, ...]:
            """What follows from a wrong gradient in bndiff."""
            mean = -diff.sum(0, keepdim=True)
            return diff, mean, diff + mean / n

        mistakes: dict[str, Any] = {
            "bndiff has two ways: the one through its square is missing": after(direct),
            "bndiff has two ways: the direct one, into bnraw, is missing": after(square),
            "the slope of a square is 2 * bndiff: the 2 is missing": after(direct + square / 2),
            "the slope of a square is 2 * bndiff: bndiff is missing": after(direct + 2 * squares),
            "the slope of bnraw in bndiff is bnvar_inv": after(d + square),
            "the mean is subtracted: its slope is -1": (diff, -mean, diff - mean / n),
            "the mean feels the square, too, where the rows of dbndiff2 differ": (
                diff,
                -direct.sum(0, keepdim=True),
                diff - direct.mean(0),
            ),
            "the mean is subtracted from every row: a sum over the batch; 1/n comes on the way to hprebn": (
                diff,
                mean / n,
                whole,
            ),
            "1/n is taken twice": (diff, mean / n, diff + mean / n**2),
            "the mean over n examples: 1/n is missing on the way to hprebn": (diff, mean, diff + mean),
            "hprebn has two ways: the one through the mean is missing": (diff, mean, diff),
            "hprebn has two ways: the direct one is missing": (diff, mean, (mean / n).expand_as(d)),
            "bnmeani was broadcast over the batch: sum its gradient over dimension 0": (diff, -diff, diff - diff / n),
            "keepdim: dbnmeani has shape (1, n_hidden)": (diff, mean[0], whole),
            "n, not n - 1: the mean divides by n": (diff, mean, diff + mean / (n - 1)),
            **forms((diff, mean, whole)),
        }  # fmt: skip
        expect(learner, d, squares, centred, inv).close(
            (diff, mean, whole), mistakes=mistakes, **tolerance(d.dtype)
        )


def normalized(u: torch.Tensor, gain: torch.Tensor, at: Batch) -> torch.Tensor:
    """BatchNorm of `u` by torch: its own for the biased variance, from `Tensor.var` for the other."""
    if at.correction == BIASED:
        return functional.batch_norm(u, None, None, gain, training=True, eps=at.eps)
    return gain * (u - u.mean(0)) / (u.var(0) + at.eps).sqrt()


@check
def batchnorm_backward(learner: Any, seed: int) -> None:
    """The gradient in the input. Oracle: functional.batch_norm, and autograd of the unbiased form."""
    for k, at in enumerate(batches(seed)):
        d, raw, gain, inv, n, m = at.above, at.bnraw, at.gain, at.bnvar_inv, at.n, at.divisor
        (want,) = pulled(
            lambda u, at=at: (normalized(u, at.gain.double(), at) * at.above.double()).sum(),
            at.hprebn.double(),
        )
        G = gain * d
        mean, along = G.mean(0), raw * (G * raw).sum(0)
        plain, plain_along = d - d.mean(0), raw * (d * raw).sum(0) / m
        other = n - 1 + at.correction
        mistakes: dict[str, Any] = {
            OTHER[at.correction]: inv * (G - mean - along / other),
            "the mean of the gradient divides by n, whatever the correction": inv * (G - G.sum(0) / m - along / m),
            "mean and variance are taken for constants: both of their terms are missing": inv * G,
            "the way through the variance is missing": inv * (G - mean),
            "the way through the mean is missing": inv * (G - along / m),
            "gain is missing": inv * (plain - plain_along),
            "gain belongs to all three terms": inv * (G - d.mean(0) - plain_along),
            "bnvar_inv is missing": G - mean - along / m,
            "bnvar_inv is a factor: multiply": (G - mean - along / m) / inv,
            "1/n is missing: the sums are divided by n": inv * (G - G.sum(0) - along),
            "1/n is missing in the term of the variance": inv * (G - mean - along),
            "1/n is missing in the term of the mean": inv * (G - G.sum(0) - along / m),
            "the term of the mean is subtracted": inv * (G + mean - along / m),
            "the term of the variance is subtracted": inv * (G - mean + along / m),
            "the term of the variance has bnraw twice, once outside of the sum": inv * (G - mean - along / raw / m),
            "the sums are over the batch, dimension 0": inv
            * (G - G.mean(1, keepdim=True) - raw * (G * raw).mean(1, keepdim=True)),
        }  # fmt: skip
        close = tolerance(d.dtype) if d.dtype == torch.float64 else {"rtol": 1e-4, "atol": 1e-5}
        expect(learner, d, raw, gain, inv, *at.as_given(always=k % 4 == 0)).close(
            want.to(d.dtype), mistakes=mistakes, **close
        )
