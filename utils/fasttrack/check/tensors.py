"""Checks of 01_tensors/01_tensors: strides, broadcasting, indexing, and the loss built from them.

The oracles are NumPy (its strides, broadcasting, logaddexp), plain loops and, for the loss,
torch.nn.functional. Sizes are drawn distinct where a mix-up of dimensions would otherwise go unseen.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from fasttrack.check import check, expect

Shape = tuple[int, ...]
Layout = tuple[Shape, Shape, int]  # shape, stride, storage offset

# Bytes of one element, written out: the check does not ask torch what the learner asks torch.
ITEM_BYTES = {"float32": 4, "bfloat16": 2, "int64": 8, "uint8": 1, "float64": 8, "bool": 1}
# A float64 answer may differ from the oracle by the order of its sums, not by an added 1e-8.
EXACT = {"rtol": 1e-11, "atol": 1e-12}


def normal(seed: int, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Standard normal numbers that depend on the seed and the shape only."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def integers(seed: int, high: int, *shape: int) -> torch.Tensor:
    """int64 numbers from 0 up to, not including, `high`."""
    return torch.randint(high, shape, generator=torch.Generator().manual_seed(seed))


def distinct_sizes(seed: int, count: int) -> Shape:
    """`count` different sizes from 2 to 7, so that no two dimensions can be mistaken for each other."""
    return tuple(random.Random(seed).sample(range(2, 8), count))


@check
def element_offset(learner: Any, seed: int) -> None:
    """Index and strides to a place in storage. Oracle: NumPy's strides over a storage of 0, 1, 2, …"""
    rng = random.Random(seed)
    for shape, stride, offset in layouts(seed):
        index = distinct_index(rng, shape)
        place = int(cells(shape, stride, offset)[index])
        extra = {"storage_offset": offset} if offset else {}
        expect(learner, index, stride, **extra).equals(
            place,
            mistakes={
                "storage_offset is missing: add it to the steps": place - offset,
                "each index goes with the stride of its own dimension: yours are paired in reverse": offset
                + sum(i * s for i, s in zip(index, reversed(stride), strict=True)),
                "an index counts steps of its stride: multiply the two": offset + sum(index),
                "storage_offset is added once, not once for each dimension": place
                + offset * (len(shape) - 1),
            },
        )
    for index, stride in [((1, 2), (12, 4, 1)), ((1, 2, 3), (4, 1))]:
        cut = sum(i * s for i, s in zip(index, stride, strict=False))
        expect(learner, index, stride).raises(
            ValueError, mistakes={"zip stops silently at the shorter tuple: give it strict=True": cut}
        )


def distinct_index(rng: random.Random, shape: Shape) -> Shape:
    """An index whose entries differ and none is 0: every stride counts, none stands for another."""
    while True:
        index = tuple(rng.randrange(1, n) for n in shape)
        if len(set(index)) == len(index):
            return index


def layouts(seed: int) -> Iterator[Layout]:
    """Shapes with their strides: contiguous, transposed, sliced, broadcast, of 0 to 4 dimensions."""
    a, b, c, d = distinct_sizes(seed, 4)
    yield (a, b), (b, 1), 0
    yield (a, b), (1, a), 0  # a transpose
    yield (c, a, b), (a * b, b, 1), 0
    yield (b, c, a), (1, a * b, b), 0  # permuted
    yield (a, b), (b + 3, 1), b + 3 + 2  # a block out of the middle of a wider matrix
    yield (c, a, b), (3 * a * b, 2 * b, 1), 5
    yield (a, b), (0, 1), 3  # one row, broadcast
    yield (a,), (3,), 1
    yield (a, b, c, d), (b * c * d, c * d, d, 1), 0
    yield (), (), 4


