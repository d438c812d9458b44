"""Checks of 06_attention/03_positions, on positions that are added. Oracles: loops with the math module."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from fasttrack.check import check, expect, require
from fasttrack.check.autograd.looking import agree
from fasttrack.check.fixtures import beside
from fasttrack.check.fixtures import positions as fixtures
from fasttrack.check.inputs import EXACT, distinct_sizes, normal
from fasttrack.check.values import describe, difference


def rate(i: int, n_embd: int) -> float:
    """Radians a position of pair i."""
    return 10000.0 ** (-2 * i / n_embd)


def table(
    time: int,
    n_embd: int,
    *,
    first: int = 0,
    rates: Callable[[int, int], float] = rate,
    even: Callable[[float], float] = math.sin,
    odd: Callable[[float], float] = math.cos,
) -> torch.Tensor:
    """Positions by columns, float64: `even` of each pair's angle, then `odd` of it."""
    rows = []
    for t in range(first, first + time):
        angles = [t * rates(i, n_embd) for i in range(n_embd // 2)]
        rows.append([f(angle) for angle in angles for f in (even, odd)])
    return torch.tensor(rows, dtype=torch.float64)


def halves(encoding: torch.Tensor) -> torch.Tensor:
    """Even columns first, then odd ones."""
    return torch.cat([encoding[:, 0::2], encoding[:, 1::2]], 1)


def single(angle: torch.Tensor) -> torch.Tensor:
    """The table whose angles were computed in float32."""
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)


@check
def sinusoidal_encoding(learner: Any, seed: int) -> None:
    """Sines in even columns, cosines in odd ones. Oracle: math.sin and math.cos, place by place."""
    a, b = distinct_sizes(seed, 2)
    for time, n_embd in ((5, 6), (a + 1, 2 * b), (1, 4), (9, 2), (b, 16), (6, 6)):
        want = table(time, n_embd).float()
        wrong: dict[str, Any] = {
            "sine and cosine of a pair stand side by side: yours are in two halves": halves(want),
            "sine comes first, in the even columns": table(time, n_embd, even=math.cos, odd=math.sin),
            "both columns of a pair have the same rate: the exponent is -2i / n_embd with i the pair": torch.tensor(
                [
                    [(math.cos if c % 2 else math.sin)(t * rate(c, n_embd)) for c in range(n_embd)]
                    for t in range(time)
                ]
            ),
            "pair i has the exponent -2i / n_embd: yours is -i / n_embd": table(
                time, n_embd, rates=lambda i, n: rate(i, 2 * n)
            ),
            "with c the even column the exponent is -c / n_embd: yours is twice that": (
                table(time, n_embd, rates=lambda i, n: rate(2 * i, n))
            ),
            "the exponent is negative: later pairs turn more slowly": table(
                time, n_embd, rates=lambda i, n: 1 / rate(i, n)
            ),
            "positions count from 0": table(time, n_embd, first=1),
            "the exponent ends at -(n_embd - 2) / n_embd, not at -1": table(
                time, n_embd, rates=lambda i, n: 10000.0 ** (-i / max(n // 2 - 1, 1))
            ),
            "positions run down the rows: (time, n_embd)": want.T,
            "these are the angles: sine and cosine of them": table(
                time, n_embd, even=lambda x: x, odd=lambda x: x
            ),
        }
        wrong = {name: value.float() for name, value in wrong.items()}
        wrong["return float32, as a model's other parameters are"] = table(time, n_embd)
        expect(learner, time, n_embd).close(want, mistakes=wrong, atol=2e-6)
    time, n_embd = 4000 + 7 * b, 4
    want = table(time, n_embd).float()
    got = expect(learner, time, n_embd).value
    nearly = difference(got, want, (0.0, 5e-3)) is None
    agree(
        f"sinusoidal_encoding({time}, {n_embd}): late positions",
        got,
        want,
        {"angles of late positions have lost digits: compute them in float64, round at the end": got}
        if nearly
        else {},
        (1e-5, 1e-6),
    )


def turning(k: int, n_embd: int, sign: int = 1) -> torch.Tensor:
    """The matrix, block by block, from the sums of angles."""
    matrix = torch.zeros(n_embd, n_embd, dtype=torch.float64)
    for i in range(n_embd // 2):
        angle = k * rate(i, n_embd)
        at = 2 * i
        matrix[at, at] = matrix[at + 1, at + 1] = math.cos(angle)
        matrix[at, at + 1], matrix[at + 1, at] = sign * math.sin(angle), -sign * math.sin(angle)
    return matrix


def lower(matrix: torch.Tensor, factor: int) -> torch.Tensor:
    """The matrix with what stands below its diagonal multiplied by a factor."""
    return matrix.triu() + factor * matrix.tril(-1)


@check
def shift_matrix(learner: Any, seed: int) -> None:
    """The matrix that leads from each position to the one k later. Oracle: blocks by the math module."""
    a, b, c = distinct_sizes(seed, 3)
    for k, n_embd in ((1, 4), (a, 2 * b), (-c, 6), (0, 2), (100 + a, 2 * c), (3, 2)):
        want = turning(k, n_embd)
        rows = table(4, n_embd, first=200)
        there = table(4, n_embd, first=200 + k)
        require(difference(rows @ want.T, there, (1e-9, 1e-9)) is None)  # the oracle keeps its promise
        in_halves = torch.zeros_like(want)
        half = n_embd // 2
        for i in range(half):
            cos, sin = want[2 * i, 2 * i], want[2 * i, 2 * i + 1]
            in_halves[i, i] = in_halves[half + i, half + i] = cos
            in_halves[i, half + i], in_halves[half + i, i] = sin, -sin
        one_rate = torch.zeros_like(want)
        for i in range(half):
            one_rate[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = turning(k, 2)
        expect(learner, k, n_embd).close(
            want,
            mistakes={
                "it leads k positions back: the minus sign belongs to the other sine": turning(k, n_embd, -1),
                "a pair is two neighbouring columns: yours are n_embd / 2 apart": in_halves,
                "each pair has a rate of its own: all of yours turn like the first": one_rate,
                "return float64": want.float(),
                "one sine has a minus sign: cos(x + y) = cos x cos y - sin x sin y": lower(want, -1),
                "only one sine has a minus sign": lower(turning(k, n_embd, -1), -1),
                "k is missing from the angles": turning(1, n_embd),
            },
            **EXACT,
        )


@check
def LearnedPositions(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """A table whose first rows are added. Oracle: the sum, and its gradient, by hand; the start by its spread."""
    a, b, c = distinct_sizes(seed, 3)
    for case, (block_size, n_embd, batch, time) in enumerate(
        ((a + 3, b, c, a), (b, c, 1, b), (8, 8, 8, 5), (5, a, b, 1))
    ):
        made = f"LearnedPositions({block_size}, {n_embd})"
        found = beside(learner, fixtures.new_tables, block_size, n_embd)
        shapes = [tuple(one.shape) for one in found if isinstance(one, torch.Tensor)]
        agree(
            f"the shapes of the parameters of {made}",
            shapes,
            [(block_size, n_embd)],
            {
                "no parameter is registered: nn.Parameter or nn.Embedding, set in __init__": [],
                "a row for each position: (block_size, n_embd)": [(n_embd, block_size)],
                "one table for all batches: (block_size, n_embd)": [(1, block_size, n_embd)],
                "a row for each position, without a bias": [(n_embd, block_size), (n_embd,)],
            },
            None,
        )
        rows = normal(seed + case, block_size, n_embd, dtype=torch.float64)
        x = normal(seed + 20 + case, batch, time, n_embd, dtype=torch.float64)
        want = torch.stack([x[:, t] + rows[t] for t in range(time)], 1)
        along_batch = {}
        if batch == block_size:
            along_batch["rows go with positions, dim 1, not with the batch"] = x + rows[:, None]
        called = f"{made}(x) with a given table, x {describe(x)}"
        got, slope = beside(learner, fixtures.placed, (block_size, n_embd), rows, x)
        agree(
            called,
            got,
            want,
            {
                "the rows are added to x: yours come alone": rows[:time],
                "the rows are added to x: yours come alone, for each sequence": rows[:time].expand(x.shape),
                "positions count from 0, from the start of the sequence": x + rows[-time:],
                "positions count from 0": x + rows.roll(-1, 0)[:time],
                "x has not changed": x,
                "all positions get row 0": x + rows[0],
                "added, not subtracted": x - rows[:time],
                "added, not multiplied": x * rows[:time],
                **along_batch,
            },
        )
        gradient = torch.zeros_like(rows)
        gradient[:time] = 2 * want.sum(0)
        agree(
            "the gradient of the table by the sum of squares",
            slope,
            gradient,
            {"no gradient reaches the table: no detach, no .data": None},
        )
    sizes, most = (a + 2, 3), a + 2
    told = str(beside(learner, fixtures.too_long, sizes, most + 3))
    require(
        told.startswith("ValueError") and str(most) in told and str(most + 3) in told,
        ("called", f"LearnedPositions({most}, 3)(x) with {most + 3} positions"),
        ("expected", f"a ValueError whose message holds both numbers, {most + 3} and {most}"),
        ("got", told),
        *[("mistake", "there are no rows for these positions: say so before adding")] * ("Value" not in told),
    )
    told = str(beside(learner, fixtures.too_long, sizes, most))
    require(
        told == "no error",
        ("called", f"LearnedPositions({most}, 3)(x) with {most} positions"),
        ("expected", "block_size positions are allowed"),
        ("got", told),
    )
    (start,) = beside(learner, fixtures.new_tables, 200, 60)
    spread, centre = (float(start.double().std()), float(start.double().mean()))
    near = [name for name, size in (("1", 1.0), ("0", 0.0)) if abs(spread - size) < 0.05 * size + 1e-9]
    words = {
        "1": "this is nn.Embedding's or randn's own start: make it 0.02 times that",
        "0": "all rows start alike: draw them",
    }
    require(
        abs(spread - 0.02) < 0.002 and abs(centre) < 0.002,
        ("looked at", "the standard deviation of a new table (200, 60), and its mean"),
        ("expected", "0.02 and 0, up to chance"),
        ("got", f"{spread:.4f} and {centre:.4f}"),
        *[("mistake", words[name]) for name in near],
    )
