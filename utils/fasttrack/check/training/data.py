"""Checks of 01_tensors/03_training, on data: scaling, data sets, padding, random shifts. Oracles: NumPy, loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from fasttrack.check import check, expect, fixtures, require
from fasttrack.check.inputs import distinct_sizes, integers, normal
from fasttrack.check.training.ask import ask, same


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
    mean, std = moments(train)
    safe = np.where(std == 0, 1, std)
    steps = ("fit", (train,)), ("transform", (train,)), ("transform", (new,))

    def answers(shift: Any, scale: Any, itself: Any = "itself") -> Any:
        with np.errstate(all="ignore"):
            out = [torch.from_numpy((x.double().numpy() - shift) / scale).to(x.dtype) for x in (train, new)]
        return [itself, *out], ((), steps)

    def apart(*pairs: tuple[Any, Any]) -> Any:
        """Each tensor scaled with numbers of its own."""
        with np.errstate(all="ignore"):
            out = [
                torch.from_numpy((x.double().numpy() - a) / b).to(x.dtype)
                for x, (a, b) in zip((train, new), pairs, strict=True)
            ]
        return ["itself", *out], ((), steps)

    own_mean, own_std = moments(new)
    bessel = train.double().numpy().std(0, ddof=1)
    expect_close = ask(learner, fixtures.conversation, (), *steps)
    expect_close.close(
        answers(mean, safe),
        mistakes={
            "fit returns the object itself, so that calls can be chained: return self": answers(
                mean, safe, None
            ),
            "a feature that never changes has std 0, and 0 / 0 is nan: divide by 1 there": answers(mean, std),
            "transform measures the new data: only fit may, on the training data": apart(
                (mean, safe), (own_mean, np.where(own_std == 0, 1, own_std))
            ),
            "subtract the mean, too": answers(0, safe),
            "divide by the standard deviation, too": answers(mean, 1),
            "divide by the standard deviation, not by the variance": answers(
                mean, np.where(std == 0, 1, std**2)
            ),
            "divide by n, not n - 1: correction=0": answers(mean, np.where(bessel == 0, 1, bessel)),
            "one mean and std for each feature, not for the whole table": answers(
                train.double().mean().item(), train.double().std(correction=0).item()
            ),
            **{
                f"an epsilon of {epsilon} is added to every std: treat only std 0": answers(
                    mean, std + epsilon
                )
                for epsilon in (1e-8, 1e-7, 1e-6, 1e-5)
            },
        },
        **({"rtol": 1e-4, "atol": 1e-5} if train.dtype == torch.float32 else {"rtol": 1e-10, "atol": 1e-11}),
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
    want: list[Any] = [n, *((images[i], labels[i]) for i in (1, 0, n - 1))]
    ask(learner, fixtures.conversation, made_of, *steps).equals(
        (want, (made_of, tuple(steps))),
        mistakes={
            "the length is the number of images": ([height, *want[1:]], (made_of, tuple(steps))),
            "the image first, then the label": (
                [n, *(pair[::-1] for pair in want[1:])],
                (made_of, tuple(steps)),
            ),
            "an item is a pair: the label is missing": (
                [n, *(pair[0] for pair in want[1:])],
                (made_of, tuple(steps)),
            ),
        },
    )
    pairs = [(images[i], labels[i]) for i in range(n)]
    ask(learner, fixtures.iterated, made_of, n + 1).equals(
        pairs,
        mistakes={
            "a loop must end after the last image: an index past it raises IndexError": [*pairs, pairs[0]]
        },
    )
    half = (images[1] / 2, labels[1])
    plain = (images[1], labels[1])
    ask(learner, fixtures.transformed, images, labels, 1).equals(
        [half, half, 0, [(height, width)] * 2],
        mistakes={
            "the transform is never applied": [plain, plain, 0, []],
            "the transform gets one image, when it is asked for, not all of them at the start": [
                half,
                half,
                1,
                [(n, height, width)],
            ],
            "transform each image when it is asked for: at the start random changes would be frozen": [
                half,
                half,
                n,
                [(height, width)] * n,
            ],
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


@check
def random_shift(learner: Any, seed: int) -> None:
    """Each image moved sideways by its own random number of pixels. Oracle: every possible move, tried by a loop."""
    for pixels, width, count in ((1, 8, 96), (2, 5, 160), (1, 3, 1)):
        images = 1 + normal(seed + pixels, count, 4, width).abs()
        given = () if pixels == 1 else (pixels,)
        answer = ask(learner, fixtures.shifted, images, seed, *given)
        try:
            first, second, again, repeated, left = answer.value
        except (TypeError, ValueError):
            answer.equals([images] * 5)
            raise
        whole = list(range(-pixels, pixels + 1))
        sorts = [move(images, step) for step in whole]
        answer.equals([first, second, first, second, images] if all_tensors(first, second) else [images] * 5,
            mistakes={"it changes its input in place: build a new tensor": [first, second, again, repeated, left]}
            if not same(left, images)
            else {"draw from the generator that is passed: the same seed must give the same shifts": [
                first, second, again, repeated, images]})  # fmt: skip
        moved(first, images, sorts, pixels)
        steps = [chosen(out, sorts) for out in (first, second)]
        require(
            count == 1 or steps[0] != steps[1],
            ("expected", "a second call draws new shifts"),
            ("mistake", "both calls shift alike: do not seed or copy the generator inside"),
        )
        if count > 1:
            spread(steps[0] + steps[1], pixels)


def all_tensors(*values: Any) -> bool:
    return all(isinstance(value, torch.Tensor) for value in values)


def move(images: torch.Tensor, step: int) -> torch.Tensor:
    """Images moved `step` columns to the right, zeros where nothing comes from."""
    out = torch.zeros_like(images)
    for column in range(images.shape[2]):
        if 0 <= column - step < images.shape[2]:
            out[:, :, column] = images[:, :, column - step]
    return out


def chosen(out: torch.Tensor, sorts: list[torch.Tensor]) -> list[int]:
    """For each image, which of the moves it is; -1 for none."""
    return [next((k for k, moved in enumerate(sorts) if same(moved[i], out[i])), -1) for i in range(len(out))]


def moved(out: torch.Tensor, images: torch.Tensor, sorts: list[torch.Tensor], pixels: int) -> None:
    """Every image of `out` is its own image moved sideways, filled with zeros."""
    answer = expect(lambda *_: out, images)
    if out.shape != images.shape or out.dtype != images.dtype:
        answer.equals(images)
    which = chosen(out, sorts)
    if -1 not in which:
        answer.equals(out)
        return
    at = which.index(-1)
    span = range(-pixels, pixels + 1)
    rolled = [torch.roll(images, step, 2) for step in span]
    upright = [torch.roll(images, step, 1) for step in span] + [move(images.mT, step).mT for step in span]
    both = [move(move(images.mT, a).mT, b) for a in span for b in span]
    further = [move(images, step) for step in (-pixels - 1, pixels + 1)]
    words = {
        "what leaves on one side comes back on the other: fill with zeros": rolled,
        "up or down: move sideways, along the last dimension": upright,
        "move sideways only: the digits fill the full height": both,
        "further than `pixels`": further,
    }
    told = [
        ("mistake", words_)
        for words_, sort in words.items()
        if all(k >= 0 for k in chosen(out, sorts + sort))
    ]
    require(
        False,
        ("expected", f"image {at} moved sideways by {-pixels} to {pixels} columns, zeros coming in"),
        ("got", "something else"),
        *told[:1],
    )


def spread(steps: list[int], pixels: int) -> None:
    """Every move occurs, about as often as any other, and not the same for all images."""
    kinds, n = 2 * pixels + 1, len(steps)
    counts = [steps.count(k) for k in range(kinds)]
    halves = {tuple(steps[: n // 2]), tuple(steps[n // 2 :])}
    alike = all(len(set(half)) == 1 for half in halves)
    names = ", ".join(f"{k - pixels:+d}: {count}" for k, count in enumerate(counts))
    require(
        not alike and all(abs(count - n / kinds) < 5 * (n / kinds) ** 0.5 for count in counts),
        ("expected", f"each image moves by its own step, from {-pixels} to {pixels}, all equally likely"),
        ("got", names),
        *(
            [("mistake", "all images of a batch move alike: draw one step for each image")]
            if alike
            else [
                (
                    "mistake",
                    f"{kinds} steps are possible: some never occur (randint leaves out its upper end)",
                )
            ]
            if 0 in counts
            else []
        ),
    )