def cells(shape: Shape, stride: Shape, offset: int = 0) -> np.ndarray:
    """The place in storage of every element of a layout, as an array of that shape."""
    storage = np.arange(offset + 1 + sum((n - 1) * s for n, s in zip(shape, stride, strict=True)))
    steps = [s * storage.itemsize for s in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps)


@check
def is_contiguous(learner: Any, seed: int) -> None:
    """Whether a layout lies in reading order, without gaps. Oracle: the places of its elements are 0, 1, 2, …"""
    a, b, c = distinct_sizes(seed, 3)
    later = "a step along one dimension passes over all later ones: multiply all their sizes"
    single = "a dimension of size 1 is never stepped along: its stride does not matter"
    gaps = "places are skipped between the rows: a row's stride must be exactly the length of a row"
    told: list[tuple[Shape, Shape, str]] = [
        ((a, b), (b, 1), "this is how a new matrix lies: down by the length of a row, right by 1"),
        ((a, b), (1, a), "a transpose is read in jumps: the last dimension must move by 1"),
        ((a, b), (b + 3, 1), gaps),
        ((a, b), (a, 1), "the stride of the rows is the number of columns, not of rows"),
        ((c, a, b), (a * b, b, 1), later),
        ((c, a, b), (a, b, 1), later),
        ((c, a, b), (2 * a * b, b, 1), gaps),
        ((c, a, b), (a * b, 1, a), "the last two dimensions are swapped in storage"),
        ((a,), (1,), "one dimension and stride 1 is storage itself"),
        ((a,), (2,), "every other place is skipped: the last dimension must move by 1"),
        ((a, b), (0, 1), "stride 0 reads the same row again: the elements do not lie one after the other"),
        ((a, 1), (1, b), single),
        ((1, b), (b + 5, 1), single),
        ((c, 1, b), (b, 1, 1), single),
        ((1, 1), (3, 2), single),
        ((1, b), (1, 2), "only the stride of a dimension of size 1 does not matter: the other counts"),
        ((), (), "a single element has nothing to step along: it is contiguous"),
    ]
    rng = random.Random(seed)
    for shape, stride, mistake in [*told, *((*nearly_contiguous(rng), "") for _ in range(16))]:
        places = cells(shape, stride).ravel()
        want = bool((places == np.arange(places.size)).all())
        expect(learner, shape, stride).equals(want, mistakes={mistake: not want} if mistake else None)


def nearly_contiguous(rng: random.Random) -> tuple[Shape, Shape]:
    """A contiguous layout in which one stride may have been changed, that of a size of 1 included."""
    shape = tuple(rng.choice([1, 2, 3, 4]) for _ in range(rng.randrange(1, 5)))
    stride = [math.prod(shape[d + 1 :]) for d in range(len(shape))]
    if rng.random() < 0.6:
        stride[rng.randrange(len(shape))] += rng.choice([1, 2, 3])
    return shape, tuple(stride)


