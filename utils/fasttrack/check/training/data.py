"""Checks of 01_tensors/03_training, on data: scaling, data sets, padding. Oracles: NumPy, loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, fixtures, require
from fasttrack.check.inputs import distinct_sizes, integers, normal
from fasttrack.check.training.ask import Told, ask, in_turn, same
from fasttrack.check.values import describe


@check
def Standardizer(learner: Any, seed: int) -> None:  # noqa: N802  (named after the exercise)
    """Zero mean and unit spread by the training data's numbers. Oracle: NumPy in float64."""
    n, m, features = distinct_sizes(seed, 3)
    for case, dtype in enumerate((torch.float64, torch.float32, torch.float64)):
        train = 3 * normal(seed + case, n + 2, features, dtype=dtype) + 5
        new = 2 * normal(seed + case + 10, m, features, dtype=dtype) - 1
        train[:, 1] = 4.0  # never changes
        standardized(learner, train, new)
        standardized(learner, train, new[:1])  # one row has no spread of its own
    train = 1e-5 * normal(seed + 20, n + 2, features, dtype=torch.float64)  # small spread, and not zero
    standardized(learner, train, train[1:2])


def standardized(learner: Any, train: torch.Tensor, new: torch.Tensor) -> None:
    (mean, std), (own_mean, own_std) = moments(train), moments(new)
    safe, own_safe = (np.where(spread == 0, 1, spread) for spread in (std, own_std))
    bessel, table = train.double().numpy().std(0, ddof=1), train.double()
    steps = ("fit", (train,)), ("transform", (train,)), ("transform", (new,))
    made = f"scaler = Standardizer(), x {describe(train)}, new {describe(new)}"
    itself, *scaled = in_turn(
        learner, (), steps, f"{made}: scaler.fit(x), then transform(x), then transform(new)"
    )
    require(
        same(itself, "itself"),
        ("called", f"{made}: scaler.fit(x)"),
        ("expected", "fit returns the object itself"),
        ("got", describe(itself)),
        ("mistake", "fit returns the object itself, so that calls can be chained: return self"),
    )
    for name, x, out in zip(("x", "new"), (train, new), scaled, strict=True):

        def answer(shift: Any, scale: Any, x: torch.Tensor = x) -> torch.Tensor:
            with np.errstate(all="ignore"):
                return torch.from_numpy((x.double().numpy() - shift) / scale).to(x.dtype)

        Told(out, f"{made}: scaler.transform({name}) after scaler.fit(x)").close(
            answer(mean, safe),
            mistakes={
                "a feature that never changes has std 0, and 0 / 0 is nan: divide by 1 there": answer(
                    mean, std
                ),
                **(
                    {
                        "transform measures the new data: only fit may, on the training data": answer(
                            own_mean, own_safe
                        )
                    }
                    if name == "new"
                    else {"transform returns the standardised tensor: its return is missing": None}
                ),
                "subtract the mean, too": answer(0, safe),
                "divide by the standard deviation, too": answer(mean, 1),
                "divide by the standard deviation, not by the variance": answer(
                    mean, np.where(std == 0, 1, std**2)
                ),
                "divide by n, not n - 1: correction=0": answer(mean, np.where(bessel == 0, 1, bessel)),
                "one mean and std for each feature, not for the whole table": answer(
                    table.mean().item(), table.std(correction=0).item()
                ),
                **{
                    f"an epsilon of {epsilon} is added to every std: treat only std 0": answer(
                        mean, std + epsilon
                    )
                    for epsilon in (1e-8, 1e-7, 1e-6, 1e-5)
                },
            },
            **({"rtol": 1e-4, "atol": 1e-5} if x.dtype == torch.float32 else {"rtol": 1e-10, "atol": 1e-11}),
        )


