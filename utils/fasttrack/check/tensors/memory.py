"""Checks of 01_tensors/01_tensors, on storage: strides, contiguity and bytes. Oracle: NumPy's strides."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from fasttrack.check import check, expect
from fasttrack.check.inputs import Shape, distinct_sizes

Layout = tuple[Shape, Shape, int]  # shape, stride, storage offset

# Bytes of one element, written out: the check does not ask torch what the learner asks torch.
ITEM_BYTES = {"float32": 4, "bfloat16": 2, "int64": 8, "uint8": 1, "float64": 8, "bool": 1}


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