@check
def tensor_bytes(learner: Any, seed: int) -> None:
    """Bytes of a dense copy and bytes spanned. Oracle: every place in storage that the layout reaches."""
    a, b, c = distinct_sizes(seed, 3)
    sliced: list[Layout] = [
        ((a, b), (b + 3, 1), 0),  # the first columns of a wider matrix
        ((a, b), (1, a + 4), 0),  # the same, transposed
        ((a, b, c), (3 * b * c, c, 1), 0),
        ((a, b), (0, 1), 0),
    ]
    dtypes = random.Random(seed).sample(list(ITEM_BYTES), len(ITEM_BYTES))
    for case, (shape, stride, _) in enumerate([*sliced, *layouts(seed)]):
        dtype = "float32" if case == 0 else dtypes[case % len(dtypes)]
        size = ITEM_BYTES[dtype]
        places = cells(shape, stride)
        dense, last = places.size, int(places.max())
        steps = [n * s for n, s in zip(shape, stride, strict=True)]
        expect(learner, shape, stride, dtype).equals(
            (dense * size, (last + 1) * size),
            mistakes={
                "the dense size comes first, the span second": ((last + 1) * size, dense * size),
                f"you count elements: each takes {size} bytes": (dense, last + 1),
                "the last element takes room too: the span ends after it": (dense * size, last * size),
                "the span follows the strides: a view may skip, repeat or reorder": (
                    dense * size,
                    dense * size,
                ),
                "a whole step along the first dimension reaches past the last element": (
                    dense * size,
                    next(iter(steps), 1) * size,
                ),
                "n elements are n - 1 steps apart": (dense * size, (sum(steps) + 1) * size),
                "the last of n elements is n - 1 steps away, and takes room itself": (
                    dense * size,
                    sum(steps) * size,
                ),
                "an element need not take 4 bytes: ask the dtype for its itemsize": (
                    dense * 4,
                    (last + 1) * 4,
                ),
                "bytes, not bits": (dense * size * 8, (last + 1) * size * 8),
                "the span is one less, and one more, in elements: then multiply by their size": (
                    dense * size,
                    last * size + 1,
                ),
            },
        )
    for shape, stride in [((4, 0, 3), (3, 3, 1)), ((2, 0), (1, 1)), ((0,), (1,))]:
        reach = sum((n - 1) * s for n, s in zip(shape, stride, strict=True)) + 1
        expect(learner, shape, stride, "float64").equals(
            (0, 0), mistakes={"a tensor without elements spans nothing": (0, reach * 8)}
        )
    batch, time, vocab_size = 8, 1024, 50_257
    expect(learner, (batch, time, vocab_size), (time * vocab_size, vocab_size, 1), "float32").equals(
        (1_646_821_376, 1_646_821_376)
    )


@check
def broadcast_shape(learner: Any, seed: int) -> None:
    """The shape two shapes broadcast to. Oracle: numpy.broadcast_shapes."""
    a, b, c, d = distinct_sizes(seed, 4)
    known: list[tuple[Shape, Shape]] = [
        ((a, 1), (b,)),
        ((a, b), (b,)),
        ((b,), (a, b)),
        ((c, 1, b), (a, 1)),
        ((1,), (c, a, b)),
        ((c, 1, a, 1), (b, 1, d)),
        ((a, b), ()),
        ((), ()),
        ((a, 1), (1, 0)),
        ((0,), (1,)),
        ((1, 1), (1,)),
    ]
    rng = random.Random(seed)
    for one, other in [*known, *(compatible(rng) for _ in range(12))]:
        want = tuple(np.broadcast_shapes(one, other))
        expect(learner, one, other).equals(
            want,
            mistakes={
                "line the shapes up from the right: a missing dimension is a leading 1": aligned_left(
                    one, other
                ),
                "1 stretches to 0 as well: the result is not the larger of the two": tuple(
                    max(p, q) for p, q in pairs(one, other)
                ),
                "the dimensions that only one shape has belong to the result": want[
                    len(want) - min(len(one), len(other)) :
                ],
                "you worked from the last dimension to the first: turn the result round": want[::-1],
            },
        )
    clashes: list[tuple[Shape, Shape]] = [
        ((a, b), (b, a)),
        ((a,), (b,)),
        ((a, b), (a,)),
        ((2 * a, b), (a, b)),
        ((c, a, b), (d, 1, 1)),
        ((a,), (0,)),
    ]
    for one, other in clashes:
        expect(learner, one, other).raises(
            ValueError,
            mistakes={
                "line the shapes up from the right: a missing dimension is a leading 1": aligned_left(
                    one, other
                ),
                "two sizes above 1 must be equal: neither repeats, not even a multiple": tuple(
                    max(p, q) for p, q in pairs(one, other)
                ),
                "raise a ValueError": Exception,
            },
        )


def pairs(one: Shape, other: Shape) -> list[tuple[int, int]]:
    """The sizes that meet when two shapes are lined up from the right, first dimension first."""
    return list(zip_longest(reversed(one), reversed(other), fillvalue=1))[::-1]