def moments(x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each feature, in float64; a constant feature has exactly 0."""
    values = x.double().numpy()
    return values.mean(0), np.where(np.ptp(values, axis=0) == 0, 0, values.std(0))


@check
def DigitsDataset(learner: Any, seed: int) -> None:  # noqa: N802
    """Images with labels, one pair for each index. Oracle: the tensors themselves."""
    n, height, width = distinct_sizes(seed, 3)
    images, labels = normal(seed, n, height, width), integers(seed + 1, 10, n)
    made_of = (images, labels)
    steps = [("__len__", ()), *(("__getitem__", (i,)) for i in (1, 0, n - 1))]
    made = f"data = DigitsDataset(images {describe(images)}, labels {describe(labels)})"
    length, *items = in_turn(learner, made_of, steps, f"{made}: len(data), data[1], data[0], data[{n - 1}]")
    Told(length, f"{made}: len(data)").equals(n, mistakes={"the length is the number of images": height})
    for i, item in zip((1, 0, n - 1), items, strict=True):
        Told(item, f"{made}: data[{i}]").equals(
            (images[i], labels[i]),
            mistakes={
                "the image first, then the label": (labels[i], images[i]),
                "an item is a pair: the label is missing": images[i],
            },
        )
    pairs = [(images[i], labels[i]) for i in range(n)]
    ask(learner, fixtures.iterated, made_of, n + 1, called=f"{made}: a loop, for pair in data").equals(
        pairs,
        mistakes={
            "a loop must end after the last image: an index past it raises IndexError": [*pairs, pairs[0]]
        },
    )
    half, plain = (images[1] / 2, labels[1]), (images[1], labels[1])

    def seen(item: Any, before: int, shapes: list[Any]) -> dict[str, Any]:
        return {
            "data[1]": item,
            "data[1] again": item,
            "calls of transform by then": before,
            "its inputs": shapes,
        }

    ask(
        learner, fixtures.transformed, images, labels, 1, called=f"{made[:-1]}, halve): data[1], twice"
    ).equals(
        seen(half, 0, [(height, width)] * 2),
        mistakes={
            "the transform is never applied": seen(plain, 0, []),
            "the transform gets one image, when it is asked for, not all of them at the start": seen(
                half, 1, [(n, height, width)]
            ),
            "transform each image when it is asked for: at the start random changes would be frozen": seen(
                half, n, [(height, width)] * n
            ),
        },
    )


@check
def collate_pad(learner: Any, seed: int) -> None:
    """Sequences of different lengths as one tensor. Oracle: a loop that fills a NumPy array."""
    a, b, c, d = distinct_sizes(seed, 4)
    for lengths, padding in [((a, b, c), 0), ((d,), 0), ((b, c), 27), ((1, d), -1), ((a, a), 3), ((0, c), 0)]:
        batch = [(1 + integers(seed + k, 26, n), 3 * k + 1) for k, n in enumerate(lengths)]
        extra = {"padding": padding} if padding else {}
        ids = padded(batch, max(lengths), padding)
        sizes, labels = torch.tensor(lengths), torch.tensor([label for _, label in batch])
        left = ids.clone()
        for row, n in zip(left, lengths, strict=True):
            row.copy_(row.roll(max(lengths) - n))
        cut = torch.stack([sequence[: min(lengths)] for sequence, _ in batch])
        expect(learner, batch, **extra).equals(
            (ids, sizes, labels),
            mistakes={
                "fill up at the end of a sequence, not at its start": (left, sizes, labels),
                "fill with `padding`, not with 0": (padded(batch, max(lengths), 0), sizes, labels),
                "lengths are those before padding": (
                    ids,
                    torch.full_like(sizes, max(lengths)),
                    labels,
                ),
                "pad up to the longest, do not cut down to the shortest": (cut, sizes, labels),
                "three things: ids, lengths, labels, in this order": (ids, labels, sizes),
                "three things: the lengths are missing": (ids, labels),
                "batch first: one row for each sequence": (ids.T, sizes, labels),
                "tensors, not lists": (ids, list(lengths), [label for _, label in batch]),
            },
        )


def padded(batch: list[tuple[torch.Tensor, int]], width: int, padding: int) -> torch.Tensor:
    table = np.full((len(batch), width), padding)
    for row, (sequence, _) in zip(table, batch, strict=True):
        row[: len(sequence)] = sequence.numpy()
    return torch.from_numpy(table)
