"""Checks of 06_attention/03_positions, on rotations. Oracles: complex numbers in NumPy, plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect
from fasttrack.check.inputs import EXACT, distinct_sizes, integers, normal
from fasttrack.check.values import difference


def angles(positions: torch.Tensor, head_size: int, base: float, step: float = 2) -> torch.Tensor:
    """Each position times each pair's rate, by a loop: float64."""
    rates = [base ** (-step * i / head_size) for i in range(head_size // 2)]
    return torch.tensor([[t * r for r in rates] for t in positions.tolist()], dtype=torch.float64)


@check
def rope_angles(learner: Any, seed: int) -> None:
    """Position times base ** (-2i / head_size). Oracle: a loop over positions and pairs."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (time, head_size, base, start) in enumerate(
        ((a, 2 * b, 10000.0, 3), (1, 8, 10000.0, 100_003), (c, 2, 500_000.0, 0), (4, 2 * c, 100.0, 50), (3, 6, 1e6, 0))
    ):  # fmt: skip
        positions = start + integers(seed + case, 40, time)
        want = angles(positions, head_size, base)
        from_zero = angles(torch.arange(time), head_size, base)
        mistakes: dict[str, Any] = {
            "one angle for each pair, head_size // 2 of them: yours has each twice": torch.cat(
                [want, want], 1
            ),
            "one angle for each pair, head_size // 2 of them: yours has each twice, side by side": (
                want.repeat_interleave(2, 1)
            ),
            "base is an argument: yours is always 10000": angles(positions, head_size, 10000.0),
            "the exponent is -2i / head_size: yours is -i / head_size": angles(positions, head_size, base, 1),
            "the exponent is -2i / head_size, i the pair: yours is -4i / head_size": (
                angles(positions, head_size, base, 4)
            ),
            "the exponent is negative: later pairs turn more slowly": angles(positions, head_size, 1 / base),
            "the positions are given: yours count from 0": from_zero,
            "positions run down the rows: (time, head_size // 2)": want.T,
            "these are cosines: return the angles themselves": want.cos(),
        }
        answer = expect(learner, positions, head_size, base)
        if difference(answer.value, want.float(), (1e-4, 1e-3)) is None:
            late = "compute and return float64: in float32 an angle of 100,000 radians is known to 0.008 only"
            mistakes[late] = answer.value
        answer.close(want, mistakes=mistakes, **EXACT)
    positions = torch.arange(a)
    expect(learner, positions, 8).close(
        angles(positions, 8, 10000.0),
        mistakes={"base is 10000 unless it is given": TypeError},
        **EXACT,
    )


def turned(x: torch.Tensor, by: torch.Tensor, interleaved: bool = False) -> torch.Tensor:
    """Pairs as complex numbers, times e^(i angle); float64 unless `by` is float32."""
    array = x.double().numpy()
    half = array.shape[-1] // 2
    pairs = (array[..., 0::2], array[..., 1::2]) if interleaved else (array[..., :half], array[..., half:])
    z = (pairs[0] + 1j * pairs[1]) * np.exp(1j * by.double().numpy())
    parts = np.stack([z.real, z.imag], -1) if interleaved else np.concatenate([z.real, z.imag], -1)
    return torch.from_numpy(parts.reshape(array.shape)).to(x.dtype)


def halves(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    first, second = x.chunk(2, -1)
    return first, second


@check
def rope(learner: Any, seed: int) -> None:
    """Each pair turned by its angle. Oracle: complex numbers in NumPy, split halves."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (lead, time, head_size, base, start, dtype) in enumerate(
        (
            ((a,), b, 6, 10000.0, 0, torch.float64),
            ((a, c), 5, 2 * b, 10000.0, 7, torch.float64),
            ((), 4, 8, 500_000.0, 0, torch.float64),
            ((2, 3), 3, 2, 10000.0, 1, torch.float64),
            ((1, a), 1, 4, 100.0, 5, torch.float32),
            ((b, 4), 4, 8, 10000.0, 0, torch.float32),
        )
    ):
        x = normal(seed + case, *lead, time, head_size, dtype=dtype)
        positions = start + torch.randperm(time, generator=torch.Generator().manual_seed(seed + case))
        by = angles(positions, head_size, base)
        want = turned(x, by)
        cos, sin = by.cos().to(dtype), by.sin().to(dtype)
        first, second = halves(x)
        twice = angles(positions, head_size, base, 1)
        mistakes: dict[str, Any] = {
            "pairs are (i, i + head_size / 2), split halves: yours are neighbours, the interleaved convention": (
                turned(x, by, interleaved=True)
            ),
            "it turns the other way: first * cos - second * sin": turned(x, -by),
            "no rotation yet: one of the two sines carries a minus sign": torch.cat(
                [first * cos + second * sin, second * cos + first * sin], -1
            ),
            "both sines carry a minus sign: only one does": torch.cat(
                [first * cos - second * sin, second * cos - first * sin], -1
            ),
            "the second half needs the first half as it was, not as it is after turning": torch.cat(
                [first * cos - second * sin, second * cos + (first * cos - second * sin) * sin], -1
            ),
            "the positions are given: yours count from 0": turned(
                x, angles(torch.arange(time), head_size, base)
            ),
            "base is an argument: pass it on": turned(x, angles(positions, head_size, 10000.0)),
            "x comes back as it was": x,
            "the two halves are exchanged": torch.cat(halves(want)[::-1], -1),
            "the exponent is -2i / head_size: yours is -i / head_size": turned(x, twice),
            "the angles are turned twice": turned(x, 2 * by),
            "positions belong to the dimension before the last: yours go with another": RuntimeError(
                "must match the size of tensor"
            ),
            "the result has the dtype of x: cos and sin are float64 until they are cast": (
                want.double() if dtype == torch.float32 else want.float()
            ),
        }
        if dtype == torch.float32:
            mistakes["the result has the dtype of x: cos and sin are float64 until they are cast"] = turned(
                x.double(), by
            )
        expect(learner, x, positions, base).close(
            want, mistakes=mistakes, **(EXACT if dtype == torch.float64 else {})
        )
    x, positions = normal(seed, 2, 4), torch.tensor([100_000 + a, 90_000 + b])
    want = turned(x, angles(positions, 4, 10000.0))
    answer = expect(learner, x, positions)
    nearly = difference(answer.value, want, (0.0, 0.05)) is None
    answer.close(
        want,
        mistakes={
            "at late positions the angle loses digits in float32: cast its cosine and sine, not the angle": (
                answer.value
            )
        }
        if nearly
        else {},
    )


@check
def to_split_halves(learner: Any, seed: int) -> None:
    """Rows of a query or key layer from interleaved pairs to split halves. Oracle: a loop over heads and pairs."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (n_head, head_size, n_embd) in enumerate(
        ((2, 8, a), (a, 6, b), (1, 8, 8), (b, 2, c), (3, 4, 12), (c, 10, 1))
    ):
        weight = normal(seed + case, n_head * head_size, n_embd, dtype=torch.float64)
        rows = list(weight)
        half = head_size // 2
        order = [h * head_size + 2 * i + odd for h in range(n_head) for odd in (0, 1) for i in range(half)]
        want = torch.stack([rows[place] for place in order])
        back = torch.empty_like(weight)
        back[order] = weight
        wrong = {
            "that leads from split halves to interleaved: the other way round": back,
            "each head by itself: yours sorts the rows of all heads together": torch.cat(
                [weight[0::2], weight[1::2]]
            ),
            "even rows come first, then odd ones": torch.stack([rows[place ^ 1] for place in order])
            if half
            else weight,
            "nothing has moved": weight,
            "the rows make the query, not the columns: dim 0": torch.cat(
                [weight[:, 0::2], weight[:, 1::2]], 1
            ),
            "(n_head * head_size, n_embd), as it came": want.view(n_head, head_size, n_embd),
        }
        expect(learner, weight, n_head).equals(want, mistakes=wrong)