def aligned_left(one: Shape, other: Shape) -> Any:
    """What two shapes broadcast to if the shorter one is padded at its end, or the error's class."""
    dims = max(len(one), len(other))
    try:
        return tuple(np.broadcast_shapes(one + (1,) * (dims - len(one)), other + (1,) * (dims - len(other))))
    except ValueError:
        return ValueError


def compatible(rng: random.Random) -> tuple[Shape, Shape]:
    """Two shapes that broadcast: one shape with leading dimensions dropped and sizes set to 1."""
    full = [rng.choice([1, 2, 3, 5, 7]) for _ in range(rng.randrange(5))]
    one, other = (
        tuple(1 if rng.random() < 0.4 else n for n in full[rng.randrange(len(full) + 1) :]) for _ in range(2)
    )
    return one, other


@check
def outer_sum(learner: Any, seed: int) -> None:
    """Every element of `a` plus every element of `b`. Oracle: numpy.add.outer."""
    n, m = distinct_sizes(seed, 2)
    for rows, columns, dtype in [
        (n, m, torch.float32),
        (m, n, torch.int64),
        (n, n, torch.float32),
        (1, m, torch.float64),
        (n, 1, torch.float32),
        (1, 1, torch.float32),
    ]:
        a = (10 * normal(seed, rows, dtype=torch.float64)).to(dtype)
        b = (10 * normal(seed + 1, columns, dtype=torch.float64)).to(dtype)
        want = torch.from_numpy(np.add.outer(a.numpy(), b.numpy()))
        expect(learner, a, b).close(
            want,
            mistakes={
                "a runs down the rows, b along the columns: yours is transposed": want.T,
                "that is the outer product: add": torch.outer(a, b),
                "the difference, not the sum": a[:, None] - b,
                "a and b lie along the same dimension: give a a second dimension of size 1": want.diagonal(),
                "a needs a second dimension of size 1, and the sum a new tensor: += cannot widen a": RuntimeError,
            },
        )


@check
def one_hot(learner: Any, seed: int) -> None:
    """A 1 at each target. Oracle: a loop over the targets."""
    n, time, vocab_size = distinct_sizes(seed, 3)
    for shape, classes in [
        ((n,), n + vocab_size),
        ((n, time), 2 * vocab_size),
        ((1,), 3),
        ((), 5),
        ((n, 1), 4),
        ((2, time, n), 27),
        ((n,), 1),
    ]:
        targets = integers(seed, (classes + 1) // 2, *shape)  # the upper classes do not occur
        want = one_hot_by_loop(targets, classes)
        short = one_hot_by_loop(targets, int(targets.max()) + 1)
        expect(learner, targets, classes).equals(
            want,
            mistakes={
                "float32, so that it can multiply parameters: yours is int64": want.long(),
                "float32, so that it can multiply parameters: yours is bool": want.bool(),
                "pair row i with target i: yours sets the columns of all targets in every row": (
                    want.reshape(-1, classes).amax(0).expand_as(want)
                ),
                "vocab_size says how many columns, even if the last classes do not occur": short,
                "targets count from 0: your ones stand one too far right": want.roll(1, -1),
                "the classes are the last dimension: yours is transposed": want.transpose(0, -1),
                "all classes but the target: yours is inverted": 1 - want,
                "the classes are a new last dimension: keep the shape of targets before it": want.flatten(
                    0, -2
                )
                if want.dim() > 1
                else want[None],
                **(
                    {}
                    if len(shape) == 1
                    else {
                        "targets may have any number of dimensions: ... in an index stands for all": Exception
                    }
                ),
            },
        )
    targets = torch.arange(vocab_size).flip(0)  # every class occurs, the last one too
    expect(learner, targets, vocab_size).equals(one_hot_by_loop(targets, vocab_size))


def one_hot_by_loop(targets: torch.Tensor, classes: int) -> torch.Tensor:
    want = torch.zeros(*targets.shape, classes)
    for index in np.ndindex(*targets.shape):
        want[(*index, int(targets[index]))] = 1
    return want


@check
def pick(learner: Any, seed: int) -> None:
    """The log-probability of each target. Oracle: a loop over the positions."""
    n, time, vocab_size = distinct_sizes(seed, 3)
    for shape, classes, dtype in [
        ((n,), n + vocab_size, torch.float32),
        ((n, time), n + time, torch.float32),
        ((1,), vocab_size, torch.float32),
        ((n, 1), vocab_size, torch.float64),
        ((1, n), vocab_size, torch.float32),
        ((), vocab_size, torch.float32),
        ((2, n, time), vocab_size, torch.float64),
        ((vocab_size,), vocab_size, torch.float32),
        ((n,), 1, torch.float32),
    ]:
        log_probs = normal(seed, *shape, classes, dtype=dtype).log_softmax(-1)
        targets = integers(seed + 1, classes, *shape)
        want = pick_by_loop(log_probs, targets)
        mistakes: dict[str, Any] = {
            "drop the dimension that gather leaves at the end: the result has the shape of targets": want[
                ..., None
            ],
            "only the last dimension goes: squeeze without a dim drops every size 1": want.squeeze(),
            "log-probabilities as they are: you changed the sign": -want,
            "log-probabilities as they are: you took exp": want.exp(),
            "every position has its own result: do not average": want.mean(),
        }
        if len(shape) != 1:
            mistakes["any number of dimensions may come before vocab_size: index them all"] = IndexError
        if len(shape) == 1:
            every = "pair position i with target i: yours takes all targets at every position"
            mistakes[every] = log_probs[:, targets]
        expect(learner, log_probs, targets).equals(want, mistakes)
    turned = normal(seed + 2, n, vocab_size, time).transpose(1, 2)  # (n, time, vocab_size), not contiguous
    targets = integers(seed + 3, vocab_size, n, time)
    expect(learner, turned, targets).equals(
        pick_by_loop(turned, targets),
        mistakes={"log_probs may be non-contiguous: reshape copies where view refuses": RuntimeError},
    )
    masked, targets = normal(seed + 4, n, vocab_size), integers(seed + 5, vocab_size, n)
    masked[:, 0], targets[:2] = -torch.inf, torch.tensor([0, 1])
    summed = (masked * one_hot_by_loop(targets, vocab_size)).sum(-1)
    expect(learner, masked, targets).equals(
        pick_by_loop(masked, targets),
        mistakes={"0 times -inf is nan: choose the entry, do not multiply by a one-hot and sum": summed},
    )


def pick_by_loop(log_probs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    want = torch.empty(targets.shape, dtype=log_probs.dtype)
    for index in np.ndindex(*targets.shape):
        want[index] = log_probs[(*index, int(targets[index]))]
    return want


@check
def batched_trace(learner: Any, seed: int) -> None:
    """The sum of each matrix's diagonal. Oracle: numpy.trace."""
    batch, n = distinct_sizes(seed, 2)
    for matrices, size, dtype in [
        (batch, n, torch.float32),
        (n, batch, torch.float64),
        (n, n, torch.float32),
        (1, n, torch.float32),
        (batch, 1, torch.int64),
        (batch, n, torch.int64),
    ]:
        x = (10 * normal(seed, matrices, size, size, dtype=torch.float64)).to(dtype)
        want = torch.from_numpy(np.trace(x.numpy(), axis1=1, axis2=2))
        expect(learner, x).close(
            want,
            mistakes={
                "that sums whole matrices: use the same letter twice": x.sum((1, 2)),
                "that is the diagonal itself: leave its letter out on the right": torch.einsum("bii->bi", x),
                "one number for each matrix: keep b on the right": want.sum(),
                "the batch is the first dimension: trace the last two": torch.from_numpy(np.trace(x.numpy())),
            },
        )
    x = normal(seed + 1, n, n, batch).permute(2, 1, 0)
    expect(learner, x).close(torch.from_numpy(np.trace(x.numpy(), axis1=1, axis2=2)))


@check
def logsumexp(learner: Any, seed: int) -> None:
    """log(sum(exp(x))) without overflow. Oracle: numpy.logaddexp, two numbers at a time."""
    for x, dim in reductions(seed):
        want = logsumexp_by_pairs(x, dim)
        top = x.amax(dim, keepdim=True)
        shifted = x.double() - top.double()
        expect(learner, x, dim).close(
            want,
            mistakes={
                "take the log of the sum": x.exp().sum(dim),
                "the sum of logs of exps is the plain sum: sum first, then log": x.sum(dim),
                "add the maximum again, after the log": shifted.exp().sum(dim).log().to(x.dtype),
                "the maximum is only the start: add the log of the sum": top.squeeze(dim),
                "keep the sign: x minus the maximum": -want,
                "dim disappears from the result": want.unsqueeze(dim),
                "reduce over the dim that is asked for": logsumexp_by_pairs(x, -1),
                "only dim goes: squeeze without a dim drops every size 1": want.squeeze(),
                "reduce one dim, not the whole tensor": logsumexp_by_pairs(x.flatten(), 0),
                "averaged, not summed": want - np.log(x.shape[dim]),
                "the maximum has lost its dimension: keepdim=True keeps it broadcastable": RuntimeError,
                "x.max(dim) gives two things, values and indices: x.amax(dim) gives the values": TypeError,
                **(
                    {"(n, 1) + (n,) gives (n, n), as in part 1: squeeze the maximum": top + want - top[:, 0]}
                    if x.dim() == 2 and dim == 1
                    else {}
                ),
            },
            **(EXACT if x.dtype == torch.float64 else {}),
        )
    for x, dim in extremes(seed):
        expect(learner, x, dim).close(
            logsumexp_by_pairs(x, dim),
            mistakes={
                "exp overflowed to inf: subtract the maximum first": naive_logsumexp(x, dim),
                "each slice along dim needs its own maximum, not one for the whole tensor": naive_logsumexp(
                    x - x.max(), dim
                )
                + x.max(),
                "nan: inf minus inf, or 0 times inf": torch.full_like(x.sum(dim), torch.nan),
            },
            **(EXACT if x.dtype == torch.float64 else {"rtol": 1e-6}),
        )


def reductions(seed: int) -> Iterator[tuple[torch.Tensor, int]]:
    """Tensors of ordinary numbers and a dim to reduce: no two sizes alike first, then the odd ones."""
    a, b, c = distinct_sizes(seed, 3)
    yield normal(seed, a, b), 1
    yield normal(seed, a, b), 0
    yield normal(seed, a, b, c, dtype=torch.float64), 1
    yield normal(seed, a, b, c), -1
    yield normal(seed, a, b, c, dtype=torch.float64), 0
    yield normal(seed, a, b, c), -2
    yield normal(seed, a, a), 1  # square: a lost dimension broadcasts along the wrong one
    yield normal(seed, a, a, dtype=torch.float64), 0
    yield normal(seed, b, dtype=torch.float64), 0
    yield normal(seed, 1, b), -1
    yield normal(seed, a, 1), 1
    yield normal(seed, c, 1, b), 2
    yield normal(seed, b, a).T, 1


def extremes(seed: int) -> Iterator[tuple[torch.Tensor, int]]:
    """Numbers whose exp leaves the range of a float: large, small, rows far apart, and -inf."""
    a, b = distinct_sizes(seed, 2)
    x = normal(seed + 1, a, b)
    level = torch.linspace(-1e4, 1e4, a)[:, None]
    yield x + 1e4, 1
    yield x - 1e4, 1
    yield x + level, 1
    yield (x.double() + level).T, 0
    yield (x.double() + level), 0
    yield 1e4 * x, -1
    yield torch.tensor([[0.0, 1e4], [-1e4, 0.0], [1e4, 1e4]]), 1
    masked = x.double().clone()
    masked[:, 0] = -torch.inf  # as a mask does: probability zero
    yield masked, 1


def logsumexp_by_pairs(x: torch.Tensor, dim: int) -> torch.Tensor:
    total = np.logaddexp.reduce(x.double().numpy(), axis=dim)
    return torch.from_numpy(np.asarray(total)).to(x.dtype)


def naive_logsumexp(x: torch.Tensor, dim: int) -> torch.Tensor:
    return x.exp().sum(dim).log()


@check
def softmax(learner: Any, seed: int) -> None:
    """Positive numbers that sum to one along `dim`. Oracle: exp(x - numpy's logaddexp) in float64."""
    for x, dim in reductions(seed):
        want = softmax_by_pairs(x, dim)
        exps = x.exp()
        shifted = (x - x.amax(dim, keepdim=True)).exp()
        expect(learner, x, dim).close(
            want,
            mistakes={
                "a sum, maximum or logsumexp has lost its dimension: keep it with keepdim=True, or "
                "put it back with unsqueeze(dim)": RuntimeError,
                "normalise along the dim that is asked for": softmax_by_pairs(x, -1),
                "normalise along dim, not over the whole tensor": softmax_by_pairs(x.flatten(), 0).view(
                    x.shape
                ),
                "it sums to one along another dimension": softmax_by_pairs(x, (dim + 1) % x.dim()),
                "divide by the sum: these are the bare exponentials": exps,
                "divide by the sum: these are the exponentials after the shift": shifted,
                "the maximum goes along dim, but the sum along the last dimension": shifted
                / shifted.sum(-1, keepdim=True),
                "exp makes them positive: you divided x by its sum": x / x.sum(dim, keepdim=True),
                "those are log-probabilities: take exp": want.log(),
            },
            **(EXACT if x.dtype == torch.float64 else {}),
        )
    for x, dim in extremes(seed):
        overflow = x.exp() / x.exp().sum(dim, keepdim=True)
        shifted = (x - x.max()).exp()
        expect(learner, x, dim).close(
            softmax_by_pairs(x, dim),
            mistakes={
                "exp left the range of a float (inf / inf or 0 / 0): subtract the maximum first": overflow,
                "each slice along dim needs its own maximum, not one for the whole tensor": shifted
                / shifted.sum(dim, keepdim=True),
                "near 1e4 float32 numbers are 0.001 apart, too coarse for exp: subtract the maximum before "
                "logsumexp": (x - logsumexp_by_pairs(x, dim).unsqueeze(dim)).exp(),
            },
            **(EXACT if x.dtype == torch.float64 else {"rtol": 1e-4}),
        )


def softmax_by_pairs(x: torch.Tensor, dim: int) -> torch.Tensor:
    x64 = x.double()
    return (x64 - logsumexp_by_pairs(x64, dim).unsqueeze(dim)).exp().to(x.dtype)


@check
def cross_entropy(learner: Any, seed: int) -> None:
    """The mean of -log softmax at the targets. Oracle: torch.nn.functional.cross_entropy."""
    n, time, vocab_size = distinct_sizes(seed, 3)
    for shape, classes, dtype in [
        ((n,), n + vocab_size, torch.float32),
        ((n, time), n + time, torch.float64),
        ((1,), vocab_size, torch.float32),
        ((2, n, time), vocab_size, torch.float32),
        ((vocab_size,), vocab_size, torch.float64),
        ((n, 1), 27, torch.float32),
        ((), vocab_size, torch.float64),
    ]:
        logits = 2 * normal(seed, *shape, classes, dtype=dtype)
        targets = integers(seed + 1, classes, *shape)
        flat, flat_targets = logits.reshape(-1, classes), targets.reshape(-1)
        want = functional.cross_entropy(flat, flat_targets)
        each = functional.cross_entropy(flat, flat_targets, reduction="none").view(shape)
        chosen = pick_by_loop(logits, targets)
        expect(learner, logits, targets).close(
            want,
            mistakes={
                "the mean over all positions, not the sum": each.sum(),
                "one number: take the mean over all positions": each,
                "a loss is positive: minus the log-probability": -want,
                "normalise first: subtract each position's logsumexp from its logits": -chosen.mean(),
                "the log-probability, not the probability": -softmax_at(logits, targets).mean(),
                "the mean of the logs, not the log of the mean": -softmax_at(logits, targets).mean().log(),
                "normalise over vocab_size, the last dimension": normalised_over_first(logits, targets),
                "pair position i with target i: yours takes all targets at every position": (
                    -flat.log_softmax(-1)[:, flat_targets].mean()
                ),
                "natural log: yours is in bits": want / np.log(2),
                "softmax once: logits are normalised inside the loss": functional.cross_entropy(
                    flat.softmax(-1), flat_targets
                ),
                "the mean over all positions: yours averages over the batch only": each.sum()
                / (shape[0] if shape else 1),
                "divide by the number of positions, not by len(targets)": (
                    flat.logsumexp(-1).mean() - chosen.sum() / (shape[0] if shape else 1)
                ),
                **(
                    {
                        "one number: yours averages over the last dimension of positions only": each.mean(-1),
                        "the classes are the last dimension, -1: 1 is that only in a matrix": RuntimeError,
                    }
                    if len(shape) > 1
                    else {}
                ),
            },
            **(EXACT if dtype == torch.float64 else {}),
        )
        if len(shape) == 1:
            sure_and_wrong(learner, seed + 2, (*shape, classes))
    turned = normal(seed + 3, n, vocab_size, time).transpose(1, 2)  # (n, time, vocab_size), not contiguous
    targets = integers(seed + 4, vocab_size, n, time)
    expect(learner, turned, targets).close(
        functional.cross_entropy(turned.reshape(-1, vocab_size), targets.reshape(-1)),
        mistakes={"logits may be non-contiguous: reshape copies where view refuses": RuntimeError},
    )
    flat = torch.zeros(time, 27)
    expect(learner, flat, integers(seed, 27, time)).close(torch.tensor(27.0).log())


def sure_and_wrong(learner: Any, seed: int, shape: Shape) -> None:
    """Logits that lie thousands apart, the lowest at the target: first all at most 0, then on both sides."""
    wild = 1e4 * normal(seed, *shape, dtype=torch.float64)
    targets = wild.argmin(-1)
    low = wild - wild.amax(-1, keepdim=True)
    probs = low.softmax(-1)
    expect(learner, low, targets).close(
        functional.cross_entropy(low, targets),
        mistakes={
            "log(0): softmax rounded a probability to zero; stay in logs, with logsumexp": torch.full_like(
                low.sum(), torch.inf
            ),
            **{
                f"an epsilon of {epsilon} inside the log hides how wrong the model is: stay in logs": -(
                    (probs + epsilon).log().gather(-1, targets[:, None]).mean()
                )
                for epsilon in (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5)
            },
        },
        **EXACT,
    )
    expect(learner, wild, targets).close(
        functional.cross_entropy(wild, targets),
        mistakes={
            f"exp overflowed, which ends in {end}: use your logsumexp": torch.full_like(wild.sum(), end)
            for end in (torch.inf, torch.nan)
        },
        **EXACT,
    )


def softmax_at(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The probability of each target."""
    return pick_by_loop(logits.softmax(-1), targets)


def normalised_over_first(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return -pick_by_loop(logits.log_softmax(0), targets).mean()
